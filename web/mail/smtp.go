package mail

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"demarc/store"
)

// How the connection to the mail server is protected.
const (
	StartTLS = "starttls" // begins in the clear and must become TLS; port 587
	TLS      = "tls"      // is TLS from the first byte; port 465
	NoTLS    = "none"     // for a server on the same machine; port 25
)

// Config says how to reach the mail server.
type Config struct {
	Host     string
	Port     int    // the usual one of Mode when 0
	User     string // "" signs in nowhere
	Password string
	From     string // "Example Cloud <console@cloud.example>"
	Mode     string // StartTLS, TLS or NoTLS; StartTLS when empty
	// Timeout of connecting and of each mail; a minute when 0.
	Timeout time.Duration
	// TLS replaces the settings of the system, for tests.
	TLS *tls.Config
}

// SMTP sends mails through a mail server, with one connection for each.
type SMTP struct {
	cfg    Config
	from   mail.Address
	client []gomail.Option
}

// NewSMTP checks the configuration. It does not connect.
func NewSMTP(cfg Config) (*SMTP, error) {
	from, err := mail.ParseAddress(cfg.From)
	if err != nil || unprintable(cfg.From) {
		return nil, fmt.Errorf("mail sender %q: want an address like console@cloud.example", cfg.From)
	}
	if cfg.Host == "" || unprintable(cfg.Host) || strings.ContainsAny(cfg.Host, " /") {
		return nil, fmt.Errorf("mail server %q: want the name of a host", cfg.Host)
	}
	cfg.Mode = cmp.Or(cfg.Mode, StartTLS)
	ports := map[string]int{StartTLS: 587, TLS: 465, NoTLS: 25}
	if ports[cfg.Mode] == 0 {
		return nil, fmt.Errorf("protection of the mail server %q: want %s, %s or %s", cfg.Mode, StartTLS, TLS, NoTLS)
	}
	cfg.Port = cmp.Or(cfg.Port, ports[cfg.Mode])
	if cfg.Port < 1 || cfg.Port > 65535 {
		return nil, fmt.Errorf("port of the mail server: %d is none", cfg.Port)
	}
	if (cfg.User == "") != (cfg.Password == "") {
		return nil, errors.New("the mail server needs a user and a password, or neither")
	}
	if cfg.Mode == NoTLS && !local(cfg.Host) {
		return nil, fmt.Errorf("mails hold one-time links, and would cross the network readable: use %s or %s, or a mail server on this machine", StartTLS, TLS)
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Minute)
	opts := []gomail.Option{gomail.WithPort(cfg.Port), gomail.WithTimeout(cfg.Timeout), gomail.WithoutNoop(), gomail.WithHELO(heloName(from.Address))}
	switch cfg.Mode {
	case StartTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		opts = append(opts, gomail.WithSSL())
	case NoTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if cfg.TLS != nil {
		opts = append(opts, gomail.WithTLSConfig(cfg.TLS))
	}
	if _, err := gomail.NewClient(cfg.Host, opts...); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return &SMTP{cfg: cfg, from: *from, client: opts}, nil
}

// Server is the mail server and how it is reached, in words.
func (s *SMTP) Server() string {
	how := map[string]string{StartTLS: "STARTTLS", TLS: "TLS", NoTLS: "without TLS"}[s.cfg.Mode]
	return fmt.Sprintf("%s, port %d, %s", s.cfg.Host, s.cfg.Port, how)
}

// From is the sender as people see it.
func (s *SMTP) From() string { return s.from.String() }

// auth signs in with what the server offers, PLAIN or LOGIN. The client's own
// choice does not know that a connection of dial is protected.
type auth struct {
	cfg    Config
	chosen smtp.Auth
}

func (a *auth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	inTheClear := a.cfg.Mode == NoTLS // on this machine only, see NewSMTP
	a.chosen = smtp.PlainAuth("", a.cfg.User, a.cfg.Password, a.cfg.Host, inTheClear)
	if !slices.Contains(server.Auth, "PLAIN") && slices.Contains(server.Auth, "LOGIN") {
		a.chosen = smtp.LoginAuth(a.cfg.User, a.cfg.Password, a.cfg.Host, inTheClear)
	}
	return a.chosen.Start(server)
}

func (a *auth) Next(fromServer []byte, more bool) ([]byte, error) {
	return a.chosen.Next(fromServer, more)
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// heloName is what the program says its name is: the domain of the sender, not
// the name of the machine.
func heloName(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return cmp.Or(domain, "localhost")
}

func unprintable(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

// message is the mail as it goes over the wire. What could add a line to its
// head is refused, although the outbox checked it before.
func (s *SMTP) message(m store.Mail) (*gomail.Msg, error) {
	for _, text := range []string{m.ID, m.Name, m.Address, m.Subject} {
		if unprintable(text) {
			return nil, &Failure{Text: "The subject or the recipient would break the head of the mail", Permanent: true}
		}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(s.from.Name, s.from.Address); err != nil {
		return nil, &Failure{Text: "The sender is no address", Permanent: true}
	}
	var err error
	if m.Name == "" {
		err = msg.To(m.Address)
	} else {
		err = msg.AddToFormat(m.Name, m.Address)
	}
	if err != nil {
		return nil, &Failure{Text: "The recipient is no address", Permanent: true}
	}
	msg.SetMessageIDWithValue(m.ID + "@" + heloName(s.from.Address))
	msg.SetDateWithValue(m.CreatedAt)
	msg.Subject(m.Subject)
	// Nobody's holiday answers a machine.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	for _, a := range m.Attachments {
		if unprintable(a.Name) || unprintable(a.Type) {
			return nil, &Failure{Text: "The name of an attachment would break the head of the mail", Permanent: true}
		}
		if err := msg.AttachReader(a.Name, bytes.NewReader(a.Content), gomail.WithFileContentType(gomail.ContentType(a.Type))); err != nil {
			return nil, &Failure{Text: "An attachment cannot be read", Permanent: true}
		}
	}
	return msg, nil
}

// Send implements Sender.
func (s *SMTP) Send(ctx context.Context, m store.Mail) error {
	msg, err := s.message(m)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, 2*s.cfg.Timeout)
	defer stop()
	opts := append(slices.Clone(s.client), gomail.WithDialContextFunc(s.dial(ctx)))
	if s.cfg.User != "" {
		opts = append(opts, gomail.WithSMTPAuthCustom(&auth{cfg: s.cfg}))
	}
	client, err := gomail.NewClient(s.cfg.Host, opts...)
	if err != nil {
		return &Failure{Text: "The mail server is not configured well"}
	}
	if err := client.DialWithContext(ctx); err != nil {
		return s.failure(m, err, false)
	}
	// The mail is with the server when Send returns; how the connection ends
	// makes no difference any more.
	err = client.Send(msg)
	_ = client.Close()
	if err != nil {
		return s.failure(m, err, true)
	}
	return nil
}

// dial connects so that the end of the context ends the connection, whatever
// the server does.
func (s *SMTP) dial(ctx context.Context) gomail.DialContextFunc {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		var conn net.Conn
		var err error
		if s.cfg.Mode == TLS {
			cfg := s.cfg.TLS
			if cfg == nil {
				cfg = &tls.Config{ServerName: s.cfg.Host, MinVersion: tls.VersionTLS12}
			}
			conn, err = (&tls.Dialer{Config: cfg}).DialContext(dialing, network, address)
		} else {
			conn, err = (&net.Dialer{}).DialContext(dialing, network, address)
		}
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { conn.Close() })
		return conn, nil
	}
}

// failure says why a try failed. What the server says about one mail, with a
// code of 5xx, is its last word. What fails before the mail was offered is the
// server's trouble or the configuration's: it is tried again.
func (s *SMTP) failure(m store.Mail, err error, offered bool) *Failure {
	f := &Failure{Text: "The mail server could not be reached"}
	var send *gomail.SendError
	var reply *textproto.Error
	code := 0
	switch {
	case errors.As(err, &send) && send.ErrorCode() != 0:
		code = send.ErrorCode()
	case errors.As(err, &reply):
		code = reply.Code
	}
	var timeout net.Error
	switch {
	case code != 0:
		f.Text = fmt.Sprintf("The mail server answered %d", code)
		if reply != nil {
			f.Text += ": " + reply.Msg
		}
		f.Permanent = offered && code >= 500
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		f.Text = "The mail server did not answer in time"
	case offered:
		f.Text = "The connection to the mail server broke"
	case isCertificate(err):
		f.Text = "The certificate of the mail server is not trusted"
	}
	f.Text = clean(f.Text, m.Address)
	return f
}

func isCertificate(err error) bool {
	var v *tls.CertificateVerificationError
	return errors.As(err, &v)
}

// clean takes out of a server's words what is no text, and the recipient.
func clean(text, address string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	for _, secret := range []string{address, strings.ToLower(address)} {
		text = strings.ReplaceAll(text, secret, "the recipient")
	}
	if local, _, ok := strings.Cut(address, "@"); ok && len(local) > 2 {
		text = strings.ReplaceAll(text, local, "…")
	}
	if r := []rune(text); len(r) > 200 {
		text = string(r[:199]) + "…"
	}
	return text
}
