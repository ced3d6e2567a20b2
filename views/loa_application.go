package views

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

// Values of the field visit of Apply for LOA: who does the work at the site.
const (
	VisitEngineers   = "engineers"
	VisitRemoteHands = "remote_hands"
)

// remoteHandsWords is the second choice, in the words of the form and of the
// application as sent.
const remoteHandsWords = "Nobody visits: the facility's own remote hands do the work"

// Engineer is a field engineer in a form or an application. IDNumber is only
// what was typed in this very form; IDLast4 is what an application shows.
type Engineer struct {
	Name, Gender, IDType, IDNumber, IDLast4, Contact string
}

// KnownEngineer is somebody whom the account named in an earlier application,
// to be named again. Value says who in the form.
type KnownEngineer struct{ Value, Name, Contact string }

// Visitors says which facts about a visitor a site asks for, beyond name and
// contact.
type Visitors struct{ Gender, IDType, IDNumber bool }

// words lists what is asked, in the order of the form: "gender, ID type and ID number".
func (v Visitors) words() string {
	var w []string
	if v.Gender {
		w = append(w, "gender")
	}
	if v.IDType {
		w = append(w, "ID type")
	}
	if v.IDNumber {
		w = append(w, "ID number")
	}
	if len(w) < 2 {
		return strings.Join(w, "")
	}
	return strings.Join(w[:len(w)-1], ", ") + " and " + w[len(w)-1]
}

// note says what is asked at this site, and what becomes of it.
func (v Visitors) note(site string) string {
	switch {
	case v == Visitors{}:
		return site + " asks for name and contact information only."
	case v.IDNumber:
		return site + " asks for the " + v.words() + " of each visitor. ID numbers are stored encrypted, are not printed in the letter, and are erased 30 days after construction."
	}
	return site + " asks for the " + v.words() + " of each visitor."
}

// Reason is why a reviewer sent a field back.
type Reason struct {
	Field, Text string
	Named       string // Text with the name of the field, for where it stands alone
}

// LOAApplicationForm is Apply for LOA: everything as typed.
type LOAApplicationForm struct {
	Interface Interface
	Key       string

	CompanyName, ConstructionCompany string
	ConstructionType, OtherType      string
	ScheduledAt                      string // wall clock of the site, as a datetime-local field sends it
	Location, Bandwidth              string
	Visit                            string // VisitEngineers or VisitRemoteHands
	MaySubDelegate                   bool   // the construction company may pass the work on, once
	Engineers                        []Engineer

	Known            []KnownEngineer // of earlier applications
	Ticked           []string        // values of Known that were chosen and not taken over
	Types            []string        // Construction Type
	MaxEngineers     int
	Asks             Visitors
	Earliest, Latest time.Time
	// Again says that the form began with an earlier application, whose ID
	// numbers are not in it.
	Again bool
	// Reasons why the last version cannot be sent as it was: the reviewer's, and
	// what time has made of it. Their field is still as it was.
	Reasons []Reason
	Errors  map[string]string
	// Conflict is why the form was refused although it is correct.
	Conflict string
	// Focus is the id of the control to go on with after a row came or went.
	Focus string
}

// AddEngineerID is the id of the button Add Field Engineer, which a message
// about the list as a whole leads to.
const AddEngineerID = "engineers"

// KnownID is the id of the first box of the people of earlier letters.
const KnownID = "known"

// EngineerID is the id of a field of engineer n, from 0, and its name.
func EngineerID(n int, part string) string { return "engineer-" + strconv.Itoa(n) + "-" + part }

// engineerWords is what engineer n, from 0, is called in a message.
func engineerWords(n int) string { return "Field engineer " + strconv.Itoa(n+1) }

func (f LOAApplicationForm) order() []string {
	ids := []string{"company_name", "construction_company", "construction_type", "other_type", "scheduled_at", "location", "bandwidth", "visit"}
	for n := range f.Engineers {
		for _, part := range []string{"name", "gender", "id_type", "id_number", "contact"} {
			ids = append(ids, EngineerID(n, part))
		}
	}
	return append(ids, AddEngineerID, KnownID)
}

// known are the people of earlier letters who are not in the form yet.
func (f LOAApplicationForm) known() []KnownEngineer {
	return slices.DeleteFunc(slices.Clone(f.Known), func(k KnownEngineer) bool {
		return slices.ContainsFunc(f.Engineers, func(e Engineer) bool { return e.Name == k.Name && e.Contact == k.Contact })
	})
}

// knownHint says what is taken over, and what has to be typed again.
func (f LOAApplicationForm) knownHint() string {
	if words := f.Asks.words(); words != "" {
		return "Name and contact information are filled in. Add the " + words + " yourself."
	}
	return "Name and contact information are filled in."
}

func (f LOAApplicationForm) useButton() ui.Button {
	return ui.Button{Label: "Add selected people", Name: "do", Value: "use", Attrs: rowAttrs(paths.LOAApplication(f.Interface.ID), "engineer-list", "use", false)}
}

func (f LOAApplicationForm) summary() []ui.FieldError { return ui.ErrorList(f.Errors, f.order()...) }

// error is what stands beside a field: what is wrong with it now, or else why
// it was sent back.
func (f LOAApplicationForm) error(field string) string {
	if msg := f.Errors[field]; msg != "" {
		return msg
	}
	for _, r := range f.Reasons {
		if r.Field == field {
			return r.Text
		}
	}
	return ""
}

// toCorrect is the list of reasons above the form. A field that is wrong in
// another way now is in the error summary already.
func (f LOAApplicationForm) toCorrect() []ui.FieldError {
	var out []ui.FieldError
	for _, r := range f.Reasons {
		if f.Errors[r.Field] != "" {
			continue
		}
		id := r.Field
		switch {
		case id == "other":
			id = ""
		case id == AddEngineerID && len(f.Engineers) > 0:
			id = EngineerID(0, "name")
		}
		out = append(out, ui.FieldError{ID: id, Text: r.Named})
	}
	return out
}

// blocked says why the form cannot be sent in the present state, "" when it can.
func (f LOAApplicationForm) blocked() string { return notNow(f.Interface, lifecycle.ApplyForLOA) }

// notNow says why the customer cannot do something now, "" when they can.
func notNow(i Interface, a lifecycle.Action) string {
	if i.Can(a) {
		return ""
	}
	return "Not possible in the " + i.Stage.Label() + " state"
}

// zone names the zone of the site: "Asia/Shanghai (UTC+08:00)".
func (f LOAApplicationForm) zone() string {
	z := f.Interface.Zone
	if z == nil {
		z = time.UTC
	}
	return z.String() + " (" + ui.FormatOffset(f.Earliest, z) + ")"
}

func (f LOAApplicationForm) scheduleHint() string {
	return "When the field engineers come to the data center. Time zone of the access point: " + f.zone() + ". Earliest: " + ui.FormatStamp(f.Earliest, f.Interface.Zone) + "."
}

// schedule narrows the browser's picker; the server decides.
func (f LOAApplicationForm) schedule() templ.Attributes {
	const layout = "2006-01-02T15:04"
	z := f.Interface.Zone
	if z == nil {
		z = time.UTC
	}
	return templ.Attributes{"min": f.Earliest.In(z).Format(layout), "max": f.Latest.In(z).Format(layout)}
}

func (f LOAApplicationForm) typeOptions() []ui.Option {
	out := make([]ui.Option, len(f.Types))
	for i, t := range f.Types {
		out[i] = ui.Option{Value: t, Label: t}
	}
	return out
}

func visitOptions() []ui.Option {
	return []ui.Option{{Value: VisitEngineers, Label: "Field engineers visit the data center"}, {Value: VisitRemoteHands, Label: remoteHandsWords}}
}

func genderOptions() []ui.Option {
	return []ui.Option{{Label: "Select"}, {Value: "female", Label: "Female"}, {Value: "male", Label: "Male"}, {Value: "other", Label: "Other"}}
}

func idTypeOptions() []ui.Option {
	return []ui.Option{{Label: "Select"}, {Value: "id_card", Label: "ID card"}, {Value: "passport", Label: "Passport"}, {Value: "other", Label: "Other"}}
}

// optionLabel is the label of the value among options, "" when it is none.
func optionLabel(options []ui.Option, value string) string {
	for _, o := range options {
		if o.Value == value && value != "" {
			return o.Label
		}
	}
	return ""
}

func (f LOAApplicationForm) count() string {
	return strconv.Itoa(len(f.Engineers)) + " of " + strconv.Itoa(f.MaxEngineers)
}

func (f LOAApplicationForm) announcement() string {
	if f.Focus == "" {
		return ""
	}
	return f.count() + " field engineers"
}

func (f LOAApplicationForm) addButton() ui.Button {
	b := ui.Button{Label: "Add Field Engineer", Icon: "plus", ID: AddEngineerID, Name: "do", Value: "add",
		Attrs: rowAttrs(paths.LOAApplication(f.Interface.ID), "engineer-list", "add", f.Focus == AddEngineerID)}
	if len(f.Engineers) >= f.MaxEngineers {
		b.Reason = "At most " + strconv.Itoa(f.MaxEngineers) + " field engineers"
		b.Attrs = nil
	}
	return b
}

// rowAttrs lets a button that adds or removes a row swap the list alone when
// the script runs; without it the button posts the whole form.
func rowAttrs(post, list, do string, focus bool) templ.Attributes {
	return templ.Attributes{"hx-post": post, "hx-vals": `{"do":"` + do + `"}`, "hx-target": "#" + list, "hx-select": "#" + list, "hx-swap": "outerHTML", "autofocus": focus}
}

func remove(n int) string { return "remove-" + strconv.Itoa(n) }

// LOAVersion is one version of an application and what became of it.
type LOAVersion struct {
	Version     int
	SubmittedAt time.Time
	SubmittedBy string
	Status      string // open, withdrawn, rejected, approved, canceled
	DecidedAt   time.Time
	Reasons     []string
}

func (v LOAVersion) outcome() string {
	switch v.Status {
	case "open":
		return "Under review"
	case "withdrawn":
		return "Withdrawn"
	case "rejected":
		return "Rejected"
	case "approved":
		return "Approved"
	}
	return "Closed with the interface"
}

func (v LOAVersion) tone() string {
	switch v.Status {
	case "open":
		return ui.ToneInfo
	case "rejected":
		return ui.ToneBad
	case "approved":
		return ui.ToneOK
	}
	return ui.ToneIdle
}

func (v LOAVersion) shape() string {
	switch v.Status {
	case "open":
		return ui.ShapeHalf
	case "rejected", "approved":
		return ui.ShapeDot
	}
	return ui.ShapeDash
}

// LOAApplication is an application as it was sent, for reading.
type LOAApplication struct {
	Interface                             Interface
	Version                               int
	CompanyName, ConstructionCompany      string
	ConstructionType, Location, Bandwidth string
	ScheduledAt                           time.Time
	RemoteHands                           bool
	MaySubDelegate                        bool
	Engineers                             []Engineer
	Versions                              []LOAVersion // newest first
}

func (a LOAApplication) facts() []ui.Pair {
	return []ui.Pair{
		{Term: "Company Name", Value: a.CompanyName},
		{Term: "Construction Company", Value: a.ConstructionCompany},
		{Term: "Sub-delegation", Value: subDelegation(a.MaySubDelegate)},
		{Term: "Construction Type", Value: a.ConstructionType},
		{Term: "Scheduled Construction Time", Content: ui.Stamp(a.ScheduledAt, a.Interface.Zone)},
		{Term: "Location", Value: a.Location},
		{Term: "Bandwidth", Value: a.Bandwidth},
	}
}

// subDelegation says whether the construction company may pass the work on.
func subDelegation(may bool) string {
	return strings.TrimSuffix(letter.Snapshot{MaySubDelegate: may}.SubDelegation(), ".")
}

// asked says which facts the application holds, which is what the site asked
// for when it was sent.
func (a LOAApplication) asked() Visitors {
	var v Visitors
	for _, e := range a.Engineers {
		v.Gender = v.Gender || e.Gender != ""
		v.IDType = v.IDType || e.IDType != ""
	}
	v.IDNumber = v.IDType
	return v
}

func (a LOAApplication) columns() []ui.Column {
	asked := a.asked()
	out := []ui.Column{{Label: "Name"}}
	if asked.Gender {
		out = append(out, ui.Column{Label: "Gender"})
	}
	if asked.IDType {
		out = append(out, ui.Column{Label: "ID Type"}, ui.Column{Label: "ID Number"})
	}
	return append(out, ui.Column{Label: "Contact Information"})
}

func (a LOAApplication) hasReasons() bool {
	return slices.ContainsFunc(a.Versions, func(v LOAVersion) bool { return len(v.Reasons) > 0 })
}

func (a LOAApplication) versionColumns() []ui.Column {
	out := []ui.Column{{Label: "Version"}, {Label: "Sent"}, {Label: "Outcome"}}
	if a.hasReasons() {
		out = append(out, ui.Column{Label: "Reasons"})
	}
	return out
}

func (a LOAApplication) engineersTitle() string {
	return "Field engineers (" + strconv.Itoa(len(a.Engineers)) + ")"
}

func (a LOAApplication) canWithdraw() bool {
	return a.Interface.Can(lifecycle.WithdrawApplication)
}

func (a LOAApplication) canApply() bool {
	return a.Interface.Can(lifecycle.ApplyForLOA)
}

// idHint reminds the customer which number it was.
func (e Engineer) idHint() string {
	if e.IDLast4 == "" {
		return ""
	}
	return "Ended in " + e.IDLast4 + " in the last application."
}

func correctTitle(n int) string {
	if n == 1 {
		return "Correct 1 item"
	}
	return "Correct " + strconv.Itoa(n) + " items"
}

// formFields are the hidden fields of a form about an interface.
func formFields(key string, rev int) []ui.Hidden {
	return []ui.Hidden{{Name: "key", Value: key}, {Name: "rev", Value: strconv.Itoa(rev)}}
}

// interfaceLine is the line under the title of a form about an interface:
// "hz-dc1-primary · Hangzhou-Yuhang-A · China Telecom · 10G".
func interfaceLine(i Interface) string {
	return strings.Join([]string{i.Title(), i.AccessPoint, i.SP, i.Spec}, " · ")
}

// LOAWithdrawal confirms that an application is taken back.
type LOAWithdrawal struct {
	Interface Interface
	Key       string
	Conflict  string
}

func (w LOAWithdrawal) blocked() string { return notNow(w.Interface, lifecycle.WithdrawApplication) }

// NotNow is a page about something that is not there in the present state of
// an interface: what to do instead, and the way to it.
type NotNow struct {
	Interface      Interface
	Title, Text    string
	LinkText, Href string
}
