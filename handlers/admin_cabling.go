package handlers

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ListCabling lists the cables to connect, by due time.
func (h *Handlers) ListCabling(c echo.Context) error {
	ctx := c.Request().Context()
	after := c.QueryParam("after")
	items, next, err := h.Store.QueuePage(ctx, lifecycle.WaitingForCabling, store.QueueFilter{}, after, queuePage)
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
	labels, err := h.Store.LiveLabels(ctx, items)
	if err != nil {
		return err
	}
	counts, err := h.Store.StageCounts(ctx, "")
	if err != nil {
		return err
	}
	l := views.CablingList{Pages: queuePages(paths.AdminCabling, after, next, len(items), counts[lifecycle.WaitingForCabling])}
	for i, it := range items {
		l.Rows = append(l.Rows, views.CablingRow{Interface: all[i], Place: h.place(ports[it.ID]), Labels: labels[it.ID], Waiting: h.waiting(it)})
	}
	return h.render(c, http.StatusOK, views.CablingPage(h.page(c, "Cabling"), l))
}

// place is where a port and its demarcation are, in words.
func (h *Handlers) place(p store.Port) views.CablePlace {
	device, _ := h.Store.Catalogue().Device(p.Device)
	info := p.Type.Info()
	return views.CablePlace{Room: p.Room, Cabinet: p.Cabinet, Panel: p.Panel, Position: h.Store.PositionWords(p), Connector: p.ConnectorWords(),
		Device: device.Name, DeviceWhere: device.Room + ", cabinet " + device.Cabinet, Port: p.Name, PortType: info.Short + " (" + string(p.Type) + ")", Optic: info.Optic}
}

// facility is the name and the address of an interface's site in one line.
func (h *Handlers) facility(c store.Connection) string {
	ap, _ := h.Store.Catalogue().AccessPoint(c.AccessPointID)
	return strings.Trim(ap.FacilityName+", "+ap.Address, ", ")
}

// ShowCabling is one cabling job.
func (h *Handlers) ShowCabling(c echo.Context) error {
	return h.cablingPage(c, http.StatusOK, views.CablingForm{}, "")
}

// CompleteCabling records that the cables are patched, and goes on to the next
// job.
func (h *Handlers) CompleteCabling(c echo.Context) error {
	ctx := c.Request().Context()
	id := c.Param("id")
	form := views.CablingForm{LabelFound: value(c, "label_found"), Light: value(c, "light"),
		Found: ticked(c, "found"), Connected: ticked(c, "connected"), LinkUp: ticked(c, "link_up")}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.cablingPage(c, http.StatusUnprocessableEntity, form, "")
	}
	by := h.actor(c)
	before, err := h.Store.Connection(ctx, by, id)
	if err != nil {
		return err
	}
	err = h.Store.CompleteCabling(ctx, by, id, rev(c), store.Cabling{LabelFound: form.LabelFound, Light: form.Light, Found: form.Found, Connected: form.Connected, LinkUp: form.LinkUp})
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.cablingPage(c, status, form, conflictOnly(status, msg))
	}
	if err != nil {
		return err
	}
	return h.nextJob(c, lifecycle.WaitingForCabling, store.QueueFilter{}, before, paths.AdminCabling, paths.AdminCablingJob,
		views.Flash{Tone: ui.ToneOK, Text: "Cabling of " + before.Title() + " is finished. The customer is asked to pay the resource fee."})
}

// nextJob answers a decision: on to the next piece of work of the queue, or to
// the empty queue.
func (h *Handlers) nextJob(c echo.Context, stage lifecycle.Stage, f store.QueueFilter, done store.Connection, queue string, page func(string) string, flash views.Flash) error {
	next, err := h.Store.NextInQueue(c.Request().Context(), stage, f, done)
	if err != nil {
		return err
	}
	if next != "" && next != done.ID {
		return h.done(c, page(next), flash)
	}
	return h.done(c, queue, flash)
}

func (h *Handlers) cablingPage(c echo.Context, status int, form views.CablingForm, conflict string) error {
	ctx := c.Request().Context()
	conn, shown, err := h.staffConnection(c)
	if err != nil {
		return err
	}
	report, err := h.Store.DeliveryReport(ctx, conn.ID)
	if err != nil {
		return err
	}
	port, err := h.Store.PortOf(ctx, conn.ID)
	if err != nil {
		return err
	}
	title, crumb := "Cabling of "+conn.Title(), views.Crumb{Label: "Cabling", Href: paths.AdminCabling}
	if port == nil && conn.Stage.Ended() {
		// A message about its delivery report still leads here.
		return h.render(c, status, views.CablingJobPage(h.page(c, title, crumb), views.CablingJob{Interface: shown, Ended: true, Conflict: conflict}))
	}
	if report == nil || port == nil {
		return &store.Error{Kind: store.NotFound, Msg: "There is no delivery report for this interface."}
	}
	j := views.CablingJob{Interface: shown, Place: h.place(*port), Facility: h.facility(conn), LineCode: report.LineCode, Labels: report.Labels, Contact: report.Contact,
		Waiting: h.waiting(conn), Optical: port.Type.Info().Optical, Open: conn.Stage == lifecycle.WaitingForCabling, Form: form, Conflict: conflict}
	if j.Tickets, err = h.openTickets(ctx, conn.ID, roleOf(c)); err != nil {
		return err
	}
	if j.Notes, err = h.noteLine(c, conn); err != nil {
		return err
	}
	j.ReadOnly = !lifecycle.MayDo(lifecycle.CompleteCabling, roleOf(c))
	j.Waiting.Since = report.SubmittedAt
	j.Form.Key = keptKey(c)
	if report.Status == "completed" {
		j.Done = &views.CablingRecord{At: report.CompletedAt, By: report.CompletedBy, LabelFound: report.LabelFound, Port: j.Place.PortLine()}
		if report.LightDBm10 != nil {
			j.Done.Light = fmt.Sprintf("%.1f dBm", float64(*report.LightDBm10)/10)
		}
	}
	p := h.page(c, title, crumb)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.CablingJobPage(p, j))
}

// AskReturn is the form that reports a problem.
func (h *Handlers) AskReturn(c echo.Context) error {
	return h.returnPage(c, http.StatusOK, views.ReportProblem{})
}

// ReturnReport sends a delivery report back to the customer.
func (h *Handlers) ReturnReport(c echo.Context) error {
	ctx := c.Request().Context()
	id := c.Param("id")
	form := views.ReportProblem{Kind: value(c, "kind"), Reason: multiline(c, "reason")}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.returnPage(c, http.StatusUnprocessableEntity, form)
	}
	by := h.actor(c)
	before, err := h.Store.Connection(ctx, by, id)
	if err != nil {
		return err
	}
	err = h.Store.ReturnReport(ctx, by, id, rev(c), form.Kind, form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.returnPage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.nextJob(c, lifecycle.WaitingForCabling, store.QueueFilter{}, before, paths.AdminCabling, paths.AdminCablingJob,
		views.Flash{Tone: ui.ToneOK, Text: "The delivery report of " + before.Title() + " went back to the customer."})
}

func (h *Handlers) returnPage(c echo.Context, status int, form views.ReportProblem) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	form.Interface = h.interfaceView(conn)
	form.Key = keptKey(c)
	form.Possible = conn.Stage == lifecycle.WaitingForCabling
	if !form.Possible && form.Conflict == "" {
		form.Conflict = conn.Title() + " is in the " + conn.Stage.Label() + " state now, so there is no report to return."
	}
	for _, kind := range store.ProblemKinds() {
		form.Kinds = append(form.Kinds, ui.Option{Value: kind, Label: store.ProblemLabel(kind)})
	}
	p := h.page(c, "Report a problem", views.Crumb{Label: "Cabling", Href: paths.AdminCabling}, views.Crumb{Label: conn.Title(), Href: paths.AdminCablingJob(conn.ID)})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.ReportProblemPage(p, reqctx.IsPartial(c.Request()), form))
}
