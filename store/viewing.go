package store

import (
	"context"

	"demarc/store/lifecycle"
)

// ViewAsCustomer lets a session of the staff look at the console of a
// customer, as a viewer of the account sees it. It changes the session's rights,
// so the session gets a new secret. The account's log says that it was done, and
// its owners get a message. Kinds: Forbidden, NotFound.
func (s *Store) ViewAsCustomer(ctx context.Context, by Actor, session, account string) (secret string, err error) {
	if !lifecycle.May(lifecycle.ViewAsCustomer, by.Role) {
		return "", forbidden("Your role has no right to look at customers' consoles.")
	}
	secret = newSecret()
	err = s.inTx(ctx, by, func(t *tx) error {
		if _, err := t.account(account); err != nil {
			return err
		}
		if err := t.view(session, account, secret); err != nil {
			return err
		}
		if err := t.tell("role = 'owner' AND account_id = ?", account, AccountSubject(account), TitleConsoleLookedAt,
			t.s.mailSender()+", "+by.Role.Label()+", opened your console to look at it. Nothing can be changed that way."); err != nil {
			return err
		}
		return t.event(AccountSubject(account), account, "view_as_customer", lifecycle.None, lifecycle.None, "", "Read-only")
	})
	return secret, err
}

// LeaveCustomer ends it: the session is the staff person's own again, with a
// new secret. by is the actor as staff. Kinds: NotFound.
func (s *Store) LeaveCustomer(ctx context.Context, by Actor, session, account string) (secret string, err error) {
	secret = newSecret()
	err = s.inTx(ctx, by, func(t *tx) error {
		if err := t.view(session, "", secret); err != nil {
			return err
		}
		return t.event(AccountSubject(account), account, "leave_customer", lifecycle.None, lifecycle.None, "", "")
	})
	return secret, err
}

// view sets what a session of the actor looks at and gives it a new secret.
func (t *tx) view(session, account, secret string) error {
	res, err := t.exec("UPDATE sessions SET viewing = ?, secret_hash = ? WHERE id = ? AND user_id = ? AND revoked_at IS NULL", account, hashSecret(secret), session, t.by.UserID)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return notFound("This session")
	}
	t.after(func() { t.s.sessions.forgetSessions(session) })
	return nil
}

// AccountViews lists when somebody of the operator looked at the account's
// console, newest first.
func (s *Store) AccountViews(ctx context.Context, account string, limit int) ([]Event, error) {
	return list(ctx, s, scanEvent, "SELECT "+eventColumns+" FROM events WHERE subject = ? AND action = 'view_as_customer' ORDER BY subject DESC, seq DESC LIMIT ?", AccountSubject(account), limit)
}
