package handlers

import (
	"cmp"
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
	h.clocks(c.Request().Context(), &conn)
	return i
}

// clocks tells the moments at which time alone changes what a page says about an
// interface.
func (h *Handlers) clocks(ctx context.Context, conn *store.Connection) {
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
	var i views.Interface
	h.inRow(&i, &c)
	i.Description, i.AccountID, i.Rev, i.ScheduledAt, i.RemovalDue = c.Description, c.AccountID, c.Version, c.ScheduledAt, c.RemovalDue
	i.PortTypeLabel, i.Installation, i.Monthly = c.PortType.Info().Label, c.Installation.String(), c.Monthly.String()
	return i
}

// inRow writes what a row of a list shows: from store.ConnectionRow too.
func (h *Handlers) inRow(i *views.Interface, c *store.Connection) {
	cat := h.Store.Catalogue()
	region, _ := cat.Region(c.Region)
	ap, _ := cat.AccessPoint(c.AccessPointID)
	port := c.PortType.Info()
	i.ID, i.Name, i.Problem, i.RedundantID, i.LOANo, i.LineCode = c.ID, c.Name, c.Problem, c.RedundantID, c.LOANo, c.LineCode
	i.Stage, i.StageSince, i.DueAt, i.CreatedAt, i.Now, i.Zone = c.Stage, c.StageSince, c.DueAt, c.CreatedAt, h.Store.Now(), cat.Zone(c.Region)
	i.Region, i.RegionID, i.AccessPoint, i.AccessPointID, i.SP = region.Name, c.Region, ap.Name, c.AccessPointID, c.SP.Label()
	i.Spec, i.PortType, i.PortShort = cmp.Or(c.Spec, port.Spec).Label(), string(c.PortType), port.Short
	i.PaidThrough, i.Standing, i.AutoRenew, i.RenewAt, i.RenewFailedAt = c.PaidThrough, h.Store.Standing(c), c.AutoRenew, c.RenewAt, c.RenewFailedAt
}
