package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// A person of the staff who looks at a customer's console writes nowhere, by
// any route that the router has: what is added later is covered too.
func TestLookingWritesNowhere(t *testing.T) {
	s := newSite(t)
	b := s.browser(t).signIn("reviewer@cloud.example")
	b.do("POST", paths.AdminCustomerView(s.env.Northwind), url.Values{}).want(t, 303, paths.Home)
	n := 0
	for _, r := range s.web.echo.Routes() {
		if r.Method != http.MethodPost || isPublic(r.Path) || strings.HasPrefix(r.Path, paths.SSO) || strings.HasPrefix(r.Path, paths.SecondFactor) || r.Path == paths.CustomerViewEnd || r.Path == paths.AdminInventory {
			continue // of no use to somebody who is signed in, or the way out, or takes files only
		}
		path := r.Path
		for _, part := range strings.Split(r.Path, "/") {
			if strings.HasPrefix(part, ":") {
				path = strings.Replace(path, part, "1", 1)
			}
		}
		if a := b.do("POST", path, url.Values{"key": {"k"}}); a.StatusCode != http.StatusForbidden {
			t.Errorf("POST %s answers %d to somebody who only looks", r.Path, a.StatusCode)
		}
		n++
	}
	if n < 50 {
		t.Errorf("only %d routes were tried", n)
	}
	b.get(paths.Home).want(t, 200, "") // and they still look
	b.do("POST", paths.CustomerViewEnd, url.Values{}).want(t, 303, paths.AdminAccount(s.env.Northwind))
}

// Whoever looks at a customer's console sees what the customer sees: no staff
// note, on no page that names the interface, although they read it as staff.
func TestLookingShowsNoStaffNote(t *testing.T) {
	s := newSite(t)
	c := s.env.At(t, lifecycle.InApplication)
	if err := s.env.WriteNote(t.Context(), s.env.Reviewer, c.ID, plantedNote); err != nil {
		t.Fatal(err)
	}
	b := s.browser(t).signIn("reviewer@cloud.example")
	for _, path := range []string{paths.AdminInterface(c.ID), paths.AdminLOA(c.ID)} {
		if a := b.get(path); a.StatusCode != http.StatusOK || !strings.Contains(a.body, plantedNote) {
			t.Errorf("%s: %d, and no note", path, a.StatusCode)
		}
	}
	b.do("POST", paths.AdminCustomerView(s.env.Northwind), url.Values{}).want(t, 303, paths.Home)
	for _, path := range []string{paths.Home, paths.Interface(c.ID), paths.InterfaceLive(c.ID), paths.Interfaces, paths.InterfacesCSV, paths.LOAApplication(c.ID), paths.Tickets, paths.Messages, paths.Activity, paths.AdminInterface(c.ID)} {
		if a := b.get(path); strings.Contains(a.body, plantedNote) || a.StatusCode >= 500 {
			t.Errorf("%s: %d, with the note", path, a.StatusCode)
		}
	}
}
