package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"demarc/store/lifecycle"
	"demarc/views/ui"
)

var stepNow = time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC)

// progressAt is an interface in a stage, come there by the straight way: one
// event a day, the last of them an hour ago.
func progressAt(stage lifecycle.Stage, edit ...func(*Progress)) Progress {
	straight := []lifecycle.Action{lifecycle.Order, lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Approve,
		lifecycle.ReportDelivery, lifecycle.CompleteCabling, lifecycle.PayResourceFee, lifecycle.Terminate, lifecycle.CompleteTermination}
	last := map[lifecycle.Stage]lifecycle.Action{
		lifecycle.PendingPayment: lifecycle.Order, lifecycle.ToApplyForLOA: lifecycle.PayInstallationFee, lifecycle.InApplication: lifecycle.ApplyForLOA,
		lifecycle.LOARejected: lifecycle.ApplyForLOA, lifecycle.ApprovedLOA: lifecycle.Approve, lifecycle.WaitingForCabling: lifecycle.ReportDelivery,
		lifecycle.WaitingForPayment: lifecycle.CompleteCabling, lifecycle.Enabled: lifecycle.PayResourceFee, lifecycle.Terminating: lifecycle.Terminate,
		lifecycle.Terminated: lifecycle.CompleteTermination, lifecycle.Canceled: lifecycle.PayInstallationFee,
	}[stage]
	n := slices.Index(straight, last) + 1
	p := Progress{Operator: "Example Cloud", NOC: "+65 6000 0000", Mainland: true, ConstructionCompany: "Hualin Cabling Co., Ltd.",
		Interface: Interface{ID: "pc-1", Name: "hz-dc1", Stage: stage, Rev: n, Now: stepNow, Zone: time.FixedZone("", 8*3600), Installation: "$1,500.00",
			LOANo: "LOA-2026-000001", OrderNo: "202611020417"}}
	from := lifecycle.None
	add := func(a lifecycle.Action, role lifecycle.Role, at time.Time) {
		to, err := lifecycle.Next(from, a, role)
		if err != nil {
			panic(err)
		}
		p.History = slices.Insert(p.History, 0, Happened{Action: a, From: from, To: to, At: at, Who: "Lin Wei"})
		from = to
	}
	for i, a := range straight[:n] {
		at := stepNow.Add(-time.Hour).AddDate(0, 0, i-n+1)
		role := lifecycle.Owner
		for _, r := range lifecycle.Rules() {
			if r.Action == a {
				role = r.Who[0]
			}
		}
		add(a, role, at)
	}
	switch stage {
	case lifecycle.LOARejected:
		add(lifecycle.Reject, lifecycle.Reviewer, stepNow)
		p.Problem, p.Corrections = "Enter the full legal name", 1
	case lifecycle.Canceled:
		add(lifecycle.Cancel, lifecycle.Owner, stepNow)
	}
	p.StageSince = p.History[0].At
	if stage.Turn() == lifecycle.TurnStaff || stage == lifecycle.PendingPayment {
		p.DueAt = stepNow.AddDate(0, 0, 4)
	}
	for _, f := range edit {
		f(&p)
	}
	return p
}

// sentBack makes p an interface that came back by a.
func sentBack(a lifecycle.Action, from lifecycle.Stage, problem string) func(*Progress) {
	return func(p *Progress) {
		p.History = slices.Insert(p.History, 0, Happened{Action: a, From: from, To: p.Stage, At: stepNow, Who: "Example Cloud, reviewer", Reason: problem})
		p.StageSince, p.Problem = stepNow, problem
	}
}

func late(p *Progress) { p.DueAt = stepNow.Add(-26 * time.Hour) }

func TestNextStepSaysWhoseTurnItIs(t *testing.T) {
	const at = "20 Nov 2026, 14:12 (UTC+08:00)"  // an hour ago
	const now = "20 Nov 2026, 15:12 (UTC+08:00)" // now
	for _, c := range []struct {
		name        string
		p           Progress
		tone, title string
		text        string
		due         string
		actions     string
	}{
		{"unpaid", progressAt(lifecycle.PendingPayment), ui.ToneAction, "Pay the initial installation fee",
			"Your order is kept until 24 Nov 2026, 15:12 (UTC+08:00). A port is reserved for you as soon as the fee is paid.", "Pay by 24 Nov 2026", "Pay $1,500.00"},
		{"to apply", progressAt(lifecycle.ToApplyForLOA), ui.ToneAction, "Apply for the LOA",
			"Tell us who installs the line and when. The letter lets them into the data center.", "", "Apply for LOA"},
		{"letter expired", progressAt(lifecycle.ToApplyForLOA, sentBack(lifecycle.ExpireLOA, lifecycle.ApprovedLOA, "The letter expired before the installation")), ui.ToneAction, "The LOA expired",
			"LOA-2026-000001 expired on " + now + ", before the installation was reported. Apply for a new letter; the initial installation fee is not charged again.", "", "Apply for LOA"},
		{"letter revoked", progressAt(lifecycle.ToApplyForLOA, sentBack(lifecycle.RevokeLOA, lifecycle.ApprovedLOA, "The panel is being rebuilt")), ui.ToneAction, "The LOA was revoked",
			"LOA-2026-000001 was revoked by Example Cloud on " + now + ": The panel is being rebuilt. Stop the installation and apply for a new letter.", "", "Apply for LOA"},
		{"withdrawn after an expiry", progressAt(lifecycle.ToApplyForLOA, sentBack(lifecycle.ExpireLOA, lifecycle.ApprovedLOA, ""), sentBack(lifecycle.WithdrawApplication, lifecycle.InApplication, "")), ui.ToneAction, "Apply for the LOA",
			"Tell us who installs the line and when. The letter lets them into the data center.", "", "Apply for LOA"},
		{"in review", progressAt(lifecycle.InApplication), ui.ToneInfo, "Example Cloud is reviewing your application",
			"Sent " + at + ". You get a message when it is approved or when something needs a correction.", "Due by 24 Nov 2026", "View Application"},
		{"review late", progressAt(lifecycle.InApplication, late), ui.ToneBad, "The review is late",
			"It was due 19 Nov 2026, 13:12 (UTC+08:00). We are on it; call +65 6000 0000 if you need a new date.", "Was due 19 Nov 2026", "View Application, Open a ticket"},
		{"one correction", progressAt(lifecycle.LOARejected), ui.ToneBad, "Correct your application",
			"1 item needs a correction. Change it and send the application again.", "", "Apply for LOA"},
		{"three corrections", progressAt(lifecycle.LOARejected, func(p *Progress) { p.Corrections = 3 }), ui.ToneBad, "Correct your application",
			"3 items need a correction. Change them and send the application again.", "", "Apply for LOA"},
		{"approved", progressAt(lifecycle.ApprovedLOA, func(p *Progress) { p.LOAExpires = stepNow.AddDate(0, 0, 90) }), ui.ToneAction, "Start the installation",
			"Download the LOA and give it to Hualin Cabling Co., Ltd. When the cables are in place, send the delivery report.", "LOA valid until 18 Feb 2027", "Delivery Report, View LOA"},
		{"report returned", progressAt(lifecycle.ApprovedLOA, sentBack(lifecycle.ReturnReport, lifecycle.WaitingForCabling, "Label not found: Label A-2291 is not on site")), ui.ToneBad, "Correct the delivery report",
			"Label not found: Label A-2291 is not on site", "", "Correct Delivery Report, View LOA"},
		{"cabling", progressAt(lifecycle.WaitingForCabling), ui.ToneInfo, "Example Cloud is connecting your cables",
			"Your delivery report arrived on " + at + ". The cables are connected to the CSW port within two working days. Nothing is needed from you until then.", "Due by 24 Nov 2026", ""},
		{"cabling outside the mainland", progressAt(lifecycle.WaitingForCabling, func(p *Progress) { p.Mainland = false }), ui.ToneInfo, "Example Cloud is connecting your cables",
			"Your delivery report arrived on " + at + ". The cables are connected to the CSW port within three working days. Nothing is needed from you until then.", "Due by 24 Nov 2026", ""},
		{"cabling without a deadline", progressAt(lifecycle.WaitingForCabling, func(p *Progress) { p.DueAt = time.Time{} }), ui.ToneInfo, "Example Cloud is connecting your cables",
			"Your delivery report arrived on " + at + ". The cables are connected to the CSW port within two working days. Nothing is needed from you until then.", "", ""},
		{"cabling late", progressAt(lifecycle.WaitingForCabling, late, func(p *Progress) { p.NOC = "" }), ui.ToneBad, "Cabling is late",
			"It was due 19 Nov 2026, 13:12 (UTC+08:00). We are on it.", "Was due 19 Nov 2026", "Open a ticket"},
		{"cabling late, for a viewer", progressAt(lifecycle.WaitingForCabling, late, func(p *Progress) { p.NOC, p.Reader = "", lifecycle.Viewer }), ui.ToneBad, "Cabling is late",
			"It was due 19 Nov 2026, 13:12 (UTC+08:00). We are on it.", "Was due 19 Nov 2026", ""},
		{"to pay", progressAt(lifecycle.WaitingForPayment), ui.ToneAction, "Check the line and pay the resource fee",
			"The cables are connected. Confirm that the interface is deployed, then pay to enable the port.", "", "Pay Resource Fee"},
		{"enabled", progressAt(lifecycle.Enabled, func(p *Progress) { p.PaidThrough = stepNow.AddDate(0, 1, 0) }), ui.ToneOK, "The leased line connection is completed",
			"Enabled since " + at + ". Next: create a virtual border router for it.", "Paid until 20 Dec 2026", ""},
		{"terminating", progressAt(lifecycle.Terminating), ui.ToneInfo, "Example Cloud is removing the cable",
			"Termination was requested on " + at + ", by Lin Wei. The port is released when the cable is out. Nothing is needed from you until then.", "Due by 24 Nov 2026", ""},
		{"removal late", progressAt(lifecycle.Terminating, late), ui.ToneBad, "The removal of the cable is late",
			"It was due 19 Nov 2026, 13:12 (UTC+08:00). We are on it; call +65 6000 0000 if you need a new date.", "Was due 19 Nov 2026", "Open a ticket"},
		{"terminated", progressAt(lifecycle.Terminated), ui.ToneIdle, "This interface was terminated",
			at + ", by Lin Wei. The cable is removed and the port is released.", "", "Apply for New Interface"},
		{"canceled, fee back", progressAt(lifecycle.Canceled, func(p *Progress) { p.Refund = FeeReturned }), ui.ToneIdle, "This interface was canceled",
			now + ", by Lin Wei. The initial installation fee of $1,500.00 went back to your balance.", "", "Apply for New Interface"},
		{"canceled, fee off the invoice", progressAt(lifecycle.Canceled, func(p *Progress) { p.Refund = FeeRefunded }), ui.ToneIdle, "This interface was canceled",
			now + ", by Lin Wei. The initial installation fee of $1,500.00 was refunded.", "", "Apply for New Interface"},
		{"canceled, fee never back", progressAt(lifecycle.Canceled, func(p *Progress) { p.Refund = FeeNotBack }), ui.ToneIdle, "This interface was canceled",
			now + ", by Lin Wei. The initial installation fee of $1,500.00 was not refunded, as the order said.", "", "Apply for New Interface"},
		{"canceled, fee kept, cable in", progressAt(lifecycle.Canceled, func(p *Progress) { p.Refund, p.RemovalDue = FeeKept, true }), ui.ToneIdle, "This interface was canceled",
			now + ", by Lin Wei. The initial installation fee of $1,500.00 was not refunded, because an LOA had been issued. Example Cloud removes the cable, then the port is released.", "", "Apply for New Interface"},
		{"order closed", progressAt(lifecycle.Canceled, func(p *Progress) {
			p.History[0].Action, p.History[0].From = lifecycle.CloseUnpaidOrder, lifecycle.PendingPayment
		}), ui.ToneIdle, "This interface was canceled",
			now + ", because the order was not paid within 7 days. Nothing was charged.", "", "Apply for New Interface"},
	} {
		n := c.p.Next()
		got := []string{n.Tone, n.Title, n.Text, strings.TrimSpace(n.DueLabel + " " + n.DueDay)}
		if d := cmp.Diff([]string{c.tone, c.title, c.text, c.due}, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, d)
		}
		if step := c.p.Stage.Step(); (n.Foot != "") != (step >= 3 && step <= 7) {
			t.Errorf("%s: the note about laws: %q", c.name, n.Foot)
		}
		if !ui.HasIcon(n.Icon) {
			t.Errorf("%s: no icon %q", c.name, n.Icon)
		}
		var labels []string
		spends := 0
		for i, b := range c.p.NextActions() {
			labels = append(labels, b.Label)
			if b.Kind != ui.KindPlain && i > 0 {
				t.Errorf("%s: %s competes with the first action", c.name, b.Label)
			}
			if b.Kind == ui.KindBuy {
				spends++
			}
			if b.Href == "" || strings.HasSuffix(b.Href, "/") {
				t.Errorf("%s: %s leads nowhere: %q", c.name, b.Label, b.Href)
			}
		}
		if got := strings.Join(labels, ", "); got != c.actions {
			t.Errorf("%s: actions %q, want %q", c.name, got, c.actions)
		}
		if want := c.p.Stage == lifecycle.PendingPayment || c.p.Stage == lifecycle.WaitingForPayment; (spends == 1) != want {
			t.Errorf("%s: %d buttons spend money", c.name, spends)
		}
	}
}

// steps is the stepper in short: name, state and meta of each.
func stepsText(p Progress) []string {
	var out []string
	for _, s := range p.Steps() {
		out = append(out, strings.TrimRight(s.Name+"|"+s.State+"|"+s.Meta, "|"))
	}
	return out
}

func TestStepsDateWhatIsDone(t *testing.T) {
	long := strings.Repeat("The label is not on the cable. ", 20)
	for _, c := range []struct {
		name string
		p    Progress
		text string
		want []string
	}{
		{"cabling", progressAt(lifecycle.WaitingForCabling), "Step 7 of 9", []string{"Apply|done|16 Nov", "Pay installation fee|done|17 Nov", "Apply for LOA|done|18 Nov",
			"In review|done|19 Nov", "Approved LOA|done|19 Nov", "Install and delivery report|done|20 Nov", "Waiting|now|Due 24 Nov", "Pay resource fee", "Enabled"}},
		{"late", progressAt(lifecycle.InApplication, late), "Step 4 of 9", []string{"Apply|done|18 Nov", "Pay installation fee|done|19 Nov", "Apply for LOA|done|20 Nov",
			"In review|now|Was due 19 Nov, 1 day late", "Approved LOA", "Install and delivery report", "Waiting", "Pay resource fee", "Enabled"}},
		{"rejected", progressAt(lifecycle.LOARejected), "Step 3 of 9", []string{"Apply|done|18 Nov", "Pay installation fee|done|19 Nov", "Apply for LOA|now",
			"In review|bad|Enter the full legal name", "Approved LOA", "Install and delivery report", "Waiting", "Pay resource fee", "Enabled"}},
		{"letter revoked", progressAt(lifecycle.ToApplyForLOA, sentBack(lifecycle.RevokeLOA, lifecycle.ApprovedLOA, "The panel is being rebuilt")), "Step 3 of 9",
			[]string{"Apply|done|19 Nov", "Pay installation fee|done|20 Nov", "Apply for LOA|now", "In review", "Approved LOA|bad|The panel is being rebuilt",
				"Install and delivery report", "Waiting", "Pay resource fee", "Enabled"}},
		{"report returned", progressAt(lifecycle.ApprovedLOA, sentBack(lifecycle.ReturnReport, lifecycle.WaitingForCabling, long)), "Step 6 of 9",
			[]string{"Apply|done|17 Nov", "Pay installation fee|done|18 Nov", "Apply for LOA|done|19 Nov", "In review|done|20 Nov", "Approved LOA|done|20 Nov",
				"Install and delivery report|now", "Waiting|bad|The label is not on the cable. The label is not on the cable. T…", "Pay resource fee", "Enabled"}},
		{"unpaid", progressAt(lifecycle.PendingPayment), "Step 2 of 9", []string{"Apply|done|20 Nov", "Pay installation fee|now|Expires 24 Nov", "Apply for LOA",
			"In review", "Approved LOA", "Install and delivery report", "Waiting", "Pay resource fee", "Enabled"}},
		{"canceled", progressAt(lifecycle.Canceled), "Ended at step 3 of 9", []string{"Apply|done|19 Nov", "Pay installation fee|done|20 Nov", "Apply for LOA|bad|Canceled 20 Nov",
			"In review", "Approved LOA", "Install and delivery report", "Waiting", "Pay resource fee", "Enabled"}},
		{"enabled last year", progressAt(lifecycle.Enabled, func(p *Progress) { p.Now = stepNow.AddDate(1, 0, 0) }), "Step 9 of 9", []string{"Apply|done|14 Nov 2026",
			"Pay installation fee|done|15 Nov 2026", "Apply for LOA|done|16 Nov 2026", "In review|done|17 Nov 2026", "Approved LOA|done|17 Nov 2026",
			"Install and delivery report|done|18 Nov 2026", "Waiting|done|19 Nov 2026", "Pay resource fee|done|20 Nov 2026", "Enabled|done|20 Nov 2026"}},
	} {
		if d := cmp.Diff(c.want, stepsText(c.p)); d != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, d)
		}
		if got := c.p.StepText(); got != c.text {
			t.Errorf("%s: %q, want %q", c.name, got, c.text)
		}
	}
	for _, s := range lifecycle.Stages() {
		p := progressAt(s)
		states := map[string]int{}
		for _, step := range p.Steps() {
			states[step.State]++
		}
		ended := s == lifecycle.Terminated || s == lifecycle.Terminating || s == lifecycle.Enabled
		if want := map[bool]int{true: 0, false: 1}[ended || s == lifecycle.Canceled]; states[ui.StepNow] != want {
			t.Errorf("%s: %d current steps, want %d", s, states[ui.StepNow], want)
		}
		if len(p.Steps()) != lifecycle.Steps {
			t.Errorf("%s: %d steps", s, len(p.Steps()))
		}
	}
}

// The controls of the page come from the lifecycle's table: each action that
// the customer has is there once, and nothing else can be clicked.
func TestDetailActionsComeFromTheTable(t *testing.T) {
	names := map[lifecycle.Action]string{
		lifecycle.PayInstallationFee: "Pay $1,500.00", lifecycle.ApplyForLOA: "Apply for LOA", lifecycle.WithdrawApplication: "Withdraw application",
		lifecycle.ReportDelivery: "Delivery Report", lifecycle.PayResourceFee: "Pay Resource Fee", lifecycle.Cancel: "Cancel interface",
		lifecycle.Terminate: "Terminate interface", lifecycle.EditNameDescription: "Edit",
	}
	for _, stage := range lifecycle.Stages() {
		p := progressAt(stage)
		shown := map[string]int{}
		for _, b := range p.NextActions() {
			shown[b.Label]++
		}
		buttons, more := p.HeadActions()
		for _, b := range buttons {
			shown[b.Label]++
		}
		dead := map[string]bool{}
		for i, m := range more {
			switch {
			case m.Divider && (i == 0 || i == len(more)-1 || more[i-1].Divider):
				t.Errorf("%s: a divider at the edge of the menu", stage)
			case m.Reason != "":
				dead[m.Label] = true
			case !m.Divider:
				shown[m.Label]++
			}
		}
		for a, name := range names {
			want := 0
			if lifecycle.Can(stage, a, lifecycle.Owner) {
				want = 1
			}
			if shown[name] != want {
				t.Errorf("%s: %q is there %d times, want %d", stage, name, shown[name], want)
			}
			if want == 1 && dead[name] {
				t.Errorf("%s: %q is said to be impossible", stage, name)
			}
		}
		for name, n := range shown {
			if n > 1 {
				t.Errorf("%s: %q is there %d times", stage, name, n)
			}
		}
		if view := shown["View LOA"]; (view == 1) != stage.LetterOut() {
			t.Errorf("%s: View LOA %d times", stage, view)
		}
		if !stage.Ended() && !stage.LetterOut() && (!dead["View LOA"] || !dead["Delivery Report"]) {
			t.Errorf("%s: what comes later is not under More with its reason", stage)
		}
	}
}

func TestActivityTellsWhoWhenAndWhy(t *testing.T) {
	p := progressAt(lifecycle.ApprovedLOA, sentBack(lifecycle.ReturnReport, lifecycle.WaitingForCabling, "Label not found: A-2291"))
	p.History[1].Detail = "LOA-2026-000001, port XGE1/0/17 of CSW-YH-A-02"
	p.History = slices.Insert(p.History, 0,
		Happened{Action: lifecycle.CompleteTermination, At: stepNow, Who: "Example Cloud, data center technician", Reason: "pulled at noon", Detail: "done"},
		Happened{Action: "reveal_id_number", At: stepNow.AddDate(-1, 0, 0), Who: "Example Cloud, reviewer", Reason: "at the door"})
	got := p.Activity()
	want := []ui.Event{
		{Text: "Cable removed, interface terminated", Detail: "done. Note: pulled at noon", Tone: ui.ToneIdle, When: "20 Nov, 15:12", Actor: "Example Cloud, data center technician", At: stepNow},
		{Text: "ID number of a field engineer read", Detail: "Reason: at the door", Tone: ui.ToneIdle, When: "20 Nov 2025, 15:12", Actor: "Example Cloud, reviewer", At: stepNow.AddDate(-1, 0, 0)},
		{Text: "Delivery report returned", Detail: "Reason: Label not found: A-2291", Tone: ui.ToneBad, When: "20 Nov, 15:12", Actor: "Example Cloud, reviewer", At: stepNow},
		{Text: "LOA approved", Detail: "LOA-2026-000001, port XGE1/0/17 of CSW-YH-A-02", Tone: ui.ToneOK, When: "20 Nov, 14:12", Actor: "Lin Wei", At: stepNow.Add(-time.Hour)},
	}
	if d := cmp.Diff(want, got[:4]); d != "" {
		t.Error(d)
	}
	if len(got) != len(p.History) {
		t.Errorf("%d events of %d", len(got), len(p.History))
	}
}
