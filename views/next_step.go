package views

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
	"demarc/views/ui"
	"demarc/web/paths"
)

// Happened is one event in the history of an interface.
type Happened struct {
	Action   lifecycle.Action // or another action of the store, by its own name
	From, To lifecycle.Stage
	At       time.Time
	Who      string // as the reader may know the person: staff are the operator to a customer
	Reason   string
	Detail   string
}

// Progress is how far an interface has come: what the stepper, the banner that
// says whose turn it is, and the activity are made of.
type Progress struct {
	Interface
	Operator string     // the provider's name
	NOC      string     // how to reach the operator when a deadline has passed; may be empty
	Mainland bool       // two working days of the operator's, else three
	History  []Happened // newest first

	Corrections         int       // how many items the last rejection names
	ConstructionCompany string    // of the letter
	LOAExpires          time.Time // of the letter in force
	Refund              Refund
}

// Refund is what became of the installation fee of an interface that was
// canceled.
type Refund int

// The fates of the installation fee.
const (
	NothingPaid Refund = iota
	FeeReturned        // to the balance
	FeeRefunded        // taken off the monthly invoice, or returned after it
	FeeKept            // a letter was issued
	FeeNotBack         // the order said so
)

// step numbers of the construction procedure, from 1.
const (
	stepApply = iota + 1
	stepPayInstallation
	stepApplyForLOA
	stepReview
	stepApproved
	stepInstall
	stepWaiting
	stepPayResource
	stepEnabled
)

// finishes is the action whose newest event finishes a step.
var finishes = [lifecycle.Steps + 1]lifecycle.Action{
	stepApply:           lifecycle.Order,
	stepPayInstallation: lifecycle.PayInstallationFee,
	stepApplyForLOA:     lifecycle.ApplyForLOA,
	stepReview:          lifecycle.Approve,
	stepApproved:        lifecycle.Approve,
	stepInstall:         lifecycle.ReportDelivery,
	stepWaiting:         lifecycle.CompleteCabling,
	stepPayResource:     lifecycle.PayResourceFee,
	stepEnabled:         lifecycle.PayResourceFee,
}

// cellsReason is the room that a reason has under the name of its step; the
// banner has all of it.
const cellsReason = 64

// last is the newest event of one of the actions.
func (p Progress) last(actions ...lifecycle.Action) (Happened, bool) {
	for _, e := range p.History {
		if slices.Contains(actions, e.Action) {
			return e, true
		}
	}
	return Happened{}, false
}

// moved is when and by whom the interface came to the stage it is in.
func (p Progress) moved() Happened {
	for _, e := range p.History {
		if e.To == p.Stage && e.From != e.To {
			return e
		}
	}
	return Happened{At: p.StageSince}
}

// step is the current step, 1 to 9, or the one at which the interface ended.
func (p Progress) step() int {
	if p.Stage == lifecycle.Terminated {
		return stepEnabled
	}
	if p.Stage.Ended() {
		return max(p.moved().From.Step(), stepPayInstallation)
	}
	return p.Stage.Step()
}

// StepText is the words beside the heading of the stepper.
func (p Progress) StepText() string {
	text := strconv.Itoa(p.step()) + " of " + strconv.Itoa(lifecycle.Steps)
	if p.Stage.Ended() {
		return "Ended at step " + text
	}
	return "Step " + text
}

// Steps is the construction procedure with the day each finished step was
// finished, the deadline of the current one, and the reason under the one that
// failed.
func (p Progress) Steps() []ui.Step {
	current := p.step()
	whole := p.Stage == lifecycle.Enabled || p.Stage == lifecycle.Terminating || p.Stage == lifecycle.Terminated
	out := make([]ui.Step, 0, lifecycle.Steps)
	for i, name := range lifecycle.StepNames() {
		n := i + 1
		s := ui.Step{Name: name}
		switch {
		case n < current || whole:
			s.State = ui.StepDone
			if e, ok := p.last(finishes[n]); ok {
				s.Meta = p.day(e.At)
			}
		case n == current && p.Stage == lifecycle.Canceled:
			s.State, s.Meta = ui.StepBad, "Canceled "+p.day(p.moved().At)
		case n == current:
			s.State, s.Meta = ui.StepNow, p.deadline()
		case n == p.failed():
			s.State, s.Meta = ui.StepBad, fit(p.Problem, cellsReason)
		}
		out = append(out, s)
	}
	return out
}

// failed is the step after which the interface was sent back, 0 when it was not.
func (p Progress) failed() int {
	switch {
	case p.Problem == "":
		return 0
	case p.Stage == lifecycle.LOARejected:
		return stepReview
	case p.Stage == lifecycle.ApprovedLOA:
		return stepWaiting
	case p.Stage == lifecycle.ToApplyForLOA:
		return stepApproved
	}
	return 0
}

// day is a day of the stepper: with its year only when that is another one.
func (p Progress) day(at time.Time) string {
	if p.zoned(at).Year() != p.zoned(p.Now).Year() {
		return ui.FormatDay(at, p.Zone)
	}
	return p.zoned(at).Format("2 Jan")
}

func (p Progress) zoned(at time.Time) time.Time {
	if p.Zone == nil {
		return at.UTC()
	}
	return at.In(p.Zone)
}

func (p Progress) deadline() string {
	switch {
	case p.DueAt.IsZero():
		return ""
	case p.Late() != "":
		return "Was due " + p.day(p.DueAt) + ", " + lower(p.Late())
	case p.Stage == lifecycle.PendingPayment:
		return "Expires " + p.day(p.DueAt)
	}
	return "Due " + p.day(p.DueAt)
}

// lawFoot is the note at the end of the source.
const lawFoot = "How long the LOA, the installation and the on-site help take depends on local laws and authorities."

// Next says to the customer whose turn it is, in the words of the state.
func (p Progress) Next() ui.NextStep {
	n := p.next()
	if step := p.Stage.Step(); step >= stepApplyForLOA && step <= stepWaiting {
		n.Foot = lawFoot
	}
	return n
}

func (p Progress) next() ui.NextStep {
	at := func(t time.Time) string { return ui.FormatStamp(t, p.Zone) }
	came := p.moved()
	switch p.Stage {
	case lifecycle.PendingPayment:
		n := ui.NextStep{Tone: ui.ToneAction, Icon: "card", Title: "Pay the initial installation fee", Text: "A port is reserved for you as soon as the fee is paid."}
		if !p.DueAt.IsZero() {
			n.Text = "Your order is kept until " + at(p.DueAt) + ". " + n.Text
		}
		return p.due(n, "Pay by", p.DueAt)
	case lifecycle.ToApplyForLOA:
		switch e, ok := p.last(lifecycle.ExpireLOA, lifecycle.RevokeLOA); {
		case ok && p.Problem != "" && e.Action == lifecycle.RevokeLOA:
			return ui.NextStep{Tone: ui.ToneAction, Icon: "warn", Title: "The LOA was revoked",
				Text: p.letter() + " was revoked by " + p.Operator + " on " + at(e.At) + ": " + fullStop(p.Problem) + " Stop the installation and apply for a new letter."}
		case ok && p.Problem != "":
			return ui.NextStep{Tone: ui.ToneAction, Icon: "warn", Title: "The LOA expired",
				Text: p.letter() + " expired on " + at(e.At) + ", before the installation was reported. Apply for a new letter; the initial installation fee is not charged again."}
		}
		return ui.NextStep{Tone: ui.ToneAction, Icon: "edit", Title: "Apply for the LOA",
			Text: "Tell us who installs the line and when. The letter lets them into the data center."}
	case lifecycle.InApplication:
		if p.Late() != "" {
			return p.late("The review is late")
		}
		return p.due(ui.NextStep{Tone: ui.ToneInfo, Icon: "clock", Title: p.Operator + " is reviewing your application",
			Text: "Sent " + at(p.StageSince) + ". You get a message when it is approved or when something needs a correction."}, "Due by", p.DueAt)
	case lifecycle.LOARejected:
		text := strconv.Itoa(p.Corrections) + " items need a correction. Change them and send the application again."
		if p.Corrections <= 1 {
			text = "1 item needs a correction. Change it and send the application again."
		}
		return ui.NextStep{Tone: ui.ToneBad, Icon: "warn", Title: "Correct your application", Text: text}
	case lifecycle.ApprovedLOA:
		if p.Problem != "" {
			return ui.NextStep{Tone: ui.ToneBad, Icon: "warn", Title: "Correct the delivery report", Text: p.Problem}
		}
		company := p.ConstructionCompany
		if company == "" {
			company = "your construction company"
		}
		return p.due(ui.NextStep{Tone: ui.ToneAction, Icon: "cable", Title: "Start the installation",
			Text: "Download the LOA and give it to " + fullStop(company) + " When the cables are in place, send the delivery report."}, "LOA valid until", p.LOAExpires)
	case lifecycle.WaitingForCabling:
		if p.Late() != "" {
			return p.late("Cabling is late")
		}
		days := "two"
		if lifecycle.CablingDays(p.Mainland) == 3 {
			days = "three"
		}
		return p.due(ui.NextStep{Tone: ui.ToneInfo, Icon: "cable", Title: p.Operator + " is connecting your cables",
			Text: "Your delivery report arrived on " + at(p.StageSince) + ". The cables are connected to the CSW port within " + days + " working days. Nothing is needed from you until then."}, "Due by", p.DueAt)
	case lifecycle.WaitingForPayment:
		return ui.NextStep{Tone: ui.ToneAction, Icon: "card", Title: "Check the line and pay the resource fee",
			Text: "The cables are connected. Confirm that the interface is deployed, then pay to enable the port."}
	case lifecycle.Enabled:
		if n, ok := p.feeStep(); ok {
			return n
		}
		return p.due(ui.NextStep{Tone: ui.ToneOK, Icon: "done", Title: "The leased line connection is completed",
			Text: "Enabled since " + at(p.StageSince) + ". Next: create a virtual border router for it."}, "Paid until", p.PaidThrough)
	case lifecycle.Terminating:
		if p.Late() != "" {
			return p.late("The removal of the cable is late")
		}
		ended := "Termination was requested"
		if came.Action == lifecycle.Free {
			ended = "The interface was ended for non-payment"
		}
		return p.due(ui.NextStep{Tone: ui.ToneInfo, Icon: "cable", Title: p.Operator + " is removing the cable",
			Text: ended + " on " + at(p.StageSince) + byWhom(came.Who) + ". The port is released when the cable is out. Nothing is needed from you until then."}, "Due by", p.DueAt)
	case lifecycle.Terminated:
		return ui.NextStep{Tone: ui.ToneIdle, Icon: "info", Title: "This interface was terminated",
			Text: at(p.StageSince) + byWhom(came.Who) + ". The cable is removed and the port is released."}
	case lifecycle.Canceled:
		text := at(p.StageSince) + byWhom(came.Who) + ". "
		if came.Action == lifecycle.CloseUnpaidOrder {
			text = at(p.StageSince) + ", because the order was not paid within " + strconv.Itoa(lifecycle.UnpaidOrderDays) + " days. "
		}
		text += p.refundSentence()
		if p.RemovalDue {
			text += " " + p.Operator + " removes the cable, then the port is released."
		}
		return ui.NextStep{Tone: ui.ToneIdle, Icon: "info", Title: "This interface was canceled", Text: text}
	}
	return ui.NextStep{}
}

// feeStep is the banner of an enabled interface whose resource fee needs
// somebody.
func (p Progress) feeStep() (n ui.NextStep, ok bool) {
	at := func(t time.Time) string { return ui.FormatStamp(t, p.Zone) }
	failed := ""
	if p.AutoRenew > 0 && !p.RenewFailedAt.IsZero() {
		failed = " Auto Renew could not pay on " + at(p.RenewFailedAt) + " and tries again every day, and as soon as money comes."
	}
	switch {
	case p.Standing == fees.Freeable:
		return p.due(ui.NextStep{Tone: ui.ToneBad, Icon: "warn", Title: "This interface is FinancialLocked and may be ended",
			Text: "Its resource fee was paid until " + at(p.PaidThrough) + ". " + p.Operator + " may end it for non-payment at any time. Renew it to restore it at once." + failed}, "Was paid until", p.PaidThrough), true
	case p.Standing.IsLocked():
		return p.due(ui.NextStep{Tone: ui.ToneBad, Icon: "warn", Title: "This interface is FinancialLocked",
			Text: "Its resource fee was paid until " + at(p.PaidThrough) + ". While it is locked, no other interface can be made redundant with it and the port may be shut down. Renew it to restore it at once." + failed}, "May be ended from", p.FreeableAt()), true
	case p.Standing.Late():
		return p.due(ui.NextStep{Tone: ui.ToneWarn, Icon: "clock", Title: "The resource fee is overdue",
			Text: "It was paid until " + at(p.PaidThrough) + ". Renew it before it is locked." + failed}, "Locked from", p.LockedAt()), true
	case failed != "":
		return p.due(ui.NextStep{Tone: ui.ToneWarn, Icon: "clock", Title: "Auto Renew could not pay",
			Text: "Transfer money to the account balance, or renew it yourself." + failed}, "Paid until", p.PaidThrough), true
	case p.Standing == fees.DueSoon && p.AutoRenew > 0:
		return p.due(ui.NextStep{Tone: ui.ToneInfo, Icon: "clock", Title: "Auto Renew pays on " + ui.FormatDay(p.RenewAt, p.Zone),
			Text: "It pays " + pricing.PeriodLabel(p.AutoRenew) + ". When it cannot, you get a message and it tries again every day, and as soon as money comes."}, "Paid until", p.PaidThrough), true
	case p.Standing == fees.DueSoon:
		return p.due(ui.NextStep{Tone: ui.ToneAction, Icon: "card", Title: "Renew the resource fee",
			Text: "It is paid until " + at(p.PaidThrough) + ". Renew it, or switch Auto Renew on."}, "Paid until", p.PaidThrough), true
	}
	return n, false
}

func (p Progress) refundSentence() string {
	switch p.Refund {
	case FeeReturned:
		return "The initial installation fee of " + p.Installation + " went back to your balance."
	case FeeRefunded:
		return "The initial installation fee of " + p.Installation + " was refunded."
	case FeeNotBack:
		return "The initial installation fee of " + p.Installation + " was not refunded, as the order said."
	case FeeKept:
		return "The initial installation fee of " + p.Installation + " was not refunded, because an LOA had been issued."
	}
	return "Nothing was charged."
}

// late is the banner of a deadline of the operator's that has passed.
func (p Progress) late(title string) ui.NextStep {
	n := ui.NextStep{Tone: ui.ToneBad, Icon: "clock", Title: title, Text: "It was due " + ui.FormatStamp(p.DueAt, p.Zone) + ". We are on it"}
	if p.NOC != "" {
		n.Text += "; call " + p.NOC + " if you need a new date"
	}
	n.Text += "."
	return p.due(n, "Was due", p.DueAt)
}

// due puts a moment at the end of the banner.
func (p Progress) due(n ui.NextStep, label string, at time.Time) ui.NextStep {
	if !at.IsZero() {
		n.DueLabel, n.DueDay, n.DueTime = label, ui.FormatDay(at, p.Zone), p.zoned(at).Format("15:04, UTC-07:00")
	}
	return n
}

// letter names the letter that ended.
func (p Progress) letter() string {
	if p.LOANo == "" {
		return "The letter"
	}
	return p.LOANo
}

// NextActions are the customer's controls in the banner, the useful one first.
func (p Progress) NextActions() []ui.Button {
	links, _ := p.CustomerActions()
	var out []ui.Button
	switch p.Stage {
	case lifecycle.Terminated, lifecycle.Canceled:
		if lifecycle.MayDo(lifecycle.Order, cmp.Or(p.Reader, lifecycle.Owner)) {
			return []ui.Button{{Label: "Apply for New Interface", Href: paths.NewInterface}}
		}
		return nil
	case lifecycle.WaitingForCabling, lifecycle.Terminating:
		return p.askWhenLate()
	}
	for _, l := range links {
		b := ui.Button{Label: l.Label, Href: l.Href}
		switch {
		case l.Label == "Pay":
			b.Label, b.Kind = "Pay "+p.Installation, ui.KindBuy
		case l.Label == "Pay Resource Fee", l.Label == "Renew":
			b.Kind = ui.KindBuy
		case l.Lead:
			b.Kind = ui.KindPrimary
		}
		switch {
		case l.Lead:
			out = slices.Insert(out, 0, b)
		case p.Stage == lifecycle.ApprovedLOA || p.Stage == lifecycle.InApplication:
			out = append(out, b)
		}
	}
	if p.Stage == lifecycle.InApplication {
		out = append(out, p.askWhenLate()...)
	}
	// What the interface waits for and the reader may not do is said, with whom to
	// ask.
	for _, b := range []struct {
		action lifecycle.Action
		label  string
	}{{lifecycle.PayInstallationFee, "Pay " + p.Installation}, {lifecycle.ApplyForLOA, "Apply for LOA"}, {lifecycle.ReportDelivery, p.reportLabel()}, {lifecycle.PayResourceFee, "Pay Resource Fee"}} {
		if why := p.why(b.action); why != "" {
			out = append(out, ui.Button{Label: b.label, Reason: why})
		}
	}
	if why := p.why(lifecycle.Renew); why != "" && p.Standing >= fees.DueSoon {
		out = append(out, ui.Button{Label: "Renew", Reason: why})
	}
	return out
}

// askWhenLate asks the operator about a deadline of theirs that has passed.
func (p Progress) askWhenLate() []ui.Button {
	var out []ui.Button
	if p.Late() != "" {
		for _, m := range p.askAbout() {
			out = append(out, ui.Button{Label: m.Label, Href: m.Href})
		}
	}
	return out
}

// HeadActions are the customer's controls in the head of the page: what is not
// in the banner, and the rest under More. What is not possible yet stands under
// More with its reason.
func (p Progress) HeadActions() (buttons []ui.Button, more []ui.MenuItem) {
	links, items := p.CustomerActions()
	if p.Stage.Turn() == lifecycle.TurnClosed {
		items = append(items, p.askAbout()...) // a row of the list has no menu for it
	}
	shown := map[string]bool{}
	for _, b := range p.NextActions() {
		shown[b.Href] = true
	}
	for _, l := range links {
		if l.Lead || shown[l.Href] {
			continue
		}
		b := ui.Button{Label: l.Label, Href: l.Href}
		if l.Label == "View LOA" {
			b.Icon = "document"
		}
		buttons = append(buttons, b)
	}
	for _, m := range items {
		switch {
		case m.Href == paths.Interface(p.ID):
		case m.Href == paths.EditInterface(p.ID):
			buttons = append(buttons, ui.Button{Label: m.Label, Href: m.Href, Dialog: true})
		case m.Divider && len(more) == 0:
		default:
			more = append(more, m)
		}
	}
	var notYet []ui.MenuItem
	if p.Stage.Turn() != lifecycle.TurnClosed {
		if !p.Stage.LetterOut() {
			notYet = append(notYet, ui.MenuItem{Label: "View LOA", Reason: "Issued when the application is approved"},
				ui.MenuItem{Label: "Delivery Report", Reason: "After the LOA is approved"})
		}
		if step := p.Stage.Step(); step < stepPayResource {
			notYet = append(notYet, ui.MenuItem{Label: "Pay Resource Fee", Reason: "After the cabling is finished"})
		}
	}
	if len(p.Dates()) > 0 {
		notYet = append([]ui.MenuItem{{Label: "Add dates to a calendar", Href: paths.InterfaceDates(p.ID)}}, notYet...)
	}
	end := slices.IndexFunc(more, func(m ui.MenuItem) bool { return m.Divider || m.Danger })
	if end < 0 {
		end = len(more)
	}
	if len(notYet) > 0 && end < len(more) && !more[end].Divider {
		notYet = append(notYet, ui.MenuItem{Divider: true})
	}
	return buttons, slices.Insert(more, end, notYet...)
}

// Date is a moment ahead of an interface. Kind names it for programs.
type Date struct {
	Kind, Text string
	At         time.Time
}

// Dates are the moments ahead, in the order of the procedure: when somebody
// comes, until when something has to be done or is paid. What has passed is in
// the activity.
func (p Progress) Dates() []Date {
	var out []Date
	add := func(kind, text string, at time.Time) {
		if at.After(p.Now) {
			out = append(out, Date{kind, text, at})
		}
	}
	switch p.Stage {
	case lifecycle.PendingPayment:
		add("payment", "Pay the initial installation fee by", p.DueAt)
	case lifecycle.InApplication:
		add("review", "Review of the LOA application due", p.DueAt)
		add("construction", "Scheduled Construction Time", p.ScheduledAt)
	case lifecycle.ApprovedLOA:
		add("construction", "Scheduled Construction Time", p.ScheduledAt)
		add("letter", "LOA valid until", p.LOAExpires)
	case lifecycle.WaitingForCabling:
		add("cabling", "Cabling due", p.DueAt)
	case lifecycle.Enabled:
		add("paid", "Resource fee paid until", p.PaidThrough)
	case lifecycle.Terminating:
		add("removal", "Removal of the cable due", p.DueAt)
	}
	return out
}

// Activity is the history as a timeline, newest first.
func (p Progress) Activity() []ui.Event {
	out := make([]ui.Event, 0, len(p.History))
	for _, e := range p.History {
		when := ui.FormatShortStamp(e.At, p.Zone)
		if p.zoned(e.At).Year() != p.zoned(p.Now).Year() {
			when = p.zoned(e.At).Format("2 Jan 2006, 15:04")
		}
		out = append(out, ui.Event{Text: AuditWords(string(e.Action)), Detail: eventDetail(e), Tone: eventTone(e.Action), When: when, Actor: e.Who, At: e.At})
	}
	return out
}

func eventDetail(e Happened) string {
	reason := e.Reason
	if reason != "" {
		switch e.Action {
		case lifecycle.ConfirmRemoval, lifecycle.CompleteTermination:
			reason = "Note: " + reason
		default:
			reason = "Reason: " + reason
		}
	}
	switch {
	case e.Detail == "":
		return reason
	case reason == "":
		return e.Detail
	}
	return fullStop(e.Detail) + " " + reason
}

func eventTone(a lifecycle.Action) string {
	switch a {
	case lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling, lifecycle.PayResourceFee, lifecycle.Renew, lifecycle.RenewLOA:
		return ui.ToneOK
	case lifecycle.Reject, lifecycle.ReturnReport, lifecycle.ExpireLOA, lifecycle.RevokeLOA, lifecycle.Free:
		return ui.ToneBad
	case lifecycle.MovePort, lifecycle.ReissueLOA, lifecycle.Terminate:
		return ui.ToneInfo
	case "redundancy_changed", "redundancy_lost", "auto_renew_failed", "card_refund":
		return ui.ToneWarn
	}
	return ui.ToneIdle
}

// byWhom is ", by Lin Wei", or nothing.
func byWhom(who string) string {
	if who == "" {
		return ""
	}
	return ", by " + who
}

// fullStop ends s with one full stop.
func fullStop(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "。") {
		return s
	}
	return s + "."
}
