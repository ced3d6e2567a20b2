package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// redundantWith orders an interface that backs up another one.
func redundantWith(id string) func(*store.NewConnection) {
	return func(n *store.NewConnection) { n.Redundant = id }
}

// cards are the headings of the page, in order.
func cards(a *answer) string {
	var out []string
	a.doc().Find("#live .card h2").Each(func(_ int, s *goquery.Selection) { out = append(out, s.Text()) })
	return strings.Join(out, ", ")
}

func TestInterfacePageInEveryStage(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	const always = "Construction procedure, Connection path, Basic information, "
	for _, want := range []struct {
		stage             lifecycle.Stage
		step, title, card string
		action            string // the one button that leads on
		href              func(id string) string
	}{
		{lifecycle.PendingPayment, "Step 2 of 9", "Pay the initial installation fee", always + "Fees, Activity", "Pay $1,500.00", nil},
		{lifecycle.ToApplyForLOA, "Step 3 of 9", "Apply for the LOA", always + "Fees, Activity", "Apply for LOA", paths.NewLOAApplication},
		{lifecycle.InApplication, "Step 4 of 9", "Example Cloud is reviewing your application", always + "Fees, Activity", "View Application", paths.LOAApplication},
		{lifecycle.LOARejected, "Step 3 of 9", "Correct your application", always + "Fees, Activity", "Apply for LOA", paths.NewLOAApplication},
		{lifecycle.ApprovedLOA, "Step 6 of 9", "Start the installation", always + "Installation information, Fees, Activity", "Delivery Report", paths.DeliveryReport},
		{lifecycle.WaitingForCabling, "Step 7 of 9", "Example Cloud is connecting your cables", always + "Installation information, Delivery report, Fees, Activity", "", nil},
		{lifecycle.WaitingForPayment, "Step 8 of 9", "Check the line and pay the resource fee", always + "Installation information, Delivery report, Fees, Activity", "Pay Resource Fee", paths.ResourceFee},
		{lifecycle.Enabled, "Step 9 of 9", "The leased line connection is completed", always + "Installation information, Delivery report, Fees, Activity", "", nil},
		{lifecycle.Terminating, "Step 9 of 9", "Example Cloud is removing the cable", always + "Installation information, Delivery report, Fees, Activity", "", nil},
		{lifecycle.Terminated, "Ended at step 9 of 9", "This interface was terminated", always + "Installation information, Delivery report, Fees, Activity", "Apply for New Interface", nil},
		{lifecycle.Canceled, "Ended at step 3 of 9", "This interface was canceled", always + "Fees, Activity", "Apply for New Interface", nil},
	} {
		conn := s.At(t, want.stage)
		page := owner.get(paths.Interface(conn.ID)).want(http.StatusOK)
		doc := page.doc()
		if got := doc.Find("h1").Text(); got != conn.Title() {
			t.Errorf("%s: h1 %q", want.stage, got)
		}
		if got := strings.TrimSpace(doc.Find(".page-head .status").Text()); got != want.stage.Label() {
			t.Errorf("%s: status %q", want.stage, got)
		}
		if got := doc.Find("#next-h").Text(); got != want.title {
			t.Errorf("%s: next step %q, want %q", want.stage, got, want.title)
		}
		if !strings.Contains(doc.Find("#procedure-h").Parent().Text(), want.step) {
			t.Errorf("%s: not at %q", want.stage, want.step)
		}
		if got := cards(page); got != want.card {
			t.Errorf("%s: cards %q, want %q", want.stage, got, want.card)
		}
		action := doc.Find(".next .btn").First()
		if got := strings.TrimSpace(action.Text()); got != want.action {
			t.Errorf("%s: leads on by %q, want %q", want.stage, got, want.action)
		}
		if want.href != nil && action.AttrOr("href", "") != want.href(conn.ID) {
			t.Errorf("%s: leads to %q", want.stage, action.AttrOr("href", ""))
		}
		// Before the letter is out nobody outside learns the port.
		port, err := s.PortOf(context.Background(), conn.ID)
		if err != nil {
			t.Fatal(err)
		}
		if port != nil {
			device, _ := s.Catalogue().Device(port.Device)
			if told := strings.Contains(page.body, device.Name); told != want.stage.LetterOut() {
				t.Errorf("%s: the device is told: %v", want.stage, told)
			}
		}
		if got := page.header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
			t.Errorf("%s: Cache-Control %q", want.stage, got)
		}
	}
}

func TestInterfacePageTellsFactsAndHistory(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	first := s.At(t, lifecycle.Enabled, func(n *store.NewConnection) { n.Name = "hz-dc1-primary" })
	second := s.At(t, lifecycle.ApprovedLOA, redundantWith(first.ID), func(n *store.NewConnection) { n.Name = "hz-dc1-redundant" })
	s.Do(t, second.ID, lifecycle.ReportDelivery)
	s.Do(t, second.ID, lifecycle.ReturnReport)

	page := owner.get(paths.Interface(second.ID)).want(http.StatusOK)
	text := page.text()
	for _, want := range []string{
		"Redundant by ECMP", "Different access devices",
		"China (Hangzhou)", "Hangzhou-Yuhang-A", "10GBase-LR", "浙江华临布线有限公司", "Zhou Ming, 陈宇", "LOA-2026-",
		"Binjiang IDC 2", "Label not found: Label A-2291 is not on site",
		"Example Cloud, reviewer", "Example Cloud, data center technician", "Lin Wei", "Reason: Label not found",
		"Times in UTC+08:00", "Show all 6", "20 Nov 2026, 15:12 (UTC+08:00)", "Updated 15:12 (UTC+08:00)", "Correct Delivery Report",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, never := range []string{"Rao Min", "Tan Wei", "+86 137", "+86 138"} {
		if strings.Contains(page.body, never) {
			t.Errorf("the customer reads %q", never)
		}
	}
	if page.doc().Find("dd a[href='"+paths.Interface(first.ID)+"']").Length() != 1 {
		t.Error("no link to the redundant connection")
	}
	// The other one knows of it too, although it was there first.
	text = owner.get(paths.Interface(first.ID)).want(http.StatusOK).text()
	for _, want := range []string{"Redundant by ECMP", second.ID, "hz-dc1-redundant", "Paid until 20 Dec 2026", "−7.2 dBm", "$720.00 for 1 month"} {
		if !strings.Contains(text, want) {
			t.Errorf("the partner's page does not say %q", want)
		}
	}
	if strings.Contains(text, "Updated ") {
		t.Error("an enabled interface offers to refresh")
	}
	// It ends: the partner stands alone again.
	s.Do(t, second.ID, lifecycle.Cancel)
	if text := owner.get(paths.Interface(first.ID)).text(); strings.Contains(text, "Redundant by ECMP") {
		t.Error("still redundant with an interface that was canceled")
	}
	text = owner.get(paths.Interface(second.ID)).text()
	for _, want := range []string{"This interface was canceled", "was not refunded, because an LOA had been issued. Example Cloud removes the cable"} {
		if !strings.Contains(text, want) {
			t.Errorf("the canceled page does not say %q", want)
		}
	}
}

func TestInterfacesOfOthersDoNotExist(t *testing.T) {
	s := newSite(t)
	mine := s.At(t, lifecycle.Enabled)
	early := s.At(t, lifecycle.ToApplyForLOA)
	other, staff, nobody := s.as("owner@southwind.example"), s.as("reviewer@cloud.example"), s.anyone()
	form := url.Values{"name": {"mine-now"}, "confirm": {mine.ID}}
	for _, id := range []string{mine.ID, early.ID, "pc-00000000000000000"} {
		for _, path := range []string{paths.Interface(id), paths.InterfaceLive(id), paths.EditInterface(id), paths.Cancellation(id), paths.Termination(id)} {
			other.get(path).want(http.StatusNotFound)
			other.fragment(path).want(http.StatusNotFound)
			staff.get(path).want(http.StatusForbidden)
			nobody.get(path).want(http.StatusSeeOther)
			nobody.fragment(path).want(http.StatusUnauthorized)
		}
		for _, path := range []string{paths.EditInterface(id), paths.Cancellation(id), paths.Termination(id)} {
			other.post(path, form).want(http.StatusNotFound)
			other.submit(path, form).want(http.StatusNotFound)
			other.post(path, url.Values{"name": {"\x01"}}).want(http.StatusNotFound)
			staff.post(path, form).want(http.StatusForbidden)
			nobody.post(path, form).want(http.StatusSeeOther)
		}
	}
	for _, c := range []store.Connection{mine, early} {
		if got := s.Get(t, c.ID); got.Version != c.Version || got.Stage != c.Stage || got.Name != c.Name {
			t.Errorf("%s was changed by somebody else: %+v", c.ID, got)
		}
	}
}

func TestInterfaceLive(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example")
	conn := s.At(t, lifecycle.InApplication)
	ask := func() string {
		return owner.get(paths.Interface(conn.ID)).want(http.StatusOK).doc().Find("#live").AttrOr("hx-get", "")
	}
	seen := ask()
	if a := owner.fragment(seen).want(http.StatusNotModified); a.body != "" {
		t.Errorf("an unchanged interface sends %q", a.body)
	}
	if a := owner.get(seen).want(http.StatusSeeOther); a.header.Get("Location") != paths.Interface(conn.ID) {
		t.Errorf("a browser that follows the address lands at %q", a.header.Get("Location"))
	}
	// A name is no change of the status: the part is new, and nothing is said.
	s.Do(t, conn.ID, lifecycle.EditNameDescription)
	part := owner.fragment(seen).want(http.StatusOK)
	if part.doc().Find("h1").Text() != "renamed" || part.doc().Find("[data-announce]").Length() != 0 {
		t.Errorf("after a new name: %s", part.text())
	}
	if part.doc().Find("main").Length() != 0 || part.doc().Find("#live").Length() != 1 {
		t.Error("the part is a whole page")
	}
	seen = part.doc().Find("#live").AttrOr("hx-get", "")
	owner.fragment(seen).want(http.StatusNotModified)
	for _, c := range []struct {
		action lifecycle.Action
		say    string
	}{
		{lifecycle.Approve, "Status changed to Approved LOA"},
		{lifecycle.ReportDelivery, "Status changed to Waiting. Cabling due 24 Nov, 15:12 (UTC+08:00)"},
		{lifecycle.CompleteCabling, "Status changed to Waiting. Cabling done: pay the resource fee to enable"},
		{lifecycle.PayResourceFee, "Status changed to Enabled"},
	} {
		s.Do(t, conn.ID, c.action)
		part = owner.fragment(seen).want(http.StatusOK)
		if got := part.doc().Find("[data-announce]").AttrOr("data-announce", ""); got != c.say {
			t.Errorf("after %s it says %q, want %q", c.action, got, c.say)
		}
		seen = part.doc().Find("#live").AttrOr("hx-get", "")
	}
	if seen != "" || part.doc().Find("[hx-trigger]").Length() != 0 {
		t.Error("an enabled interface is still asked about")
	}
}

// The page costs the same however long the history is, and polling it next to
// nothing.
func TestInterfacePageStatements(t *testing.T) {
	s := newSite(t)
	owner := s.as("owner@northwind.example").plain()
	first := s.At(t, lifecycle.Enabled)
	conn := s.At(t, lifecycle.WaitingForPayment, redundantWith(first.ID))
	count := func(f func()) int {
		before := s.Reads()
		f()
		return s.Reads() - before
	}
	page := func() { owner.get(paths.Interface(conn.ID)).want(http.StatusOK) }
	// The session is read again after new messages, whatever page is asked for.
	page()
	short := count(page)
	for range 40 {
		s.Do(t, conn.ID, lifecycle.EditNameDescription)
	}
	s.At(t, lifecycle.Enabled)
	page()
	if long := count(page); long != short {
		t.Errorf("%d statements with a short history, %d with a long one", short, long)
	}
	if short < 5 || short > 8 {
		t.Errorf("the page with a redundant partner takes %d statements", short)
	}
	t.Logf("%d statements with a redundant partner", short)
	alone := s.At(t, lifecycle.ToApplyForLOA)
	owner.get(paths.Interface(alone.ID)).want(http.StatusOK) // what its frame says was just written
	if n := count(func() { owner.get(paths.Interface(alone.ID)).want(http.StatusOK) }); n > 5 {
		t.Errorf("an interface without papers takes %d statements", n)
	}
	seen := owner.get(paths.Interface(conn.ID)).doc().Find("#live").AttrOr("hx-get", "")
	if n := count(func() { owner.fragment(seen).want(http.StatusNotModified) }); n != 1 {
		t.Errorf("asking again takes %d statements, want 1", n)
	}
}
