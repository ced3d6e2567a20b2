package store

import "demarc/store/lifecycle"

// Actor is who asks, in one request.
type Actor struct {
	UserID    string
	Name      string
	Email     string
	Role      lifecycle.Role
	AccountID string // empty for staff and the system
	RequestID string
	// Key is the idempotency key of the submitted form, or "". The same user
	// sending the same key again gets the answer of the first time.
	Key string
}

// Staff reports whether the actor works for the operator.
func (a Actor) Staff() bool { return a.Role.IsStaff() }

// scope is the account that the actor's reads and writes are confined to; all
// is true for staff and the system, who see every account.
func (a Actor) scope() (account string, all bool) {
	if a.Staff() || a.Role == lifecycle.System {
		return "", true
	}
	return a.AccountID, false
}

// systemActor is Demarc acting by itself.
func systemActor() Actor {
	return Actor{UserID: "system", Name: "Demarc", Role: lifecycle.System, RequestID: newID("sys-", 12)}
}
