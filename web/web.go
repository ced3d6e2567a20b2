// Package web is the edge: everything that speaks HTTP. It knows sessions,
// headers and limits, and no rule of the business.
package web

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/labstack/echo/v4"

	"demarc/handlers"
	"demarc/store"
	"demarc/store/inventory"
	"demarc/views"
	"demarc/web/passkey"
	"demarc/web/paths"
	"demarc/web/pay"
	"demarc/web/sso"
)

// Limits of one request.
const (
	requestLimit = 30 * time.Second
	bodyLimit    = 1 << 20 // bytes
	drainLimit   = 10 * time.Second

	// Of the upload of an inventory: larger than the largest file, so that one
	// that is a little too large is told so in the form.
	uploadLimit = 2 * inventory.MaxBytes
	uploadTime  = 2 * time.Minute

	// Of a file that somebody compares with a letter, with the form around it.
	compareLimit = handlers.MaxCompared + 64<<10
)

// Config configures the edge.
type Config struct {
	// PublicURL is the scheme and host under which people reach the console,
	// "https://console.example". One-time links begin with it.
	PublicURL string
	// TermsURL is the address of the operator's Terms of Service, to which the
	// order leads; "" when there is none to read.
	TermsURL string
	// Secure says that browsers reach the console over https even where
	// PublicURL does not: cookies are then bound to https.
	Secure bool
	// RequireSecondFactor keeps staff who signed in without a second factor out
	// of everything but setting one up.
	RequireSecondFactor bool
	// RequireOfCustomers keeps customers out too; it counts with RequireSecondFactor.
	RequireOfCustomers bool
	Operator           string // the provider's name
	NOC                string // phone of the operator's network operations center
	Address            string // address of the operator
	// MailServer and MailFrom say how mails are sent, in words; "" when none are.
	MailServer, MailFrom string
	// Demo shows the demo people and their password on the sign-in page.
	Demo         bool
	DemoPeople   []views.DemoPerson
	DemoPassword string
	// Proxies are the networks of proxies that are believed when they say, in
	// X-Forwarded-For, for whom they ask. Nobody is believed when empty.
	Proxies []netip.Prefix
	// TLSCert and TLSKey are files in PEM; with them the program speaks TLS
	// itself. They are read again when they change.
	TLSCert, TLSKey string
	// Cards takes card payments; nil when no gateway is configured, and then no
	// page speaks of cards.
	Cards *pay.Desk
	Log   *slog.Logger     // slog.Default when nil
	Now   func() time.Time // time.Now when nil; for the limits on sign-in
}

// Server answers the requests of browsers.
type Server struct {
	cfg      Config
	store    *store.Store
	handlers *handlers.Handlers
	sessions *sessions
	origins  *http.CrossOriginProtection
	log      *slog.Logger
	echo     *echo.Echo
	handler  http.Handler
	draining atomic.Bool
	metrics  *metrics
	cert     *certificate // nil without TLS
	pages    keptPages
}

// New builds the edge over the store.
func New(ctx context.Context, cfg Config, st *store.Store) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	s := &Server{cfg: cfg, store: st, log: cfg.Log, origins: http.NewCrossOriginProtection()}
	if cfg.PublicURL != "" {
		u, err := url.Parse(cfg.PublicURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" {
			return nil, fmt.Errorf("public URL %q: want a scheme and a host, like https://console.example", cfg.PublicURL)
		}
		s.cfg.Secure = cfg.Secure || u.Scheme == "https"
		// A proxy that rewrites Host must not make our own pages foreign.
		if err := s.origins.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, fmt.Errorf("public URL %q: %w", cfg.PublicURL, err)
		}
	}
	if cfg.TLSCert != "" || cfg.TLSKey != "" {
		var err error
		if s.cert, err = newCertificate(cfg.TLSCert, cfg.TLSKey, time.Now, cfg.Log); err != nil {
			return nil, err
		}
		s.cfg.Secure = true
	}
	s.metrics = newMetrics(st)
	if s.cert != nil {
		s.metrics.registry.MustRegister(tlsMetrics{s.cert})
	}
	// The form that compares a file changes nothing and needs no session. Its
	// page sends no referrer, so old browsers do not say where it comes from.
	s.origins.AddInsecureBypassPattern("POST " + paths.LOAChecks + "/{code}")
	sign, encrypt, err := st.CookieKeys(ctx)
	if err != nil {
		return nil, err
	}
	s.sessions = newSessions(sign, encrypt, s.cfg.Secure)
	passkeys, err := passkey.New(cfg.PublicURL, cfg.Operator)
	if err != nil {
		return nil, err
	}
	var cards handlers.Cards // stays nil without a desk
	if cfg.Cards != nil {
		cards = cfg.Cards
	}
	s.handlers = handlers.New(handlers.Deps{
		Store: st, Operator: cfg.Operator, PublicURL: cfg.PublicURL, TermsURL: cfg.TermsURL, NOC: cfg.NOC, Address: cfg.Address, MailServer: cfg.MailServer, MailFrom: cfg.MailFrom,
		Demo: cfg.Demo, DemoPeople: cfg.DemoPeople, DemoPassword: cfg.DemoPassword,
		RequireSecondFactor: cfg.RequireSecondFactor, RequireOfCustomers: cfg.RequireOfCustomers, Passkeys: passkeys, SSO: &sso.Client{},
		Attempts: newAttempts(cfg.Now), Checks: newChecks(cfg.Now), Log: cfg.Log, Cards: cards,
	})

	e := echo.New()
	e.HTTPErrorHandler = s.fail
	// Nothing in front of the program is trusted unless it is known.
	e.IPExtractor = clientIP(cfg.Proxies)
	e.Use(
		s.identify, // reference, access log; answers errors of all that follows
		s.headers,
		s.recover,
		s.limitTime,
		s.session, // before refusals, so that they know whose page it is
		s.sameOrigin,
		s.parseForm,
		newPace(cfg.Now, writesPerPerson, writeWait).writes, // after the form is read, so that nothing typed is lost
	)
	s.echo = e
	s.routes(e)

	gzip, err := gzhttp.NewWrapper(
		gzhttp.CompressionLevel(packLevel),
		gzhttp.MinSize(1024),
		gzhttp.EnableZstd(false),
		gzhttp.ContentTypes([]string{"text/html", "text/csv", "text/plain", "application/json"}),
	)
	if err != nil {
		return nil, err
	}
	s.handler = gzip(headAsGet(e))
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// limited is the HTTP server with the limits of every connection.
func (s *Server) limited() *http.Server {
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(connectionLog{s.log}, "", 0),
	}
}

// ErrOpenConsole means that passwords would cross a network readable.
var ErrOpenConsole = errors.New("the console leaves this machine over TLS only: give -tls-cert and -tls-key, or the https address of your proxy by -public-url, or listen on 127.0.0.1")

// CheckConsole is ErrOpenConsole where Serve would not serve, at the start. The demo
// has no secrets.
func (s *Server) CheckConsole(at net.Addr) error {
	if !s.cfg.Secure && !s.cfg.Demo && !onThisMachine(at) {
		return ErrOpenConsole
	}
	return nil
}

// Serve answers requests on l until ctx ends, then lets those under way finish.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if err := s.CheckConsole(l.Addr()); err != nil {
		return err
	}
	srv := s.limited()
	done := make(chan error, 1)
	go func() {
		if s.cert != nil {
			srv.TLSConfig = s.cert.config()
			done <- srv.ServeTLS(l, "", "")
			return
		}
		done <- srv.Serve(l)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	err := srv.Shutdown(stop)
	if serr := <-done; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

// headAsGet lets every page that can be read answer HEAD. net/http still sees
// the real method, and leaves the body out.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			get := *r
			get.Method = http.MethodGet
			r = &get
		}
		next.ServeHTTP(w, r)
	})
}
