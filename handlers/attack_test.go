package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
	"demarc/web/sso/ssotest"
)

// TestALinkOpensOnce tries one-time links again after they were used, after a new
// one was made, and after the person is gone.
func TestALinkOpensOnce(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	invite := func(email string) (store.User, string) {
		t.Helper()
		link, err := s.Invite(ctx, s.Owner, store.NewUser{Email: email, Name: "Zoë New", Role: lifecycle.Viewer, AccountID: s.Northwind})
		if err != nil {
			t.Fatal(err)
		}
		u, err := s.UserByEmail(ctx, email)
		if err != nil {
			t.Fatal(err)
		}
		return u, link.Token
	}
	choose := func(token, password string) *answer {
		return s.anyone().post(paths.Setup(token), url.Values{"name": {"Zoë New"}, "email": {"other@northwind.example"}, "password": {password}, "again": {password}})
	}
	opens := func(email, password string) bool {
		return s.anyone().post(paths.Login, url.Values{"email": {email}, "password": {password}}).status == http.StatusSeeOther
	}
	_, token := invite("one@northwind.example")
	choose(token, "a first long password").want(http.StatusSeeOther)
	if a := choose(token, "a second long password"); a.status != http.StatusNotFound || opens("one@northwind.example", "a second long password") || !opens("one@northwind.example", "a first long password") {
		t.Errorf("a used link: %d", a.status)
	}
	if _, err := s.UserByEmail(ctx, "other@northwind.example"); store.KindOf(err) != store.NotFound {
		t.Errorf("the link was used for another address: %v", err)
	}
	two, old := invite("two@northwind.example")
	_, link, err := s.NewLink(ctx, s.Owner, two.ID)
	if err != nil {
		t.Fatal(err)
	}
	if a := choose(old, "a first long password"); a.status != http.StatusNotFound {
		t.Errorf("a replaced link: %d", a.status)
	}
	if _, err := s.RemovePerson(ctx, s.Owner, two.ID); err != nil {
		t.Fatal(err)
	}
	if a := choose(link.Token, "a first long password"); a.status != http.StatusNotFound || opens("two@northwind.example", "a first long password") {
		t.Errorf("the link of somebody who was removed: %d", a.status)
	}
	_, late := invite("three@northwind.example")
	s.Clock.Set(s.Clock.Now().Add(store.InvitationLimit))
	if a := choose(late, "a first long password"); a.status != http.StatusNotFound {
		t.Errorf("a link after 72 hours: %d", a.status)
	}
}

// TestAFormOfARoleThatIsGone lowers a role, and removes a person, while they have
// a form open: what they send changes nothing, neither with the old session nor
// with a new one.
func TestAFormOfARoleThatIsGone(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	ctx := context.Background()
	c := s.At(t, lifecycle.ApprovedLOA)
	gu := s.as(engineerMail)
	form := gu.get(paths.DeliveryReport(c.ID)).want(http.StatusOK)
	report := url.Values{"key": {form.field("key")}, "rev": {form.field("rev")}, "line_code": {"HZ-CTC-1"}, "label": {"A-1"}}
	u, err := s.UserByEmail(ctx, engineerMail)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChangeRole(ctx, s.Owner, u.ID, lifecycle.Viewer); err != nil {
		t.Fatal(err)
	}
	if a := gu.post(paths.DeliveryReport(c.ID), report).want(http.StatusSeeOther); !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
		t.Errorf("the old session goes to %s", a.header.Get("Location"))
	}
	again := s.as(engineerMail)
	again.post(paths.DeliveryReport(c.ID), report).want(http.StatusForbidden)
	// Who holds the role as it was, in a request under way, is refused as well
	// where roles themselves are at stake.
	stale := store.Actor{UserID: u.ID, Name: u.Name, Role: lifecycle.Owner, AccountID: s.Northwind}
	if _, err := s.ChangeRole(ctx, stale, s.Owner.UserID, lifecycle.Viewer); store.KindOf(err) != store.Forbidden {
		t.Errorf("a role that is gone changes roles: %v", err)
	}
	if _, err := s.RemovePerson(ctx, s.Owner, u.ID); err != nil {
		t.Fatal(err)
	}
	again.get(paths.Interfaces).want(http.StatusSeeOther)
	again.post(paths.DeliveryReport(c.ID), report).want(http.StatusSeeOther)
	if got := s.Get(t, c.ID); got.Version != c.Version || got.Stage != lifecycle.ApprovedLOA {
		t.Errorf("something was changed: %+v", got)
	}
}

// TestUnknownPeopleLookLikeKnownOnes compares the whole answers to sign-ins and
// to forgotten passwords.
func TestUnknownPeopleLookLikeKnownOnes(t *testing.T) {
	s := newSite(t, storetest.WithMail())
	for _, path := range []string{paths.Login, paths.Forgotten} {
		var seen []string
		for _, email := range []string{customerMail, "nobody@northwind.example", adminMail, "nobody@cloud.example"} {
			a := s.anyone().post(path, url.Values{"email": {email}, "password": {"not the password"}})
			a.header.Del("Date")
			a.header.Del("X-Request-Id")
			a.header.Del("Set-Cookie")
			var head strings.Builder
			if err := a.header.Write(&head); err != nil {
				t.Fatal(err)
			}
			body := strings.ReplaceAll(a.body, email, "…")
			seen = append(seen, strings.ReplaceAll(head.String(), a.header.Get("Content-Length"), "")+body)
		}
		for i, one := range seen[1:] {
			if one != seen[0] {
				t.Errorf("%s: the answers 1 and %d differ:\n%s\n%s", path, i+2, seen[0], one)
			}
		}
	}
}

// TestSecondFactorGuessingIsLimited begins to sign in again and again, with the
// right password, to try more codes than one sign-in bears.
func TestSecondFactorGuessingIsLimited(t *testing.T) {
	s := newSecureSite(t)
	const email = "owner@northwind.example"
	mine := s.as(email)
	key := mine.addApp(s.Clock)
	s.Clock.Advance(time.Minute)
	attacker := s.anyone()
	looked := 0
	var a *answer
	for range 100 {
		if a = attacker.post(paths.SecondFactor, url.Values{"code": {"000000"}}); a.status == http.StatusTooManyRequests {
			break
		}
		if a.status == http.StatusUnprocessableEntity {
			looked++
			continue
		}
		attacker.password(email).want(http.StatusSeeOther) // the step is over: the next one
	}
	if looked > 5 || a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || !strings.Contains(a.text(), "Too many attempts") {
		t.Fatalf("%d codes were looked at, then %d: %s", looked, a.status, a.text())
	}
	// Not even the right one is looked at now, from there; passkeys count alike.
	attacker.post(paths.SecondFactor, url.Values{"code": {appCode(t, key, s.Clock)}}).want(http.StatusTooManyRequests)
	// The person is not locked out, in the browser that they use.
	mine.post(paths.Logout, url.Values{}).want(http.StatusSeeOther)
	mine.password(email).want(http.StatusSeeOther)
	if a := mine.post(paths.SecondFactor, url.Values{"code": {appCode(t, key, s.Clock)}}).want(http.StatusSeeOther); a.header.Get("Location") != "/messages" {
		t.Errorf("the person is led to %s", a.header.Get("Location"))
	}
	s.Clock.Advance(5 * time.Minute)
	attacker.password(email).want(http.StatusSeeOther)
	attacker.post(paths.SecondFactor, url.Values{"code": {"000000"}}).want(http.StatusUnprocessableEntity)
	attacker.post(paths.SecondFactor, url.Values{"code": {"000000"}}).want(http.StatusTooManyRequests)
}

// TestALinkIsNoWayAroundTheFactor opens a one-time link for a forgotten password of
// somebody who has a second factor: the new password alone opens nothing.
func TestALinkIsNoWayAroundTheFactor(t *testing.T) {
	for _, email := range []string{"owner@northwind.example", "reviewer@cloud.example"} {
		s := newSecureSite(t)
		mine := s.as(email)
		key := mine.addApp(s.Clock)
		s.Clock.Advance(time.Minute)
		u, err := s.UserByEmail(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		_, link, err := s.NewLink(t.Context(), s.Admin, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		c := s.anyone()
		if a := c.post(paths.Setup(link.Token), url.Values{"password": {"a quite new one"}, "again": {"a quite new one"}}).want(http.StatusSeeOther); a.header.Get("Location") != paths.SecondFactor {
			t.Errorf("%s: the link leads to %s", email, a.header.Get("Location"))
		}
		for _, by := range []*client{c, mine} { // half signed in, and signed out by the new password
			for _, path := range []string{paths.Messages, paths.Security, paths.SecurityRecovery} {
				if a := by.get(path).want(http.StatusSeeOther); !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
					t.Errorf("%s: %s leads to %s", email, path, a.header.Get("Location"))
				}
			}
		}
		c.post(paths.SecondFactor, url.Values{"code": {appCode(t, key, s.Clock)}}).want(http.StatusSeeOther)
		c.get(paths.Messages).want(http.StatusOK)
	}
}

// TestAProviderWithoutAFactorIsNoWayAround signs staff in with an identity
// provider that asks for no second factor: who has one of ours is asked for it.
// What is a customer's is between them and their own provider.
func TestAProviderWithoutAFactorIsNoWayAround(t *testing.T) {
	s := newSecureSite(t)
	reviewer, owner := s.as("reviewer@cloud.example"), s.as("owner@northwind.example")
	key := reviewer.addApp(s.Clock)
	owner.addApp(s.Clock)
	s.Clock.Advance(time.Minute)
	staff, north := store.NewProviderID(), store.NewProviderID()
	p := s.newProvider(t, []ssotest.Person{{Name: "rao", Email: "reviewer@cloud.example", Verified: true}, {Name: "lin", Email: "owner@northwind.example", Verified: true}}, staff, north)
	s.trust(t, p, staff, "cloud.example", "", false)
	s.trust(t, p, north, "northwind.example", s.Northwind, false)
	vouched := func(email, username string) (*client, *answer) {
		t.Helper()
		c := s.anyone()
		return c, c.get(atProvider(t, c.beginSSO(email), username)).want(http.StatusSeeOther)
	}
	c, a := vouched("reviewer@cloud.example", "rao")
	if a.header.Get("Location") != paths.SecondFactor {
		t.Errorf("staff with a second factor are led to %s", a.header.Get("Location"))
	}
	for _, path := range []string{paths.Security, paths.SecurityAuthenticator, paths.AdminLOAs} {
		if a := c.get(path).want(http.StatusSeeOther); !strings.HasPrefix(a.header.Get("Location"), paths.Login) {
			t.Errorf("half signed in, %s leads to %s", path, a.header.Get("Location"))
		}
	}
	c.post(paths.SecondFactor, url.Values{"code": {appCode(t, key, s.Clock)}}).want(http.StatusSeeOther)
	c.get(paths.AdminLOAs).want(http.StatusOK)
	if _, a := vouched("owner@northwind.example", "lin"); a.header.Get("Location") != "/messages" {
		t.Errorf("a customer is led to %s", a.header.Get("Location"))
	}
}

// TestANewPasswordEndsWhatIsHalfDone changes a password while a reset link is out
// and somebody who knows the old password is asked for the second factor.
func TestANewPasswordEndsWhatIsHalfDone(t *testing.T) {
	s := newSecureSite(t)
	const email = "owner@northwind.example"
	mine := s.as(email)
	key := mine.addApp(s.Clock)
	s.Clock.Advance(time.Minute)
	_, link, err := s.NewLink(t.Context(), s.Admin, s.Owner.UserID)
	if err != nil {
		t.Fatal(err)
	}
	other := s.anyone()
	other.password(email).want(http.StatusSeeOther)
	other.get(paths.SecondFactor).want(http.StatusOK)
	s.anyone().get(paths.Setup(link.Token)).want(http.StatusOK)
	mine.post(paths.SecurityPassword, url.Values{"current": {storetest.Password}, "password": {"a quite new one"}, "again": {"a quite new one"}}).want(http.StatusSeeOther)
	if a := other.post(paths.SecondFactor, url.Values{"code": {appCode(t, key, s.Clock)}}); a.header.Get("Location") != paths.Login {
		t.Errorf("a sign-in with the old password goes on: %d %s", a.status, a.header.Get("Location"))
	}
	s.anyone().get(paths.Setup(link.Token)).want(http.StatusNotFound)
	mine.get(paths.Interfaces).want(http.StatusOK)
}

// TestIDsOfOthersInFields posts what belongs to another account, or to staff, where
// a form names something of one's own: the answer is the same as to an ID that
// nobody has, and nothing happens.
func TestIDsOfOthersInFields(t *testing.T) {
	s := newSite(t)
	theirs := s.At(t, lifecycle.Enabled)
	const nobodys = "pc-00000000000000000"
	south := s.as("owner@southwind.example")
	in := s.Choice(t)
	for name, c := range map[string]struct {
		path, field, unknown string
		ids                  []string
		form                 url.Values
	}{
		"an order beside an interface": {paths.Interfaces, "redundant", nobodys, []string{theirs.ID}, url.Values{"region": {in.Region}, "sp": {string(in.SP)}, "ap": {in.AccessPoint}, "spec": {string(in.Spec)}, "ptype": {string(in.PortType)}, "terms": {"yes"}}},
		"a ticket about an interface":  {paths.Tickets, "interface", nobodys, []string{theirs.ID}, url.Values{"topic": {"cabling"}, "title": {"A title"}, "body": {"A question about it"}}},
		"a link for a person":          {paths.PeopleLinks, "user", "us-00000000000000", []string{s.Owner.UserID, s.Admin.UserID}, url.Values{}},
		"a session":                    {paths.SecuritySession, "session", "se-00000000000000", []string{s.sessionOf(t, "owner@northwind.example")}, url.Values{}},
	} {
		// What an answer leaves for the next page is read there, as a browser does.
		send := func(id string) *answer {
			c.form.Set(c.field, id)
			a := south.post(c.path, c.form)
			if a.status == http.StatusSeeOther {
				south.get(a.header.Get("Location"))
			}
			return a
		}
		want := send(c.unknown)
		for _, id := range c.ids {
			got := send(id)
			if got.status != want.status || got.header.Get("Location") != want.header.Get("Location") || strings.ReplaceAll(got.text(), id, c.unknown) != want.text() {
				t.Errorf("%s, %s: %d, an ID that nobody has %d\n%s\n%s", name, id, got.status, want.status, got.text(), want.text())
			}
			if want.status == http.StatusOK || want.status == http.StatusSeeOther && c.path != paths.SecuritySession {
				t.Errorf("%s: an ID that nobody has answers %d %s", name, want.status, want.text())
			}
		}
	}
	if sessions, err := s.Sessions(t.Context(), s.Owner.UserID); err != nil || len(sessions) != 1 {
		t.Errorf("of another account's owner %d sessions are left, %v", len(sessions), err)
	}
}

// sessionOf signs somebody in and returns the ID of the session.
func (s *site) sessionOf(t *testing.T, email string) string {
	t.Helper()
	s.as(email)
	u, err := s.UserByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Sessions(t.Context(), u.ID)
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	return all[0].ID
}

// TestFormsTakeTheirOwnFieldsAlone sends forms with more than they ask for: what a
// person may not write stays as it is, whoever says otherwise.
func TestFormsTakeTheirOwnFieldsAlone(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	ctx := context.Background()
	lin := s.as(customerMail)
	// The names of columns, and of fields of other forms and of structures.
	more := func(form url.Values) url.Values {
		for name, v := range map[string]string{
			"id": "pc-1", "ID": "pc-1", "account": s.Southwind, "account_id": s.Southwind, "AccountID": s.Southwind, "stage": "enabled", "Stage": "enabled", "to_stage": "enabled", "state": "paid", "State": "paid", "version": "99",
			"amount": "0.01", "Amount": "0.01", "price": "0.01", "installation": "0", "Installation": "0", "monthly_minor": "0", "installation_minor": "0", "balance": "9999", "balance_minor": "9999", "limit": "9999", "orders": "99", "applications": "99",
			"line_code": "HZ-1", "loa_no": "LOA-1", "port": "p-1", "paid_through": "2099-01-01T00:00:00.000Z", "auto_renew": "12", "created_by": s.Admin.UserID, "user_id": s.Admin.UserID, "user": s.Admin.UserID, "staff": "on", "mfa": "on", "StaffRole": "administrator",
		} {
			if !form.Has(name) {
				form.Set(name, v)
			}
		}
		return form
	}
	// An interface: its name, and no more.
	before := s.At(t, lifecycle.ToApplyForLOA)
	edit := paths.EditInterface(before.ID)
	page := lin.get(edit).want(http.StatusOK)
	lin.post(edit, more(url.Values{"key": {page.field("key")}, "rev": {page.field("rev")}, "name": {"hz-dc9"}, "description": {"First line"}, "role": {"administrator"}})).want(http.StatusSeeOther)
	want := before
	want.Name, want.Description, want.Version, want.UpdatedAt = "hz-dc9", "First line", before.Version+1, s.Clock.Now()
	if got := s.Get(t, before.ID); !got.UpdatedAt.Equal(want.UpdatedAt) {
		t.Errorf("updated at %s", got.UpdatedAt)
	} else if got.UpdatedAt = want.UpdatedAt; got != want {
		t.Errorf("an edit wrote\n%+v\nwant\n%+v", got, want)
	}
	// An order: at the price of the list, unpaid, and of the account.
	quoted := s.Order(t, s.Owner)
	a := lin.post(paths.Interfaces, more(s.choices("key", "k-1", "name", "hz-dc10"))).want(http.StatusSeeOther)
	o, err := s.Store.Order(ctx, s.Owner, a.header.Get("Location")[len(paths.Orders)+1:])
	if err != nil {
		t.Fatal(err)
	}
	if o.Amount != quoted.Amount || o.State != store.OrderUnpaid || o.AccountID != s.Northwind || o.CreatedBy != quoted.CreatedBy || o.AutoRenew != 0 {
		t.Errorf("ordered %+v, want as %+v", o, quoted)
	}
	if c := s.Get(t, o.ConnectionID); c.Stage != lifecycle.PendingPayment || c.AccountID != s.Northwind || c.ID == "pc-1" || c.LOANo != "" {
		t.Errorf("the order made %+v", c)
	}
	// A person: in the account of whoever adds them, in the role that was chosen.
	lin.post(paths.People, more(url.Values{"name": {"Zoë New"}, "email": {"zoe@northwind.example"}, "role": {"viewer"}, "Role": {"administrator"}})).want(http.StatusSeeOther)
	if u, err := s.UserByEmail(ctx, "zoe@northwind.example"); err != nil || u.AccountID != s.Northwind || u.Role != lifecycle.Viewer || u.HasPassword || u.SecondFactor {
		t.Errorf("added %+v, %v", u, err)
	}
	// Oneself.
	me, err := s.UserByEmail(ctx, viewerMail)
	if err != nil {
		t.Fatal(err)
	}
	s.as(viewerMail).post(paths.Preferences, more(url.Values{"theme": {"dark"}, "role": {"administrator"}, "email": {"boss@cloud.example"}, "name": {"Boss"}})).want(http.StatusSeeOther)
	me.Theme = "dark"
	if u, err := s.UserByEmail(ctx, viewerMail); err != nil || u.Role != me.Role || u.AccountID != me.AccountID || u.Name != me.Name || u.ID != me.ID || u.Theme != me.Theme {
		t.Errorf("preferences wrote %+v, %v", u, err)
	}
	s.Sound(t)
}
