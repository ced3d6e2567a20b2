// Demarc is a self-hosted console for ordering the physical connection between
// a customer's data center and a provider's access point.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"demarc/handlers"
	"demarc/store"
	"demarc/store/demo"
	"demarc/store/letter"
	"demarc/store/ops"
	"demarc/views"
	"demarc/views/loapdf"
	"demarc/web"
	"demarc/web/mail"
	"demarc/web/paths"
	"demarc/web/pay"
	"demarc/web/pay/stripe"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage), errors.Is(err, ops.ErrUsage):
		os.Exit(2)
	case errors.Is(err, ops.ErrFound):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demarc:", err)
		os.Exit(1)
	}
}

// errUsage means that the flags were wrong; what was wrong is printed already.
var errUsage = errors.New("wrong flags")

// config is what the flags and the environment say.
type config struct {
	addr, dir, operator, address, noc, publicURL, termsURL, letterKey, letterCert string
	logFormat, logLevel, metrics, proxies, cert, key                              string
	demo                                                                          bool
	secondFactor                                                                  string // who needs one: everybody or staff

	smtpHost, smtpPort, smtpUser, smtpPasswordFile, smtpFrom, smtpTLS string
	smtpPassword                                                      string // of the environment or the file, never a flag

	stripeKeyFile, stripeWebhookFile string
	stripe                           stripe.Config // Key is "" where no cards are taken
}

// parse reads the flags; each has a variable of the environment behind it, and
// a flag wins over its variable.
func parse(args []string, getenv func(string) string, out io.Writer) (config, error) {
	var c config
	fs := flag.NewFlagSet("demarc", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&c.addr, "addr", "127.0.0.1:8080", "`address` to listen on, host:port; port 0 takes a free one")
	fs.StringVar(&c.dir, "data", "data", "`folder` for the database and its keys; made if missing")
	fs.BoolVar(&c.demo, "demo", false, "fill an empty folder with invented people, devices and interfaces")
	fs.StringVar(&c.operator, "operator", "Example Cloud", "the provider's `name`, wherever the provider is meant")
	fs.StringVar(&c.address, "operator-address", "", "the provider's postal `address`, printed on letters of authorization")
	fs.StringVar(&c.noc, "noc", "", "phone and e-mail of the provider's network operations center, printed on letters (`contact`)")
	fs.StringVar(&c.publicURL, "public-url", "", "scheme and host that people type (`URL`), for one-time links; http:// and the address when empty")
	fs.StringVar(&c.termsURL, "terms-url", "", "`URL` of the provider's Terms of Service, which customers agree to with an order")
	fs.StringVar(&c.cert, "tls-cert", "", "certificate `file` in PEM; with -tls-key the program speaks TLS itself, and reads both again when they change")
	fs.StringVar(&c.key, "tls-key", "", "`file` with the certificate's private key in PEM")
	fs.StringVar(&c.proxies, "trusted-proxies", "", "addresses or networks of proxies that are believed when they say for whom they ask (`list`, separated by commas)")
	fs.StringVar(&c.metrics, "metrics", "", "`address` of a listener of its own for Prometheus, /metrics; none when empty")
	fs.StringVar(&c.logFormat, "log-format", "text", "`format` of the log: text or json")
	fs.StringVar(&c.logLevel, "log-level", "info", "`least` level that is logged: debug, info, warn or error")
	fs.StringVar(&c.secondFactor, "second-factor", "everybody", "`who` gets in with a second factor only: everybody, or staff")
	fs.StringVar(&c.smtpHost, "smtp-host", "", "`host` of the mail server; nothing is mailed when empty")
	fs.StringVar(&c.smtpPort, "smtp-port", "", "`port` of the mail server; 587, 465 with tls, 25 with none")
	fs.StringVar(&c.smtpUser, "smtp-user", "", "`name` to sign in to the mail server with; its password is in DEMARC_SMTP_PASSWORD or the file")
	fs.StringVar(&c.smtpPasswordFile, "smtp-password-file", "", "`file` that holds the password for the mail server")
	fs.StringVar(&c.smtpFrom, "smtp-from", "", "`address` that mails come from, \"Your Cloud <console@your.example>\"")
	fs.StringVar(&c.smtpTLS, "smtp-tls", mail.StartTLS, "starttls, tls or none: `how` the connection to the mail server is protected")
	fs.StringVar(&c.letterKey, "letter-key", "", "`file` with the provider's own private key for signing letters, PEM; a key is made when empty")
	fs.StringVar(&c.letterCert, "letter-cert", "", "`file` with the certificate of that key and those that issued it, PEM")
	fs.StringVar(&c.stripeKeyFile, "stripe-key-file", "", "`file` with Stripe's secret API key; cards are taken when there is one")
	fs.StringVar(&c.stripeWebhookFile, "stripe-webhook-secret-file", "", "`file` with the signing secret of the webhook endpoint at Stripe")
	fs.StringVar(&c.stripe.URL, "stripe-url", "", "`URL` of Stripe's API, for tests; Stripe's own when empty")
	fs.Usage = func() {
		fmt.Fprintln(out, "Demarc: order, authorize and patch physical connection interfaces.\n\nUsage: demarc [flags]\n       demarc COMMAND [flags]")
		fs.PrintDefaults()
		fmt.Fprintln(out, "\nEvery flag can also be set in the environment: DEMARC_ADDR, DEMARC_DATA, DEMARC_DEMO=1,\nDEMARC_OPERATOR, DEMARC_OPERATOR_ADDRESS, DEMARC_NOC, DEMARC_PUBLIC_URL, DEMARC_TERMS_URL, DEMARC_LETTER_KEY, DEMARC_LETTER_CERT,\nDEMARC_SMTP_HOST, …_PORT, …_USER, …_PASSWORD_FILE, …_FROM, …_TLS. A flag wins.\nDEMARC_SMTP_PASSWORD, DEMARC_STRIPE_KEY and DEMARC_STRIPE_WEBHOOK_SECRET have no flag: others on the\nmachine could read it.\n\n"+ops.Usage)
	}
	var bad error
	fs.VisitAll(func(f *flag.Flag) {
		name := "DEMARC_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v := getenv(name); v != "" {
			if err := fs.Set(f.Name, v); err != nil {
				fmt.Fprintf(out, "demarc: %s=%q: %v\n", name, v, err)
				bad = errUsage
			}
		}
	})
	if bad != nil {
		return c, bad
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return c, err
		}
		return c, errUsage
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(out, "demarc: unexpected %q\n", fs.Arg(0))
		fs.Usage()
		return c, errUsage
	}
	c.smtpPassword = getenv("DEMARC_SMTP_PASSWORD")
	var err error
	if c.stripe.Key, err = secret(getenv("DEMARC_STRIPE_KEY"), c.stripeKeyFile); err == nil {
		c.stripe.WebhookSecret, err = secret(getenv("DEMARC_STRIPE_WEBHOOK_SECRET"), c.stripeWebhookFile)
	}
	if err == nil && (c.stripe.Key == "") != (c.stripe.WebhookSecret == "") {
		err = errors.New("cards need both secrets of Stripe: the API key and the signing secret of the webhook endpoint")
	}
	if u, bad := url.Parse(c.stripe.URL); err == nil && c.stripe.URL != "" && (bad != nil || u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !net.ParseIP(u.Hostname()).IsLoopback())) {
		err = errors.New("-stripe-url is no address with https, or of this machine: the API key would cross a network readable")
	}
	if u, bad := url.Parse(c.termsURL); err == nil && c.termsURL != "" && (bad != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		err = fmt.Errorf("-terms-url %q is no address of a web page, https://your.example/terms", c.termsURL)
	}
	if err == nil && c.secondFactor != "everybody" && c.secondFactor != "staff" {
		err = fmt.Errorf("-second-factor %q: want everybody or staff", c.secondFactor)
	}
	if err != nil {
		fmt.Fprintln(out, "demarc:", err)
		return c, errUsage
	}
	if c.demo {
		if c.address == "" {
			c.address = "1 Demonstration Road, Singapore (demo address)"
		}
		if c.noc == "" {
			c.noc = "+65 5550 0100, noc@cloud.example"
		}
	}
	return c, nil
}

// secret is a secret from the environment, or else from a file. It is never
// printed, and never a flag: everybody on the machine reads those.
func secret(value, file string) (string, error) {
	if value != "" || file == "" {
		return strings.TrimSpace(value), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if value = strings.TrimSpace(string(b)); value == "" {
		return "", fmt.Errorf("%s is empty", file)
	}
	return value, nil
}

// run is the program: it opens the data, listens, says where, and works until
// ctx ends.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		c := ops.Command{Args: args, Getenv: getenv, Out: stdout, Err: stderr, Link: func(url, token string) string { return url + paths.Setup(token) }, Letter: loapdf.Report}
		return c.Run(ctx)
	}
	c, err := parse(args, getenv, stderr)
	if err != nil {
		return err
	}
	log, err := web.NewLog(c.logFormat, c.logLevel, stderr)
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	proxies, err := web.ParseProxies(c.proxies)
	if err != nil {
		return err
	}
	release, err := ops.Hold(c.dir)
	if err != nil {
		return err
	}
	defer release()
	sender, err := c.mail()
	if err != nil {
		return err
	}
	// Letters carry the address, so it is settled before the first one.
	l, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	defer l.Close()
	here := "http://" + l.Addr().String()
	if c.cert != "" {
		here = "https://" + l.Addr().String()
	}
	if c.publicURL == "" {
		c.publicURL = here
	}
	s, err := demo.Open(ctx, store.Options{Dir: c.dir, Operator: c.operator, PublicURL: c.publicURL, LetterKey: c.letterKey, LetterCertificates: c.letterCert, Mailing: sender != nil, Log: log,
		Issuer: letter.Issuer{LegalName: c.operator, Address: c.address, NOC: c.noc, Service: views.Service}}, c.demo, loapdf.Print)
	if err != nil {
		return err
	}
	defer s.Close()

	cfg := web.Config{PublicURL: c.publicURL, TermsURL: c.termsURL, Operator: c.operator, Address: c.address, NOC: c.noc, Demo: c.demo, RequireSecondFactor: !c.demo, RequireOfCustomers: c.secondFactor == "everybody", Log: log,
		Proxies: proxies, TLSCert: c.cert, TLSKey: c.key}
	if sender != nil {
		cfg.MailServer, cfg.MailFrom = sender.Server(), sender.From()
	}
	if c.demo {
		cfg.DemoPassword = demo.Password
		for _, p := range demo.People() {
			cfg.DemoPeople = append(cfg.DemoPeople, views.DemoPerson{Email: p.Email, Words: p.Who})
		}
	}
	if c.stripe.Key != "" {
		cfg.Cards = pay.NewDesk(s, stripe.New(c.stripe), c.publicURL, log)
	}
	srv, err := web.New(ctx, cfg, s)
	if err != nil {
		return err
	}
	if err := srv.CheckConsole(l.Addr()); err != nil {
		return err
	}
	if c.metrics != "" {
		ml, err := net.Listen("tcp", c.metrics)
		if err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
		defer ml.Close()
		if err := srv.CheckMetrics(ml.Addr()); err != nil {
			return err
		}
		scheme := "http://"
		if tcp, ok := ml.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
			scheme = "https://"
		}
		fmt.Fprintln(stdout, "Metrics on "+scheme+ml.Addr().String()+"/metrics")
		go func() {
			if err := srv.ServeMetrics(ctx, ml); err != nil {
				log.Error("metrics are not served", "error", err)
			}
		}()
	}
	if err := greet(ctx, stdout, here, c, s); err != nil {
		return err
	}
	var work sync.WaitGroup
	work.Go(func() { keepTime(ctx, s, log, srv) })
	if sender != nil {
		work.Go(func() {
			w := &mail.Worker{Outbox: s, Sender: sender, Log: log, Ran: srv.Job(web.JobMail)}
			if err := w.Run(ctx); err != nil && ctx.Err() == nil {
				log.Error("no mails are sent", "error", err)
			}
		})
	}
	if cfg.Cards != nil {
		work.Go(func() { cfg.Cards.Run(ctx, srv.Job(web.JobCards)) })
	}
	err = srv.Serve(ctx, l)
	work.Wait()
	return err
}

// mail is how mails are sent, nil when no mail server is configured.
func (c config) mail() (*mail.SMTP, error) {
	if c.smtpHost == "" {
		return nil, nil
	}
	cfg := mail.Config{Host: c.smtpHost, User: c.smtpUser, Password: c.smtpPassword, From: c.smtpFrom, Mode: c.smtpTLS}
	if c.smtpPort != "" {
		var err error
		if cfg.Port, err = strconv.Atoi(c.smtpPort); err != nil || cfg.Port < 1 {
			return nil, fmt.Errorf("-smtp-port %q is not a port", c.smtpPort)
		}
	}
	if c.smtpPasswordFile != "" {
		b, err := os.ReadFile(c.smtpPasswordFile)
		if err != nil {
			return nil, fmt.Errorf("password for the mail server: %w", err)
		}
		cfg.Password = strings.TrimRight(string(b), "\r\n")
	}
	return mail.NewSMTP(cfg)
}

// greet says where the console is and how to get in.
func greet(ctx context.Context, out io.Writer, here string, c config, s *store.Store) error {
	fmt.Fprintln(out, "Listening on "+here)
	if keys := s.LetterKeys(); keys.Check(s.Now()) != nil {
		fmt.Fprintln(out, "\nNo letter of authorization can be issued: "+keys.Check(s.Now()).Error()+".")
	} else if !s.OwnLetterCertificate() {
		fmt.Fprintln(out, "\nLetters are signed with a self-signed certificate: PDF readers do not know its issuer. Sign with your own by -letter-key and -letter-cert.")
	}
	if c.demo {
		fmt.Fprintf(out, "\nDemo data. Everybody's password is %s\n", demo.Password)
		for _, p := range demo.People() {
			fmt.Fprintf(out, "  %-26s %s\n", p.Email, p.Who)
		}
		return nil
	}
	token, needed, err := s.FirstAdministratorLink(ctx)
	if err != nil {
		return err
	}
	if needed {
		fmt.Fprintf(out, "\nThere is no administrator yet. Open this link once, within %d hours:\n  %s\n",
			int(store.InvitationLimit/time.Hour), strings.TrimRight(c.publicURL, "/")+paths.Setup(token))
	}
	if c.address == "" || c.noc == "" {
		fmt.Fprintln(out, "\nLetters of authorization need -operator-address and -noc; until then none can be issued.")
	}
	if c.publicURL == here {
		fmt.Fprintln(out, "\nLetters carry the address at which they are checked, "+here+" now. Set -public-url before the first letter.")
	}
	return nil
}

// keepTime does what time does: it closes unpaid orders, ends letters and
// erases what must not be kept, every minute until ctx ends. It also makes the
// PDF of receipts, which payments do not wait for.
func keepTime(ctx context.Context, s *store.Store, log *slog.Logger, srv *web.Server) {
	due, documents := srv.Job(web.JobDue), srv.Job(web.JobDocuments)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		n, err := s.RunDue(ctx)
		if err != nil && ctx.Err() == nil {
			log.Error("what was due could not be done", "error", err)
		} else if n > 0 {
			log.Info("did what was due", "count", strconv.Itoa(n))
		}
		_, made := handlers.MakeDocuments(ctx, s)
		if made != nil && ctx.Err() == nil {
			log.Error("receipts could not be made", "error", made)
		}
		if ctx.Err() == nil {
			due(err)
			documents(made)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
