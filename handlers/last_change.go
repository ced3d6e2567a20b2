package handlers

import (
	"context"
	"time"

	"demarc/store"
	"demarc/views"
)

// lastChange is when what events say about a subject happened last, in a zone.
func (h *Handlers) lastChange(ctx context.Context, subject string, zone *time.Location) (views.LastChange, error) {
	e, err := h.Store.LastChange(ctx, subject)
	return h.lastChangeOf(e, zone), err
}

func (h *Handlers) lastChangeOf(e store.Event, zone *time.Location) views.LastChange {
	return views.LastChange{At: e.At, Now: h.Store.Now(), Who: h.who(true, e.ActorRole, e.ActorName), Zone: zone}
}
