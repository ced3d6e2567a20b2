package views

import (
	"strconv"

	"demarc/views/ui"
	"demarc/web/paths"
)

// FoundPort is a port that a search found.
type FoundPort struct {
	ID, Name, Type             string
	Device, DeviceID           string
	AccessPoint, AccessPointID string
	Panel, Position            string // Position in the facility's words, where it has some
	Where                      string // room and cabinet of the panel
	State                      int    // a state of a port, PortFree …
	HolderID, HolderHref       string // the interface that has it, or left it; empty for none
}

// href is the port among the others of its device.
func (p FoundPort) href() string { return paths.AdminDevice(p.DeviceID) + "#" + portAnchor(p.ID) }

// portAnchor names the row of a port on the page of its device.
func portAnchor(id string) string { return "port-" + id }

func (p FoundPort) look() portLook { return portLooks[p.State] }

// PortSearch is the page that finds a port by what is written on it.
type PortSearch struct {
	Query, AccessPoint ui.Control
	Asked              bool // something was typed
	Rows               []FoundPort
	More               bool // others match too
	Most               int  // how many are listed
	Tokens             []ui.Token
}

func (l PortSearch) count() string {
	switch {
	case !l.Asked:
		return ""
	case l.More:
		return strconv.Itoa(l.Most) + "+ ports"
	}
	return countOf(len(l.Rows), "port", "ports")
}

func (l PortSearch) caption() string { return "Ports that match, by access point and device" }

// narrower says how to see those that are not listed.
func (l PortSearch) narrower() string {
	return "More than " + strconv.Itoa(len(l.Rows)) + " ports match; these are some of them. Narrow the search: add the position or the port, or select an access point."
}

func foundPortColumns() []ui.Column {
	return []ui.Column{{Label: "Port"}, {Label: "Device"}, {Label: "Access Point"}, {Label: "Panel, position"}, {Label: "State"}, {Label: "Interface"}}
}
