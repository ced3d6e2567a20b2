package views

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

// The views of the list of LOA applications.
const (
	LOAsOpen     = ""
	LOAsApproved = "approved"
	LOAsRejected = "rejected"
)

// The ages of an application in the filter of the list. An application is late
// when its review is not done in the working days that it may take.
const (
	ReviewLate    = "late"
	ReviewSoon    = "soon"    // due within 24 hours
	ReviewLater   = "later"   // due after that
	ReviewUndated = "undated" // without a due time: the year has no table of working days
)

// ReviewAges are the options of the filter by age.
func ReviewAges() []ui.Option {
	out := []ui.Option{{Label: "Any age"}}
	for _, age := range []string{ReviewLate, ReviewSoon, ReviewLater, ReviewUndated} {
		out = append(out, ui.Option{Value: age, Label: ReviewAgeWords(age)})
	}
	return out
}

// ReviewAgeWords is an age of the filter in words, "" for what is none.
func ReviewAgeWords(age string) string {
	switch age {
	case ReviewLate:
		return "Late"
	case ReviewSoon:
		return "Due within 24 hours"
	case ReviewLater:
		return "Due later"
	case ReviewUndated:
		return "No due time"
	}
	return ""
}

// ReviewQueue is the filter of the list as the address says it. The pages of
// applications carry it, so that the next one is the next one of the list.
type ReviewQueue struct {
	Account string // as typed: an ID, or the beginning of a name
	Region  string
	Age     string // one of the constants above, or ""
}

// On is the address path with the filter.
func (q ReviewQueue) On(path string) string {
	return paths.With(path, "account", q.Account, "region", q.Region, "age", q.Age)
}

// LOARow is one line of the list of LOA applications.
type LOARow struct {
	Interface Interface
	Href      string // of the application
	Soon      string // "Tomorrow": the scheduled time is at most three days away
	Waiting   Waiting
	Checks    []ui.Check // as on the page of the application; only while it is open
	DecidedAt time.Time  // zero while it is open
	DecidedBy string
}

// later says that the interface came back into its state after the decision,
// with a delivery report that was returned or a letter that was renewed; "" when
// it did not.
func (r LOARow) later() string {
	if r.Interface.StageSince.Equal(r.DecidedAt) {
		return ""
	}
	return r.Interface.Look().Label + " again since " + ui.FormatDay(r.Interface.StageSince, r.Interface.Zone)
}

// passed is "5/6" for people who see it, and passedWords the same for a voice.
func (r LOARow) passed() string {
	return strconv.Itoa(len(r.Checks)-toLookAt(r.Checks)) + "/" + strconv.Itoa(len(r.Checks))
}

func (r LOARow) passedWords() string {
	return strconv.Itoa(len(r.Checks)-toLookAt(r.Checks)) + " of " + countOf(len(r.Checks), "check", "checks") + " passed"
}

// LOAList is the list of LOA applications.
type LOAList struct {
	View        string // one of LOAsOpen …
	Tabs        []ui.ViewTab
	Account     ui.Control
	Region, Age ui.Control // Age has options only while applications are open
	Tokens      []ui.Token
	Clear       string
	// Problem says why the filter cannot be used; nothing is listed then.
	Problem *FilterProblem
	Rows    []LOARow
	Count   string // "12 applications", said aloud when the list changes
	Pages   ui.Pages
}

// ApplicationsCount is "12 applications" or "1 application".
func ApplicationsCount(n string, one bool) string {
	if one {
		return n + " application"
	}
	return n + " applications"
}

func (l LOAList) caption() string {
	switch l.View {
	case LOAsApproved:
		return "Approved applications, the last one first"
	case LOAsRejected:
		return "Rejected applications, the last one first"
	}
	return "Open applications, the earliest due time first"
}

// columns are those of the view. Only an approved application has a letter with
// a number, and only an open one has checks.
func (l LOAList) columns() []ui.Column {
	out := []ui.Column{{Label: "Interface ID / Name"}, {Label: "Account"}, {Label: "Access Point"}, {Label: "Port Specification"},
		{Label: "Scheduled Construction Time"}}
	switch l.View {
	case LOAsApproved:
		out = append([]ui.Column{{Label: "LOA number"}}, append(out, ui.Column{Label: "Approved"})...)
	case LOAsRejected:
		out = append(out, ui.Column{Label: "Rejected"})
	default:
		out = append(out, ui.Column{Label: "Age / due"}, ui.Column{Label: "Checks"})
	}
	return append(out, ui.Column{Label: "Actions", Class: "col-acts"})
}

// decided is the label of the column that says when it was decided.
func (l LOAList) decided() string {
	if l.View == LOAsApproved {
		return "Approved"
	}
	return "Rejected"
}

func (l LOAList) action() string {
	if l.View == LOAsOpen {
		return "Review"
	}
	return "View"
}

func (l LOAList) empty() string {
	switch l.View {
	case LOAsApproved:
		return "No interface is in the Approved LOA state."
	case LOAsRejected:
		return "No interface is in the LOA Rejected state."
	}
	return "Nothing is waiting."
}

// Review is the page on which a reviewer decides about an application.
type Review struct {
	Interface   Interface
	Tickets     []Ticket // the open ones about it
	Notes       NoteLine
	Sub         string // "Sent …. Waiting for 2 days."
	Open        bool   // the application waits for a decision
	Queue       ReviewQueue
	Prev, Next  string // pages of the neighbours in the queue, "" at its ends
	Checks      []ui.Check
	Blocked     string // why the letter cannot be issued at all; "" when it can
	Application *ReviewApplication
	Engineers   []ReviewEngineer
	RemoteHands bool
	History     []PastApplication
	Events      []ui.Event
	Map         PortMap
	MapHint     string
	CanMove     bool // no letter is issued: another port may be given
	Letter      *ReviewLetter
	CanRevoke   bool
	Form        ReviewForm
	// Conflict is the sentence of a decision that came too late.
	Conflict string
}

// ReviewApplication is an application as sent, in words.
type ReviewApplication struct {
	CompanyName, ConstructionCompany, ConstructionType string
	ScheduledAt                                        time.Time
	Zone                                               *time.Location
	Location, Bandwidth                                string
	MaySubDelegate                                     bool
}

// ReviewEngineer is a field engineer. Masked is the ID number but for its last
// four characters; Reveal is where the whole number is asked for, "" when none
// is kept.
type ReviewEngineer struct {
	Name, Gender, IDType, Masked, Contact, Reveal string
	Kept                                          bool // the number is there, whoever may read it
}

// PastApplication is an earlier version of the application.
type PastApplication struct {
	Version           int
	State, Tone       string
	Sent, Decided     string
	Reasons           []ui.Pair // field in words -> reason
	Company, Decision string
}

// ReviewLetter is the newest letter of the interface.
type ReviewLetter struct {
	Title, State, Tone         string
	Issued, Expires            string
	Port, Demarcation, Company string
	SHA256, PDF                string
	Page                       string // the letter with its versions
}

// ReviewForm is the decision as sent.
type ReviewForm struct {
	Port, Note, Reason string
	ValidFrom          string // a day, "2006-01-02"
	Looked             bool
	Key                string
	Errors             map[string]string
}

func (r Review) hidden() []ui.Hidden {
	return []ui.Hidden{{Name: "key", Value: r.Form.Key}, {Name: "rev", Value: strconv.Itoa(r.Interface.Rev)}}
}

// pastTitle is the heading over the applications that were decided.
func (r Review) pastTitle() string {
	if r.Open {
		return "Earlier applications"
	}
	return "Applications"
}

func (r Review) title() string {
	if r.Open {
		return "Review LOA application"
	}
	return "LOA application"
}

// toLookAt counts the checks that did not pass.
func (r Review) toLookAt() int { return toLookAt(r.Checks) }

func toLookAt(checks []ui.Check) int {
	n := 0
	for _, c := range checks {
		if c.Tone == ui.ToneWarn || c.Tone == ui.ToneBad {
			n++
		}
	}
	return n
}

func (r Review) warned() bool { return r.toLookAt() > 0 }

func (r Review) summary() []ui.FieldError {
	return ui.ErrorList(r.Form.Errors, "checks", "line", "engineers", "port", "reason", "note", "looked")
}

func (r Review) pairs() []ui.Pair {
	a := r.Application
	return []ui.Pair{
		{Term: "Company Name", Value: a.CompanyName},
		{Term: "Construction Company", Value: a.ConstructionCompany},
		{Term: "Sub-delegation", Value: subDelegation(a.MaySubDelegate)},
		{Term: "Construction Type", Value: a.ConstructionType},
		{Term: "Scheduled Construction Time", Content: ui.Stamp(a.ScheduledAt, a.Zone)},
		{Term: "Location", Value: a.Location},
		{Term: "Bandwidth", Value: a.Bandwidth},
		{Term: "SP", Value: r.Interface.SP},
		{Term: "Port Type", Value: r.Interface.PortTypeLabel + " (" + r.Interface.PortType + ")"},
	}
}

func (r Review) withGender() bool {
	for _, e := range r.Engineers {
		if e.Gender != "" {
			return true
		}
	}
	return false
}

func (r Review) withIDs() bool {
	for _, e := range r.Engineers {
		if e.IDType != "" || e.Masked != "" {
			return true
		}
	}
	return false
}

func (l ReviewLetter) pairs() []ui.Pair {
	return []ui.Pair{
		{Term: "Number", Value: l.Title, Mono: true},
		{Term: "State", Content: ui.Status(l.State, l.Tone, ui.ShapeDot, false)},
		{Term: "Issued", Value: l.Issued},
		{Term: "Expires", Value: l.Expires},
		{Term: "Company Name", Value: l.Company},
		{Term: "Device and port", Value: l.Port, Mono: true},
		{Term: "Demarcation", Value: l.Demarcation},
		{Term: "SHA-256 of the PDF", Value: l.SHA256, Mono: true},
	}
}

// lookedControl is the tick without which nobody approves over a warning.
func (r Review) lookedControl() ui.Control {
	label := "I looked at the warning"
	if r.toLookAt() > 1 {
		label = "I looked at the " + strconv.Itoa(r.toLookAt()) + " warnings"
	}
	return ui.Control{Name: "looked", Label: label, Checked: r.Form.Looked, Error: r.Form.Errors["looked"]}
}

// RejectReason is one thing that a rejection can be about.
type RejectReason struct {
	Field, Label, Applied string // Applied is what the application says
	Ticked                bool
	Text                  string
}

func (r RejectReason) textControl(errors map[string]string) ui.Control {
	return ui.Control{Name: "reason-" + r.Field, Label: "Reason for " + r.Label, HideLabel: true, Value: r.Text, Rows: 2, MaxLength: 500,
		Placeholder: "What has to be corrected", Error: errors["reason-"+r.Field]}
}

// Rejection is the form that sends an application back.
type Rejection struct {
	Interface Interface
	Queue     ReviewQueue
	Operator  string
	Reasons   []RejectReason
	Key       string
	Errors    map[string]string
	Conflict  string
	// Possible is false when there is nothing to reject any more.
	Possible bool
}

func (r Rejection) hidden() []ui.Hidden {
	return []ui.Hidden{{Name: "key", Value: r.Key}, {Name: "rev", Value: strconv.Itoa(r.Interface.Rev)}}
}

func (r Rejection) frame() ui.Frame {
	return ui.Frame{Title: "Reject the application of " + r.Interface.Title(), CloseHref: r.Queue.On(paths.AdminLOA(r.Interface.ID)), Drawer: true}
}

func (r Rejection) summary() []ui.FieldError {
	order := []string{"reasons"}
	for _, one := range r.Reasons {
		order = append(order, "reason-"+one.Field)
	}
	return ui.ErrorList(r.Errors, order...)
}

// Revocation is the form that makes a letter void.
type Revocation struct {
	Interface Interface
	Letter    string
	Reason    string
	Confirm   string
	Key       string
	Errors    map[string]string
	Conflict  string
	Possible  bool
}

func (r Revocation) hidden() []ui.Hidden {
	return []ui.Hidden{{Name: "key", Value: r.Key}, {Name: "rev", Value: strconv.Itoa(r.Interface.Rev)}}
}

func (r Revocation) frame() ui.Frame {
	return ui.Frame{Title: "Revoke the LOA of " + r.Interface.Title(), CloseHref: paths.AdminLOA(r.Interface.ID)}
}

// IDNumber is the question for a reason, and then the number of one field
// engineer, shown once.
type IDNumber struct {
	InterfaceID, Engineer, N string
	Version                  int
	Reason                   string
	Number                   string // once it is shown
	Errors                   map[string]string
}

func (n IDNumber) frame() ui.Frame {
	return ui.Frame{Title: "ID number of " + n.Engineer, CloseHref: paths.AdminLOA(n.InterfaceID)}
}

// EventTone is the tone of an event of an interface.
func EventTone(action string) string {
	switch lifecycle.Action(action) {
	case lifecycle.Reject, lifecycle.ReturnReport, lifecycle.RevokeLOA, lifecycle.ExpireLOA:
		return ui.ToneBad
	case lifecycle.Approve, lifecycle.RenewLOA, lifecycle.CompleteCabling, lifecycle.PayResourceFee, lifecycle.PayInstallationFee:
		return ui.ToneOK
	case lifecycle.Cancel, lifecycle.CloseUnpaidOrder, lifecycle.CompleteTermination, lifecycle.ConfirmRemoval, lifecycle.Terminate:
		return ui.ToneIdle
	}
	return ui.ToneInfo
}

// openInLayer opens a link over the page; without the script it is a link.
func openInLayer(href string) templ.Attributes {
	return templ.Attributes{"hx-get": href, "hx-target": "#layer", "hx-swap": "innerHTML"}
}
