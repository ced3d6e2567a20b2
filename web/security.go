package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"demarc/store"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// contentPolicy allows this host's own files and nothing else; nothing inline.
const contentPolicy = "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// referenceLetters leaves out what is mistaken for something else on the phone:
// I, L, O, U.
const referenceLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newReference is a request's short name, "7KQ4-M2XD".
func newReference() string {
	var b [8]byte
	rand.Read(b[:])
	out := make([]byte, 0, 9)
	for i, v := range b {
		if i == 4 {
			out = append(out, '-')
		}
		out = append(out, referenceLetters[v%32])
	}
	return string(out)
}

// noted is the echo context key of the error that the access log tells.
const noted = "noted_error"

// turnedAway is the echo context key of why a guard turned the request away, in a
// word for the access log.
const turnedAway = "turned_away"

// withoutAddresses takes the addresses of machines out of a text for the log: what
// the network says of a connection that broke names the client's.
func withoutAddresses(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '>' || r == '\n' })
	for _, w := range words {
		w = strings.Trim(w, ":-,;()\"")
		if a, err := netip.ParseAddrPort(w); err == nil && a.Port() != 0 {
			text = strings.ReplaceAll(text, w, "(address)")
		} else if a, err := netip.ParseAddr(w); err == nil && a.BitLen() > 0 {
			text = strings.ReplaceAll(text, w, "(address)")
		}
	}
	return text
}

// connectionLog is what net/http has to say of connections, for the log.
type connectionLog struct{ log *slog.Logger }

// Write implements io.Writer. One call is one line.
func (l connectionLog) Write(line []byte) (int, error) {
	l.log.Debug("connection", "problem", withoutAddresses(strings.TrimSpace(string(line))))
	return len(line), nil
}

// identify gives the request its reference, answers its error and writes one
// line to the log. The line has the route instead of the address: addresses
// hold tokens and what people search for. People stand in it by their ID, which
// only the database can tell the name of.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		req := &reqctx.Request{ID: newReference(), Session: s.sessions.empty()}
		ctx := reqctx.With(c.Request().Context(), req)
		c.SetRequest(c.Request().WithContext(ctx))
		s.metrics.inFlight.Inc()
		defer s.metrics.inFlight.Dec()
		if err := next(c); err != nil {
			// What limits the work does not limit the answer about it.
			c.SetRequest(c.Request().WithContext(ctx))
			s.fail(err, c)
		}
		res := c.Response()
		took := time.Since(start)
		s.metrics.answered(c.Path(), c.Request().Method, res.Status, took)
		level := slog.LevelInfo
		attrs := []slog.Attr{
			slog.String("request_id", req.ID),
			slog.String("method", knownMethod(c.Request().Method)),
			slog.String("route", c.Path()),
			slog.Int("status", res.Status),
			slog.Int64("bytes", res.Size),
			slog.Duration("duration", took),
		}
		if req.User.Role != "" {
			attrs = append(attrs, slog.String("user", req.User.ID), slog.String("role", string(req.User.Role)))
		}
		if why, ok := c.Get(turnedAway).(string); ok {
			level = slog.LevelWarn
			attrs = append(attrs, slog.String("turned_away", why))
		}
		if err, ok := c.Get(noted).(error); ok {
			level = slog.LevelError
			attrs = append(attrs, slog.String("error", withoutAddresses(err.Error())))
			var p *panicked
			if errors.As(err, &p) {
				attrs = append(attrs, slog.String("stack", string(p.stack)))
			}
		}
		if static(c) {
			level = slog.LevelDebug
		}
		s.log.LogAttrs(ctx, level, "request", attrs...)
		return nil
	}
}

// static reports whether the request is for a file or for a probe: no person
// stands behind it.
func static(c echo.Context) bool {
	p := c.Request().URL.Path
	return strings.HasPrefix(p, "/static/") || p == paths.Robots || p == paths.Health || p == paths.Ready
}

// headers sets what every answer carries.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		h.Set("X-Request-Id", reqctx.ID(c.Request().Context()))
		if s.cfg.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		if !static(c) {
			h.Set("Cache-Control", "no-store")
			h.Add("Vary", "HX-Request, HX-Request-Type, Cookie")
		}
		return next(c)
	}
}

// panicked is a bug that stopped a handler.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			err = &panicked{v, debug.Stack()}
		}()
		return next(c)
	}
}

func (s *Server) limitTime(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), requestLimit)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// sameOrigin refuses a write that another site's page sends.
func (s *Server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == paths.CardWebhook {
			return next(c) // no browser sends it, and its signature says who does
		}
		if err := s.origins.Check(c.Request()); err != nil {
			c.Set(turnedAway, "cross_site")
			return &store.Error{Kind: store.Forbidden, Msg: "This request came from another site. Nothing was changed. Open the console and try again.", Err: err}
		}
		return next(c)
	}
}

// parseForm reads the body of a form once, within its limit.
func (s *Server) parseForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method == http.MethodGet || r.Body == nil || r.Body == http.NoBody {
			return next(c)
		}
		if c.Path() == paths.CardWebhook {
			return next(c) // signed as it is: its handler reads it
		}
		// Nothing is unpacked: a small body must not become a large one.
		if packed := r.Header.Get("Content-Encoding"); packed != "" && !strings.EqualFold(packed, "identity") {
			c.Response().Header().Set("Accept-Encoding", "identity")
			return echo.ErrUnsupportedMediaType
		}
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		switch c.Path() {
		case paths.AdminInventory:
			return s.takeUpload(c, kind, uploadLimit, next)
		case paths.LOACheck(":code"):
			return s.takeUpload(c, kind, compareLimit, next)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, bodyLimit)
		if err != nil || kind != "application/x-www-form-urlencoded" {
			return echo.ErrUnsupportedMediaType
		}
		if err := r.ParseForm(); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return echo.ErrStatusRequestEntityTooLarge
			}
			return echo.ErrBadRequest
		}
		return next(c)
	}
}

// takeUpload lets the forms through that send a file. Its handler reads the
// body as it arrives, after the guards of the route: nobody else's is read.
func (s *Server) takeUpload(c echo.Context, kind string, limit int64, next echo.HandlerFunc) error {
	if kind != "multipart/form-data" {
		return echo.ErrUnsupportedMediaType
	}
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
	// A file takes longer than a form, and only somebody who is known may take
	// that long. A server under test has no deadlines to move.
	if _, known := reqctx.User(r.Context()); known {
		control, now := http.NewResponseController(c.Response()), time.Now()
		if err := errors.Join(control.SetReadDeadline(now.Add(uploadTime)), control.SetWriteDeadline(now.Add(2*uploadTime))); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	err := next(c)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return echo.ErrStatusRequestEntityTooLarge
	}
	return err
}

// attempts counts tries to sign in. It lives in memory: a restart forgives,
// which an attacker cannot cause.
//
// Nobody can lock somebody else out by trying their account name: tries from a
// browser in which that account has signed in before are counted by
// themselves, and tries from elsewhere by account name and client. What many
// clients try for one name together has a limit too, which slows down new
// browsers of that account only.
type attempts struct {
	now func() time.Time

	mu     sync.Mutex
	counts map[string]*rate.Limiter
}

// Five tries for an account name from one place, then one every five minutes.
// A client, which may be a whole company behind one address, has more; so has
// an account name that is tried from many places.
const (
	attemptWait       = 5 * time.Minute
	attemptsPerEmail  = 5
	attemptsPerClient = 30
	attemptsAnywhere  = 60
	attemptsHeld      = 20_000
)

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, counts: map[string]*rate.Limiter{}}
}

func (a *attempts) of(k attemptKey) *rate.Limiter {
	l := a.counts[k.key]
	if l != nil {
		return l
	}
	if len(a.counts) >= attemptsHeld {
		now := a.now()
		for k, old := range a.counts {
			if old.TokensAt(now) >= float64(old.Burst()) {
				delete(a.counts, k)
			}
		}
		// A quarter goes when all of them are busy: looking through all of
		// them must not be the price of each attempt.
		for k := range a.counts {
			if len(a.counts) <= attemptsHeld*3/4 {
				break
			}
			delete(a.counts, k)
		}
	}
	l = rate.NewLimiter(rate.Every(attemptWait*attemptsPerEmail/time.Duration(k.burst)), k.burst)
	a.counts[k.key] = l
	return l
}

type attemptKey struct {
	key   string
	burst int
}

// clientOf is the client behind an address: whoever has one IPv6 address has
// 2^64 of them.
func clientOf(ip string) string {
	if addr, err := netip.ParseAddr(ip); err == nil && addr.Is6() && !addr.Is4In6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip
}

// networkOf is the network around an address, as small ones are given out: 256
// addresses of version 4, and of version 6 what one customer of a provider has.
func networkOf(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	if p, err := addr.Prefix(bits); err == nil {
		return p.String()
	}
	return ip
}

// attemptKeys are what one try counts against. familiar names the browser when
// the account has signed in in it before. An account name stands in them as its
// hash: whoever makes one up chooses how long it is.
func attemptKeys(email, ip, familiar string) []attemptKey {
	client, who := clientOf(ip), person(email)
	if familiar != "" {
		return []attemptKey{{"f " + familiar + " " + who, attemptsPerEmail}}
	}
	return []attemptKey{{"c " + client, attemptsPerClient}, {"e " + client + " " + who, attemptsPerEmail}, {"a " + who, attemptsAnywhere}}
}

// Take implements handlers.Attempts.
func (a *attempts) Take(email, ip, familiar string) (time.Duration, bool) {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := attemptKeys(email, ip, familiar)
	for _, k := range keys {
		// What is refused is not counted: it must not push out what is.
		if l := a.counts[k.key]; l != nil && l.TokensAt(now) < 1 {
			return attemptWait * attemptsPerEmail / time.Duration(k.burst), false
		}
	}
	for _, k := range keys {
		a.of(k).AllowN(now, 1)
	}
	return 0, true
}

// Forget implements handlers.Attempts. What the client tried for other names,
// and others for this one, stays counted: they get this one try back, so that
// many people behind one address can begin their day.
func (a *attempts) Forget(email, ip, familiar string) {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range attemptKeys(email, ip, familiar) {
		if k.burst == attemptsPerEmail {
			delete(a.counts, k.key)
		} else {
			a.of(k).AllowN(now, -1)
		}
	}
}

// clients are a limit for each client: burst at once, then one every wait. It is
// guarded by whoever holds it.
type clients struct {
	wait  time.Duration
	burst int
	of    map[string]*rate.Limiter
}

// clientsHeld bounds the memory of one of them.
const clientsHeld = 20_000

func newClients(burst int, wait time.Duration) clients {
	return clients{wait, burst, map[string]*rate.Limiter{}}
}

func (c clients) limit(ip string) *rate.Limiter {
	client := clientOf(ip)
	l := c.of[client]
	if l != nil {
		return l
	}
	if len(c.of) >= clientsHeld {
		// A client that is forgotten begins anew.
		clear(c.of)
	}
	l = rate.NewLimiter(rate.Every(c.wait), c.burst)
	c.of[client] = l
	return l
}

// until says how long it takes until the limit lets one more pass at now; 0 when
// it does at once.
func until(l *rate.Limiter, now time.Time) time.Duration {
	have := l.TokensAt(now)
	if have >= 1 {
		return 0
	}
	return time.Duration((1 - have) / float64(l.Limit()) * float64(time.Second))
}

// pace bounds what a client asks of pages that need no sign-in.
type pace struct {
	now func() time.Time

	mu      sync.Mutex
	clients clients
}

// What is bounded is the load: nobody guesses a one-time link or a signature. A
// client may be a whole company, so only what was in vain is counted where
// something can be. Public files are cached for minutes by whoever asks for them
// often.
const (
	missesPerClient = 60
	missWait        = 2 * time.Second
	filesPerClient  = 300
	fileWait        = 100 * time.Millisecond
)

func newPace(now func() time.Time, burst int, wait time.Duration) *pace {
	return &pace{now: now, clients: newClients(burst, wait)}
}

// What one person may do, whoever they are: 120 forms, then one a second; 60
// files, then one a second. Nobody fills in forms faster, and a reviewer may take
// forty letters along; what is faster is a program, and its load and the rows
// that it makes are bounded.
const (
	writesPerPerson  = 120
	writeWait        = time.Second
	exportsPerPerson = 60
	exportWait       = time.Second
)

// person is a guard that counts what somebody who is signed in asks for, by
// person. Others are counted where they ask.
func (p *pace) person(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u, ok := reqctx.User(c.Request().Context())
		if !ok {
			return next(c)
		}
		if err := p.check(u.ID); err != nil {
			return err
		}
		p.count(u.ID)
		return next(c)
	}
}

// writes is a guard for every form, by person.
func (p *pace) writes(next echo.HandlerFunc) echo.HandlerFunc {
	each := p.person(next)
	return func(c echo.Context) error {
		if c.Request().Method == http.MethodGet {
			return next(c)
		}
		return each(c)
	}
}

// tooFast is the refusal of a client that asks too often.
type tooFast struct{ wait time.Duration }

func (*tooFast) Error() string { return "too many requests of one client or person" }

// check refuses a client that is over its limit. Kinds: a *tooFast.
func (p *pace) check(ip string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := until(p.clients.limit(ip), p.now()); wait > 0 {
		return &tooFast{wait}
	}
	return nil
}

func (p *pace) count(ip string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients.limit(ip).AllowN(p.now(), 1)
}

// each counts every request.
func (p *pace) each(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := p.check(c.RealIP()); err != nil {
			return err
		}
		p.count(c.RealIP())
		return next(c)
	}
}

// vain counts the requests that were in vain: for what is not there, or not to
// be believed.
func (p *pace) vain(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := p.check(c.RealIP()); err != nil {
			return err
		}
		err := next(c)
		status := c.Response().Status
		if err != nil {
			status, _ = statusOf(err)
		}
		switch status {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge:
			p.count(c.RealIP())
		}
		return err
	}
}

// checks counts tries of the codes of letters, by client and in all. A wrong
// code costs a client five times as much.
type checks struct {
	now func() time.Time
	all *rate.Limiter

	mu        sync.Mutex
	clients   clients
	comparing map[string]int // files under way, by network and by letter
}

// A client has 40 checks, then one every three seconds; all together have 400,
// then 40 a second. A code has 80 bits: guessing one at this pace takes longer
// than the sun lasts, so what is bounded here is the load.
//
// Of the few places where files are compared a network has two, whatever
// addresses it has, and a letter has four: whoever would take them all needs many
// networks and the codes of many letters, and one network alone keeps nobody from
// comparing one letter.
const (
	checksPerClient = 40
	checkWait       = 3 * time.Second
	checksInAll     = 400
	checkRate       = 40
	missCost        = 4 // beyond the check itself

	comparesPerNetwork = 2
	comparesPerLetter  = 4
)

func newChecks(now func() time.Time) *checks {
	return &checks{now: now, all: rate.NewLimiter(checkRate, checksInAll), clients: newClients(checksPerClient, checkWait), comparing: map[string]int{}}
}

// Take implements handlers.Checks.
func (k *checks) Take(ip string) (time.Duration, bool) {
	now := k.now()
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.clients.limit(ip)
	for _, limit := range []*rate.Limiter{l, k.all} {
		if wait := until(limit, now); wait > 0 {
			return wait, false
		}
	}
	l.AllowN(now, 1)
	k.all.AllowN(now, 1)
	return 0, true
}

// Miss implements handlers.Checks.
func (k *checks) Miss(ip string) {
	now := k.now()
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.clients.limit(ip)
	l.AllowN(now, min(missCost, max(0, int(l.TokensAt(now)))))
}

// Begin implements handlers.Checks.
func (k *checks) Begin(ip, letter string) (done func(), ok bool) {
	network, letter := "network "+networkOf(ip), "letter "+letter
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.comparing[network] >= comparesPerNetwork || k.comparing[letter] >= comparesPerLetter {
		return nil, false
	}
	k.comparing[network]++
	k.comparing[letter]++
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		for _, key := range []string{network, letter} {
			if k.comparing[key]--; k.comparing[key] == 0 {
				delete(k.comparing, key)
			}
		}
	}, true
}

// abandoned reports whether the client went away: there is nobody to answer.
func abandoned(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() != nil || errors.Is(err, net.ErrClosed)
}
