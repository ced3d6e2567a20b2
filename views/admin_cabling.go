package views

import (
	"strconv"
	"strings"
	"time"

	"demarc/views/ui"
	"demarc/web/paths"
)

// CablingRow is one line of the list of cabling jobs.
type CablingRow struct {
	Interface Interface
	Place     CablePlace
	Labels    []string
	Waiting   Waiting
}

// CablingList is the list of cabling jobs.
type CablingList struct {
	Rows  []CablingRow
	Pages ui.Pages
}

func (l CablingList) columns() []ui.Column {
	return []ui.Column{{Label: "Due"}, {Label: "Interface ID / Name"}, {Label: "Access Point"}, {Label: "Cabinet"}, {Label: "Port"}, {Label: "Labels"},
		{Label: "Report received"}, {Label: "Actions", Class: "col-acts"}}
}

// CablePlace is both ends of the cable between the demarcation and the port.
type CablePlace struct {
	Room, Cabinet, Panel, Position, Connector string // the demarcation
	Device, DeviceWhere, Port, PortType       string // the CSW port
	Optic                                     string // "" for copper
}

// Demarcation is the panel position in one line.
func (p CablePlace) Demarcation() string {
	return p.Room + ", cabinet " + p.Cabinet + ", " + p.Panel + ", position " + p.Position
}

// PortLine is the port in one line.
func (p CablePlace) PortLine() string { return p.Port + " of " + p.Device }

// hardware is the port type and, for a fibre, the module.
func (p CablePlace) hardware() string {
	if p.Optic == "" {
		return p.PortType
	}
	return p.PortType + ", " + p.Optic
}

// suffix goes on after the ID in the second line of a page's head: the name,
// if there is one, and the account.
func (i *Interface) suffix() string {
	if i.Name == "" {
		return ", account " + i.Account
	}
	return " (" + i.Name + "), account " + i.Account
}

// CablingJob is the page of one cabling job, made for a phone.
type CablingJob struct {
	Ended     bool // the interface and its port parted: nothing else is known
	Interface Interface
	Tickets   []Ticket // the open ones about it
	Notes     NoteLine
	Place     CablePlace
	Facility  string // name and address
	LineCode  string
	Labels    []string
	Contact   string // of the line operator, when the customer gave one
	Waiting   Waiting
	Optical   bool
	Open      bool // the job waits to be done
	ReadOnly  bool // the reader's role connects no cables
	Form      CablingForm
	Done      *CablingRecord
	Conflict  string
}

// CablingForm is what a technician enters.
type CablingForm struct {
	LabelFound, Light        string
	Found, Connected, LinkUp bool
	Key                      string
	Errors                   map[string]string
}

// CablingRecord is what was found and done.
type CablingRecord struct {
	At         time.Time
	By         string
	LabelFound string
	Light      string // "-7.2 dBm", "" when not measured
	Port       string
}

func (j CablingJob) hidden() []ui.Hidden {
	return []ui.Hidden{{Name: "key", Value: j.Form.Key}, {Name: "rev", Value: strconv.Itoa(j.Interface.Rev)}}
}

func (j CablingJob) labels() string { return strings.Join(j.Labels, ", ") }

func (j CablingJob) summary() []ui.FieldError {
	return ui.ErrorList(j.Form.Errors, "found", "label_found", "connected", "light", "link_up")
}

func (j CablingJob) step(name, label string, ticked bool) ui.Control {
	return ui.Control{Name: name, Label: label, Checked: ticked, Error: j.Form.Errors[name]}
}

func (j CablingJob) foundLabel() string {
	if len(j.Labels) > 1 {
		return "The cables are found by their labels"
	}
	return "The cable is found by its label"
}

func (j CablingJob) connectedLabel() string {
	return "Connected to " + j.Place.Port + " of " + j.Place.Device
}

// ReportProblem is the form that sends a delivery report back.
type ReportProblem struct {
	Interface    Interface
	Kinds        []ui.Option
	Kind, Reason string
	Key          string
	Errors       map[string]string
	Conflict     string
	Possible     bool
}

func (r ReportProblem) hidden() []ui.Hidden {
	return []ui.Hidden{{Name: "key", Value: r.Key}, {Name: "rev", Value: strconv.Itoa(r.Interface.Rev)}}
}

func (r ReportProblem) frame() ui.Frame {
	return ui.Frame{Title: "Report a problem with " + r.Interface.Title(), CloseHref: paths.AdminCablingJob(r.Interface.ID), Drawer: true}
}

// RemovalRow is one cable to remove.
type RemovalRow struct {
	Interface Interface
	Place     CablePlace
	Waiting   Waiting
}

// RemovalList is the list of cables to remove.
type RemovalList struct {
	Rows       []RemovalRow
	Pages      ui.Pages
	Checks     []PortCheckRow
	MoreChecks string // when not all are shown
}

// PortCheckRow is a port that somebody has to look at.
type PortCheckRow struct {
	ID, AccessPoint string
	Place           CablePlace
	Letter, LeftBy  string
	Waiting         Waiting
}

func (l RemovalList) nothing() string {
	if len(l.Checks) > 0 {
		return "No cable is waiting."
	}
	return "Nothing is waiting."
}

func portCheckColumns() []ui.Column {
	return []ui.Column{{Label: "Due"}, {Label: "Port"}, {Label: "Access Point"}, {Label: "Cabinet"}, {Label: "Letter"}, {Label: "Left by"}, {Label: "Actions", Class: "col-acts"}}
}

// PortCheck is the page of a port that somebody has to look at.
type PortCheck struct {
	ID       string
	Open     bool // it still waits
	ReadOnly bool
	Place    CablePlace
	Facts    []ui.Pair
	Waiting  Waiting
	Empty    bool
	Note     string
	Key      string
	Rev      int
	Errors   map[string]string
	Conflict string
}

func (l RemovalList) columns() []ui.Column {
	return []ui.Column{{Label: "Due"}, {Label: "Interface ID / Name"}, {Label: "Access Point"}, {Label: "Cabinet"}, {Label: "Port"},
		{Label: "Account"}, {Label: "Actions", Class: "col-acts"}}
}

// Removal is the page of one cable to remove.
type Removal struct {
	Interface Interface
	Notes     NoteLine
	Place     CablePlace
	HasPort   bool
	Facility  string
	Labels    []string
	LineCode  string
	Why       string // "Canceled by the customer", …
	ReadOnly  bool   // the reader's role removes no cables
	Waiting   Waiting
	Open      bool
	Removed   bool
	Note      string
	Key       string
	Errors    map[string]string
	Conflict  string
}

func (r Removal) hidden() []ui.Hidden {
	return []ui.Hidden{{Name: "key", Value: r.Key}, {Name: "rev", Value: strconv.Itoa(r.Interface.Rev)}}
}

func (r Removal) labels() string { return strings.Join(r.Labels, ", ") }

func (j CablingJob) pairs() []ui.Pair {
	due := ui.Pair{Term: "Due", Content: DueCell(j.Waiting)}
	pairs := []ui.Pair{
		{Term: "Facility", Value: j.Facility},
		{Term: "Access Point", Value: j.Interface.AccessPoint},
		{Term: "SP", Value: j.Interface.SP},
		{Term: "Contact for the line", Value: j.Contact},
		{Term: "Report received", Content: ui.Stamp(j.Waiting.Since, j.Interface.Zone)},
	}
	if j.Open {
		return append([]ui.Pair{due}, pairs...)
	}
	return pairs
}

func (d CablingRecord) pairs(i Interface) []ui.Pair {
	light := d.Light
	if light == "" {
		light = "Not measured"
	}
	return []ui.Pair{
		{Term: "Finished", Content: ui.Stamp(d.At, i.Zone)},
		{Term: "By", Value: d.By},
		{Term: "Port", Value: d.Port, Mono: true},
		{Term: "Label as found", Value: d.LabelFound, Mono: true},
		{Term: "Light level", Value: light},
	}
}

func (r Removal) pairs() []ui.Pair {
	return []ui.Pair{
		{Term: "Due", Content: DueCell(r.Waiting)},
		{Term: "Why", Value: r.Why},
		{Term: "Facility", Value: r.Facility},
		{Term: "Access Point", Value: r.Interface.AccessPoint},
	}
}
