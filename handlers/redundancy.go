package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/views"
)

// redundancy is what an interface and its partner share, for the page of either
// of them; nil for one that stands alone. history is newest first. A customer
// reads the names of a port's place when the letter is out, as on the drawing:
// until then a reviewer may move the interface. What is shared is true at once.
func (h *Handlers) redundancy(actor store.Actor, c store.Connection, own *store.Port, partner *store.Connection, theirs *store.Port, history []views.Happened) *views.Redundancy {
	if partner == nil {
		return nil
	}
	return &views.Redundancy{
		ID: c.ID, Title: c.Title(), PartnerID: partner.ID, PartnerTitle: partner.Title(), PartnerHref: interfaceLink(actor)(partner.ID),
		Report:          h.Store.Redundancy(c, own, *partner, theirs),
		SameAccessPoint: c.AccessPointID == partner.AccessPointID,
		OwnPlace:        actor.Staff() || c.Stage.LetterOut(),
		PartnerSeen:     actor.Staff() || partner.Stage.LetterOut(),
		Change:          h.redundancyChange(c, history),
	}
}

// redundancyChange is the newest change of what the pair shares; nil when the
// interface has moved on since.
func (h *Handlers) redundancyChange(c store.Connection, history []views.Happened) *views.RedundancyChange {
	var moved time.Time
	for _, e := range history {
		if e.From != e.To && e.At.After(moved) {
			moved = e.At
		}
		if e.Action == store.ActionRedundancyChanged {
			if moved.After(e.At) {
				return nil
			}
			return &views.RedundancyChange{Detail: e.Detail, Reason: e.Reason, Who: e.Who, At: e.At, Zone: h.Store.Catalogue().Zone(c.Region)}
		}
	}
	return nil
}

// partnerLoses warns of the interface that is left alone, in the words of the
// verdict: two statements, and none without a partner.
func (h *Handlers) partnerLoses(c echo.Context, conn store.Connection, partner *store.Connection) ([]string, error) {
	if partner == nil {
		return nil, nil
	}
	ctx := c.Request().Context()
	own, err := h.Store.PortOf(ctx, conn.ID)
	if err != nil {
		return nil, err
	}
	theirs, err := h.Store.PortOf(ctx, partner.ID)
	if err != nil {
		return nil, err
	}
	name := partner.ID
	if partner.Name != "" {
		name = partner.Name + " (" + partner.ID + ")"
	}
	return []string{name + " loses its redundancy: " + h.Store.Redundancy(conn, own, *partner, theirs).Loses() + "."}, nil
}
