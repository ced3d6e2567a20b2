package views

import (
	"strconv"

	"demarc/views/ui"
)

// PortMap is the front panels of the access devices of one access point, as
// one group of radio buttons.
type PortMap struct {
	Name    string // of the posted field, and the id of the first port that can be selected
	LabelID string // of the heading that names the group
	Error   string
	Devices []PortMapDevice
}

// PortMapDevice is the front panel of one access device, with the ports that
// match the interface.
type PortMapDevice struct {
	Name, Where string // "CSW-YH-A-02", "3F-2, cabinet C-07"
	// Off says why no port of the device can be selected; "" when some can.
	Off   string
	Ports []PortMapPort
}

// PortMapPort is one port of a front panel.
type PortMapPort struct {
	ID     string // posted
	Number int    // on the front
	Place  string // "XGE1/0/17, ODF 12, position 17/18"
	State  string // in words: "free", "in use"
	Free   bool   // can be selected
	Chosen bool
}

func (d PortMapDevice) free() int {
	n := 0
	for _, p := range d.Ports {
		if p.Free {
			n++
		}
	}
	return n
}

// tone turns to a warning when a fifth of the ports, or fewer, is left.
func (d PortMapDevice) tone() string {
	if d.Off != "" || d.free()*5 <= len(d.Ports) {
		return ui.ToneWarn
	}
	return ui.ToneOK
}

func (d PortMapDevice) class() string {
	if d.Off != "" {
		return "panel panel--off"
	}
	return "panel"
}

func (p PortMapPort) words(device string) string {
	return device + ", port " + strconv.Itoa(p.Number) + ", " + p.State
}

// first is the port that carries the field's own id, where a link in the error
// summary lands: the chosen one, else the first that can be chosen.
func (m PortMap) first() string {
	id := ""
	for _, d := range m.Devices {
		for _, p := range d.Ports {
			switch {
			case d.Off != "" || !p.Free:
			case p.Chosen:
				return p.ID
			case id == "":
				id = p.ID
			}
		}
	}
	return id
}

func (m PortMap) describedBy() string {
	if m.Error != "" {
		return m.Name + "-err " + m.Name + "-h"
	}
	return m.Name + "-h"
}
