package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/reqctx"
)

// readBy is an interface in words for the person of a customer who asks: what
// their role may not do is no control.
func (h *Handlers) readBy(c echo.Context, conn store.Connection) views.Interface {
	i := h.interfaceView(conn)
	i.Reader = roleOf(c)
	h.clocks(c.Request().Context(), conn)
	return i
}

// clocks tells the moments at which time alone changes what a page says about an
// interface.
func (h *Handlers) clocks(ctx context.Context, conn store.Connection) {
	req, now := reqctx.Of(ctx), h.Store.Now()
	if !conn.DueAt.IsZero() {
		req.ChangesAt(ui.LateUntil(conn.DueAt, now))
	}
	if conn.Stage == lifecycle.Enabled {
		if next, ok := fees.NextNotice(conn.PaidThrough, now, h.Store.Catalogue().Zone(conn.Region)); ok {
			req.ChangesAt(next.At)
		}
	}
}

// onlyFor refuses what other people of the account may do now and the reader may
// not. Kinds: Forbidden.
func onlyFor(i views.Interface, a lifecycle.Action) error {
	if who := i.Only(a); who != "" {
		return &store.Error{Kind: store.Forbidden, Msg: "In the " + i.Stage.Label() + " state this is only for " + who + " of your account. Ask one of them."}
	}
	return nil
}

// roleOf is the role of the person signed in.
func roleOf(c echo.Context) lifecycle.Role {
	u, _ := reqctx.User(c.Request().Context())
	return u.Role
}

// interfaceView is an interface in words, from the catalogue in memory: it
// asks nothing of the database.
func (h *Handlers) interfaceView(c store.Connection) views.Interface {
	cat := h.Store.Catalogue()
	region, _ := cat.Region(c.Region)
	ap, _ := cat.AccessPoint(c.AccessPointID)
	info := c.PortType.Info()
	return views.Interface{
		ID: c.ID, Name: c.Name, Description: c.Description, AccountID: c.AccountID,
		Stage: c.Stage, StageSince: c.StageSince, DueAt: c.DueAt, Now: h.Store.Now(), Zone: cat.Zone(c.Region), Problem: c.Problem, Rev: c.Version,
		Region: region.Name, RegionID: c.Region, AccessPoint: ap.Name, AccessPointID: c.AccessPointID, SP: c.SP.Label(), Spec: c.Spec.Label(),
		PortType: string(c.PortType), PortTypeLabel: info.Label, PortShort: info.Short,
		RedundantID: c.RedundantID, LOANo: c.LOANo, LineCode: c.LineCode, Installation: c.Installation.String(), Monthly: c.Monthly.String(),
		ScheduledAt: c.ScheduledAt, CreatedAt: c.CreatedAt, PaidThrough: c.PaidThrough, RemovalDue: c.RemovalDue,
		Standing: h.Store.Standing(c), AutoRenew: c.AutoRenew, RenewAt: c.RenewAt, RenewFailedAt: c.RenewFailedAt,
	}
}
