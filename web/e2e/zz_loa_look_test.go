package e2e

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web"
	"demarc/web/paths"
)

func TestLookLOA(t *testing.T) {
	env := storetest.New(t, storetest.WithPasswords())
	edge, err := web.New(context.Background(), web.Config{Operator: "Example Cloud", NOC: "+65", Address: "x", Now: env.Clock.Now}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(edge)
	t.Cleanup(srv.Close)
	sg := func(n *store.NewConnection) {
		ap, _ := env.Catalogue().AccessPoint(env.APID(t, "Singapore-A"))
		n.Region, n.AccessPoint, n.SP, n.Name = ap.Region, ap.ID, catalog.EquinixSP, "sg-core"
	}
	name := func(s string) func(*store.NewConnection) { return func(n *store.NewConnection) { n.Name = s } }
	fresh := env.At(t, lifecycle.ToApplyForLOA, name("hz-dc1-primary"))
	rejected := env.At(t, lifecycle.InApplication, sg)
	if err := env.RejectLOA(context.Background(), env.Reviewer, rejected.ID, 0, map[string]string{"construction_company": "Enter the full legal name", "construction_type": "A fibre pair is not MSTP", "engineers": "One person only"}); err != nil {
		t.Fatal(err)
	}
	inapp := env.At(t, lifecycle.InApplication, sg)
	approved := env.At(t, lifecycle.ApprovedLOA, name("hz-dc1-primary-2"))
	returned := env.At(t, lifecycle.WaitingForCabling, name("hz-3"))
	env.Do(t, returned.ID, lifecycle.ReturnReport)
	waiting := env.At(t, lifecycle.WaitingForPayment, name("hz-4"))
	revoked := env.At(t, lifecycle.ApprovedLOA, name("hz-5"))
	env.Do(t, revoked.ID, lifecycle.RevokeLOA)

	p := newPerson(t, "owner", srv.URL)
	p.Goto("/login")
	p.Fill("Account name", "owner@northwind.example")
	p.Fill("Password", storetest.Password)
	p.Click("Sign in")
	shots := func(n string) {
		for _, theme := range []string{"light", "dark"} {
			for _, w := range []int{1440, 390} {
				p.Theme(theme)
				if w == 390 {
					p.Viewport(390, 844)
				} else {
					p.Viewport(1440, 900)
				}
				p.Accessible(n + theme + fmt.Sprint(w))
				if s := p.SidewaysScroll(); s > 0 {
					t.Errorf("%s %d: sideways %d", n, w, s)
				}
				p.Screenshot(fmt.Sprintf("%s-%d-%s", n, w, theme))
			}
		}
		p.Theme("light")
		p.Viewport(1440, 900)
	}
	p.Goto(paths.NewLOAApplication(fresh.ID))
	shots("form")
	p.Fill("Construction Company", "浙江华临布线有限公司")
	p.FillIn("Field engineer 1", "Name", "Zhou Ming")
	p.Click("Add Field Engineer")
	p.SeeIn("Field engineer 2", "Name")
	r, n := p.Focused()
	t.Logf("focus %s %q company %q", r, n, p.Value("Construction Company"))
	p.Press("C", "h", "e", "n")
	t.Log(p.Names("textbox"))
	p.Click("Remove field engineer 1")
	p.See("1 of 16")
	r, n = p.Focused()
	t.Logf("focus %s %q", r, n)
	p.Choose("Others")
	p.See("Which type")
	p.FillIn("Field engineer 1", "Name", "Zhou Ming")
	p.Press("Enter")
	p.See("to continue")
	r, n = p.Focused()
	t.Logf("focus %s %q title %s", r, n, p.Title())
	shots("form-errors")
	p.Choose("Nobody visits: the facility's own remote hands do the work")
	p.NotSee("Field engineer 1")
	p.Goto(paths.NewLOAApplication(rejected.ID))
	shots("form-rejected")
	p.Goto(paths.LOAApplication(inapp.ID))
	shots("view-application")
	p.Click("Withdraw application")
	p.SeeHeading("Withdraw application")
	r, n = p.Focused()
	t.Logf("dialog focus %s %q", r, n)
	shots("withdraw-dialog")
	p.Goto(paths.Withdrawal(inapp.ID))
	shots("withdraw-page")
	p.Goto(paths.LOA(approved.ID))
	shots("loa")
	p.Goto(paths.LOA(revoked.ID))
	shots("loa-revoked")
	p.Goto(paths.LOA(inapp.ID))
	shots("loa-none")
	p.Goto(paths.DeliveryReport(approved.ID))
	shots("report")
	p.Click("Add cable")
	p.See("2 of 8")
	r, n = p.Focused()
	t.Logf("focus %s %q", r, n)
	p.Click("OK")
	p.See("to continue")
	shots("report-errors")
	p.Goto(paths.DeliveryReport(returned.ID))
	shots("report-returned")
	p.Goto(paths.DeliveryReport(waiting.ID))
	shots("report-view")
	t.Log(p.ConsoleErrors())
}
