package views

import (
	"strconv"

	"demarc/views/ui"
)

// DeviceShow is the page of one access device: its front panel and every port.
type DeviceShow struct {
	Device                     StaffDevice
	AccessPointID, AccessPoint string
	Demo, MayEdit              bool
	Held                       string // sentences: which ports keep it from being deleted; "" for none
	Facts                      []ui.Pair
	Types                      []TypeTally
}

func (d DeviceShow) held() string {
	if d.Held == "" {
		return ""
	}
	return "Interfaces have ports of it"
}

func devicePortColumns() []ui.Column {
	return []ui.Column{{Label: "Port"}, {Label: "Port Type"}, {Label: "Demarcation"}, {Label: "Connector"}, {Label: "State"}, {Label: "Interface"}}
}

// DeviceForm changes the name and the place of a device.
type DeviceForm struct {
	ID, Device          string // Device is the name it has now
	Name, Room, Cabinet string
	Reason              string
	Effect              string // what goes with it
	Conflict            string
	Key                 string
	Rev                 int
	Errors              map[string]string
}

func (f DeviceForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "name", "room", "cabinet", "reason")
}

// PanelRow is a panel of an access point with how its positions are named.
type PanelRow struct {
	Panel, Room, Cabinet string
	Ports                int
	Rule                 string // "" for our own form
	Ours, Theirs         string // an example
	Href                 string // the form that changes the rule; "" for those who may not
}

func (r PanelRow) where() string { return r.Room + ", cabinet " + r.Cabinet }

// PanelExample is one position as we and as the facility name it.
type PanelExample struct {
	Port, Ours, Theirs string
	Problem            string // why the rule does not fit
}

// PanelForm is the form that says how a facility names the positions of a
// panel, with a live example.
type PanelForm struct {
	AccessPointID, AccessPoint string
	Panel, Room, Cabinet       string
	Rule                       string
	Examples                   []PanelExample
	Unfit, Ports               int    // positions that the rule does not fit, of all
	Problem                    string // why no example can be given
	Conflict                   string
	Key                        string
	Rev                        int
	Errors                     map[string]string
}

func (f PanelForm) where() string {
	return f.Panel + ", " + f.Room + ", cabinet " + f.Cabinet + ", " + f.AccessPoint
}

func (f PanelForm) hidden() []ui.Hidden {
	return append(formFields(f.Key, f.Rev), ui.Hidden{Name: "room", Value: f.Room}, ui.Hidden{Name: "cabinet", Value: f.Cabinet}, ui.Hidden{Name: "panel", Value: f.Panel})
}

// unfit says how many positions keep our own form.
func (f PanelForm) unfit() string {
	if f.Unfit == 0 {
		return ""
	}
	return strconv.Itoa(f.Unfit) + " of " + strconv.Itoa(f.Ports) + " positions do not fit the rule and keep our own form."
}

// announce is what a change of the example says aloud.
func (f PanelForm) announce() string {
	if f.Problem != "" {
		return f.Problem
	}
	if len(f.Examples) == 0 {
		return ""
	}
	return "Example: " + f.Examples[0].Ours + " is " + f.Examples[0].Theirs
}

func (f PanelForm) summary() []ui.FieldError { return ui.ErrorList(f.Errors, "rule") }

// ruleHelp explains the language of the rules in one place.
var ruleHelp = []ui.Pair{
	{Term: "N/N", Value: "17/18"}, {Term: "N+N", Value: "17+18"}, {Term: "N/N (P)", Value: "17/18 (9), with the number of the pair"}, {Term: "Port NN", Value: "Port 05, with two digits"},
	{Term: "A{first}", Value: "A5: braces put a number right behind a letter"}, {Term: "\"N\" N", Value: "N 5: quotes keep a letter as it is"},
}
