package views

import (
	"strconv"
	"strings"

	"demarc/store/catalog"
	"demarc/views/ui"
	"demarc/web/paths"
)

// States of a port on a page, in the order in which they are told.
const (
	PortFree = iota
	PortAllocated
	PortInUse
	PortQuarantined
	PortOutOfService
	portStates
)

// portLook is how a state of a port is drawn: a letter, so that colour never
// stands alone, and its words.
type portLook struct{ letter, words, tone string }

var portLooks = [portStates]portLook{
	PortFree:         {"F", "Free", ui.ToneOK},
	PortAllocated:    {"A", "Allocated", ui.ToneInfo},
	PortInUse:        {"U", "In use", ui.ToneIdle},
	PortQuarantined:  {"Q", "Quarantined", ui.ToneWarn},
	PortOutOfService: {"X", "Out of service", ui.ToneBad},
}

// PortWords is a state of a port in words: "In use".
func PortWords(state int) string { return portLooks[state].words }

// PortTally is how many ports are in each state.
type PortTally [portStates]int

// Total is the number of ports, Used those that nobody else can have.
func (t PortTally) Total() int {
	n := 0
	for _, k := range t {
		n += k
	}
	return n
}

// Used is documented with Total.
func (t PortTally) Used() int { return t.Total() - t[PortFree] }

// Held is how many ports an interface holds.
func (t PortTally) Held() int { return t[PortAllocated] + t[PortInUse] + t[PortQuarantined] }

// segment is a part of a stacked bar, in percent of its width.
type segment struct{ x, width, class string }

func (t PortTally) segments() []segment {
	total, at := t.Total(), 0
	var out []segment
	for s, n := range t {
		if n == 0 || s == PortFree {
			continue
		}
		// Positions come from sums, so that rounding leaves no gap.
		x, end := at*1000/total, (at+n)*1000/total
		out = append(out, segment{strconv.Itoa(x), strconv.Itoa(end - x), "on " + "tone-" + portLooks[s].tone})
		at += n
	}
	return out
}

// StaffAccessPointRow is one access point of the staff's list.
type StaffAccessPointRow struct {
	ID, Name, Region string
	Status           catalog.Status
	Demo             bool
	SPs              []string
	Devices          int
	Ports            PortTally
	NoLetter         bool // facility name or address is missing: no letter can be issued
}

// StaffAccessPoints is the staff's list of access points.
type StaffAccessPoints struct {
	MayImport      bool // who changes the inventory: also adds access points and regions
	Rows           []StaffAccessPointRow
	Query          ui.Control
	Port           ui.Control // a port is looked for on a page of its own
	Region, Status ui.Control
	Tokens         []ui.Token
	Clear          string
	Count          string
	Ports          PortTally // of the rows
	RunsOut        []RunsOut // of the rows, the soonest first
}

// statusToneOf is the tone of an access point's status.
func statusToneOf(s catalog.Status) string {
	switch s {
	case catalog.StatusOpen, catalog.StatusRecommended:
		return ui.ToneOK
	case catalog.StatusHot:
		return ui.ToneWarn
	case catalog.StatusFull:
		return ui.ToneBad
	}
	return ui.ToneIdle
}

// StaffPort is a port on a front panel.
type StaffPort struct {
	ID                   string
	Number               int
	Name, Type           string
	Panel, Position      string // Position in the facility's words, where it has some
	Elsewhere            string // "3F-2, cabinet C-09", for a demarcation that is not in the device's cabinet
	Connector            string
	State                int    // a state constant above
	HolderID, HolderHref string // the interface that holds it; empty for none
}

func (p StaffPort) look() portLook { return portLooks[p.State] }

func (p StaffPort) class() string {
	switch p.State {
	case PortFree:
		return "port port--state tone-ok"
	case PortAllocated:
		return "port port--state tone-info"
	case PortQuarantined:
		return "port port--state tone-warn"
	case PortOutOfService:
		return "port port--state tone-bad"
	}
	return "port port--state tone-idle"
}

// words are what the drawing of a port says aloud.
func (p StaffPort) words() string {
	out := "Port " + strconv.Itoa(p.Number) + ", " + p.Name + ", " + p.Type + ", " + lower(p.look().words)
	if p.HolderID != "" {
		out += " by " + p.HolderID
	}
	return out
}

// StaffDevice is an access device with its front panel.
type StaffDevice struct {
	ID, Name, Room, Cabinet string
	Ports                   []StaffPort
	Tally                   PortTally
}

// addHref is the form that adds ports to the device.
func (d StaffDevice) addHref(accessPoint string) string {
	return paths.With(paths.AdminPorts(accessPoint), "device", d.ID)
}

func (d StaffDevice) where() string { return d.Room + ", cabinet " + d.Cabinet }

// TypeTally is how many ports of a type an access point has in each state.
type TypeTally struct {
	Type  string
	Ports PortTally
	Trend CapacityTrend
}

// OfferMatrix is which port types are offered to which line operator.
type OfferMatrix struct {
	SPs  []string
	Rows []OfferMatrixRow
}

// OfferMatrixRow is a port type; Offered has one entry for each operator.
type OfferMatrixRow struct {
	Type    string
	Offered []bool
}

// StaffAccessPoint is the page of one access point for staff.
type StaffAccessPoint struct {
	ID, Name       string
	LastChange     LastChange
	Status         catalog.Status
	Demo, NoLetter bool
	Facts          []ui.Pair
	Matrix         OfferMatrix
	Types          []TypeTally
	Ports          PortTally
	Devices        []StaffDevice
	Panels         []PanelRow
	MayEdit        bool
}

// statusEffect says what the status means for new and present interfaces.
func (a StaffAccessPoint) statusEffect() string {
	held := countOf(a.Ports.Held(), "interface", "interfaces")
	switch a.Status {
	case catalog.StatusFull:
		return "Shown as full: no new applications. " + held + " here go on."
	case catalog.StatusDisabled:
		return "Not shown to customers: no new applications. " + held + " here go on."
	case catalog.StatusHot:
		return "New applications are taken and told that ports run out. " + held + " here."
	}
	return "New applications are taken. " + held + " here."
}

// AccessPointForm changes an access point, or adds one.
type AccessPointForm struct {
	New                           bool
	ID                            string // of an existing one
	NewID, Region                 string // of a new one
	Regions                       []ui.Option
	Name, RunBy                   string
	FacilityName, Address, Status string
	LOADays, Notes                string
	Gender, IDType, IDNumber      bool
	Offers                        map[string]bool // by OfferValue
	Demo, WasDemo                 bool
	Effect, Operator, Reason      string
	Key                           string
	Rev                           int
	Errors                        map[string]string
	Conflict                      string
}

// OfferValue is what the box of a port type for an SP sends.
func OfferValue(sp catalog.SP, t catalog.PortType) string { return string(sp) + "/" + string(t) }

func (f AccessPointForm) action() string {
	if f.New {
		return paths.AdminNewSite
	}
	return paths.AdminAccessPointEdit(f.ID)
}

func (f AccessPointForm) back() string {
	if f.New {
		return paths.AdminAccessPoints
	}
	return paths.AdminAccessPoint(f.ID)
}

func (f AccessPointForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "region", "id", "name", "run_by", "facility_name", "address", "status", "loa_days", "visitor_id_number", "installer_notes", "reason")
}

func (f AccessPointForm) hidden() []ui.Hidden { return formFields(f.Key, f.Rev) }

func accessPointStatuses() []ui.Option {
	var out []ui.Option
	for _, s := range catalog.Statuses() {
		sub := "Shown to customers, takes orders"
		switch s {
		case catalog.StatusRecommended:
			sub = "Shown first, takes orders"
		case catalog.StatusHot:
			sub = "Takes orders, told to be nearly full"
		case catalog.StatusFull:
			sub = "Shown, takes no new orders"
		case catalog.StatusDisabled:
			sub = "Not shown to customers"
		}
		out = append(out, ui.Option{Value: string(s), Label: s.Label(), Sub: sub})
	}
	return out
}

// PortsForm adds ports to a device, or a device with its first ports.
type PortsForm struct {
	AccessPointID, AccessPoint            string
	DeviceID                              string // "" for a new device
	Device                                string // its name and place, for an existing one
	Name, Room, Cabinet                   string
	Pattern, Type, Panel, First, Position string // Position is "single" or "pairs"
	PanelRoom, PanelCabinet               string // "" where the device is
	Connector, Polish, Fibers, Side       string
	Polishes                              []string
	Preview                               []NewPort // what would be added; empty before anybody asked
	Seen                                  int       // names what Preview says
	Conflict                              string
	Types                                 []ui.Option
	Most                                  int // ports at once
	Key                                   string
	Errors                                map[string]string
}

func (f PortsForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "name", "room", "cabinet", "pattern", "port_type", "panel", "first", "panel_room", "panel_cabinet", "layout", "connector", "polish", "fibers", "side")
}

// NewPort is a port that a form would add.
type NewPort struct {
	Number                int
	Name, Panel, Position string // Position in the facility's words, where it has some
	Elsewhere             string // as in StaffPort
	Connector             string
}

func (f PortsForm) addLabel() string { return "Add " + countOf(len(f.Preview), "port", "ports") }

func polishOptions(polishes []string) []ui.Option {
	out := []ui.Option{{Label: "Not said"}}
	for _, p := range polishes {
		out = append(out, ui.Option{Value: p, Label: p})
	}
	return out
}

// spWords are the operators of a row in one line.
func (r StaffAccessPointRow) spWords() string { return strings.Join(r.SPs, ", ") }

func portTypeColumns(withTrend bool) []ui.Column {
	out := []ui.Column{{Label: "Port Type"}}
	for s := range portLooks {
		out = append(out, ui.Column{Label: PortWords(s), Class: "num"})
	}
	out = append(out, ui.Column{Label: "All", Class: "num"})
	if withTrend {
		out = append(out, ui.Column{Label: "Free, last 90 days"}, ui.Column{Label: "Runs out at this pace"})
	}
	return out
}

func (m OfferMatrix) columns() []ui.Column {
	out := []ui.Column{{Label: "Port Type"}}
	for _, sp := range m.SPs {
		out = append(out, ui.Column{Label: sp})
	}
	return out
}
