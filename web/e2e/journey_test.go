package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"demarc/web/paths"
)

// The demo's people.
const (
	northwind  = "owner@northwind.example"
	southwind  = "owner@southwind.example"
	reviewer   = "reviewer@cloud.example"
	technician = "technician@cloud.example"
	finance    = "finance@cloud.example"
	admin      = "admin@cloud.example"
	viewer     = "viewer@northwind.example"
	auditor    = "auditor@cloud.example"
	password   = "demarc-demo"
)

// signIn opens a tab for a person of the demo and signs them in.
func signIn(t *testing.T, p *Program, email string, prepare ...func(*Page)) *Page {
	t.Helper()
	page := newPerson(t, email, p.URL)
	for _, f := range prepare {
		f(page)
	}
	page.Goto(paths.Login)
	page.Fill("Account name", email)
	page.Fill("Password", password)
	page.Click("Sign in")
	page.SeeURL("^/(admin)?$")
	return page
}

// clean fails the test when a page ever logged an error or asked another host
// for anything.
func clean(t *testing.T, pages ...*Page) {
	t.Helper()
	for _, p := range pages {
		for _, e := range p.ConsoleErrors() {
			t.Errorf("%s: console: %s", p.name, e)
		}
		if hosts := p.Requests(); len(hosts) > 1 {
			t.Errorf("%s asked more than one host: %v", p.name, hosts)
		}
	}
}

// interfaceID is the ID in a path such as /interfaces/pc-….
func interfaceID(t *testing.T, p *Page) string {
	t.Helper()
	for _, part := range strings.FieldsFunc(p.URL(), func(r rune) bool { return r == '/' || r == '?' || r == '#' }) {
		if strings.HasPrefix(part, "pc-") {
			return part
		}
	}
	t.Fatalf("no interface in %s", p.URL())
	return ""
}

// journey is the procedure as one set of people walks it.
type journey struct {
	t    *testing.T
	name string // of the pictures
	n    int
	// look is called on every page and in every state.
	look     func(page *Page, state string)
	noScript bool
	choices  string // the address of the order form with everything chosen

	customer, finance, reviewer, technician *Page
}

// begin starts a program and signs the people in. prepare says what their
// machines are like.
func begin(t *testing.T, name string, look func(*Page, string), prepare ...func(*Page)) *journey {
	p := startDemo(t)
	j := &journey{t: t, name: name, look: look}
	j.customer = signIn(t, p, southwind, prepare...)
	j.finance = signIn(t, p, finance, prepare...)
	j.reviewer = signIn(t, p, reviewer, prepare...)
	j.technician = signIn(t, p, technician, prepare...)
	j.noScript = j.customer.noScript
	return j
}

// see is a page or a state on the way.
func (j *journey) see(page *Page, state string) {
	j.t.Helper()
	j.n++
	if over := page.SidewaysScroll(); over > 0 {
		j.t.Errorf("%s: %d pixels lie beyond the right edge", state, over)
	}
	page.Screenshot(fmt.Sprintf("%s-%02d-%s", j.name, j.n, strings.NewReplacer(" ", "-", ",", "").Replace(state)))
	if j.look != nil {
		j.look(page, state)
	}
}

// refused is a state in which a form came back: 422, the error summary has the
// focus, and the title says so.
func (j *journey) refused(page *Page, state string) {
	j.t.Helper()
	status := page.Status()
	if page.HasDialog() {
		status = page.SentStatus()
	} else if title := page.Title(); !strings.HasPrefix(title, "Error: ") {
		j.t.Errorf("%s: the title is %q", state, title)
	}
	if status != http.StatusUnprocessableEntity {
		j.t.Errorf("%s: a refused form answers %d", state, status)
	}
	page.SeeFocus("the error summary, "+state, func(string, string) bool { return page.focusIsOn("errors") })
	j.see(page, state)
}

// choose picks an option of the order form; without scripts the options below
// come with a button.
func (j *journey) choose(group, option string) {
	j.t.Helper()
	j.customer.ChooseIn(group, option)
	if j.noScript {
		j.customer.ClickIn(group, "Update the options below")
	}
}

func (j *journey) at(id string, rest ...string) string {
	return strings.Join(append([]string{paths.Interface(id)}, rest...), "/")
}

// balance is what the customer can pay with, as finance sees it.
func (j *journey) balance() string {
	j.t.Helper()
	j.finance.Reload()
	return strings.Join(j.finance.Amounts("Balance"), " ")
}

// all is the whole procedure, with everything that can go wrong on the way.
func (j *journey) all() {
	j.transfer()
	id := j.order()
	j.letter(id)
	j.installation(id)
	j.enable(id)
	j.renew(id)
	j.end(id)
	j.cancel()
	j.whitelist()
	j.messages()
	clean(j.t, j.customer, j.finance, j.reviewer, j.technician)
}

// transfer: finance records what the customer paid in.
func (j *journey) transfer() {
	f := j.finance
	f.Goto(paths.AdminAccounts)
	j.see(f, "accounts")
	f.Click("Southwind Logistics")
	f.SeeHeading("Southwind Logistics")
	j.see(f, "account")
	f.Click("Record transfer")
	j.refused(f, "transfer, refused")
	f.Fill("Amount", "10,000.00")
	f.Fill("Reference of the transfer", "SW-2026-001")
	f.Click("Record transfer")
	f.See("$10,000.00")
	j.see(f, "transfer recorded")
}

// order: steps 1 to 5 of the procedure.
func (j *journey) order() string {
	c := j.customer
	c.Goto(paths.Home)
	j.see(c, "overview, empty")
	if c.Has("button", "Open navigation") {
		c.Click("Open navigation")
		j.see(c, "navigation")
	}
	c.Click("Physical Connection Interfaces")
	c.SeeHeading("No physical connection interfaces yet")
	j.see(c, "interfaces, empty")
	c.Click("Apply for New Interface")
	c.SeeHeading("Apply for New Interface")
	j.see(c, "apply, nothing chosen")
	j.choose("Region", "China (Hangzhou)")
	j.choose("SP", "China Telecom")
	j.choose("Access Point", "Hangzhou-Jianggan-B")
	j.choose("Port Specification", "1G and below")
	c.Fill("Name", "1st line")
	j.choose("Port Type", "GE single-mode optical port")
	c.See("$1,500.00")
	c.See("$85.00")
	j.see(c, "apply, chosen")
	j.choices = c.URL()
	c.Click("Buy Now")
	c.See("Start the name with a letter")
	c.See("Agree to the Terms of Service")
	if !c.Chosen("Hangzhou-Jianggan-B") || c.Value("Name") != "1st line" {
		j.t.Error("the refused form forgot what was chosen or typed")
	}
	j.refused(c, "apply, refused")
	c.Fill("Name", "first-line")
	c.Choose("I agree to the Express Connect Terms of Service")
	c.Click("Buy Now")
	c.SeeHeading("Confirm order")
	c.See("Account balance")
	j.see(c, "confirm order")
	c.DoubleClick("Pay $1,500.00")
	c.SeeURL("/done$")
	c.See("To Apply for LOA")
	j.see(c, "payment received")
	if got := j.balance(); got != "$8,500.00" {
		j.t.Errorf("after paying $1,500.00 of $10,000.00 with a double click the balance is %s", got)
	}
	if rows := j.orders("Installation"); rows != 1 {
		j.t.Errorf("%d orders after a double click on Pay", rows)
	}

	c.Goto(paths.Interfaces)
	c.See("To Apply for LOA")
	j.see(c, "interfaces, to apply for LOA")
	c.ClickIn("first-line", "Apply for LOA")
	c.SeeHeading("Apply for LOA")
	return interfaceID(j.t, c)
}

// orders counts the customer's orders of a kind.
func (j *journey) orders(kind string) int {
	j.t.Helper()
	c := j.customer
	back := c.URL()
	c.Goto(paths.Orders)
	c.SeeHeading("Orders")
	n := c.Rows(kind)
	j.see(c, "orders")
	c.Goto(back)
	return n
}

// letter: steps 6 to 9, with everything that can come back once.
func (j *journey) letter(id string) {
	c, r := j.customer, j.reviewer
	j.see(c, "apply for LOA")
	c.Fill("Company Name", "")
	c.Click("OK")
	c.See("Enter the company name")
	c.See("Enter the construction company")
	j.refused(c, "apply for LOA, refused")
	c.Fill("Company Name", "Southwind Logistics")
	c.Fill("Construction Company", "浙江华临布线有限公司")
	c.Choose("FIBRE")
	c.Fill("Scheduled Construction Time", time.Now().AddDate(0, 0, 12).Format("2006-01-02")+"T09:30")
	c.Fill("Location", "Binjiang IDC 2")
	c.Fill("Bandwidth", "500")
	c.FillIn("Field engineer 1", "Name", "Zhou Ming")
	c.FillIn("Field engineer 1", "Contact Information", "+86 137 0000 4410")
	c.Click("Add Field Engineer")
	c.See("2 of 16")
	c.FillIn("Field engineer 2", "Name", "陈宇")
	c.FillIn("Field engineer 2", "Contact Information", "+86 138 0000 0092")
	if got := c.Value("Construction Company"); got != "浙江华临布线有限公司" {
		j.t.Errorf("adding a field engineer changed the construction company to %q", got)
	}
	j.see(c, "two field engineers")
	c.Click("OK")
	c.SeeURL("^" + regexp.QuoteMeta(j.at(id)) + "$")
	c.See("In Application")
	j.see(c, "in application")
	c.Goto(j.at(id, "loa-application"))
	c.See("Zhou Ming")
	j.see(c, "view application")

	// Taken back, and sent again with one change less to type.
	c.Click("Withdraw application")
	c.See("is taken back before it is decided")
	j.see(c, "withdraw?")
	c.Click("Withdraw application")
	c.See("The application was withdrawn.")
	c.See("To Apply for LOA")
	j.see(c, "withdrawn")
	c.Goto(j.at(id, "loa-application", "new"))
	c.SeeHeading("Apply for LOA")
	if got := c.Value("Construction Company"); got != "浙江华临布线有限公司" {
		j.t.Errorf("after a withdrawal the form holds %q", got)
	}
	c.Click("OK")
	c.See("Your application was sent.")

	// The review: sent back once with a reason beside its field.
	r.Goto(paths.Admin)
	r.SeeHeading("Work queue")
	j.see(r, "work queue")
	r.Goto(paths.AdminLOAs)
	j.see(r, "LOA applications")
	r.ClickIn("first-line", "Review")
	r.SeeHeading("Review LOA application")
	r.See("浙江华临布线有限公司")
	j.see(r, "review")
	r.Click("Reject")
	r.See("Select what has to be corrected")
	j.see(r, "reject?")
	r.Click("Reject application")
	r.See("Correct 1 item to continue")
	j.refused(r, "reject, refused")
	r.Choose("Construction Company")
	r.Fill(reasonLabel, "Enter the full legal name")
	r.Click("Reject application")
	r.See("rejected")
	j.see(r, "rejected")
	c.Goto(j.at(id))
	c.See("LOA Rejected")
	j.see(c, "LOA rejected")
	c.Goto(paths.Interfaces)
	c.ClickIn("first-line", "Apply for LOA")
	c.See("Enter the full legal name")
	if p := c.FieldProblem("Construction Company"); !strings.Contains(p, "Enter the full legal name") {
		j.t.Errorf("the reason is not beside the field that it is about: %q", p)
	}
	if got := c.Value("Construction Company"); got != "浙江华临布线有限公司" {
		j.t.Errorf("the form to correct holds %q", got)
	}
	j.see(c, "correct the application")
	c.Fill("Construction Company", "浙江华临布线工程有限公司")
	c.Click("OK")
	c.See("Your application was sent.")
	r.Goto(paths.AdminLOA(id))
	r.SeeHeading("Review LOA application")
	r.See("Enter the full legal name") // in the history
	if r.Has("checkbox", "I looked at the warning") {
		r.Choose("I looked at the warning")
	}
	r.Click("Approve and issue LOA")
	r.See("approved")
	j.see(r, "approved")
	r.Goto(paths.AdminLOA(id))
	r.See("Revoke LOA")
	j.see(r, "review, decided")

	c.Goto(paths.Interfaces)
	c.See("Approved LOA")
	j.see(c, "interfaces, approved LOA")
	c.ClickIn("first-line", "View LOA")
	c.See("浙江华临布线工程有限公司")
	j.see(c, "view LOA")
	resp, first := c.Get(paths.LOAPDF(id))
	_, again := c.Get(paths.LOAPDF(id))
	if !bytes.HasPrefix(first, []byte("%PDF-")) || !bytes.Equal(first, again) {
		j.t.Errorf("the letter is not the same PDF at every download: %d and %d bytes", len(first), len(again))
	}
	if got := resp.Header.Get("Content-Type"); got != "application/pdf" {
		j.t.Errorf("the letter comes as %q", got)
	}
	c.Goto(j.at(id))
	c.See("Start the installation")
	j.see(c, "approved LOA")
}

// reasonLabel is the field of the reason about the construction company.
const reasonLabel = "Reason for Construction Company"

// installation: steps 10 and 11, with a report that comes back once.
func (j *journey) installation(id string) {
	c, tech := j.customer, j.technician
	c.Goto(paths.Interfaces)
	c.ClickIn("first-line", "Delivery Report")
	c.SeeHeading("Delivery Report")
	j.see(c, "delivery report")
	c.Click("OK")
	c.See("Enter the leased line code")
	c.See("Enter the label number of cable 1")
	j.refused(c, "delivery report, refused")
	label := "E-" + id[len(id)-6:]
	c.Fill("Leased line code", "HZ-CT-"+id[len(id)-6:])
	c.Click("Add cable")
	c.See("2 of 8")
	c.Fill("Cable 1", label)
	c.Fill("Cable 2", label+"-B")
	j.see(c, "two cables")
	c.Click("OK")
	c.See("Delivery report sent.")
	c.See("Waiting")
	j.see(c, "waiting for cabling")

	tech.Goto(paths.AdminCabling)
	j.see(tech, "cabling")
	tech.ClickIn("first-line", "Open")
	tech.See(label)
	j.see(tech, "cabling job")
	tech.Click("Report a problem")
	tech.See("The delivery report goes back to the customer")
	j.see(tech, "report a problem?")
	tech.Click("Return delivery report")
	tech.See("to continue")
	j.refused(tech, "report a problem, refused")
	tech.Choose("Label not found")
	tech.Fill("For the customer", "Label "+label+"-B is on no cable")
	tech.Click("Return delivery report")
	tech.See("went back to the customer")
	j.see(tech, "report returned")
	c.Goto(j.at(id))
	c.See("Label " + label + "-B is on no cable")
	j.see(c, "delivery report to correct")
	c.Goto(j.at(id, "delivery-report"))
	c.See("Correct the delivery report")
	if got := c.Value("Leased line code"); !strings.HasPrefix(got, "HZ-CT-") {
		j.t.Errorf("the report to correct holds the line code %q", got)
	}
	c.Click("Remove cable 2")
	c.See("1 of 8")
	j.see(c, "correct the delivery report")
	c.Click("OK")
	c.See("Delivery report sent.")

	tech.Goto(paths.AdminCablingJob(id))
	tech.Click("Finish cabling")
	tech.See("to continue")
	j.refused(tech, "cabling job, refused")
	tech.Choose("The cable is found by its label")
	tech.Fill("Label as found", label)
	tech.Choose("Connected to")
	tech.Fill("Light level measured", "-7.2")
	tech.Choose("The link is up")
	tech.Click("Finish cabling")
	tech.See("finished")
	j.see(tech, "cabling finished")
}

// enable: steps 12 and 13.
func (j *journey) enable(id string) {
	c := j.customer
	c.Goto(j.at(id))
	c.See("Waiting")
	c.See("Check the line and pay the resource fee")
	j.see(c, "waiting for payment")
	c.Goto(paths.Interfaces)
	c.ClickIn("first-line", "Pay Resource Fee")
	c.SeeHeading("Pay resource fee and enable the port")
	j.see(c, "resource fee")
	c.Click("Pay and enable")
	c.See("Confirm that the interface is deployed")
	j.refused(c, "resource fee, refused")
	c.Choose("1 month")
	c.Choose("I confirm that the physical connection interface is deployed")
	c.Click("Pay and enable")
	c.See("first-line is enabled. The leased line connection is completed.")
	c.See("Enabled")
	j.see(c, "enabled")
	if got := j.balance(); got != "$8,415.00" {
		j.t.Errorf("after the resource fee of $85.00 the balance is %s", got)
	}
	c.Goto(j.at(id, "edit"))
	c.SeeHeading("Edit first-line")
	j.see(c, "edit")
	c.Fill("Name", "http://line")
	c.Click("OK")
	c.See("to continue")
	j.refused(c, "edit, refused")
	c.Fill("Name", "hz-line-1")
	c.Fill("Description", "First line of the warehouse")
	c.Click("OK")
	c.See("Name and description saved.")
	c.Goto(paths.Interfaces)
	c.See("hz-line-1")
	j.see(c, "interfaces, enabled")
}

// renew: two months more, paid from the balance, once although the button is
// pressed twice, and seen on the Billing page.
func (j *journey) renew(id string) {
	c := j.customer
	c.Goto(paths.Renewal(id))
	c.SeeHeading("Renew hz-line-1")
	c.Choose("2 months")
	if !j.noScript {
		c.See("$170.00")
	}
	j.see(c, "renew")
	c.Click("Continue to payment")
	c.SeeHeading("Confirm order")
	j.see(c, "confirm renewal")
	c.DoubleClick("Pay $170.00")
	c.SeeURL("^" + paths.Interface(id) + "$")
	j.see(c, "renewed")
	if got := j.balance(); got != "$8,245.00" {
		j.t.Errorf("after a renewal of $170.00 with a double click the balance is %s", got)
	}
	if rows := j.orders("Renewal"); rows != 1 {
		j.t.Errorf("%d renewals after a double click on Pay", rows)
	}
	c.Goto(paths.Billing)
	c.SeeHeading("Billing")
	c.See("$8,245.00")
	j.see(c, "billing")
}

// end: terminated by typing the ID, and the technician takes the cable out.
func (j *journey) end(id string) {
	c, tech := j.customer, j.technician
	c.Goto(j.at(id))
	c.Click("More")
	c.Click("Terminate interface")
	c.See("Type " + id + " to confirm.")
	c.See("$170.00") // the renewal, none of which was used
	j.see(c, "terminate?")
	c.Fill("Interface ID", "pc-another")
	c.Click("Terminate interface")
	c.See("to continue")
	j.refused(c, "terminate, refused")
	c.Fill("Interface ID", id)
	c.Click("Terminate interface")
	c.See("is being terminated.")
	c.See("Terminating")
	j.see(c, "terminating")
	if got := j.balance(); got != "$8,415.00" {
		j.t.Errorf("after $170.00 for two unused months the balance is %s", got)
	}

	tech.Goto(paths.AdminRemovals)
	j.see(tech, "removals")
	tech.ClickIn("hz-line-1", "Open")
	tech.See("Where the cable is")
	j.see(tech, "removal")
	tech.Click("Confirm removal")
	tech.See("to continue")
	j.refused(tech, "removal, refused")
	tech.Choose("The cable is out")
	tech.Click("Confirm removal")
	tech.See("Its port is free.")
	j.see(tech, "removed")
	c.Goto(j.at(id))
	c.See("Terminated")
	j.see(c, "terminated")
}

// cancel: a paid interface that is not wanted any more.
func (j *journey) cancel() {
	c := j.customer
	c.Goto(j.choices)
	c.SeeHeading("Apply for New Interface")
	if !c.Chosen("Hangzhou-Jianggan-B") || !c.Chosen("GE single-mode optical port") {
		j.t.Error("the address does not carry the choices")
	}
	c.Fill("Name", "not-wanted")
	c.Choose("I agree to the Express Connect Terms of Service")
	c.Click("Buy Now")
	c.SeeHeading("Confirm order")
	c.Click("Back")
	c.See("Pending Payment")
	j.see(c, "pending payment")
	id := interfaceID(j.t, c)
	c.Goto(paths.Interfaces)
	c.ClickIn("not-wanted", "Pay")
	c.Click("Pay $1,500.00")
	c.See("To Apply for LOA")
	c.Goto(j.at(id))
	c.Click("More")
	c.Click("Cancel interface")
	c.See("goes back to your balance")
	j.see(c, "cancel?")
	if !j.noScript {
		c.SeeFocus("Keep interface", func(_, name string) bool { return name == "Keep interface" })
		c.Click("Keep interface")
		c.NotSee("I understand that this cannot be undone")
		c.SeeFocus("More, after the dialog", func(_, name string) bool { return strings.HasPrefix(name, "More") })
		c.Click("More")
		c.Click("Cancel interface")
	}
	c.Click("Cancel interface")
	c.See("to continue")
	j.refused(c, "cancel, refused")
	c.Choose("I understand that this cannot be undone")
	c.Click("Cancel interface")
	c.See("not-wanted is canceled.")
	c.See("Canceled")
	j.see(c, "canceled")
	if got := j.balance(); got != "$8,415.00" {
		j.t.Errorf("after the refund the balance is %s", got)
	}
}

// whitelist: 40G is refused, asked for, granted and ordered.
func (j *journey) whitelist() {
	c, r := j.customer, j.reviewer
	c.Goto(paths.NewInterface)
	j.choose("Region", "China (Hangzhou)")
	j.choose("SP", "China Telecom")
	j.choose("Access Point", "Hangzhou-Yuhang-A")
	j.choose("Port Specification", "40G")
	j.choose("Port Type", "40GE single-mode optical port")
	form := c.URL()
	c.Choose("I agree to the Express Connect Terms of Service")
	c.Click("Buy Now")
	c.See("Your account is not on the whitelist for 40G.")
	j.refused(c, "apply for 40G, refused")
	c.Click("Request the whitelist for 40G")
	c.SeeHeading("Request the whitelist")
	j.see(c, "request the whitelist")
	c.Click("Request whitelist")
	c.See("Say why you need it")
	j.refused(c, "request the whitelist, refused")
	c.Fill("Reason", "The warehouse replicates its stock at night")
	c.Click("Request whitelist")
	c.See("The whitelist for 40G is requested.")
	j.see(c, "whitelist requested")
	c.Goto(paths.Whitelist)
	j.see(c, "whitelist, requested")

	r.Goto(paths.AdminWhitelist)
	j.see(r, "whitelist requests")
	r.ClickIn("Southwind Logistics", "Grant")
	r.See("Grant 40G for Southwind Logistics")
	j.see(r, "grant?")
	r.Click("Grant")
	r.SeeURL("^" + paths.AdminWhitelist)
	r.NotSee("The warehouse replicates its stock at night")
	j.see(r, "granted")

	c.Goto(paths.Whitelist)
	c.See("Approved")
	j.see(c, "whitelist, granted")
	c.Goto(form)
	c.Fill("Name", "hz-40g")
	c.Choose("I agree to the Express Connect Terms of Service")
	j.see(c, "apply for 40G")
	c.Click("Buy Now")
	c.SeeHeading("Confirm order")
	c.Click("Pay $1,500.00")
	c.See("To Apply for LOA")
	j.see(c, "40G paid")
}

// messages: what happened meanwhile is told.
func (j *journey) messages() {
	c := j.customer
	c.Goto(paths.Messages)
	c.SeeHeading("Messages")
	j.see(c, "messages")
	c.Click("Mark all as read")
	c.NotSee("Mark all as read")
	j.see(c, "messages, read")
}

func TestTheWholeProcedure(t *testing.T) {
	t.Parallel()
	begin(t, "walk", (*Page).AccessibleInBothThemes).all()
}

func TestTheWholeProcedureWithoutScripts(t *testing.T) {
	t.Parallel()
	begin(t, "noscript", nil, (*Page).NoScript).all()
}

func TestTheWholeProcedureOnAPhone(t *testing.T) {
	t.Parallel()
	begin(t, "phone", nil, func(page *Page) { page.Viewport(390, 844) }).all()
}

func TestTheWholeProcedureByKeyboard(t *testing.T) {
	t.Parallel()
	begin(t, "keyboard", (*Page).EverythingByTab, (*Page).Keyboard).all()
}

// A person corrects a text and then clicks on something else, and holds the
// button for as long as people do. The field says that it was changed when the
// button goes down; if the page moved then, the click would miss.
func TestClickAfterTyping(t *testing.T) {
	t.Parallel()
	c := signIn(t, startDemo(t), southwind, func(page *Page) { page.Viewport(390, 844) })
	c.Goto(paths.NewInterface)
	c.Choose("China (Hangzhou)")
	c.Choose("China Telecom")
	c.Fill("Name", "1st line")
	c.Click("Buy Now")
	c.See("Start the name with a letter")
	c.Fill("Name", "first-line")
	c.SlowClick("I agree to the Express Connect Terms of Service")
	if !c.Chosen("I agree to the Express Connect Terms of Service") {
		t.Error("the click on the box after the text was lost")
	}
	c.Choose("Hangzhou-Jianggan-B")
	c.See("1G and below")
	if got := c.Value("Name"); got != "first-line" || !c.Chosen("I agree to the Express Connect Terms of Service") {
		t.Errorf("choosing an option changed the name to %q, or took the tick away", got)
	}
	clean(t, c)
}
