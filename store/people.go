package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"demarc/store/lifecycle"
)

// ResetLimit is how long the link of a forgotten password opens.
const ResetLimit = time.Hour

// Paths below the public URL that mails name; package paths builds the same.
const (
	SetupPath  = "/setup/"
	SignInPath = "/login"
)

const (
	msgLastOwner         = "This is the only owner of the account who can sign in. Make somebody else an owner first. Nothing was changed."
	msgLastAdministrator = "This is the only administrator who can sign in. Make somebody else an administrator first. Nothing was changed."
	msgPeopleOnly        = "Only an owner of the account or an administrator does this."
)

// Link is a one-time link that was just made.
type Link struct {
	// Token opens it. "" when it is for the person's mailbox only: an owner must
	// not be able to sign in as somebody else of the account.
	Token  string
	Mailed bool
	Reset  bool // it stands in for a forgotten password, and opens for an hour
}

// mayManage checks that the actor may manage the people of an account, "" for
// the operator's own, as the actor stands now: a role that was taken away a
// moment ago counts no more. An account that is not theirs does not exist.
// Kinds: Forbidden, NotFound.
func (t *tx) mayManage(account string) error {
	role, own := t.by.Role, t.by.AccountID
	err := t.row("SELECT role, COALESCE(account_id, '') FROM users WHERE id = ?", t.by.UserID).Scan(&role, &own)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	switch {
	case err != nil && strings.HasPrefix(t.by.UserID, "us-"): // removed meanwhile
		return forbidden(msgPeopleOnly)
	case lifecycle.May(lifecycle.ManagePeople, role):
		return nil
	case account == "", !lifecycle.May(lifecycle.ManageAccountPeople, role):
		return forbidden(msgPeopleOnly)
	case account != own:
		return notFound("This person")
	}
	return nil
}

// mayAskToManage is the same as far as the actor's own word goes, before
// anything is read.
func mayAskToManage(by Actor) error {
	if !lifecycle.May(lifecycle.ManagePeople, by.Role) && !lifecycle.May(lifecycle.ManageAccountPeople, by.Role) {
		return forbidden(msgPeopleOnly)
	}
	return nil
}

// managed reads a person whom the actor may manage. Kinds: NotFound, Forbidden.
func (t *tx) managed(userID string) (User, error) {
	u, err := t.user(userID)
	if err != nil {
		return User{}, err
	}
	if u.AccountID == "" && t.by.Role.IsCustomer() {
		return User{}, notFound("This person") // staff are no more to them than people of another account
	}
	return u, t.mayManage(u.AccountID)
}

// Invite adds a person without a password and makes the one-time link on which
// they choose one, within 72 hours. Only its hash is stored: the token is to be
// had once. It is also mailed. An owner invites to their own account. Kinds:
// Forbidden, NotFound, Invalid, Conflict when an account's owners have had too
// many links mailed.
func (s *Store) Invite(ctx context.Context, by Actor, n NewUser) (link Link, err error) {
	if err := mayAskToManage(by); err != nil {
		return Link{}, err
	}
	if err := n.check(); err != nil {
		return Link{}, err
	}
	err = s.inTx(ctx, by, func(t *tx) error {
		if err := t.mayManage(n.AccountID); err != nil {
			return err
		}
		if err := t.mayMailLink(n.AccountID); err != nil {
			return err
		}
		u, err := t.insertUser(n, "")
		if err != nil {
			return err
		}
		if link, err = t.mailLink(u); err != nil {
			return err
		}
		return t.event(userSubject(u.ID), u.AccountID, "invite", lifecycle.None, lifecycle.None, "", u.Role.Label())
	})
	return link, err
}

// NewLink replaces a person's one-time link: the first was lost, or they forgot
// the password. The password they have works until the link is used. Where
// mails are sent, an owner is not shown the link of somebody who has a password
// already. Kinds: Forbidden, NotFound, Conflict as with Invite.
func (s *Store) NewLink(ctx context.Context, by Actor, userID string) (u User, link Link, err error) {
	if err := mayAskToManage(by); err != nil {
		return User{}, Link{}, err
	}
	err = s.inTx(ctx, by, func(t *tx) error {
		var err error
		if u, err = t.managed(userID); err != nil {
			return err
		}
		if err := t.mayMailLink(u.AccountID); err != nil {
			return err
		}
		if link, err = t.mailLink(u); err != nil {
			return err
		}
		if link.Reset && link.Mailed && !lifecycle.May(lifecycle.ManagePeople, by.Role) {
			link.Token = ""
		}
		return t.event(userSubject(u.ID), u.AccountID, "new_link", lifecycle.None, lifecycle.None, "", "")
	})
	return u, link, err
}

// mailLink makes a one-time link for the person, which replaces those that are
// open, and puts it into the outbox.
func (t *tx) mailLink(u User) (Link, error) {
	if err := t.dropLinks(u.ID); err != nil {
		return Link{}, err
	}
	return t.mailAnotherLink(u)
}

// mailAnotherLink is mailLink beside the links that are open.
func (t *tx) mailAnotherLink(u User) (Link, error) {
	l := Link{Mailed: t.s.mailing, Reset: u.HasPassword}
	var err error
	if l.Token, err = t.addLink(u.ID, l.Reset); err != nil {
		return Link{}, err
	}
	address := t.s.publicURL + SetupPath + l.Token
	if l.Reset {
		return l, t.mail(NewMail{UserID: u.ID, Kind: MailPassword, Subject: "Choose a new password", ExpiresAt: t.now.Add(ResetLimit),
			Text: "Hello " + u.Name + ",\n\nopen this link within an hour to choose a new password for the console of " + t.s.mailSender() + ":\n\n" + address +
				"\n\nIt opens once. If you did not ask for it, leave it alone: your password stays as it is.\n"})
	}
	return l, t.mail(NewMail{UserID: u.ID, Kind: MailInvitation, Subject: "Your invitation to the console of " + t.s.mailSender(), ExpiresAt: t.now.Add(InvitationLimit),
		Text: "Hello " + u.Name + ",\n\nyou are invited to the console of " + t.s.mailSender() + ". Open this link within 72 hours and choose a password:\n\n" + address +
			"\n\nIt opens once. If it has expired, ask whoever invited you for a new one.\n"})
}

// othersCanSignIn reports whether somebody else with this role, in this account
// or of the operator, can sign in: with a password, or through an identity
// provider.
func (t *tx) othersCanSignIn(u User) (bool, error) {
	var n int
	err := t.row(`SELECT COUNT(*) FROM users o WHERE o.role = ? AND COALESCE(o.account_id, '') = ? AND o.id <> ?
		AND (o.password_hash <> '' OR EXISTS (SELECT 1 FROM user_identities i WHERE i.user_id = o.id))`, u.Role, u.AccountID, u.ID).Scan(&n)
	return n > 0, err
}

// keepsSomebody refuses to take the last owner from an account and the last
// administrator from the operator. Kinds: Conflict.
func (t *tx) keepsSomebody(u User) error {
	if u.Role != lifecycle.Owner && u.Role != lifecycle.Administrator {
		return nil
	}
	others, err := t.othersCanSignIn(u)
	if err != nil || others {
		return err
	}
	if u.Role == lifecycle.Owner {
		return conflictf(msgLastOwner)
	}
	return conflictf(msgLastAdministrator)
}

// ChangeRole gives a person another role of the same side: nobody crosses from
// a customer to the operator. Their sessions end, so that the next one begins
// with the new rights. Kinds: Invalid (field role), NotFound, Conflict for the
// last owner and the last administrator, Forbidden.
func (s *Store) ChangeRole(ctx context.Context, by Actor, userID string, role lifecycle.Role) (User, error) {
	if err := mayAskToManage(by); err != nil {
		return User{}, err
	}
	var u User
	err := s.inTx(ctx, by, func(t *tx) error {
		var err error
		if u, err = t.managed(userID); err != nil {
			return err
		}
		if u.Role == role {
			return nil
		}
		if role.IsCustomer() != u.Role.IsCustomer() || role.IsStaff() != u.Role.IsStaff() || (!role.IsCustomer() && !role.IsStaff()) {
			return invalid("role", "Select a role")
		}
		if err := t.keepsSomebody(u); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE users SET role = ? WHERE id = ?", role, u.ID); err != nil {
			return err
		}
		t.forgetUsers(u.ID)
		if err := t.endAllSessions(u.ID); err != nil {
			return err
		}
		was := u.Role
		u.Role = role
		return t.event(userSubject(u.ID), u.AccountID, "change_role", lifecycle.None, lifecycle.None, "", was.Label()+" → "+role.Label())
	})
	return u, err
}

// personRows are the tables that hold rows of a person and nothing else of
// value; what they did stays in the history, under their name.
var personRows = []string{"sessions", "invitations", "messages", "second_factors", "recovery_codes", "sign_in_steps", "user_identities", "mails", "submissions"}

// RemovePerson takes a person out: they are signed out at once and cannot sign
// in again. What they did stays in the history. Kinds: NotFound, Conflict for
// the last owner and the last administrator, Forbidden.
func (s *Store) RemovePerson(ctx context.Context, by Actor, userID string) (User, error) {
	if err := mayAskToManage(by); err != nil {
		return User{}, err
	}
	var u User
	err := s.inTx(ctx, by, func(t *tx) error {
		var err error
		if u, err = t.managed(userID); err != nil {
			return err
		}
		if err := t.keepsSomebody(u); err != nil {
			return err
		}
		if err := t.endAllSessions(u.ID); err != nil {
			return err
		}
		for _, table := range personRows {
			// The index of the mails holds those of a user and no others.
			if _, err := t.exec("DELETE FROM "+table+" WHERE user_id = ? AND user_id <> ''", u.ID); err != nil {
				return err
			}
		}
		if _, err := t.exec("DELETE FROM users WHERE id = ?", u.ID); err != nil {
			return err
		}
		t.forgetUsers(u.ID)
		return t.event(userSubject(u.ID), u.AccountID, "remove_person", lifecycle.None, lifecycle.None, "", u.Role.Label())
	})
	return u, err
}

// Person is somebody whom the actor may manage. Kinds: NotFound, Forbidden.
func (s *Store) Person(ctx context.Context, by Actor, userID string) (User, error) {
	if err := mayAskToManage(by); err != nil {
		return User{}, err
	}
	u, err := s.User(ctx, userID)
	if err != nil {
		return User{}, err
	}
	if !lifecycle.May(lifecycle.ManagePeople, by.Role) && (by.AccountID == "" || u.AccountID != by.AccountID) {
		return User{}, notFound("This person")
	}
	return u, nil
}

// resetsHeld is how many links of a forgotten password a person has at a time.
// Whoever asks for one need not be the person: asking again and again must neither
// end a link that is on its way to them nor fill their mailbox.
const resetsHeld = 3

// linksADay is how many one-time links an account's owners have mailed in 24
// hours: the operator's mail server writes to whatever address they enter.
const linksADay = 30

// mayMailLink refuses when the owners of an account have had too many one-time
// links mailed. Kinds: Conflict.
func (t *tx) mayMailLink(account string) error {
	if account == "" || !t.s.mailing || lifecycle.May(lifecycle.ManagePeople, t.by.Role) {
		return nil
	}
	var n int
	if err := t.row("SELECT COUNT(*) FROM events WHERE account_id = ? AND at > ? AND action IN ('invite', 'new_link')", account, at(t.now.Add(-24*time.Hour))).Scan(&n); err != nil {
		return err
	}
	if n >= linksADay {
		return conflictf("Your account had %d one-time links mailed in the last 24 hours, which is as many as it may. Try again later, or ask %s. Nothing was changed.", n, t.s.mailSender())
	}
	return nil
}

// resetsAtOnce bounds the requests for a forgotten password that wait to be
// looked at.
const resetsAtOnce = 32

// RequestPasswordReset mails a one-time link to the person with this address,
// if there is one who has a password. It returns at once and always the same
// way: whoever asks learns nothing, not even from the time it takes. A person who
// has resetsHeld links that still open gets no other one. Without a mail server
// it does nothing.
func (s *Store) RequestPasswordReset(email, requestID string) {
	if !s.mailing {
		return
	}
	select {
	case s.resets <- struct{}{}:
	default:
		s.log.Warn("too many requests for forgotten passwords at once: one was dropped", "request_id", requestID)
		return
	}
	s.sessions.writes.Go(func() {
		defer func() { <-s.resets }()
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		by := systemActor()
		by.RequestID = requestID
		err := s.inTx(ctx, by, func(t *tx) error {
			u, err := scanUser(t.row("SELECT "+userColumns+userFrom+"WHERE u.email = ?", normalEmail(email)))
			if errors.Is(err, sql.ErrNoRows) || (err == nil && !u.HasPassword) {
				return nil
			}
			if err != nil {
				return err
			}
			if _, err := t.exec("DELETE FROM invitations WHERE user_id = ? AND used_at IS NULL AND expires_at <= ?", u.ID, at(t.now)); err != nil {
				return err
			}
			var open int
			if err := t.row("SELECT COUNT(*) FROM invitations WHERE user_id = ? AND used_at IS NULL", u.ID).Scan(&open); err != nil || open >= resetsHeld {
				return err
			}
			if _, err := t.mailAnotherLink(u); err != nil {
				return err
			}
			return t.event(userSubject(u.ID), u.AccountID, "request_reset", lifecycle.None, lifecycle.None, "", "")
		})
		if err != nil {
			s.log.Error("a forgotten password was asked for, and its link could not be mailed", "request_id", requestID, "error", err)
		}
	})
}

// canonicalEmail makes the addresses of one mailbox equal: case and what comes
// after a plus make no difference.
func canonicalEmail(email string) string {
	local, domain, ok := strings.Cut(normalEmail(email), "@")
	if !ok {
		return local
	}
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// notOwnRequest refuses a decision about what the actor asked for themselves,
// as another user with the same mailbox: action is what asked for it. Kinds:
// Forbidden.
func (t *tx) notOwnRequest(subject, action string) error {
	var id, email string
	err := t.row(`SELECT e.actor_id, COALESCE(u.email, '') FROM events e LEFT JOIN users u ON u.id = e.actor_id
		WHERE e.subject = ? AND e.action = ? ORDER BY e.subject DESC, e.seq DESC LIMIT 1`, subject, action).Scan(&id, &email)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("who asked: %w", err)
	}
	own := t.by.Email
	if err := t.row("SELECT email FROM users WHERE id = ?", t.by.UserID).Scan(&own); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if id == t.by.UserID || (email != "" && own != "" && canonicalEmail(email) == canonicalEmail(own)) {
		return forbidden("You asked for this yourself. Somebody else has to decide about it.")
	}
	return nil
}
