package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// port is the port that the address names, with its device. Kinds: NotFound.
func (h *Handlers) port(c echo.Context) (store.Port, catalog.Device, error) {
	p, err := h.Store.Port(c.Request().Context(), c.Param("id"))
	d, _ := h.Store.Catalogue().Device(p.Device)
	return p, d, err
}

func (h *Handlers) portCrumbs(d catalog.Device, more ...views.Crumb) []views.Crumb {
	return h.deviceCrumbs(d, append([]views.Crumb{{Label: d.Name, Href: paths.AdminDevice(d.ID)}}, more...)...)
}

// portFacts say which port is meant.
func portFacts(p store.Port, d catalog.Device) []ui.Pair {
	return []ui.Pair{{Term: "Port", Value: p.Name, Mono: true}, {Term: "Device", Value: d.Name, Mono: true}, {Term: "State", Value: views.PortWords(portPlace(p.State))}}
}

// ShowPort is one port: where it is, who has it, who had it.
func (h *Handlers) ShowPort(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	p, d, err := h.port(c)
	if store.KindOf(err) == store.NotFound {
		return h.showDeletedPort(c, err)
	}
	if err != nil {
		return err
	}
	letter, err := h.letterOf(ctx, p)
	if err != nil {
		return err
	}
	events, err := h.Store.Timeline(ctx, store.PortSubject(p.ID))
	if err != nil {
		return err
	}
	cat := h.Store.Catalogue()
	ap, _ := cat.AccessPoint(d.AccessPoint)
	info := p.Type.Info()
	show := views.PortShow{ID: p.ID, Name: p.Name, Device: d.Name, DeviceID: d.ID, State: portPlace(p.State), Held: store.HeldWords(p, d.Name, letter), Zone: cat.Zone(ap.Region),
		MayEdit: user.Role == lifecycle.Administrator, Out: p.State == store.PortOutOfService}
	if letter != "" {
		show.WhyFixed = store.LetterNames(p, d.Name, letter)
	}
	show.Facts = []ui.Pair{
		{Term: "Access Point", Value: ap.Name, Href: paths.AdminAccessPoint(ap.ID)},
		{Term: "Device", Value: d.Name, Mono: true, Href: paths.AdminDevice(d.ID)},
		{Term: "Place on the front", Value: strconv.Itoa(p.Number)},
		{Term: "Port Type", Value: info.Label + " (" + string(p.Type) + ")"},
		{Term: "Device location", Value: d.Room + ", cabinet " + d.Cabinet},
	}
	if p.ConnectionID != "" {
		show.Facts = append(show.Facts, ui.Pair{Term: "Interface", Value: p.ConnectionID, Mono: true, Href: paths.AdminInterface(p.ConnectionID)})
		report, err := h.Store.DeliveryReport(ctx, p.ConnectionID)
		if err != nil {
			return err
		}
		if report != nil {
			show.Facts = append(show.Facts, ui.Pair{Term: "Leased line code", Value: report.LineCode, Mono: true}, ui.Pair{Term: "Labels", Value: strings.Join(report.Labels, ", "), Mono: true})
		}
	}
	if p.LeftBy != "" {
		show.Facts = append(show.Facts, ui.Pair{Term: "Left by", Value: p.LeftBy, Mono: true, Href: paths.AdminInterface(p.LeftBy)}, ui.Pair{Term: "Letter", Value: p.Letter, Mono: true})
		if lifecycle.MayDo(lifecycle.ConfirmRemoval, user.Role) {
			show.CheckHref = paths.AdminPortCheck(p.ID)
		}
	}
	if show.Out {
		show.WhyOut = p.Reason
	}
	show.Demarcation = []ui.Pair{
		{Term: "Room", Value: p.Room}, {Term: "Cabinet", Value: p.Cabinet}, {Term: "Panel", Value: p.Panel},
		{Term: "Position", Value: h.Store.PositionWords(p)}, {Term: "Connector", Value: p.ConnectorWords()},
	}
	for _, e := range events {
		show.History = append(show.History, portChange(e))
	}
	if len(events) > 0 {
		show.LastChange = h.lastChangeOf(events[0], show.Zone)
	}
	return h.render(c, http.StatusOK, views.PortPage(h.page(c, p.Name, h.portCrumbs(d)...), show))
}

// showDeletedPort is the history of a port that is no longer in the inventory:
// who had it, when and why. missing is the answer when there never was one.
func (h *Handlers) showDeletedPort(c echo.Context, missing error) error {
	events, err := h.Store.Timeline(c.Request().Context(), store.PortSubject(c.Param("id")))
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return missing
	}
	show := views.PortShow{ID: c.Param("id"), Zone: time.UTC}
	for _, e := range events {
		show.History = append(show.History, portChange(e))
	}
	return h.render(c, http.StatusOK, views.DeletedPortPage(h.page(c, "Deleted port", accessPointCrumbs...), show))
}

// letterOf is the number of the letter that is out for a port, or "".
func (h *Handlers) letterOf(ctx context.Context, p store.Port) (string, error) {
	if p.ConnectionID == "" {
		return "", nil
	}
	return h.Store.LetterOut(ctx, p.ConnectionID)
}

func portChange(e store.Event) views.PortChange {
	out := views.PortChange{At: e.At, What: views.PortEventWords(e.Action), Reason: e.Reason, Who: e.ActorName}
	if out.Reason == "" {
		out.Reason = views.PortEventCause(e.Action, string(e.From), e.ActorRole.IsStaff())
	}
	if e.ActorRole.IsStaff() {
		out.Who += ", " + strings.ToLower(e.ActorRole.Label())
	}
	switch e.Action {
	case store.PortWasAllocated, store.PortCabled, store.PortWasQuarantined, store.PortReleased:
		if e.Detail != "" {
			out.HolderID, out.HolderHref = e.Detail, paths.AdminInterface(e.Detail)
		}
	default:
		out.Detail = e.Detail
	}
	return out
}

// portStep is a step of a port's life that a form of a reason takes.
type portStep struct {
	title, text, label, hint string
	keep                     string // words that leave the form
	danger, typed            bool
	href                     func(id string) string
	do                       func(s *store.Store, ctx context.Context, by store.Actor, id string, rev int, typed, reason string) error
	// blocked says why the step is not possible for a port, whoever has it.
	blocked func(p store.Port, device string) string
	done    string // follows the name of the port
	gone    bool   // the port is no longer there
}

var (
	portOutage = portStep{title: "Take out of service", label: "Take out of service", keep: "Cancel", hint: "Broken optic, damaged position, maintenance. It stays in the history.",
		text: "The port is not allocated to anybody until it is put back in service.", href: paths.AdminPortOutage, done: " is out of service.",
		do: func(s *store.Store, ctx context.Context, by store.Actor, id string, rev int, _, reason string) error {
			return s.TakePortOutOfService(ctx, by, id, rev, reason)
		},
		blocked: func(p store.Port, device string) string {
			if p.State == store.PortOutOfService {
				return "Port " + p.Name + " of " + device + " is out of service already."
			}
			return ""
		}}
	portReturn = portStep{title: "Put back in service", label: "Put back in service", keep: "Cancel", hint: "What was done. It stays in the history.",
		text: "The port is free and can be allocated from this moment on.", href: paths.AdminPortReturn, done: " is free again.",
		do: func(s *store.Store, ctx context.Context, by store.Actor, id string, rev int, _, reason string) error {
			return s.PutPortBack(ctx, by, id, rev, reason)
		},
		blocked: func(p store.Port, device string) string {
			if p.State != store.PortOutOfService {
				return "Port " + p.Name + " of " + device + " is not out of service."
			}
			return ""
		}}
	portDeletion = portStep{title: "Delete port", label: "Delete port", keep: "Keep port", hint: "It stays in the history.", danger: true, typed: true, gone: true,
		text: "The port is taken out of the inventory. Its history stays in the record. This cannot be undone.", href: paths.AdminPortDeletion, done: " was deleted.",
		do: func(s *store.Store, ctx context.Context, by store.Actor, id string, rev int, typed, reason string) error {
			return s.DeletePort(ctx, by, id, rev, typed, reason)
		},
		blocked: func(store.Port, string) string { return "" }}
)

// AskPortOutage is the form that takes a port out of service.
func (h *Handlers) AskPortOutage(c echo.Context) error { return h.askPort(c, portOutage) }

// TakePortOut takes a port out of service.
func (h *Handlers) TakePortOut(c echo.Context) error { return h.doPort(c, portOutage) }

// AskPortReturn is the form that puts a port back in service.
func (h *Handlers) AskPortReturn(c echo.Context) error { return h.askPort(c, portReturn) }

// PutPortBack makes a port that was out of service free.
func (h *Handlers) PutPortBack(c echo.Context) error { return h.doPort(c, portReturn) }

// AskPortDeletion is the form that deletes a port.
func (h *Handlers) AskPortDeletion(c echo.Context) error { return h.askPort(c, portDeletion) }

// DeletePort removes a port that nobody has.
func (h *Handlers) DeletePort(c echo.Context) error { return h.doPort(c, portDeletion) }

func (h *Handlers) askPort(c echo.Context, step portStep) error {
	return h.portStepPage(c, http.StatusOK, step, views.StepForm{})
}

func (h *Handlers) doPort(c echo.Context, step portStep) error {
	p, d, err := h.port(c)
	if err != nil {
		return err
	}
	form := views.StepForm{Reason: multiline(c, "reason"), Typed: value(c, "confirm")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.portStepPage(c, http.StatusUnprocessableEntity, step, form)
	}
	err = step.do(h.Store, c.Request().Context(), h.actor(c), p.ID, rev(c), form.Typed, form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.portStepPage(c, status, step, form)
	}
	if err != nil {
		return err
	}
	to, flash := paths.AdminPort(p.ID), views.Flash{Tone: ui.ToneOK, Text: "Port " + p.Name + " of " + d.Name + step.done}
	if step.gone {
		to, flash.LinkText, flash.Href = paths.AdminDevice(d.ID), "Its history", paths.AdminPort(p.ID)
	}
	return h.done(c, to, flash)
}

func (h *Handlers) portStepPage(c echo.Context, status int, step portStep, form views.StepForm) error {
	p, d, err := h.port(c)
	if err != nil {
		return err
	}
	letter, err := h.letterOf(c.Request().Context(), p)
	if err != nil {
		return err
	}
	form.About, form.Text, form.Action, form.Back = portFacts(p, d), step.text, step.href(p.ID), paths.AdminPort(p.ID)
	form.Label, form.Danger, form.Hint, form.BackLabel, form.What = step.label, step.danger, step.hint, step.keep, "Port name"
	if step.typed {
		form.Expect = p.Name
	}
	if form.Blocked = step.blocked(p, d.Name); form.Blocked == "" {
		form.Blocked = store.HeldWords(p, d.Name, letter)
	}
	form.Key, form.Rev = keptKey(c), seenRev(c, status, p.Version)
	page := h.page(c, step.title, h.portCrumbs(d, views.Crumb{Label: p.Name, Href: paths.AdminPort(p.ID)})...)
	page.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.StepPage(page, form))
}

// EditDemarcation is the form that changes where a port is handed over.
func (h *Handlers) EditDemarcation(c echo.Context) error {
	p, _, err := h.port(c)
	if err != nil {
		return err
	}
	return h.demarcationForm(c, http.StatusOK, demarcationView(store.DemarcationOf(p)))
}

func demarcationView(in store.DemarcationEdit) views.DemarcationForm {
	return views.DemarcationForm{Room: in.Room, Cabinet: in.Cabinet, Panel: in.Panel, Position: in.Position, Connector: in.Connector, Polish: in.Polish, Fibers: in.Fibers, Side: in.Side, Reason: in.Reason}
}

// SaveDemarcation changes where and how a port is handed over.
func (h *Handlers) SaveDemarcation(c echo.Context) error {
	p, d, err := h.port(c)
	if err != nil {
		return err
	}
	in := store.DemarcationEdit{Room: value(c, "room"), Cabinet: value(c, "cabinet"), Panel: value(c, "panel"), Position: value(c, "position"),
		Connector: value(c, "connector"), Polish: value(c, "polish"), Fibers: value(c, "fibers"), Side: value(c, "side"), Reason: multiline(c, "reason")}
	form := demarcationView(in)
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.demarcationForm(c, http.StatusUnprocessableEntity, form)
	}
	err = h.Store.EditDemarcation(c.Request().Context(), h.actor(c), p.ID, rev(c), in)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.demarcationForm(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminPort(p.ID), views.Flash{Tone: ui.ToneOK, Text: "The demarcation of port " + p.Name + " of " + d.Name + " was saved."})
}

func (h *Handlers) demarcationForm(c echo.Context, status int, form views.DemarcationForm) error {
	p, d, err := h.port(c)
	if err != nil {
		return err
	}
	letter, err := h.letterOf(c.Request().Context(), p)
	if err != nil {
		return err
	}
	form.ID, form.Port, form.Polishes = p.ID, p.Name+" of "+d.Name, catalog.Polishes()
	form.Key, form.Rev = keptKey(c), seenRev(c, status, p.Version)
	switch {
	case letter != "":
		form.Blocked = store.LetterNames(p, d.Name, letter)
	case p.ConnectionID != "":
		form.Holder = p.ConnectionID + " has this port. Its next letter says what is saved here."
	}
	page := h.page(c, "Edit demarcation", h.portCrumbs(d, views.Crumb{Label: p.Name, Href: paths.AdminPort(p.ID)})...)
	page.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.DemarcationPage(page, form))
}
