package views

import (
	"time"

	"demarc/views/ui"
)

// PortChange is a line of a port's history: what happened, to which interface,
// who did it and why.
type PortChange struct {
	At         time.Time
	What       string
	Detail     string // what changed, when no interface is meant
	HolderID   string
	HolderHref string
	Who        string // name and role
	Reason     string
}

// PortShow is the page of one port.
type PortShow struct {
	ID, Name, Device, DeviceID string
	State                      int
	Facts, Demarcation         []ui.Pair
	Held                       string // sentences: who has it and what has to happen first; "" for nobody
	History                    []PortChange
	Zone                       *time.Location
	LastChange                 LastChange
	MayEdit                    bool
	// WhyFixed says why the demarcation cannot be changed now; "" when it can.
	WhyFixed string
	Out      bool   // out of service
	WhyOut   string // why it is
	// CheckHref is where a technician confirms that nothing is in the port; ""
	// when there is nothing to confirm.
	CheckHref string
}

func (p PortShow) taken() string {
	if p.Held == "" {
		return ""
	}
	if p.CheckHref != "" {
		return "A technician has to look at it first"
	}
	return "An interface has this port"
}

func (p PortShow) fixed() string {
	if p.WhyFixed == "" {
		return ""
	}
	return "A letter names this place"
}

func portHistoryColumns() []ui.Column {
	return []ui.Column{{Label: "Time"}, {Label: "What"}, {Label: "Interface"}, {Label: "Why"}, {Label: "Who"}}
}

// portEventWords are the steps of a port's life.
var portEventWords = map[string]string{
	"add_port": "Added", "allocate_port": "Allocated", "cable_port": "Cabled, in use", "quarantine_port": "Quarantined", "release_port": "Released, free",
	"take_port_out_of_service": "Taken out of service", "put_port_back": "Put back in service", "edit_port": "Demarcation changed", "delete_port": "Deleted",
}

// PortEventWords is a step of a port's life in words.
func PortEventWords(action string) string {
	if words, ok := portEventWords[action]; ok {
		return words
	}
	return action
}

// PortEventCause is why a step of a port's life happened for which nobody had
// to give a reason: it followed from a step of the interface. from is the state
// before it, byStaff tells that a reviewer chose the port. "" when it has to be
// given.
func PortEventCause(action, from string, byStaff bool) string {
	switch {
	case action == "cable_port":
		return "The cables were connected"
	case action == "release_port" && from != "allocated":
		return "A technician found nothing in it"
	case byStaff && (action == "allocate_port" || action == "release_port" || action == "quarantine_port"):
		return "The reviewer chose another port with the letter"
	case action == "allocate_port":
		return "The initial installation fee was paid"
	case action == "release_port":
		return "The interface was canceled"
	case action == "quarantine_port":
		return "The interface was canceled; a cable may be in"
	}
	return ""
}

// StepForm is a form that takes one step of a port's or a device's life: a
// reason and, for what cannot be undone, a typed name.
type StepForm struct {
	About           []ui.Pair
	Text            string // what happens
	Action, Back    string // where it is sent, where Cancel leads
	Label           string // of the button
	Danger          bool
	Hint            string // of the reason
	Expect, Typed   string // Expect "" asks for no typed name
	Reason          string
	Blocked         string // why it is not possible now: no form then
	Conflict        string
	Key             string
	Rev             int
	Errors          map[string]string
	BackLabel, What string // "Keep the port"; "Port name"
}

// summary is empty when the step became impossible: the page says so and has no fields.
func (f StepForm) summary() []ui.FieldError {
	if f.Blocked != "" {
		return nil
	}
	return ui.ErrorList(f.Errors, "reason", "confirm")
}

func (f StepForm) button() ui.Button {
	if f.Danger {
		return ui.Button{Label: f.Label, Kind: ui.KindDanger}
	}
	return ui.Button{Label: f.Label, Kind: ui.KindPrimary}
}

// DemarcationForm changes where and how a port is handed over.
type DemarcationForm struct {
	ID, Port                       string // Port is its name and its device
	Room, Cabinet, Panel, Position string
	Connector                      string
	Polish, Fibers, Side           string
	Polishes                       []string
	Reason                         string
	Holder                         string // a sentence when an interface has the port
	Blocked, Conflict              string
	Key                            string
	Rev                            int
	Errors                         map[string]string
}

func (f DemarcationForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "room", "cabinet", "panel", "position", "connector", "polish", "fibers", "side", "reason")
}
