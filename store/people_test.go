package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// roleIs reads a person's role; "" when they are gone.
func roleIs(t *testing.T, e *storetest.Env, id string) lifecycle.Role {
	t.Helper()
	u, err := e.User(ctx, id)
	if store.KindOf(err) == store.NotFound {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return u.Role
}

// Who may manage whom: an owner the people of the own account, an administrator
// everybody, nobody else anybody. What is refused changes nothing.
func TestWhoManagesPeople(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords())
	e.Everybody(t)
	second, err := e.CreateUser(ctx, store.NewUser{Email: "second@northwind.example", Name: "Wu Fang", Role: lifecycle.Viewer, AccountID: e.Northwind}, "")
	if err != nil {
		t.Fatal(err)
	}
	colleague, err := e.CreateUser(ctx, store.NewUser{Email: "second@cloud.example", Name: "Yu Fang", Role: lifecycle.Reviewer}, "")
	if err != nil {
		t.Fatal(err)
	}
	actors := []store.Actor{e.Owner, e.Engineer, e.CustomerFinance, e.Viewer, e.OtherOwner, e.Reviewer, e.Technician, e.Finance, e.Admin, e.Auditor}
	for _, by := range actors {
		for _, c := range []struct {
			person store.User
			to     lifecycle.Role
			who    []store.Actor
		}{{second, lifecycle.Engineer, []store.Actor{e.Owner, e.Admin}}, {colleague, lifecycle.Technician, []store.Actor{e.Admin}}} {
			may := slices.ContainsFunc(c.who, func(a store.Actor) bool { return a.UserID == by.UserID })
			_, err := e.ChangeRole(ctx, by, c.person.ID, c.to)
			_, _, lerr := e.NewLink(ctx, by, c.person.ID)
			_, perr := e.Person(ctx, by, c.person.ID)
			if may != (err == nil) || may != (lerr == nil) || may != (perr == nil) {
				t.Errorf("%s (%s) and %s: role %v, link %v, read %v", by.Role, by.Email, c.person.Email, err, lerr, perr)
			}
			if may {
				if _, err := e.ChangeRole(ctx, by, c.person.ID, c.person.Role); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want := store.Forbidden
			if by.Role == lifecycle.Owner && (by.AccountID != c.person.AccountID) {
				want = store.NotFound // nobody is told that an ID is one of staff
			}
			if store.KindOf(lerr) != want || store.KindOf(perr) != want {
				t.Errorf("%s and %s: link %v, read %v", by.Email, c.person.Email, lerr, perr)
			}
			if store.KindOf(err) != want {
				t.Errorf("%s changes %s: %v", by.Email, c.person.Email, err)
			}
			if _, err := e.RemovePerson(ctx, by, c.person.ID); store.KindOf(err) != want {
				t.Errorf("%s removes %s: %v", by.Email, c.person.Email, err)
			}
			n := store.NewUser{Email: "x@x.example", Name: "X", Role: lifecycle.Viewer, AccountID: c.person.AccountID}
			if c.person.AccountID == "" {
				n.Role, want = lifecycle.Reviewer, store.Forbidden
			}
			if _, err := e.Invite(ctx, by, n); store.KindOf(err) != want {
				t.Errorf("%s invites beside %s: %v", by.Email, c.person.Email, err)
			}
			if roleIs(t, e, c.person.ID) != c.person.Role {
				t.Errorf("%s changed %s", by.Email, c.person.Email)
			}
		}
	}
	// Nobody crosses from one side to the other, and no role is made up.
	for _, c := range []struct {
		id string
		to lifecycle.Role
	}{{second.ID, lifecycle.Reviewer}, {second.ID, lifecycle.Administrator}, {colleague.ID, lifecycle.Owner}, {second.ID, lifecycle.System}, {second.ID, ""}, {colleague.ID, "root"}} {
		if _, err := e.ChangeRole(ctx, e.Admin, c.id, c.to); store.KindOf(err) != store.Invalid || store.FieldsOf(err)["role"] == "" {
			t.Errorf("to %q: %v", c.to, err)
		}
	}
}

// The last owner of an account and the last administrator stay, whoever asks;
// somebody who was invited and never came does not count.
func TestTheLastOneStays(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords())
	for _, c := range []struct{ by, last store.Actor }{{e.Owner, e.Owner}, {e.Admin, e.Owner}, {e.Admin, e.Admin}} {
		to := lifecycle.Viewer
		if c.last.Role == lifecycle.Administrator {
			to = lifecycle.Auditor
		}
		if _, err := e.ChangeRole(ctx, c.by, c.last.UserID, to); store.KindOf(err) != store.Conflict {
			t.Errorf("%s demotes %s: %v", c.by.Role, c.last.Email, err)
		}
		if _, err := e.RemovePerson(ctx, c.by, c.last.UserID); store.KindOf(err) != store.Conflict {
			t.Errorf("%s removes %s: %v", c.by.Role, c.last.Email, err)
		}
		if roleIs(t, e, c.last.UserID) != c.last.Role {
			t.Errorf("%s is %s", c.last.Email, roleIs(t, e, c.last.UserID))
		}
	}
	link, err := e.Invite(ctx, e.Owner, store.NewUser{Email: "two@northwind.example", Name: "Two", Role: lifecycle.Owner, AccountID: e.Northwind})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.RemovePerson(ctx, e.Owner, e.Owner.UserID); store.KindOf(err) != store.Conflict {
		t.Errorf("the only owner who can sign in was removed: %v", err)
	}
	if _, err := e.AcceptInvitation(ctx, link.Token, "r", "Two", "", "a long pass phrase"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.RemovePerson(ctx, e.Owner, e.Owner.UserID); err != nil {
		t.Errorf("with two owners one may go: %v", err)
	}
}

// Two owners demote, or remove, each other at the same moment: one stays.
func TestTwoOwnersDemoteEachOther(t *testing.T) {
	for name, f := range map[string]func(e *storetest.Env, by store.Actor, other string) error{
		"demote": func(e *storetest.Env, by store.Actor, other string) error {
			_, err := e.ChangeRole(ctx, by, other, lifecycle.Viewer)
			return err
		},
		"remove": func(e *storetest.Env, by store.Actor, other string) error {
			_, err := e.RemovePerson(ctx, by, other)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := storetest.New(t, storetest.WithPasswords())
			u, err := e.CreateUser(ctx, store.NewUser{Email: "two@northwind.example", Name: "Two", Role: lifecycle.Owner, AccountID: e.Northwind}, "a long pass phrase")
			if err != nil {
				t.Fatal(err)
			}
			two := store.Actor{UserID: u.ID, Name: u.Name, Email: u.Email, Role: u.Role, AccountID: u.AccountID}
			actors := []store.Actor{e.Owner, two}
			won, lost := race(40, func(i int) error { return f(e, actors[i%2], actors[1-i%2].UserID) })
			if won == 0 {
				t.Fatalf("nobody won: %v", lost[0])
			}
			for _, err := range lost {
				if k := store.KindOf(err); k != store.Conflict && k != store.Forbidden && k != store.NotFound {
					t.Fatalf("lost with %v", err)
				}
			}
			owners := 0
			for _, a := range actors {
				if roleIs(t, e, a.UserID) == lifecycle.Owner {
					owners++
				}
			}
			if owners != 1 {
				t.Errorf("%d owners are left", owners)
			}
		})
	}
}

// A role that was taken away counts no more, even for an actor who was made
// before: three owners, the first demotes the second, who then tries.
func TestARoleTakenAwayCountsNoMore(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords())
	var two, three store.Actor
	for i, a := range []*store.Actor{&two, &three} {
		email := []string{"two@northwind.example", "three@northwind.example"}[i]
		u, err := e.CreateUser(ctx, store.NewUser{Email: email, Name: email[:3], Role: lifecycle.Owner, AccountID: e.Northwind}, "a long pass phrase")
		if err != nil {
			t.Fatal(err)
		}
		*a = store.Actor{UserID: u.ID, Role: u.Role, AccountID: u.AccountID}
	}
	id, secret, err := e.StartSession(ctx, two, store.MethodPassword, "Test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.ChangeRole(ctx, e.Owner, two.UserID, lifecycle.Engineer); err != nil {
		t.Fatal(err)
	}
	if _, err := e.SessionUser(ctx, id, secret); store.KindOf(err) != store.Unauthenticated {
		t.Errorf("a session outlived the change of rights: %v", err)
	}
	if _, err := e.ChangeRole(ctx, two, three.UserID, lifecycle.Viewer); store.KindOf(err) != store.Forbidden {
		t.Errorf("a former owner demotes: %v", err)
	}
	if _, err := e.RemovePerson(ctx, e.Owner, two.UserID); err != nil {
		t.Fatal(err)
	}
	if _, err := e.RemovePerson(ctx, two, three.UserID); store.KindOf(err) != store.Forbidden {
		t.Errorf("somebody who was removed removes: %v", err)
	}
}

// Removing a person ends their sessions and links at once and leaves what they
// did; every table that points at people is thought of.
func TestRemovePerson(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords(), storetest.WithMail())
	e.Everybody(t)
	c := e.Order(t, e.Engineer)
	id, secret, err := e.StartSession(ctx, e.Engineer, store.MethodPassword, "Test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.SessionUser(ctx, id, secret); err != nil {
		t.Fatal(err)
	}
	_, link, err := e.NewLink(ctx, e.Admin, e.Engineer.UserID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.RemovePerson(ctx, e.Owner, e.Engineer.UserID); err != nil {
		t.Fatal(err)
	}
	if _, err := e.SessionUser(ctx, id, secret); store.KindOf(err) != store.Unauthenticated {
		t.Errorf("the session opens: %v", err)
	}
	if _, err := e.Invitation(ctx, link.Token); store.KindOf(err) != store.NotFound {
		t.Errorf("the link opens: %v", err)
	}
	if _, err := e.Authenticate(ctx, e.Engineer.Email, storetest.Password); store.KindOf(err) != store.Unauthenticated {
		t.Errorf("the password opens: %v", err)
	}
	if m, err := e.ClaimMail(ctx); m != nil || err != nil {
		t.Errorf("a mail to somebody who is gone: %+v, %v", m, err)
	}
	events, err := e.Timeline(ctx, c.ConnectionID)
	if err != nil || len(events) == 0 || events[len(events)-1].ActorName != "Gu Bo" {
		t.Errorf("the history lost who did it: %+v, %v", events, err)
	}
	if _, err := e.Invite(ctx, e.Owner, store.NewUser{Email: e.Engineer.Email, Name: "Gu Bo", Role: lifecycle.Viewer, AccountID: e.Northwind}); err != nil {
		t.Errorf("nobody can be invited again: %v", err)
	}

	db, err := sql.Open("sqlite", "file:"+filepath.Join(e.Dir, "demarc.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT m.name, f."from" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f."table" = 'users'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		n++
		if !slices.Contains(store.PersonRows(), table) || column != "user_id" {
			t.Errorf("%s.%s points at users, and RemovePerson does not think of it", table, column)
		}
	}
	if n < 3 {
		t.Errorf("%d tables point at users", n)
	}
}

// With a mail server an invitation and a reset are mailed; an owner does not
// see the link of somebody who has a password, an administrator does.
func TestLinksAreMailed(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords(), storetest.WithMail())
	e.Everybody(t)
	link, err := e.Invite(ctx, e.Owner, store.NewUser{Email: "new@northwind.example", Name: "New", Role: lifecycle.Engineer, AccountID: e.Northwind})
	if err != nil || !link.Mailed || link.Reset || link.Token == "" {
		t.Fatalf("%+v, %v", link, err)
	}
	if m := claim(t, e); m.Kind != store.MailInvitation || m.Address != "new@northwind.example" || !strings.Contains(m.Text, store.SetupPath+link.Token) {
		t.Errorf("mail %+v", m)
	}
	_, link, err = e.NewLink(ctx, e.Owner, e.Engineer.UserID)
	if err != nil || !link.Mailed || !link.Reset || link.Token != "" {
		t.Fatalf("an owner resets: %+v, %v", link, err)
	}
	m := claim(t, e)
	_, token, _ := strings.Cut(m.Text, store.SetupPath)
	token, _, _ = strings.Cut(token, "\n")
	inv, err := e.Invitation(ctx, token)
	if m.Kind != store.MailPassword || m.Address != e.Engineer.Email || err != nil || !inv.Reset {
		t.Fatalf("mail %+v, link %+v, %v", m, inv, err)
	}
	id, secret, err := e.StartSession(ctx, e.Engineer, store.MethodPassword, "Test")
	if err != nil {
		t.Fatal(err)
	}
	// The name stays, whatever is sent; the sessions end; the link is used up.
	u, err := e.AcceptInvitation(ctx, token, "r", "Somebody Else", "", "another pass phrase")
	if err != nil || u.Name != "Gu Bo" {
		t.Fatalf("%+v, %v", u, err)
	}
	if _, err := e.SessionUser(ctx, id, secret); store.KindOf(err) != store.Unauthenticated {
		t.Errorf("a session outlived the reset: %v", err)
	}
	if _, err := e.AcceptInvitation(ctx, token, "r", "", "", "a third pass phrase"); store.KindOf(err) != store.NotFound {
		t.Errorf("the link opens twice: %v", err)
	}
	_, link, err = e.NewLink(ctx, e.Admin, e.Engineer.UserID)
	if err != nil || link.Token == "" || !link.Reset {
		t.Fatalf("an administrator resets: %+v, %v", link, err)
	}
	e.Clock.Advance(store.ResetLimit)
	if _, err := e.Invitation(ctx, link.Token); store.KindOf(err) != store.NotFound {
		t.Errorf("a reset opens after an hour: %v", err)
	}
	// Its mail is of no use any more and is not sent.
	if m, err := e.ClaimMail(ctx); m != nil || err != nil {
		t.Errorf("%+v, %v", m, err)
	}
}

// A forgotten password is mailed to who has one, and to nobody else.
func TestRequestPasswordReset(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords(), storetest.WithMail())
	if _, err := e.CreateUser(ctx, store.NewUser{Email: "invited@northwind.example", Name: "I", Role: lifecycle.Viewer, AccountID: e.Northwind}, ""); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"nobody@example.com", "", "invited@northwind.example", "not an address", " OWNER@northwind.example "} {
		e.RequestPasswordReset(email, "r")
	}
	e.WaitForBackground()
	m := claim(t, e)
	if m.Kind != store.MailPassword || m.Address != "owner@northwind.example" {
		t.Errorf("mail %+v", m)
	}
	none(t, e)
}

// Whoever asks for links in somebody else's name neither ends those that are on
// their way nor fills a mailbox or the log; the one that is used ends the others.
func TestAskingForLinksEndsNone(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords(), storetest.WithMail())
	ask := func() {
		e.RequestPasswordReset(e.Owner.Email, "r")
		e.WaitForBackground()
		e.Clock.Advance(time.Minute)
	}
	mailed := func() (links []string) {
		t.Helper()
		for {
			m, err := e.ClaimMail(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if m == nil {
				return links
			}
			_, after, _ := strings.Cut(m.Text, store.SetupPath)
			links = append(links, strings.Fields(after)[0])
		}
	}
	for range 10 {
		ask()
	}
	links := mailed()
	if len(links) != 3 {
		t.Fatalf("%d links were mailed, want 3", len(links))
	}
	for i, l := range links {
		if _, err := e.Invitation(ctx, l); err != nil {
			t.Errorf("link %d: %v", i+1, err)
		}
	}
	events, err := e.Activity(ctx, e.Owner, store.ActivityFilter{EventFilter: store.EventFilter{Actions: []string{"request_reset"}, Limit: 50}})
	if err != nil || len(events.Events) != len(links) {
		t.Errorf("%d events, %v", len(events.Events), err)
	}
	if _, err := e.AcceptInvitation(ctx, links[1], "r", "", "", "a quite new password"); err != nil {
		t.Fatal(err)
	}
	for i, l := range links {
		if _, err := e.Invitation(ctx, l); store.KindOf(err) != store.NotFound {
			t.Errorf("link %d opens after another one was used: %v", i+1, err)
		}
	}
	for range 5 {
		ask()
	}
	if n := len(mailed()); n != 3 {
		t.Errorf("%d links after the password was chosen", n)
	}
	e.Clock.Advance(store.ResetLimit)
	ask()
	if n := len(mailed()); n != 1 {
		t.Errorf("an hour later %d links", n)
	}
}

// The operator's mail server does not write to whomever an owner likes, as often
// as they like, whatever they like. Staff are not limited.
func TestOwnersMailFewLinks(t *testing.T) {
	e := storetest.New(t, storetest.WithMail())
	for _, name := range []string{"Win at https://evil.example", "WWW.evil.example", "a\nb"} {
		if _, err := e.Invite(ctx, e.Owner, store.NewUser{Email: "x@elsewhere.example", Name: name, Role: lifecycle.Viewer, AccountID: e.Northwind}); store.FieldsOf(err)["name"] == "" {
			t.Errorf("%q is a name: %v", name, err)
		}
	}
	invite := func(by store.Actor, account, email string) error {
		_, err := e.Invite(ctx, by, store.NewUser{Email: email, Name: "Zoë New", Role: lifecycle.Viewer, AccountID: account})
		return err
	}
	n := 0
	for ; n < 100; n++ {
		if err := invite(e.Owner, e.Northwind, fmt.Sprintf("p%d@elsewhere.example", n)); err != nil {
			if store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), "Try again later") {
				t.Errorf("%v", err)
			}
			break
		}
		u, err := e.UserByEmail(ctx, fmt.Sprintf("p%d@elsewhere.example", n))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.RemovePerson(ctx, e.Owner, u.ID); err != nil { // to no avail
			t.Fatal(err)
		}
	}
	if n != 30 {
		t.Errorf("%d invitations were mailed", n)
	}
	if _, _, err := e.NewLink(ctx, e.Owner, e.Owner.UserID); store.KindOf(err) != store.Conflict {
		t.Errorf("another kind of link: %v", err)
	}
	if _, err := e.UserByEmail(ctx, "p30@elsewhere.example"); store.KindOf(err) != store.NotFound {
		t.Errorf("somebody was added: %v", err)
	}
	if err := invite(e.Admin, e.Northwind, "by-staff@northwind.example"); err != nil {
		t.Errorf("staff: %v", err)
	}
	if _, err := e.Invite(ctx, e.Admin, store.NewUser{Email: "tech2@cloud.example", Name: "T", Role: lifecycle.Technician}); err != nil {
		t.Errorf("staff of the operator: %v", err)
	}
	e.Clock.Advance(24*time.Hour + time.Minute)
	if err := invite(e.Owner, e.Northwind, "late@northwind.example"); err != nil {
		t.Errorf("a day later: %v", err)
	}
}

// Who asked for a letter does not decide about it, not even under another
// address of the same mailbox.
func TestNobodyDecidesAboutTheirOwnRequest(t *testing.T) {
	e := storetest.New(t)
	own, err := e.CreateUser(ctx, store.NewUser{Email: "Owner+staff@northwind.example", Name: "Lin Wei", Role: lifecycle.Reviewer}, "")
	if err != nil {
		t.Fatal(err)
	}
	by := store.Actor{UserID: own.ID, Name: own.Name, Email: own.Email, Role: own.Role, RequestID: "r"}
	c := e.At(t, lifecycle.InApplication)
	for _, action := range []lifecycle.Action{lifecycle.Approve, lifecycle.Reject} {
		if err := e.Try(c.ID, action, by); store.KindOf(err) != store.Forbidden || !strings.Contains(store.MessageOf(err), "yourself") {
			t.Errorf("%s by who applied: %v", action, err)
		}
	}
	if got := e.Get(t, c.ID); got.Stage != lifecycle.InApplication || got.Version != c.Version {
		t.Errorf("it was decided: %s", got.Stage)
	}
	// What is no decision is open to them, and so is what others asked for.
	if err := e.Try(c.ID, lifecycle.MovePort, by); err != nil {
		t.Error(err)
	}
	e.Everybody(t)
	other := e.At(t, lifecycle.ToApplyForLOA)
	if err := e.Try(other.ID, lifecycle.ApplyForLOA, e.Engineer); err != nil {
		t.Fatal(err)
	}
	if err := e.Try(other.ID, lifecycle.Approve, by); err != nil {
		t.Errorf("another one's application: %v", err)
	}
	if err := e.Try(c.ID, lifecycle.Approve, e.Reviewer); err != nil {
		t.Errorf("another reviewer: %v", err)
	}
	// Nor do they issue another version of their letter, or renew it.
	if err := e.Try(c.ID, lifecycle.ReissueLOA, by); store.KindOf(err) != store.Forbidden || !strings.Contains(store.MessageOf(err), "yourself") {
		t.Errorf("reissued by who applied: %v", err)
	}
	if err := e.Try(c.ID, lifecycle.ReissueLOA, e.Reviewer); err != nil {
		t.Errorf("reissued by another reviewer: %v", err)
	}
	if err := e.Try(other.ID, lifecycle.ReissueLOA, by); err != nil {
		t.Errorf("another one's letter: %v", err)
	}
	l, err := e.LOA(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	e.Clock.Set(letter.Over(l.ExpiresAt).Add(time.Minute))
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if err := e.Try(c.ID, lifecycle.RenewLOA, by); store.KindOf(err) != store.Forbidden || !strings.Contains(store.MessageOf(err), "yourself") {
		t.Errorf("renewed by who applied: %v", err)
	}
	if err := e.Try(c.ID, lifecycle.RenewLOA, e.Reviewer); err != nil {
		t.Errorf("renewed by another reviewer: %v", err)
	}
}

// A person of the staff looks at a customer's console as a viewer of it; the
// session gets a new secret both times, and the customer sees it.
func TestViewAsCustomer(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords())
	e.Everybody(t)
	for _, by := range []store.Actor{e.Technician, e.Owner, e.Engineer} {
		if _, err := e.ViewAsCustomer(ctx, by, "se-x", e.Southwind); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s looks: %v", by.Role, err)
		}
	}
	id, secret, err := e.StartSession(ctx, e.Reviewer, store.MethodTOTP, "Test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.ViewAsCustomer(ctx, e.Reviewer, id, "acc-none"); store.KindOf(err) != store.NotFound {
		t.Errorf("an account that is none: %v", err)
	}
	if _, err := e.ViewAsCustomer(ctx, e.Finance, id, e.Northwind); store.KindOf(err) != store.NotFound {
		t.Errorf("in somebody else's session: %v", err)
	}
	second, err := e.ViewAsCustomer(ctx, e.Reviewer, id, e.Northwind)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.SessionUser(ctx, id, secret); store.KindOf(err) != store.Unauthenticated {
		t.Errorf("the old secret opens: %v", err)
	}
	u, err := e.SessionUser(ctx, id, second)
	if err != nil || u.Role != lifecycle.Viewer || u.StaffRole != lifecycle.Reviewer || u.AccountID != e.Northwind || u.AccountName != "Northwind Trading" || u.ID != e.Reviewer.UserID {
		t.Fatalf("%+v, %v", u, err)
	}
	e.Reopen(t) // it is of the session, not of the process
	if u, err = e.SessionUser(ctx, id, second); err != nil || u.StaffRole != lifecycle.Reviewer {
		t.Fatalf("after a restart %+v, %v", u, err)
	}
	views, err := e.AccountViews(ctx, e.Northwind, 10)
	if err != nil || len(views) != 1 || views[0].ActorID != e.Reviewer.UserID || views[0].AccountID != e.Northwind {
		t.Errorf("%+v, %v", views, err)
	}
	if m, err := e.Messages(ctx, e.Owner.UserID, 0, 10); err != nil || len(m) == 0 || m[0].Title != "Your console was looked at" {
		t.Errorf("the owner was not told: %+v, %v", m, err)
	}
	if m, err := e.Messages(ctx, e.Engineer.UserID, 0, 10); err != nil || slices.ContainsFunc(m, func(m store.Message) bool { return m.Title == "Your console was looked at" }) {
		t.Errorf("others were told: %+v, %v", m, err)
	}
	third, err := e.LeaveCustomer(ctx, e.Reviewer, id, e.Northwind)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.SessionUser(ctx, id, second); store.KindOf(err) != store.Unauthenticated {
		t.Errorf("the viewing secret opens: %v", err)
	}
	if u, err = e.SessionUser(ctx, id, third); err != nil || u.Role != lifecycle.Reviewer || u.StaffRole != "" || u.AccountID != "" {
		t.Errorf("%+v, %v", u, err)
	}
}
