package store

import (
	"fmt"

	"demarc/store/letter"
	"demarc/store/lifecycle"
)

// The life of a port: every change of state, holder or demarcation is an event
// of the port, in the transaction of the change.

// PortSubject is the subject of a port's events.
func PortSubject(id string) string { return "port:" + id }

// Actions of a port's history. From and To of these events are states of a
// port, "" before it was added and after it was removed. Detail is the
// interface that gets or gave up the port, or, for a change of what is said
// about the port, what changed.
const (
	PortAdded          = "add_port"
	PortWasAllocated   = "allocate_port"
	PortCabled         = "cable_port"
	PortWasQuarantined = "quarantine_port"
	PortReleased       = "release_port"
	PortTakenOut       = "take_port_out_of_service"
	PortPutBack        = "put_port_back"
	PortEdited         = "edit_port"
	PortDeleted        = "delete_port"
)

// portAction names the step between two states of a port.
func portAction(from, to PortState) string {
	switch {
	case to == PortAllocated:
		return PortWasAllocated
	case to == PortInUse:
		return PortCabled
	case to == PortQuarantined:
		return PortWasQuarantined
	case to == PortOutOfService:
		return PortTakenOut
	case from == PortOutOfService:
		return PortPutBack
	}
	return PortReleased
}

// portEvent records a step of a port's life. The two states stand where an
// interface's stages stand.
func (t *tx) portEvent(id, action string, from, to PortState, reason, detail string) error {
	return t.event(PortSubject(id), "", action, lifecycle.Stage(from), lifecycle.Stage(to), reason, detail)
}

// stillThere refuses a letter whose place was renamed or corrected after the
// letter was drafted.
func (t *tx) stillThere(c *Connection, s letter.Snapshot) error {
	p, err := t.portOf(c.ID)
	if err != nil || p == nil {
		return err
	}
	words, err := t.positionWords(*p)
	if err != nil {
		return err
	}
	if p.Room != s.Room || p.Cabinet != s.Cabinet || p.Panel != s.Panel || words != s.Position || p.ConnectorWords() != s.Connector {
		return conflictf("What is said about port %s changed a moment ago. Check it, then approve again. Nothing was changed.", p.Name)
	}
	return nil
}

// where is the port's place on its panel in one line.
func (p Port) where() string {
	return fmt.Sprintf("%s, cabinet %s, %s, position %s, %s", p.Room, p.Cabinet, p.Panel, p.Position, p.ConnectorWords())
}
