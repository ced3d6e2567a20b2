package e2e

import (
	"context"
	"net/http/httptest"
	"testing"

	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web"
	"demarc/web/paths"
)

// loaSite is the edge over a store with people: no demo, a clock that stands.
func loaSite(t *testing.T) (*storetest.Env, string) {
	env := storetest.New(t, storetest.WithPasswords())
	edge, err := web.New(context.Background(), web.Config{Operator: "Example Cloud", Now: env.Clock.Now}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(edge)
	t.Cleanup(server.Close)
	return env, server.URL
}

func signInAsOwner(t *testing.T, base string, script bool) *Page {
	p := newPerson(t, "owner", base)
	if !script {
		p.NoScript()
	}
	p.Goto(paths.Login)
	p.Fill("Account name", "owner@northwind.example")
	p.Fill("Password", storetest.Password)
	p.Click("Sign in")
	p.SeeURL("^/$")
	return p
}

// Rows that come and go lose nothing, focus goes where the work goes on, and
// Enter sends the form: with the script and without.
func TestRowsOfLetterFormsComeAndGo(t *testing.T) {
	for name, script := range map[string]bool{"script": true, "no script": false} {
		t.Run(name, func(t *testing.T) {
			env, base := loaSite(t)
			p := signInAsOwner(t, base, script)
			focus := func(role, name string) {
				t.Helper()
				p.SeeFocus(role+" "+name, func(r, n string) bool { return r == role && n == name })
			}

			p.Goto(paths.NewLOAApplication(env.At(t, lifecycle.ToApplyForLOA).ID))
			p.Fill("Construction Company", "浙江华临布线有限公司")
			p.FillIn("Field engineer 1", "Name", "Zhou Ming")
			p.Click("Add Field Engineer")
			p.See("2 of 16")
			focus("textbox", "Name")
			p.FillIn("Field engineer 2", "Name", "陈宇")
			p.Click("Remove field engineer 1")
			p.See("1 of 16")
			focus("button", "Add Field Engineer")
			if got := p.Value("Construction Company"); got != "浙江华临布线有限公司" {
				t.Errorf("Construction Company is %q", got)
			}
			if got := p.Value("Name"); got != "陈宇" {
				t.Errorf("the engineer who stayed is %q", got)
			}
			p.NotSee("Which type")
			p.Choose("Others")
			p.See("Which type")
			p.FillIn("Field engineer 1", "Name", "陈宇")
			p.Press("Enter")
			p.See("Correct 3 items to continue")
			if p.Status() != 422 {
				t.Errorf("status %d after Enter, want 422", p.Status())
			}
			p.Choose("Nobody visits: the facility's own remote hands do the work")
			p.NotSee("Add Field Engineer")

			env.At(t, lifecycle.InApplication)
			p.Goto(paths.NewLOAApplication(env.At(t, lifecycle.ToApplyForLOA).ID))
			p.Fill("Construction Company", "浙江华临布线有限公司")
			p.Click("Use people from earlier letters")
			p.Choose("陈宇 +86 138 0000 0092")
			p.Accessible("people from earlier letters")
			p.Click("Add selected people")
			p.See("1 of 16")
			focus("textbox", "Name")
			if got := p.Value("Name") + " " + p.Value("Contact Information") + " " + p.Value("Construction Company"); got != "陈宇 +86 138 0000 0092 浙江华临布线有限公司" {
				t.Errorf("the form has %q", got)
			}

			p.Goto(paths.DeliveryReport(env.At(t, lifecycle.ApprovedLOA).ID))
			p.Fill("Cable 1", "A-2291")
			p.Click("Add cable")
			p.See("2 of 8")
			focus("textbox", "Cable 2")
			p.Click("Remove cable 2")
			p.See("1 of 8")
			focus("button", "Add cable")
			p.Fill("Leased line code", "HZ-CTC-2291")
			p.Fill("Cable 1", "A-2292")
			p.Press("Enter")
			p.See("Delivery report sent.")
			if e := p.ConsoleErrors(); len(e) > 0 {
				t.Errorf("console: %q", e)
			}
		})
	}
}
