package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/securecookie"
	gorilla "github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/views"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// sessions maps the browser's cookie to a session row. The cookie carries the
// row's ID and secret, and sentences for the next page; the truth is the row.
type sessions struct {
	name  string
	store *gorilla.CookieStore
	known *securecookie.SecureCookie // of the cookie that names a familiar browser
}

// The values of the cookie.
const (
	valueID      = "i"
	valueSecret  = "s"
	valueFlashes = "f"
	valuePutAway = "d"
	valueStep    = "t" // a sign-in that is half done
	valueStepKey = "u"
)

// A browser in which somebody has signed in stays familiar for them: what
// others try elsewhere with their account name does not lock it out.
const (
	familiarDays   = 180
	familiarPeople = 8 // in one browser
)

func newSessions(sign, encrypt []byte, secure bool) *sessions {
	cs := gorilla.NewCookieStore(sign, encrypt)
	// gorilla's own options are SameSite=None, not HttpOnly, 30 days.
	cs.Options = &gorilla.Options{Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode}
	for _, codec := range cs.Codecs {
		if sc, ok := codec.(*securecookie.SecureCookie); ok {
			sc.MaxAge(int(store.SessionLimit.Seconds()))
			sc.SetSerializer(textValues{})
		}
	}
	name := "demarc"
	if secure {
		name = "__Host-demarc"
	}
	known := securecookie.New(sign, encrypt)
	known.MaxAge(familiarDays * 24 * 60 * 60)
	known.SetSerializer(textValues{})
	return &sessions{name: name, store: cs, known: known}
}

// session is one browser's session during one request.
type session struct {
	all   *sessions
	s     *gorilla.Session
	dirty bool
	gone  string // why the session that the cookie names is over
	// The cookie of a familiar browser: its name for itself and whom it knows.
	browser  string
	people   []string
	remember bool // it has to be written
}

// empty is the session of a request without a cookie.
func (a *sessions) empty() *session {
	s := gorilla.NewSession(a.store, a.name)
	opts := *a.store.Options
	s.Options = &opts
	s.IsNew = true
	return &session{all: a, s: s}
}

// open reads the cookie. One that is broken, too old or of another key is no
// error: the browser is anonymous and the cookie goes.
func (a *sessions) open(r *http.Request) *session {
	s, err := a.store.New(r, a.name)
	out := &session{all: a, s: s, dirty: err != nil}
	if c, err := r.Cookie(a.name + "-known"); err == nil {
		values := map[any]any{}
		if a.known.Decode(c.Name, c.Value, &values) == nil {
			out.browser, _ = values["b"].(string)
			people, _ := values["p"].(string)
			out.people = strings.Fields(people)
		}
	}
	return out
}

func (s *session) text(key string) string {
	v, _ := s.s.Values[key].(string)
	return v
}

func (s *session) set(key, v string) {
	if s.text(key) == v {
		return
	}
	s.dirty = true
	if v == "" {
		delete(s.s.Values, key)
		return
	}
	s.s.Values[key] = v
}

// ID implements reqctx.Session.
func (s *session) ID() string { return s.text(valueID) }

// Start implements reqctx.Session.
func (s *session) Start(id, secret string) {
	s.set(valueID, id)
	s.set(valueSecret, secret)
}

// End implements reqctx.Session.
func (s *session) End() {
	s.set(valueID, "")
	s.set(valueSecret, "")
	s.set(valueFlashes, "")
	s.set(valuePutAway, "")
	s.StartStep("", "")
}

// StartStep implements reqctx.Session.
func (s *session) StartStep(id, secret string) {
	s.set(valueStep, id)
	s.set(valueStepKey, secret)
}

// Step implements reqctx.Session.
func (s *session) Step() (id, secret string) { return s.text(valueStep), s.text(valueStepKey) }

// person is what the cookie holds instead of an account name.
func person(email string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(email))))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// Familiar implements reqctx.Session.
func (s *session) Familiar(email string) string {
	if !slices.Contains(s.people, person(email)) {
		return ""
	}
	return s.browser
}

// Remember implements reqctx.Session.
func (s *session) Remember(email string) {
	if s.browser == "" {
		s.browser = rand.Text()
	}
	who := person(email)
	s.people = append(slices.DeleteFunc(s.people, func(p string) bool { return p == who }), who)
	s.people = s.people[max(0, len(s.people)-familiarPeople):]
	s.remember = true
}

// Flash implements reqctx.Session.
func (s *session) Flash(f ...views.Flash) {
	if len(f) == 0 {
		return
	}
	text, err := json.Marshal(append(s.peek(), f...))
	if err == nil {
		s.set(valueFlashes, string(text))
	}
}

func (s *session) peek() (out []views.Flash) {
	if text := s.text(valueFlashes); text != "" {
		if json.Unmarshal([]byte(text), &out) != nil {
			return nil
		}
	}
	return out
}

// Flashes implements reqctx.Session.
func (s *session) Flashes() []views.Flash {
	out := s.peek()
	s.set(valueFlashes, "")
	return out
}

// Dismiss implements reqctx.Session.
func (s *session) Dismiss(key string) {
	if s.Dismissed(key) || strings.ContainsAny(key, " ") {
		return
	}
	keys := append(strings.Fields(s.text(valuePutAway)), key)
	s.set(valuePutAway, strings.Join(keys[max(0, len(keys)-20):], " "))
}

// Dismissed implements reqctx.Session.
func (s *session) Dismissed(key string) bool {
	return slices.Contains(strings.Fields(s.text(valuePutAway)), key)
}

// save writes the cookie when something changed. An empty session has none.
func (s *session) save(r *http.Request, w http.ResponseWriter) error {
	if s.remember {
		s.remember = false
		name := s.all.name + "-known"
		text, err := s.all.known.Encode(name, map[any]any{"b": s.browser, "p": strings.Join(s.people, " ")})
		if err != nil {
			return err
		}
		http.SetCookie(w, &http.Cookie{Name: name, Value: text, Path: "/", MaxAge: familiarDays * 24 * 60 * 60,
			HttpOnly: true, Secure: s.all.store.Options.Secure, SameSite: http.SameSiteLaxMode})
	}
	if !s.dirty {
		return nil
	}
	s.dirty = false
	if len(s.s.Values) == 0 {
		s.s.Options.MaxAge = -1
	}
	err := s.s.Save(r, w)
	if err != nil && s.text(valueFlashes) != "" {
		// A cookie has 4 KB. Without its sentences it is never too large, and
		// the sign-in matters more.
		delete(s.s.Values, valueFlashes)
		err = s.s.Save(r, w)
	}
	return err
}

// session finds out who asks, and sends the cookie along with the answer.
func (s *Server) session(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if static(c) {
			return next(c)
		}
		r := c.Request()
		req := reqctx.Of(r.Context())
		sess := s.sessions.open(r)
		req.Session = sess
		c.Response().Before(func() {
			if err := sess.save(r, c.Response()); err != nil {
				c.Set(noted, fmt.Errorf("session cookie: %w", err))
			}
		})
		if id := sess.ID(); id != "" {
			whose := s.store.SessionUser
			if asksByItself(c) {
				whose = s.store.SessionUserUnused
			}
			user, err := whose(r.Context(), id, sess.text(valueSecret))
			switch {
			case store.KindOf(err) == store.Unauthenticated:
				sess.End()
				sess.gone = store.MessageOf(err)
			case err != nil:
				return err
			default:
				req.User = user
			}
		}
		return next(c)
	}
}

// asksByItself reports whether an open page asks whether something changed, with
// nobody behind it: a screen that was left alone must not stay signed in.
func asksByItself(c echo.Context) bool {
	if r := c.Request(); r.Method != http.MethodGet || !reqctx.IsHtmx(r) {
		return false
	}
	switch c.Path() {
	case paths.Session, paths.InterfaceLive(":id"), paths.OrderPayment(":no"), paths.AdminInventory:
		return true
	}
	return false
}

// textValues writes a session's values, which are all text, as pairs of
// lengths and bytes. The gob that it stands in for costs 34 µs and 217
// allocations a request.
type textValues struct{}

// Serialize implements securecookie.Serializer.
func (textValues) Serialize(src any) ([]byte, error) {
	values, ok := src.(map[any]any)
	if !ok {
		return nil, fmt.Errorf("session values: unexpected %T", src)
	}
	var out []byte
	for k, v := range values {
		key, ok1 := k.(string)
		text, ok2 := v.(string)
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("session value %v: %T is not text", k, v)
		}
		for _, s := range [2]string{key, text} {
			out = binary.AppendUvarint(out, uint64(len(s)))
			out = append(out, s...)
		}
	}
	return out, nil
}

var errDamaged = errors.New("session values are damaged")

// Deserialize implements securecookie.Serializer.
func (textValues) Deserialize(src []byte, dst any) error {
	values, ok := dst.(*map[any]any)
	if !ok {
		return fmt.Errorf("session values: unexpected %T", dst)
	}
	out := map[any]any{}
	next := func() (string, bool) {
		n, used := binary.Uvarint(src)
		if used <= 0 || n > uint64(len(src)-used) {
			return "", false
		}
		s := string(src[used : used+int(n)])
		src = src[used+int(n):]
		return s, true
	}
	for len(src) > 0 {
		key, ok1 := next()
		text, ok2 := next()
		if !ok1 || !ok2 {
			return errDamaged
		}
		out[key] = text
	}
	*values = out
	return nil
}
