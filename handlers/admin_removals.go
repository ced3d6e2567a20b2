package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// ListRemovals lists the cables of ended and ending interfaces that are still
// in, the longest waiting first.
func (h *Handlers) ListRemovals(c echo.Context) error {
	ctx := c.Request().Context()
	after := c.QueryParam("after")
	items, next, err := h.Store.RemovalsPage(ctx, after, queuePage)
	if err != nil {
		return err
	}
	all, err := h.staffViews(ctx, items)
	if err != nil {
		return err
	}
	ports, err := h.Store.PortsHeld(ctx, items)
	if err != nil {
		return err
	}
	counts, err := h.queueCounts(c)
	if err != nil {
		return err
	}
	l := views.RemovalList{Pages: queuePages(paths.AdminRemovals, after, next, len(items), counts.Removals)}
	for i, it := range items {
		l.Rows = append(l.Rows, views.RemovalRow{Interface: all[i], Place: h.place(ports[it.ID]), Waiting: h.waiting(it)})
	}
	if after == "" {
		checks, err := h.Store.PortsToCheck(ctx, queuePage)
		if err != nil {
			return err
		}
		for _, p := range checks {
			device, _ := h.Store.Catalogue().Device(p.Device)
			ap, _ := h.Store.Catalogue().AccessPoint(device.AccessPoint)
			l.Checks = append(l.Checks, views.PortCheckRow{ID: p.ID, AccessPoint: ap.Name, Place: h.place(p), Letter: p.Letter, LeftBy: p.LeftBy,
				Waiting: views.Waiting{Since: p.LeftAt, Now: h.Store.Now()}})
		}
		if counts.PortChecks > len(checks) {
			l.MoreChecks = strconv.Itoa(len(checks)) + " of " + strconv.Itoa(counts.PortChecks) + ", the longest waiting first."
		}
	}
	return h.render(c, http.StatusOK, views.RemovalsPage(h.page(c, "Removals"), l))
}

// ShowRemoval is one cable to remove.
func (h *Handlers) ShowRemoval(c echo.Context) error {
	return h.removalPage(c, http.StatusOK, views.Removal{})
}

// ConfirmRemoval records that a cable is out, and goes on to the next one.
func (h *Handlers) ConfirmRemoval(c echo.Context) error {
	ctx := c.Request().Context()
	id := c.Param("id")
	form := views.Removal{Removed: ticked(c, "removed"), Note: multiline(c, "note")}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.removalPage(c, http.StatusUnprocessableEntity, form)
	}
	by := h.actor(c)
	before, err := h.Store.Connection(ctx, by, id)
	if err != nil {
		return err
	}
	err = h.Store.ConfirmRemoval(ctx, by, id, rev(c), form.Removed, form.Note)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.removalPage(c, status, form)
	}
	if err != nil {
		return err
	}
	flash := views.Flash{Tone: ui.ToneOK, Text: "The cable of " + before.Title() + " was removed. Its port is free."}
	rest, err := h.Store.Removals(ctx, 1)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return h.done(c, paths.AdminRemoval(rest[0].ID), flash)
	}
	return h.done(c, paths.AdminRemovals, flash)
}

func (h *Handlers) removalPage(c echo.Context, status int, form views.Removal) error {
	ctx := c.Request().Context()
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	if !conn.RemovalDue && !conn.Stage.Ended() && conn.Stage != lifecycle.Terminating {
		return &store.Error{Kind: store.NotFound, Msg: "This interface has no cable to remove."}
	}
	all, err := h.staffViews(ctx, []store.Connection{conn})
	if err != nil {
		return err
	}
	port, err := h.Store.PortOf(ctx, conn.ID)
	if err != nil {
		return err
	}
	report, err := h.Store.DeliveryReport(ctx, conn.ID)
	if err != nil {
		return err
	}
	form.Interface, form.Open, form.Waiting, form.Facility = all[0], conn.RemovalDue, h.waiting(conn), h.facility(conn)
	if form.Notes, err = h.noteLine(c, conn); err != nil {
		return err
	}
	form.ReadOnly = !lifecycle.MayDo(lifecycle.ConfirmRemoval, roleOf(c))
	form.LineCode, form.Key = conn.LineCode, keptKey(c)
	form.Why = "Canceled before it was enabled, when a cable may have been in"
	if conn.Stage == lifecycle.Terminating {
		form.Why = "Termination requested by the customer"
		events, err := h.Store.Timeline(ctx, conn.ID)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.To == lifecycle.Terminating && e.From != e.To {
				if e.Action == string(lifecycle.Free) {
					form.Why = "Ended for non-payment"
				}
				break
			}
		}
	}
	if port != nil {
		form.HasPort, form.Place = true, h.place(*port)
	}
	if report != nil {
		form.Labels = report.Labels
	}
	p := h.page(c, "Removal for "+conn.Title(), views.Crumb{Label: "Removals", Href: paths.AdminRemovals})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.RemovalPage(p, form))
}

// AskPortCheck is one port to look at.
func (h *Handlers) AskPortCheck(c echo.Context) error {
	return h.portCheckPage(c, http.StatusOK, views.PortCheck{})
}

// CheckPort records that nothing is in a port, and goes on to the next one.
func (h *Handlers) CheckPort(c echo.Context) error {
	ctx := c.Request().Context()
	p, d, err := h.port(c)
	if err != nil {
		return err
	}
	form := views.PortCheck{Empty: ticked(c, "empty"), Note: multiline(c, "note")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.portCheckPage(c, http.StatusUnprocessableEntity, form)
	}
	err = h.Store.ConfirmPortEmpty(ctx, h.actor(c), p.ID, rev(c), form.Empty, form.Note)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.portCheckPage(c, status, form)
	}
	if err != nil {
		return err
	}
	flash := views.Flash{Tone: ui.ToneOK, Text: "Port " + p.Name + " of " + d.Name + " is free again."}
	rest, err := h.Store.PortsToCheck(ctx, 1)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return h.done(c, paths.AdminPortCheck(rest[0].ID), flash)
	}
	return h.done(c, paths.AdminRemovals, flash)
}

func (h *Handlers) portCheckPage(c echo.Context, status int, form views.PortCheck) error {
	p, d, err := h.port(c)
	if err != nil {
		return err
	}
	ap, _ := h.Store.Catalogue().AccessPoint(d.AccessPoint)
	form.ID, form.Open, form.Place, form.Key, form.Rev = p.ID, p.LeftBy != "", h.place(p), keptKey(c), seenRev(c, status, p.Version)
	form.Waiting = views.Waiting{Since: p.LeftAt, Now: h.Store.Now()}
	form.Facts = []ui.Pair{
		{Term: "Facility", Value: strings.Trim(ap.FacilityName+", "+ap.Address, ", ")},
		{Term: "Access Point", Value: ap.Name, Href: paths.AdminAccessPoint(ap.ID)},
		{Term: "Port", Value: p.Name, Mono: true, Href: paths.AdminPort(p.ID)},
	}
	if form.Open {
		form.Facts = slices.Concat(form.Facts, []ui.Pair{
			{Term: "Letter", Value: p.Letter, Mono: true},
			{Term: "Left by", Value: p.LeftBy, Mono: true, Href: paths.AdminInterface(p.LeftBy)},
			{Term: "Waiting", Content: views.DueCell(form.Waiting)},
		})
	}
	form.ReadOnly = !lifecycle.MayDo(lifecycle.ConfirmRemoval, roleOf(c))
	page := h.page(c, "Look at port "+p.Name, views.Crumb{Label: "Removals", Href: paths.AdminRemovals})
	page.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.PortCheckPage(page, form))
}
