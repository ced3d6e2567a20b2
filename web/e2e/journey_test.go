package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The demo's people.
const (
	northwind  = "owner@northwind.example"
	southwind  = "owner@southwind.example"
	reviewer   = "reviewer@cloud.example"
	technician = "technician@cloud.example"
	finance    = "finance@cloud.example"
	admin      = "admin@cloud.example"
	password   = "demarc-demo"
)

// signIn opens a tab for a person of the demo and signs them in.
func signIn(t *testing.T, p *Program, email string, prepare ...func(*Page)) *Page {
	t.Helper()
	page := newPerson(t, email, p.URL)
	for _, f := range prepare {
		f(page)
	}
	page.Goto("/login")
	page.Fill("Account name", email)
	page.Fill("Password", password)
	page.Click("Sign in")
	return page
}

// clean fails the test when the page ever logged an error or asked another
// host for anything.
func clean(t *testing.T, pages ...*Page) {
	t.Helper()
	for _, p := range pages {
		if errs := p.ConsoleErrors(); len(errs) > 0 {
			t.Errorf("console errors: %v", errs)
		}
		if hosts := p.Requests(); len(hosts) > 1 {
			t.Errorf("asked more than one host: %v", hosts)
		}
	}
}

// interfaceID is the ID at the end of a path such as /interfaces/pc-….
func interfaceID(t *testing.T, p *Page) string {
	t.Helper()
	for _, part := range strings.Split(p.URL(), "/") {
		if strings.HasPrefix(part, "pc-") {
			id, _, _ := strings.Cut(part, "?")
			return id
		}
	}
	t.Fatalf("no interface in %s", p.URL())
	return ""
}

// walk takes the whole procedure from an empty account to Enabled, across the
// customer, finance, the reviewer and the technician. look is called on every
// page and state on the way.
func walk(t *testing.T, p *Program, noScript bool, look func(page *Page, state string), prepare ...func(*Page)) {
	customer := signIn(t, p, southwind, prepare...)
	staff := map[string]*Page{}
	for _, email := range []string{finance, reviewer, technician} {
		staff[email] = signIn(t, p, email, prepare...)
	}
	see := func(page *Page, state string) {
		t.Helper()
		if look != nil {
			look(page, state)
		}
	}
	update := func(group string) {
		if noScript {
			customer.ClickIn(group, "Update the options below")
		}
	}

	// Finance records the transfer that pays for all of it.
	staff[finance].Goto("/admin/accounts")
	see(staff[finance], "accounts")
	staff[finance].Click("Southwind Logistics")
	see(staff[finance], "account")
	staff[finance].Fill("Amount", "2,000.00")
	staff[finance].Fill("Reference", "SW-2026-001")
	staff[finance].Click("Record transfer")
	staff[finance].See("$2,000.00")

	// Steps 1 to 5 of the procedure.
	customer.Goto("/")
	see(customer, "overview, empty")
	customer.Goto("/interfaces")
	customer.SeeHeading("No physical connection interfaces yet")
	see(customer, "interfaces, empty")
	customer.Click("Apply for New Interface")
	customer.SeeHeading("Apply for New Interface")
	see(customer, "apply, nothing chosen")
	customer.Choose("China (Hangzhou)")
	update("Region")
	customer.Choose("China Telecom")
	update("SP")
	customer.Choose("Hangzhou-Jianggan-B")
	update("Access Point")
	customer.Choose("1G and below")
	update("Port Specification")
	customer.Choose("GE single-mode optical port")
	update("Port Type")
	customer.Fill("Name", "1st line")
	customer.Click("Buy Now")
	customer.See("Start the name with a letter")
	customer.See("Agree to the Terms of Service")
	if customer.Status() != http.StatusUnprocessableEntity {
		t.Errorf("a refused form answers %d", customer.Status())
	}
	if !customer.Chosen("Hangzhou-Jianggan-B") || customer.Value("Name") != "1st line" {
		t.Error("the refused form forgot what was typed")
	}
	see(customer, "apply, refused")
	customer.Fill("Name", "first-line")
	customer.Choose("I agree to the Express Connect Terms of Service")
	customer.Click("Buy Now")
	customer.SeeHeading("Confirm order")
	see(customer, "confirm order")
	customer.DoubleClick("Pay $1,500.00")
	customer.See("To Apply for LOA")
	see(customer, "payment received")

	// Steps 6 to 8.
	customer.Click("Apply for LOA")
	customer.SeeHeading("Apply for LOA")
	id := interfaceID(t, customer)
	see(customer, "apply for LOA")
	customer.Click("OK")
	customer.See("Enter the construction company")
	see(customer, "apply for LOA, refused")
	customer.Fill("Construction Company", "浙江华临布线有限公司")
	customer.Choose("FIBRE")
	customer.Fill("Scheduled Construction Time", time.Now().AddDate(0, 0, 12).Format("2006-01-02T15:04"))
	customer.Fill("Location", "Binjiang IDC 2")
	customer.Fill("Bandwidth", "500")
	customer.FillIn("Field engineer 1", "Name", "Zhou Ming")
	customer.FillIn("Field engineer 1", "Contact Information", "+86 137 0000 4410")
	customer.Click("Add Field Engineer")
	customer.FillIn("Field engineer 2", "Name", "陈宇")
	customer.FillIn("Field engineer 2", "Contact Information", "+86 138 0000 0092")
	if customer.Value("Construction Company") != "浙江华临布线有限公司" {
		t.Error("adding a field engineer lost what was typed")
	}
	see(customer, "two field engineers")
	customer.Click("OK")
	customer.See("In Application")
	customer.Goto("/interfaces/" + id)
	see(customer, "in application")
	customer.Goto("/interfaces/" + id + "/loa-application")
	customer.See("Zhou Ming")
	see(customer, "view application")

	// The review: first sent back, then corrected, then approved.
	r := staff[reviewer]
	r.Goto("/admin")
	see(r, "work queue")
	r.Goto("/admin/loas")
	see(r, "LOA applications")
	r.Goto("/admin/loas/" + id)
	r.SeeHeading("Review LOA application")
	see(r, "review")
	r.Click("Reject")
	r.Choose("Construction Company")
	r.FillIn("Construction Company", "Reason", "Enter the full legal name")
	see(r, "reject")
	r.Click("Reject application")
	r.See("rejected")
	customer.Goto("/interfaces/" + id)
	customer.See("LOA Rejected")
	see(customer, "LOA rejected")
	customer.Goto("/interfaces/" + id + "/loa-application/new")
	customer.See("Enter the full legal name")
	see(customer, "correct the application")
	if customer.Value("Construction Company") != "浙江华临布线有限公司" {
		t.Error("the corrected form is not prefilled")
	}
	customer.Fill("Construction Company", "浙江华临布线工程有限公司")
	customer.Click("OK")
	customer.See("In Application")
	r.Goto("/admin/loas/" + id)
	r.Click("Approve and issue LOA")
	r.See("approved")
	see(r, "after the approval")

	// Step 9 and 10.
	customer.Goto("/interfaces/" + id)
	customer.See("Approved LOA")
	see(customer, "approved LOA")
	customer.Goto("/interfaces/" + id + "/loa")
	customer.See("浙江华临布线工程有限公司")
	see(customer, "view LOA")
	_, first := customer.Get("/interfaces/" + id + "/loa.pdf")
	_, again := customer.Get("/interfaces/" + id + "/loa.pdf")
	if !bytes.HasPrefix(first, []byte("%PDF-")) || !bytes.Equal(first, again) {
		t.Errorf("the letter is not the same PDF at every download: %d and %d bytes", len(first), len(again))
	}
	customer.Goto("/interfaces/" + id + "/delivery-report")
	customer.SeeHeading("Delivery Report")
	see(customer, "delivery report")
	customer.Click("OK")
	customer.See("Enter the leased line code")
	see(customer, "delivery report, refused")
	label := "E-" + id[3:9]
	customer.Fill("Leased line code", "HZ-CT-"+id[3:9])
	customer.Fill("Cable 1", label)
	customer.Click("OK")
	customer.See("Waiting")
	see(customer, "waiting for cabling")

	// Step 11.
	tech := staff[technician]
	tech.Goto("/admin/cabling")
	see(tech, "cabling")
	tech.Goto("/admin/cabling/" + id)
	see(tech, "cabling job")
	tech.Click("Finish cabling")
	tech.See("Enter the label as it is on the cable")
	see(tech, "cabling job, refused")
	tech.Choose("Label found")
	tech.Choose("Connected to the port")
	tech.Choose("Link is up")
	tech.Fill("Label as found", label)
	tech.Fill("Light level", "-7.2")
	tech.Click("Finish cabling")
	tech.See("finished")

	// Step 12 and 13.
	customer.Goto("/interfaces/" + id)
	customer.See("Waiting")
	see(customer, "waiting for payment")
	customer.Goto("/interfaces/" + id + "/resource-fee")
	customer.Click("Pay and enable")
	customer.See("Confirm that the interface is deployed")
	see(customer, "resource fee, refused")
	customer.Choose("1 month")
	customer.Choose("I confirm that the physical connection interface is deployed")
	customer.Click("Pay and enable")
	customer.See("first-line is enabled")
	customer.See("Enabled")
	see(customer, "enabled")
	customer.Goto("/interfaces")
	see(customer, "interfaces, one")

	clean(t, customer, r, tech, staff[finance])
}

func TestTheWholeProcedure(t *testing.T) {
	p := startDemo(t)
	n := 0
	walk(t, p, false, func(page *Page, state string) {
		n++
		page.Screenshot(fmt.Sprintf("walk-%02d-%s", n, strings.NewReplacer(" ", "-", ",", "").Replace(state)))
	})
}

func TestTheWholeProcedureWithoutScripts(t *testing.T) {
	walk(t, startDemo(t), true, nil, (*Page).NoScript)
}

func TestTheWholeProcedureOnAPhone(t *testing.T) {
	p := startDemo(t)
	n := 0
	walk(t, p, false, func(page *Page, state string) {
		n++
		if over := page.SidewaysScroll(); over > 0 {
			t.Errorf("%s: %d pixels lie beyond the right edge", state, over)
		}
		page.Screenshot(fmt.Sprintf("phone-%02d-%s", n, strings.NewReplacer(" ", "-", ",", "").Replace(state)))
	}, func(page *Page) { page.Viewport(390, 844) })
}
