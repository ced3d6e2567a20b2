package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	stdmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"demarc/store"
	"demarc/store/storetest"
	"demarc/web/mail"
)

// server is a real mail server that keeps what it takes.
type server struct {
	mu       sync.Mutex
	taken    []string // messages as they came over the wire
	from, to []string
	rcpt     func(to string) error // refuses a recipient
	data     func() error          // refuses a message; may block
	keep     func()                // called after a message was taken
	signedIn int

	port int
	tls  *tls.Config // of clients
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }

type session struct {
	s *server
}

func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "console" || password != "the password" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "wrong password"}
		}
		x.s.mu.Lock()
		defer x.s.mu.Unlock()
		x.s.signedIn++
		return nil
	}), nil
}
func (x *session) Reset()        {}
func (x *session) Logout() error { return nil }
func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.from = append(x.s.from, from)
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if x.s.rcpt != nil {
		if err := x.s.rcpt(to); err != nil {
			return err
		}
	}
	x.s.to = append(x.s.to, to)
	return nil
}

func (x *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.s.mu.Lock()
	refuse, keep := x.s.data, x.s.keep
	x.s.mu.Unlock()
	if refuse != nil {
		if err := refuse(); err != nil {
			return err
		}
	}
	x.s.mu.Lock()
	x.s.taken = append(x.s.taken, string(b))
	x.s.mu.Unlock()
	if keep != nil {
		keep()
	}
	return nil
}

func (s *server) messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.taken...)
}

// serve starts the server, in one of the modes of mail.Config.
func serve(t *testing.T, mode string) *server {
	t.Helper()
	s := &server{}
	srv := smtp.NewServer(s)
	srv.Domain, srv.ReadTimeout, srv.WriteTimeout, srv.MaxMessageBytes = "mx.example", time.Minute, time.Minute, 20<<20
	srv.AllowInsecureAuth = true
	srv.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	cert, pool := certificate(t)
	s.tls = &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	switch mode {
	case mail.StartTLS:
		srv.TLSConfig = cfg
	case mail.TLS:
		l = tls.NewListener(l, cfg)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return s
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mx.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func (s *server) sender(t *testing.T, mode string, edit ...func(*mail.Config)) *mail.SMTP {
	t.Helper()
	cfg := mail.Config{Host: "127.0.0.1", Port: s.port, From: "Example Cloud <console@cloud.example>", Mode: mode, TLS: s.tls, Timeout: 10 * time.Second}
	for _, f := range edit {
		f(&cfg)
	}
	out, err := mail.NewSMTP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var letter = store.Mail{ID: "ml-0123456789", Kind: store.MailLetter, Name: "林 Wei, Ltd.", Address: "lin@northwind.example", Subject: "Der Brief für 北京", Text: "Hello,\n\n.a line that begins with a dot\n你好\n",
	Attachments: []store.MailAttachment{{Name: "LOA-2026-000001-v1.pdf", Type: "application/pdf", Content: []byte("%PDF-1.7\nbytes\x00\xff")}}, CreatedAt: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)}

// A mail arrives in every mode, whole, with what its head must hold.
func TestSend(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{mail.StartTLS, mail.TLS, mail.NoTLS} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := serve(t, mode)
			sender := s.sender(t, mode, func(c *mail.Config) { c.User, c.Password = "console", "the password" })
			if err := sender.Send(t.Context(), letter); err != nil {
				t.Fatal(err)
			}
			got := s.messages()
			if len(got) != 1 || s.signedIn != 1 || s.from[0] != "console@cloud.example" || s.to[0] != "lin@northwind.example" {
				t.Fatalf("%d messages, signed in %d, from %v to %v", len(got), s.signedIn, s.from, s.to)
			}
			msg, err := stdmail.ReadMessage(strings.NewReader(got[0]))
			if err != nil {
				t.Fatal(err)
			}
			if id := msg.Header.Get("Message-ID"); id != "<ml-0123456789@cloud.example>" {
				t.Errorf("Message-ID %q", id)
			}
			if d, err := msg.Header.Date(); err != nil || !d.Equal(letter.CreatedAt) {
				t.Errorf("Date %v, %v", d, err)
			}
			if to, err := msg.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != letter.Address || to[0].Name != letter.Name {
				t.Errorf("To %v, %v", to, err)
			}
			if msg.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Error("the mail does not say that a machine sent it")
			}
			if !strings.Contains(got[0], base64.StdEncoding.EncodeToString(letter.Attachments[0].Content)) || !strings.Contains(got[0], `filename="LOA-2026-000001-v1.pdf"`) {
				t.Errorf("the attachment is missing:\n%s", got[0])
			}
			if strings.Contains(got[0], "text/html") {
				t.Error("the mail has HTML")
			}
		})
	}
}

// With STARTTLS a server that does not offer it, or whose certificate is not
// trusted, gets nothing.
func TestNoMailWithoutProtection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serve, mode string
		edit        func(*mail.Config)
	}{
		"no STARTTLS offered":   {mail.NoTLS, mail.StartTLS, func(*mail.Config) {}},
		"unknown certificate":   {mail.StartTLS, mail.StartTLS, func(c *mail.Config) { c.TLS = nil }},
		"unknown, from byte 1":  {mail.TLS, mail.TLS, func(c *mail.Config) { c.TLS = nil }},
		"wrong password":        {mail.StartTLS, mail.StartTLS, func(c *mail.Config) { c.User, c.Password = "console", "wrong" }},
		"nobody is listening":   {mail.StartTLS, mail.StartTLS, func(c *mail.Config) { c.Port = 1 }},
		"TLS where STARTTLS is": {mail.StartTLS, mail.TLS, func(c *mail.Config) { c.Timeout = 300 * time.Millisecond }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.serve)
			err := s.sender(t, c.mode, c.edit).Send(t.Context(), letter)
			var f *mail.Failure
			if !errors.As(err, &f) || f.Permanent || f.Text == "" {
				t.Errorf("got %v, want a failure that is tried again", err)
			}
			if len(s.messages()) != 0 {
				t.Error("the server took the mail")
			}
		})
	}
}

// What the server says about a mail decides whether it is tried again; its
// words are kept, without the recipient.
func TestServerRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rcpt, data error
		permanent  bool
		want       string
	}{
		"no such user":    {rcpt: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<lin@northwind.example>: no lin here"}, permanent: true, want: "550"},
		"mailbox is busy": {rcpt: &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "greylisted"}, want: "451"},
		"looks like spam": {data: &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "spam"}, permanent: true, want: "554"},
		"disk is full":    {data: &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "no space"}, want: "452"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, mail.NoTLS)
			s.rcpt, s.data = func(string) error { return c.rcpt }, func() error { return c.data }
			err := s.sender(t, mail.NoTLS).Send(t.Context(), letter)
			var f *mail.Failure
			if !errors.As(err, &f) || f.Permanent != c.permanent || !strings.Contains(f.Text, c.want) {
				t.Fatalf("got %v (permanent %v), want %s (permanent %v)", err, f != nil && f.Permanent, c.want, c.permanent)
			}
			if strings.Contains(f.Text, "lin") {
				t.Errorf("the problem names the recipient: %s", f.Text)
			}
			if len(s.messages()) != 0 {
				t.Error("the server took the mail")
			}
		})
	}
}

// A server that stops talking is given up on, at every point.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	t.Run("after the message", func(t *testing.T) {
		t.Parallel()
		s := serve(t, mail.NoTLS)
		release := make(chan struct{})
		s.data = func() error { <-release; return errors.New("too late") }
		defer close(release)
		err := s.sender(t, mail.NoTLS, func(c *mail.Config) { c.Timeout = 200 * time.Millisecond }).Send(t.Context(), letter)
		var f *mail.Failure
		if !errors.As(err, &f) || f.Permanent {
			t.Errorf("got %v", err)
		}
	})
	t.Run("at the greeting, until the program ends", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s := &server{port: l.Addr().(*net.TCPAddr).Port}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if c, err := l.Accept(); err == nil {
				defer c.Close()
				cancel()
				io.Copy(io.Discard, c)
			}
		}()
		err = s.sender(t, mail.NoTLS, func(c *mail.Config) { c.Timeout = time.Hour }).Send(ctx, letter)
		var f *mail.Failure
		if !errors.As(err, &f) || f.Permanent {
			t.Errorf("got %v", err)
		}
	})
}

// Nothing that could add a line to the head goes to the server.
func TestHeaderInjectionIsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, mail.NoTLS)
	sender := s.sender(t, mail.NoTLS)
	for name, edit := range map[string]func(*store.Mail){
		"subject":         func(m *store.Mail) { m.Subject = "Hello\r\nBcc: all@example.com" },
		"subject, bare":   func(m *store.Mail) { m.Subject = "Hello\nBcc: all@example.com" },
		"name":            func(m *store.Mail) { m.Name = "Lin\r\nBcc: all@example.com" },
		"address":         func(m *store.Mail) { m.Address = "lin@northwind.example\r\nBcc: all@example.com" },
		"two addresses":   func(m *store.Mail) { m.Address = "lin@northwind.example, all@example.com" },
		"command":         func(m *store.Mail) { m.Address = "lin@northwind.example>\r\nRCPT TO:<all@example.com" },
		"attachment":      func(m *store.Mail) { m.Attachments[0].Name = "a.pdf\"\r\nX: y" },
		"attachment type": func(m *store.Mail) { m.Attachments[0].Type = "application/pdf\r\nX: y" },
		"message ID":      func(m *store.Mail) { m.ID = "x\r\nBcc: all@example.com" },
	} {
		m := letter
		m.Attachments = []store.MailAttachment{letter.Attachments[0]}
		edit(&m)
		var f *mail.Failure
		if err := sender.Send(t.Context(), m); !errors.As(err, &f) || !f.Permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.messages()); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		cfg mail.Config
		ok  bool
	}{
		"usual":                     {mail.Config{Host: "mx.example", From: "a@b.example"}, true},
		"no sender":                 {mail.Config{Host: "mx.example"}, false},
		"sender with a line":        {mail.Config{Host: "mx.example", From: "a@b.example\r\nX: y"}, false},
		"no host":                   {mail.Config{From: "a@b.example"}, false},
		"a URL":                     {mail.Config{Host: "smtp://mx.example", From: "a@b.example"}, false},
		"no such mode":              {mail.Config{Host: "mx.example", From: "a@b.example", Mode: "ssl"}, false},
		"port out of range":         {mail.Config{Host: "mx.example", From: "a@b.example", Port: 70000}, false},
		"user without password":     {mail.Config{Host: "mx.example", From: "a@b.example", User: "u"}, false},
		"password without user":     {mail.Config{Host: "mx.example", From: "a@b.example", Password: "p"}, false},
		"password over plain text":  {mail.Config{Host: "mx.example", From: "a@b.example", User: "u", Password: "p", Mode: mail.NoTLS}, false},
		"password on this machine":  {mail.Config{Host: "localhost", From: "a@b.example", User: "u", Password: "p", Mode: mail.NoTLS}, true},
		"without TLS, no password":  {mail.Config{Host: "10.0.0.1", From: "a@b.example", Mode: mail.NoTLS}, false},
		"without TLS, by name":      {mail.Config{Host: "localhost.example", From: "a@b.example", Mode: mail.NoTLS}, false},
		"without TLS, here":         {mail.Config{Host: "127.0.0.1", From: "a@b.example", Mode: mail.NoTLS}, true},
		"a name beside the address": {mail.Config{Host: "mx.example", From: "Example Cloud <a@b.example>", Mode: mail.TLS}, true},
	} {
		if _, err := mail.NewSMTP(c.cfg); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// The worker empties the outbox through a real server, in spite of its moods,
// and each mail arrives once.
func TestWorker(t *testing.T) {
	t.Parallel()
	e := storetest.New(t, storetest.WithMail())
	s := serve(t, mail.NoTLS)
	w := &mail.Worker{Outbox: e.Store, Sender: s.sender(t, mail.NoTLS), Log: quiet()}
	if err := e.SendTestMail(t.Context(), e.Admin); err != nil {
		t.Fatal(err)
	}
	s.rcpt = func(string) error { return &smtp.SMTPError{Code: 451, Message: "later"} }
	if n, err := w.Deliver(t.Context()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if n := len(s.messages()); n != 0 {
		t.Fatalf("%d mails arrived", n)
	}
	s.mu.Lock()
	s.rcpt = nil
	s.mu.Unlock()
	e.Clock.Advance(2 * time.Minute)
	if _, err := w.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.messages()); n != 1 {
		t.Errorf("%d mails arrived, want 1", n)
	}
}

// What was sent while the disk would not have it is not sent again while the
// program lives: it is written down first of all when the disk is back.
func TestSentButNotWrittenDown(t *testing.T) {
	t.Parallel()
	e := storetest.New(t, storetest.WithMail())
	fake := &mail.Fake{}
	box := &stubborn{Outbox: e.Store}
	w := &mail.Worker{Outbox: box, Sender: fake, Log: quiet()}
	if err := e.SendTestMail(t.Context(), e.Admin); err != nil {
		t.Fatal(err)
	}
	box.full = true
	for range 3 {
		if _, err := w.Deliver(t.Context()); err == nil {
			t.Fatal("the full disk was not noticed")
		}
	}
	box.full = false
	if _, err := w.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, err := e.MailStatus(t.Context(), e.Admin); err != nil || st.SentLately != 1 || len(fake.Sent()) != 1 {
		t.Errorf("%+v, %v, sent %d times", st, err, len(fake.Sent()))
	}
}

type stubborn struct {
	mail.Outbox
	full bool
}

func (s *stubborn) MailDone(ctx context.Context, id string) error {
	if s.full {
		return errors.New("disk full")
	}
	return s.Outbox.MailDone(ctx, id)
}

// The one window: the server took the mail and the program ended before that
// was on the disk. The mail comes again, as the same message.
func TestCrashBetweenSendAndMark(t *testing.T) {
	t.Parallel()
	e := storetest.New(t, storetest.WithMail())
	s := serve(t, mail.NoTLS)
	if err := e.SendTestMail(t.Context(), e.Admin); err != nil {
		t.Fatal(err)
	}
	m, err := e.ClaimMail(t.Context())
	if err != nil || m == nil {
		t.Fatal(err)
	}
	if err := s.sender(t, mail.NoTLS).Send(t.Context(), *m); err != nil {
		t.Fatal(err)
	}
	e.Reopen(t) // the program ended here
	ctx, stop := context.WithCancel(t.Context())
	s.mu.Lock()
	s.keep = stop
	s.mu.Unlock()
	w := &mail.Worker{Outbox: e.Store, Sender: s.sender(t, mail.NoTLS), Log: quiet()}
	if err := w.Run(ctx); err != nil { // until the mail came and was written down
		t.Fatal(err)
	}
	got := s.messages()
	if len(got) != 2 {
		t.Fatalf("%d mails arrived", len(got))
	}
	id := func(text string) string {
		msg, err := stdmail.ReadMessage(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return msg.Header.Get("Message-ID")
	}
	if id(got[0]) != id(got[1]) || id(got[0]) == "" {
		t.Errorf("they are two messages: %s and %s", id(got[0]), id(got[1]))
	}
	if st, err := e.MailStatus(t.Context(), e.Admin); err != nil || st.SentLately != 1 || st.Waiting != 0 {
		t.Errorf("%+v, %v", st, err)
	}
}
