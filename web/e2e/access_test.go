package e2e

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// byName are the interfaces of Northwind in the demo. The program must not run.
func byName(t *testing.T, p *Program) map[string]store.Connection {
	t.Helper()
	s := openData(t, p)
	defer s.Close()
	all := map[string]store.Connection{}
	page, err := s.Connections(context.Background(), ownerOf(t, s, northwind), store.ConnectionFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range page.Items {
		all[c.Name] = c
	}
	return all
}

// ownerOf is a demo person as the store's actor.
func ownerOf(t *testing.T, s *store.Store, email string) store.Actor {
	t.Helper()
	u, err := s.UserByEmail(context.Background(), email)
	if err != nil {
		t.Fatal(err)
	}
	return store.Actor{UserID: u.ID, Role: u.Role, AccountID: u.AccountID}
}

// quietly runs f while the program does not run.
func (p *Program) quietly(f func()) {
	p.t.Helper()
	p.Stop()
	f()
	p.Restart()
}

// After signing out, nothing that was on the screen comes back with Back, and
// the cookie that the browser had opens nothing.
func TestBackAfterSignOut(t *testing.T) {
	t.Parallel()
	p := startDemo(t)
	var line store.Connection
	p.quietly(func() { line = byName(t, p)["hz-dc1-primary"] })
	for name, prepare := range map[string]func(*Page){"script": func(*Page) {}, "no script": (*Page).NoScript} {
		t.Run(name, func(t *testing.T) {
			c := signIn(t, p, northwind, prepare)
			c.Goto(paths.Interface(line.ID))
			c.SeeHeading("hz-dc1-primary")
			before, _ := c.Get(paths.Interface(line.ID))
			if got := before.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("a page behind the sign-in has Cache-Control %q", got)
			}
			cookies := before.Request.Header.Get("Cookie")
			c.Click("Account of Lin Wei, Northwind Trading")
			c.Click("Sign out")
			c.See("You are signed out.")
			c.Back()
			c.SeeURL("^" + paths.Login)
			c.See("Sign in to the Express Connect console")
			c.NotSee("hz-dc1-primary")
			c.NotSee("China Telecom")

			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+paths.Interface(line.ID), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Cookie", cookies)
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), paths.Login) {
				t.Errorf("the old cookie gets %d %s", resp.StatusCode, resp.Header.Get("Location"))
			}
			clean(t, c)
		})
	}
}

// navigation is where the entries of the navigation lead.
func (p *Page) navigation() []string {
	p.t.Helper()
	return evaluate[[]string](p, `[...document.querySelectorAll("#nav a")].map(a => a.pathname + a.search)`)
}

func (p *Page) headings() []string {
	p.t.Helper()
	return evaluate[[]string](p, `[...document.querySelectorAll("h1")].map(h => h.textContent.replace(/\s+/g, " ").trim())`)
}

// HasDialog says whether a dialog is open over the page.
func (p *Page) HasDialog() bool {
	p.t.Helper()
	return evaluate[bool](p, `!!document.querySelector("dialog:modal")`)
}

// refusals takes Chromium's lines about refused documents out of the console's
// errors: a test that opens what must not open expects them.
func (p *Page) refusals() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = slices.DeleteFunc(p.problems, func(s string) bool {
		return strings.HasPrefix(s, "Failed to load resource: the server responded with a status of 40")
	})
}

func TestRolesSeeOnlyTheirPages(t *testing.T) {
	t.Parallel()
	p := startDemo(t)
	people := []string{northwind, southwind, viewer, reviewer, technician, finance, admin, auditor}
	tabs, entries, all := map[string]*Page{}, map[string][]string{}, map[string]bool{}
	for _, email := range people {
		tabs[email] = signIn(t, p, email)
		entries[email] = tabs[email].navigation()
		if len(entries[email]) < 3 {
			t.Errorf("%s: the navigation has only %v", email, entries[email])
		}
		for _, e := range entries[email] {
			all[e] = true
		}
	}
	if len(all) < 15 {
		t.Errorf("all navigations together have %d entries", len(all))
	}
	for _, email := range people {
		tab := tabs[email]
		customer := email == northwind || email == southwind || email == viewer
		for entry := range all {
			tab.Goto(entry)
			status, h1 := tab.Status(), tab.headings()
			switch {
			case slices.Contains(entries[email], entry):
				if status != http.StatusOK || len(h1) != 1 || h1[0] == "" {
					t.Errorf("%s: %s answers %d with the headings %q", email, entry, status, h1)
				}
				if current := tab.navigationCurrent(); current != entry {
					t.Errorf("%s: at %s the navigation marks %q as the page", email, entry, current)
				}
			case entry == paths.Home && !customer:
				if tab.URL() != paths.Admin {
					t.Errorf("%s: %s leads to %s", email, entry, tab.URL())
				}
			case entry == paths.Messages:
				if status != http.StatusOK {
					t.Errorf("%s: %s answers %d", email, entry, status)
				}
			default:
				if status != http.StatusForbidden || !slices.Equal(h1, []string{"No access"}) {
					t.Errorf("%s: %s is not theirs and answers %d with the headings %q", email, entry, status, h1)
				}
				switch {
				case customer && strings.HasPrefix(entry, paths.Admin):
					tab.See("Your account has no access to the staff pages.")
				case customer:
					tab.See("does not allow this. Ask an owner of your account.")
				}
				if way := tab.wayOn(); (customer && way != paths.Interfaces) || (!customer && way != paths.Admin) {
					t.Errorf("%s: from the refusal of %s the way on is %q", email, entry, way)
				}
			}
		}
		tab.refusals()
		clean(t, tab)
	}
}

// wayOn is where the one link of an error page leads.
func (p *Page) wayOn() string {
	p.t.Helper()
	return evaluate[string](p, `[...document.querySelectorAll(".errorpage a")].map(a => a.pathname).join(" ")`)
}

func (p *Page) navigationCurrent() string {
	p.t.Helper()
	return evaluate[string](p, `[...document.querySelectorAll("#nav a[aria-current=page]")].map(a => a.pathname + a.search).join(" ")`)
}

// What belongs to another account does not exist: interfaces, their pages, their
// letters, orders, and the answers give nothing away.
func TestAnotherAccountsPagesDoNotExist(t *testing.T) {
	t.Parallel()
	p := startDemo(t)
	var line store.Connection
	var order string
	p.quietly(func() {
		line = byName(t, p)["hz-dc1-primary"]
		s := openData(t, p)
		defer s.Close()
		orders, err := s.OrdersOf(context.Background(), line.ID)
		if err != nil || len(orders) == 0 {
			t.Fatalf("%d orders, %v", len(orders), err)
		}
		order = orders[0].No
	})
	owner, other := signIn(t, p, northwind), signIn(t, p, southwind)
	for _, path := range []string{
		paths.Interface(line.ID), paths.InterfaceLive(line.ID), paths.EditInterface(line.ID), paths.Cancellation(line.ID), paths.Termination(line.ID),
		paths.NewLOAApplication(line.ID), paths.LOAApplication(line.ID), paths.Withdrawal(line.ID), paths.LOA(line.ID), paths.LOAPDF(line.ID),
		paths.DeliveryReport(line.ID), paths.ResourceFee(line.ID), paths.Order(order), paths.OrderDone(order),
	} {
		if resp, _ := owner.Get(path); resp.StatusCode == http.StatusNotFound {
			t.Errorf("%s does not exist for its owner either: the test proves nothing", path)
		}
		resp, body := other.Get(path)
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %d to another account", path, resp.StatusCode)
		}
		for _, secret := range []string{"hz-dc1", "Northwind", line.LineCode, line.LOANo} {
			if strings.Contains(string(body), secret) {
				t.Errorf("%s shows %q to another account", path, secret)
			}
		}
	}
	for _, path := range []string{paths.Interface(line.ID), paths.Order(order), paths.Interface("pc-00000000000000000"), "/nowhere"} {
		other.Goto(path)
		if other.Status() != http.StatusNotFound {
			t.Errorf("%s answers %d", path, other.Status())
		}
		other.SeeHeading("Page not found")
		other.See("does not exist, or it belongs to another account.")
		if way := other.wayOn(); way != paths.Interfaces {
			t.Errorf("from %s the way on is %q", path, way)
		}
	}
	other.refusals()
	clean(t, owner, other)
}

// Two tabs show the same thing. What is done in the first makes the second one
// stale: it gets 409, a sentence, what is true now, and what was typed.
func TestStaleTab(t *testing.T) {
	t.Parallel()
	p := startDemo(t)
	var lines map[string]store.Connection
	p.quietly(func() { lines = byName(t, p) })
	stale := func(t *testing.T, page *Page, kept string) {
		t.Helper()
		status := page.Status()
		if page.HasDialog() {
			status = page.SentStatus()
		}
		if status != http.StatusConflict {
			t.Errorf("%s: a stale form answers %d", page.URL(), status)
		}
		if !slices.ContainsFunc(page.Names("alert"), func(string) bool { return true }) {
			t.Errorf("%s: nothing says what happened", page.URL())
		}
		if kept != "" && !evaluate[bool](page, `[...document.querySelectorAll("input, textarea")].some(e => e.value === `+strconv.Quote(kept)+`)`) {
			t.Errorf("%s: what was typed is gone: %q", page.URL(), kept)
		}
		page.AccessibleInBothThemes("stale")
	}

	t.Run("edit", func(t *testing.T) {
		first, second := signIn(t, p, northwind), signIn(t, p, northwind)
		for _, tab := range []*Page{first, second} {
			tab.Goto(paths.EditInterface(lines["sg-core"].ID))
			tab.SeeHeading("Edit sg-core")
		}
		first.Fill("Description", "Changed in the first tab")
		first.Click("OK")
		first.See("Name and description saved.")
		second.Fill("Description", "Changed in the second tab")
		second.Click("OK")
		second.SeeHeading("Edit sg-core")
		stale(t, second, "Changed in the second tab")
		// What was typed can be sent again, over what is there now.
		second.Click("OK")
		second.See("Name and description saved.")
		clean(t, first, second)
	})

	t.Run("application", func(t *testing.T) {
		first, second := signIn(t, p, northwind), signIn(t, p, northwind)
		id := lines["syd-archive"].ID
		second.Goto(paths.NewLOAApplication(id))
		second.Fill("Construction Company", "Typed in the second tab")
		first.Goto(paths.EditInterface(id))
		first.Fill("Description", "Changed in the first tab")
		first.Click("OK")
		first.See("Name and description saved.")
		second.Click("OK")
		second.SeeHeading("Apply for LOA")
		stale(t, second, "Typed in the second tab")
		clean(t, first, second)
	})

	t.Run("delivery report", func(t *testing.T) {
		first, second := signIn(t, p, northwind), signIn(t, p, northwind)
		id := lines["hz-branch-lab"].ID
		for _, tab := range []*Page{first, second} {
			tab.Goto(paths.DeliveryReport(id))
			tab.SeeHeading("Delivery Report")
			tab.Fill("Leased line code", "LINE-"+map[*Page]string{first: "1", second: "2"}[tab])
			tab.Fill("Cable 1", "STALE-1")
		}
		first.Click("OK")
		first.See("Delivery report sent.")
		second.Click("OK")
		second.See("Waiting")
		stale(t, second, "")
		second.See("Waiting")
		clean(t, first, second)
	})

	t.Run("review", func(t *testing.T) {
		first, second := signIn(t, p, reviewer), signIn(t, p, reviewer)
		id := lines["mumbai-support"].ID
		second.Goto(paths.AdminLOA(id))
		second.Click("Reject")
		second.Choose("Construction Company")
		second.Fill(reasonLabel, "Typed in the second tab")
		first.Goto(paths.AdminLOA(id))
		if first.Has("checkbox", "I looked at the warning") {
			first.Choose("I looked at the warning")
		}
		first.Click("Approve and issue LOA")
		first.See("approved")
		second.Click("Reject application")
		second.See("Approved LOA")
		stale(t, second, "")
		clean(t, first, second)
	})

	t.Run("cancel", func(t *testing.T) {
		first, second := signIn(t, p, northwind), signIn(t, p, northwind)
		id := lines["tokyo-edge"].ID
		for _, tab := range []*Page{first, second} {
			tab.Goto(paths.Interface(id))
			tab.Click("More")
			tab.Click("Cancel interface")
			tab.Choose("I understand that this cannot be undone")
		}
		first.Click("Cancel interface")
		first.See("tokyo-edge is canceled.")
		second.Click("Cancel interface")
		second.See("Canceled")
		stale(t, second, "")
		clean(t, first, second)
	})

	if t.Failed() {
		return
	}
	p.quietly(func() {
		s := openData(t, p)
		defer s.Close()
		admin := store.Actor{Role: lifecycle.Administrator}
		for name, want := range map[string]lifecycle.Stage{"mumbai-support": lifecycle.ApprovedLOA, "hz-branch-lab": lifecycle.WaitingForCabling, "tokyo-edge": lifecycle.Canceled} {
			c, err := s.Connection(context.Background(), admin, lines[name].ID)
			if err != nil || c.Stage != want {
				t.Errorf("%s is %s, want %s (%v)", name, c.Stage, want, err)
			}
		}
	})
}
