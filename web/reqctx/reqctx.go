// Package reqctx holds what the edge knows about a request and the handlers
// need: who is signed in, the request's reference, the browser session. Values
// are typed; nobody reads a context key by name.
package reqctx

import (
	"context"
	"net/http"
	"time"

	"demarc/store"
	"demarc/views"
)

// Session is the browser's session as handlers see it. Changes reach the
// browser with the answer.
type Session interface {
	// Start binds the browser to a new session row; whatever session the
	// browser had before is left.
	Start(id, secret string)
	// End forgets the session row in the browser.
	End()
	// ID is the session row's ID, "" when nobody is signed in.
	ID() string
	// StartStep binds the browser to a sign-in that is half done; empty values
	// forget it.
	StartStep(id, secret string)
	// Step is the half-done sign-in, "" when there is none.
	Step() (id, secret string)
	// Familiar names the browser when this account has signed in in it before,
	// "" otherwise.
	Familiar(email string) string
	// Remember makes the browser familiar to the account.
	Remember(email string)
	// Flash keeps sentences for the next page.
	Flash(f ...views.Flash)
	// Dismiss remembers that a standing note, named by key, was put away.
	Dismiss(key string)
	// Dismissed reports whether it was.
	Dismissed(key string) bool
	// Flashes returns the sentences kept and forgets them.
	Flashes() []views.Flash
}

// Request is what the edge attaches to one request.
type Request struct {
	ID      string // short reference, shown to people when something fails
	User    store.User
	Session Session

	changes time.Time // the first moment that ChangesAt was told
	partial bool
}

// Quarter is what the clock of a page is rounded down to where it looks ahead by
// days: the same rows then give the same page for a quarter of an hour, and every
// day of every zone begins with one.
const Quarter = 15 * time.Minute

// ChangesAt says that the page would read differently from t on, although nothing
// is written until then. Pages that are answered more than once tell every such
// moment; the zero time is none.
func (r *Request) ChangesAt(t time.Time) {
	if !t.IsZero() && (r.changes.IsZero() || t.Before(r.changes)) {
		r.changes = t
	}
}

// Changes is the earliest moment that ChangesAt was told, zero when there is none.
func (r *Request) Changes() time.Time { return r.changes }

// Incomplete says that a part of the page could not be read: nobody else gets it.
func (r *Request) Incomplete() { r.partial = true }

// Complete reports whether Incomplete was never called.
func (r *Request) Complete() bool { return !r.partial }

type key struct{}

// With attaches r to the context.
func With(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, key{}, r)
}

// Of returns what the edge attached; an empty Request when nothing was.
func Of(ctx context.Context) *Request {
	if r, ok := ctx.Value(key{}).(*Request); ok {
		return r
	}
	return &Request{Session: none{}}
}

// ID is the request's reference.
func ID(ctx context.Context) string { return Of(ctx).ID }

// User is the person signed in; false when nobody is.
func User(ctx context.Context) (store.User, bool) {
	u := Of(ctx).User
	return u, u.ID != ""
}

// Actor is the person signed in as the store wants to know them, with the
// request's reference. The zero UserID means nobody.
func Actor(ctx context.Context) store.Actor {
	r := Of(ctx)
	return store.Actor{UserID: r.User.ID, Name: r.User.Name, Email: r.User.Email, Role: r.User.Role, AccountID: r.User.AccountID, RequestID: r.ID}
}

// IsHtmx reports whether htmx sent the request.
func IsHtmx(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// IsPartial reports whether htmx wants a fragment. With hx-select, with
// boosted links and on Back it asks for the whole page instead.
func IsPartial(r *http.Request) bool {
	return IsHtmx(r) && r.Header.Get("HX-Request-Type") == "partial"
}

// none is the session of a request that has none.
type none struct{}

func (none) Start(string, string)     {}
func (none) End()                     {}
func (none) ID() string               { return "" }
func (none) StartStep(string, string) {}
func (none) Step() (string, string)   { return "", "" }
func (none) Familiar(string) string   { return "" }
func (none) Remember(string)          {}
func (none) Flash(...views.Flash)     {}
func (none) Dismiss(string)           {}
func (none) Dismissed(string) bool    { return false }
func (none) Flashes() []views.Flash   { return nil }
