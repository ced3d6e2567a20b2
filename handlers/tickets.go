package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/ticket"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// ticketsShown is how many tickets a customer's page has.
const ticketsShown = 20

// ListTickets lists the account's tickets: the open ones, or those that are
// closed, the last one written in first.
func (h *Handlers) ListTickets(c echo.Context) error {
	ctx := c.Request().Context()
	account := h.actor(c).AccountID
	l := views.TicketList{Closed: c.QueryParam("view") == views.TicketsClosed}
	base := paths.Tickets
	if l.Closed {
		base = paths.With(base, "view", views.TicketsClosed)
	}
	after := shortened(c.QueryParam("after"), 2*queryLimit)
	items, next, err := h.Store.OwnTickets(ctx, account, l.Closed, after, ticketsShown)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		after = ""
		items, next, err = h.Store.OwnTickets(ctx, account, l.Closed, after, ticketsShown)
	}
	if err != nil {
		return err
	}
	for _, k := range items {
		l.Rows = append(l.Rows, h.ticketView(k, roleOf(c)))
	}
	l.Tabs = []ui.ViewTab{{Label: "Open", Href: paths.Tickets, Count: -1, Current: !l.Closed},
		{Label: "Closed", Href: paths.With(paths.Tickets, "view", views.TicketsClosed), Count: -1, Current: l.Closed}}
	l.Pages = keysetPages(base, after, next)
	return h.render(c, http.StatusOK, views.TicketsPage(h.page(c, "Tickets"), l))
}

// ListStaffTickets lists the tickets of all accounts by whose turn they are, of
// one topic or of all.
func (h *Handlers) ListStaffTickets(c echo.Context) error {
	ctx := c.Request().Context()
	counts, err := h.queueCounts(c)
	if err != nil {
		return err
	}
	state := ticket.State(c.QueryParam("view"))
	if state != ticket.Answered && state != ticket.Closed {
		state = ticket.Waiting
	}
	topic, _ := ticket.TopicByID(c.QueryParam("topic"))
	address := func(s ticket.State, topic string) string {
		if s == ticket.Waiting {
			s = ""
		}
		return paths.With(paths.AdminTickets, "view", string(s), "topic", topic)
	}
	l := views.StaffTicketList{State: state, MayOpen: lifecycle.May(lifecycle.AskCustomers, h.actor(c).Role), Topic: ui.Control{Name: "topic", Label: "Topic", Value: topic.ID, Options: []ui.Option{{Label: "All topics"}}}, Clear: address(state, "")}
	for _, t := range ticket.Topics() {
		l.Topic.Options = append(l.Topic.Options, ui.Option{Value: t.ID, Label: t.Label})
	}
	if topic.ID != "" {
		l.Tokens = []ui.Token{{Text: "Topic: " + topic.Label, Href: l.Clear}}
	}
	for _, tab := range []struct {
		state ticket.State
		label string
	}{{ticket.Waiting, "To answer"}, {ticket.Answered, "Customer's turn"}, {ticket.Closed, "Closed"}} {
		t := ui.ViewTab{Label: tab.label, Href: address(tab.state, topic.ID), Count: -1, Current: tab.state == state}
		if tab.state == ticket.Waiting && topic.ID == "" {
			t.Count = counts.Tickets
		}
		l.Tabs = append(l.Tabs, t)
	}
	after := shortened(c.QueryParam("after"), 2*queryLimit)
	items, next, err := h.Store.TicketPage(ctx, state, topic.ID, after, queuePage)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		after = ""
		items, next, err = h.Store.TicketPage(ctx, state, topic.ID, after, queuePage)
	}
	if err != nil {
		return err
	}
	ids := make([]string, len(items))
	for i, k := range items {
		ids[i] = k.AccountID
	}
	names, err := h.Store.AccountNames(ctx, ids)
	if err != nil {
		return err
	}
	role := h.actor(c).Role
	for _, k := range items {
		v := h.ticketView(k, role)
		v.Account, v.AccountHref = names[k.AccountID], accountHref(role, k.AccountID)
		l.Rows = append(l.Rows, v)
	}
	l.Pages = keysetPages(address(state, topic.ID), after, next)
	return h.render(c, http.StatusOK, views.StaffTicketsPage(h.page(c, "Tickets"), l))
}

// ticketView is a ticket in words, with links to what it is about.
func (h *Handlers) ticketView(k store.Ticket, reader lifecycle.Role) views.Ticket {
	staff := reader.IsStaff()
	topic, _ := ticket.TopicByID(k.Topic)
	v := views.Ticket{ID: k.ID, Title: k.Title, Topic: topic.Label, State: k.State, Staff: staff, Colleagues: !staff && !lifecycle.May(lifecycle.AskTickets, reader), ByStaff: k.ByStaff, AccountID: k.AccountID, InterfaceID: k.ConnectionID,
		OpenedAt: k.OpenedAt, LastAt: k.LastAt, Messages: k.Messages, Zone: time.UTC, Href: paths.Ticket(k.ID), Waiting: views.Waiting{Since: k.Since, Now: h.Store.Now()}}
	if staff {
		v.Href = paths.AdminTicket(k.ID)
	}
	if k.ConnectionID != "" {
		v.InterfaceHref = paths.Interface(k.ConnectionID)
		if staff {
			v.InterfaceHref = paths.AdminInterface(k.ConnectionID)
		}
	}
	if k.AccessPointID != "" {
		v.AccessPoint = k.AccessPointID // of a site that is no more
		if ap, ok := h.Store.Catalogue().AccessPoint(k.AccessPointID); ok {
			v.AccessPoint, v.Zone = ap.Name, h.Store.Catalogue().Zone(ap.Region)
		}
	}
	return v
}

// openTickets are the open tickets about an interface that the reader may see.
func (h *Handlers) openTickets(ctx context.Context, connection string, reader lifecycle.Role) (out []views.Ticket, err error) {
	open, err := h.Store.TicketsAbout(ctx, connection)
	for _, k := range open {
		out = append(out, h.ticketView(k, reader))
	}
	return out, err
}

// NewTicket is the form that opens a ticket; the query fills it in.
func (h *Handlers) NewTicket(c echo.Context) error {
	q := func(name string) string { return clean(c, name, c.QueryParam(name), false) }
	return h.ticketForm(c, http.StatusOK, views.TicketForm{Topic: q("topic"), Interface: q("interface"), AccessPoint: q("access_point"), Key: formKey()})
}

// OpenTicket asks the operator something, or the customer when staff send it.
// Kinds: Forbidden.
func (h *Handlers) OpenTicket(c echo.Context) error {
	form := views.TicketForm{Topic: value(c, "topic"), Interface: value(c, "interface"), AccessPoint: value(c, "access_point"), Title: value(c, "title"), Body: multiline(c, "body"), Key: keptKey(c)}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.ticketForm(c, http.StatusUnprocessableEntity, form)
	}
	id, err := h.Store.OpenTicket(c.Request().Context(), h.actor(c), store.NewTicket{Topic: form.Topic, Title: form.Title, ConnectionID: form.Interface, AccessPointID: form.AccessPoint, Body: form.Body})
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.ticketForm(c, status, form)
	}
	if err != nil {
		return err
	}
	if h.actor(c).Staff() {
		return h.done(c, paths.AdminTicket(id), views.Flash{Tone: ui.ToneOK, Text: "The ticket is open, and the customer is told."})
	}
	return h.done(c, paths.Ticket(id), views.Flash{Tone: ui.ToneOK, Text: "The ticket is open. You get a message when " + h.Operator + " answers."})
}

func (h *Handlers) ticketForm(c echo.Context, status int, form views.TicketForm) error {
	cat := h.Store.Catalogue()
	for _, t := range ticket.Topics() {
		form.Topics = append(form.Topics, ui.Option{Value: t.ID, Label: t.Label})
	}
	form.Sites = []ui.Option{{Label: "None"}}
	for _, ap := range cat.AccessPoints() {
		if ap.Status == catalog.StatusDisabled { // not shown to customers
			continue
		}
		region, _ := cat.Region(ap.Region)
		form.Sites = append(form.Sites, ui.Option{Value: ap.ID, Label: ap.Name, Group: region.Name})
	}
	by, list := h.actor(c), paths.Tickets
	form.Operator = h.Operator
	if form.Staff = by.Staff(); form.Staff {
		list = paths.AdminTickets
	}
	if form.Interface != "" {
		// Who asks about an interface sees what was asked already. An ID that is
		// not theirs has no tickets here; the store refuses it when it is sent.
		conn, err := h.Store.Connection(c.Request().Context(), by, form.Interface)
		if err == nil {
			if form.Open, err = h.openTickets(c.Request().Context(), conn.ID, roleOf(c)); err != nil {
				return err
			}
			if form.Staff {
				all, err := h.staffViews(c.Request().Context(), []store.Connection{conn})
				if err != nil {
					return err
				}
				form.To = "To " + all[0].Account + ", about " + all[0].Title() + " at " + all[0].AccessPoint + "."
			}
		} else if store.KindOf(err) != store.NotFound {
			return err
		}
	}
	p := h.page(c, "Open a ticket", views.Crumb{Label: "Tickets", Href: list})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.NewTicketPage(p, form))
}

// ShowTicket is one ticket, for its customer or for staff. Kinds: NotFound.
func (h *Handlers) ShowTicket(c echo.Context) error {
	return h.ticketPage(c, http.StatusOK, views.TicketShow{})
}

// WriteTicket adds a message to a ticket, and closes it when the button says so.
// Kinds: NotFound, Forbidden.
func (h *Handlers) WriteTicket(c echo.Context) error {
	form := views.TicketShow{Body: multiline(c, "body")}
	closes := value(c, "then") == views.ThenClose
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.ticketPage(c, http.StatusUnprocessableEntity, form)
	}
	by := h.actor(c)
	err := h.Store.WriteTicket(c.Request().Context(), by, c.Param("id"), rev(c), form.Body, closes)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.ticketPage(c, status, form)
	}
	if err != nil {
		return err
	}
	flash, href := views.Flash{Tone: ui.ToneOK, Text: "Your message is sent. You get a message when " + h.Operator + " answers."}, paths.Ticket(c.Param("id"))
	switch {
	case by.Staff() && closes:
		flash.Text, href = "Your answer is sent, and the ticket is closed.", paths.AdminTickets
	case by.Staff():
		flash.Text, href = "Your answer is sent.", paths.AdminTickets
	case closes:
		flash.Text = "The ticket is closed."
	}
	if by.Staff() {
		flash.LinkText, flash.Href = "View ticket", paths.AdminTicket(c.Param("id"))
	}
	return h.done(c, href, flash)
}

func (h *Handlers) ticketPage(c echo.Context, status int, form views.TicketShow) error {
	ctx := c.Request().Context()
	by := h.actor(c)
	k, messages, err := h.Store.Ticket(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	form.Ticket, form.Key, form.Operator = h.ticketView(k, by.Role), keptKey(c), h.Operator
	right, list := lifecycle.AskTickets, paths.Tickets
	if by.Staff() {
		right, list = lifecycle.AnswerTickets, paths.AdminTickets
		names, err := h.Store.AccountNames(ctx, []string{k.AccountID})
		if err != nil {
			return err
		}
		form.Account, form.AccountHref = names[k.AccountID], accountHref(by.Role, k.AccountID)
	}
	form.MayWrite = lifecycle.May(right, by.Role)
	for _, m := range messages {
		form.Thread = append(form.Thread, views.TicketMessage{At: m.At, Name: m.Name, Staff: m.Staff, Closes: m.Closes, Body: m.Body})
	}
	p := h.page(c, k.Title, views.Crumb{Label: "Tickets", Href: list})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.TicketPage(p, form))
}
