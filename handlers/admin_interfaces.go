package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// staffQuery is what the address of the staff's list asks for, reduced to what
// the list knows. Its pages have no numbers: the list is over all accounts.
type staffQuery struct {
	view                   store.View
	by, query              string
	status, account, after string
	size                   int
}

func readStaffQuery(c echo.Context) staffQuery {
	param := func(name string) string { return shortened(clean(c, name, c.QueryParam(name), false), queryLimit) }
	q := staffQuery{view: store.View(param("view")), by: param("by"), query: param("q"), status: param("status"), account: param("account"), after: param("after")}
	if q.by == "account" {
		// An account is a filter of its own, so that another search fits in it.
		if q.query != "" {
			q.account = q.query
		}
		q.by, q.query = "", ""
	}
	if !slices.Contains([]store.View{store.ViewNeedsAction, store.ViewWithOperator, store.ViewEnabled, store.ViewClosed}, q.view) {
		q.view = store.ViewAll
	}
	if !slices.Contains([]string{"id", "name", "line"}, q.by) {
		q.by = ""
	}
	if !slices.Contains(store.StatusFilters(), q.status) {
		q.status = ""
	}
	q.size, _ = strconv.Atoi(param("size"))
	if !slices.Contains(pageSizes, q.size) {
		q.size = defaultRows
	}
	return q
}

// href is the address of the list's first page.
func (q staffQuery) href() string {
	by, size := q.by, ""
	if q.query == "" {
		by = ""
	}
	if q.size != defaultRows {
		size = strconv.Itoa(q.size)
	}
	return paths.With(paths.AdminInterfaces, "view", string(q.view), "by", by, "q", q.query, "status", q.status, "account", q.account, "size", size)
}

func (q staffQuery) with(change func(*staffQuery)) string {
	change(&q)
	return q.href()
}

func (q staffQuery) filtered() bool { return q.query != "" || q.status != "" || q.account != "" }

// ListStaffInterfaces lists the interfaces of all accounts, or of one.
func (h *Handlers) ListStaffInterfaces(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	q := readStaffQuery(c)
	counts, err := h.Store.StageCounts(ctx, q.account)
	if err != nil {
		return err
	}
	filter := store.ConnectionFilter{AccountID: q.account, View: q.view, Status: q.status, By: q.by, Query: q.query, After: q.after, Limit: q.size}
	page, err := h.Store.Connections(ctx, h.actor(c), filter)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		q.after, filter.After = "", ""
		page, err = h.Store.Connections(ctx, h.actor(c), filter)
	}
	if err != nil {
		return err
	}
	l, err := h.staffToolbar(c, q, counts)
	if err != nil {
		return err
	}
	if l.Rows, err = h.staffRows(c, page.Items, user.Role); err != nil {
		return err
	}
	l.Nothing = len(l.Rows) == 0 && !q.filtered() && q.view == store.ViewAll
	l.Count = countInterfaces(page.Total, page.TotalMore)
	l.Pages = keysetPages(q.href(), q.after, page.Next)
	l.Pages.Summary = countInterfaces(page.Total, page.TotalMore)
	if page.Total > pageSizes[0] {
		for _, n := range pageSizes {
			l.Pages.Sizes = append(l.Pages.Sizes, ui.PageLink{Label: strconv.Itoa(n), Current: n == q.size, Href: q.with(func(q *staffQuery) { q.size = n })})
		}
	}
	return h.render(c, http.StatusOK, views.StaffInterfacesPage(h.page(c, "Interfaces", views.Crumb{Label: "Customers"}), l))
}

func (h *Handlers) staffToolbar(c echo.Context, q staffQuery, counts store.StageCounts) (views.StaffInterfaceList, error) {
	l := views.StaffInterfaceList{
		Caption: "Interfaces of all accounts, newest first",
		Filter: ui.Control{Name: "by", Label: "Filter by", Value: q.by, Options: []ui.Option{
			{Label: "Any property"}, {Value: "id", Label: "Interface ID"}, {Value: "name", Label: "Name"}, {Value: "line", Label: "Line code"}, {Value: "account", Label: "Account ID"}}},
		Query:  ui.Control{Name: "q", Type: "search", Value: q.query, Placeholder: "Enter the beginning of an ID, name or code", MaxLength: queryLimit},
		Status: ui.Control{Name: "status", Label: "Status", Value: q.status, Options: statusOptions()},
		Clear:  q.with(func(q *staffQuery) { q.query, q.status, q.account = "", "", "" }),
	}
	if q.query != "" {
		l.Caption = "Interfaces that match, in alphabetical order"
	}
	for _, tab := range []struct {
		view  store.View
		label string
	}{{store.ViewAll, "All"}, {store.ViewNeedsAction, "Customer's turn"}, {store.ViewWithOperator, "Our turn"}, {store.ViewEnabled, "Enabled"}, {store.ViewClosed, "Closed"}} {
		l.Views = append(l.Views, ui.ViewTab{Label: tab.label, Count: counts.Of(tab.view), CountText: thousands(counts.Of(tab.view)), Current: tab.view == q.view,
			Href: q.with(func(q *staffQuery) { q.view, q.query, q.status = tab.view, "", "" })})
	}
	keep := func(name, value string) {
		if value != "" {
			l.Kept = append(l.Kept, ui.Hidden{Name: name, Value: value})
		}
	}
	keep("view", string(q.view))
	keep("account", q.account)
	if q.size != defaultRows {
		keep("size", strconv.Itoa(q.size))
	}
	token := func(text string, change func(*staffQuery)) {
		l.Tokens = append(l.Tokens, ui.Token{Text: text, Href: q.with(change)})
	}
	if q.account != "" {
		names, err := h.Store.AccountNames(c.Request().Context(), []string{q.account})
		if err != nil {
			return l, err
		}
		name := names[q.account]
		if name == "" {
			name = q.account
		}
		token("Account: "+name, func(q *staffQuery) { q.account = "" })
	}
	if q.query != "" {
		what := map[string]string{"": "Search", "id": "Interface ID", "name": "Name", "line": "Line code"}[q.by]
		token(what+": "+q.query, func(q *staffQuery) { q.query = "" })
	}
	if q.status != "" {
		token("Status: "+statusLabel(q.status), func(q *staffQuery) { q.status = "" })
	}
	return l, nil
}

// staffRows are interfaces with their accounts and ports: a fixed number of
// statements besides the names of the accounts.
func (h *Handlers) staffRows(c echo.Context, items []store.Connection, role lifecycle.Role) ([]views.StaffInterfaceRow, error) {
	ctx := c.Request().Context()
	all, err := h.staffViews(ctx, items)
	if err != nil {
		return nil, err
	}
	ports, err := h.Store.PortsHeld(ctx, items)
	if err != nil {
		return nil, err
	}
	rows := make([]views.StaffInterfaceRow, len(all))
	for i, v := range all {
		rows[i] = views.StaffInterfaceRow{Interface: v, AccountHref: accountHref(role, v.AccountID)}
		if p, ok := ports[v.ID]; ok {
			device, _ := h.Store.Catalogue().Device(p.Device)
			rows[i].Device, rows[i].Port = device.Name, p.Name
		}
		rows[i].Actions = []ui.Action{{Label: "View", Href: paths.AdminInterface(v.ID)}}
		if can := views.StaffActions(v, role); len(can) > 0 && can[0].Kind == ui.KindPrimary {
			rows[i].Actions = append([]ui.Action{{Label: can[0].Label, Href: can[0].Href, Lead: true}}, rows[i].Actions...)
		}
	}
	return rows, nil
}

// ShowStaffInterface is the page of any account's interface. What can be done
// stands there as links to the pages where it is done.
func (h *Handlers) ShowStaffInterface(c echo.Context) error {
	return h.staffInterfacePage(c, http.StatusOK, views.StaffNotes{})
}

// staffInterfacePage shows the interface with the form for a note as it was sent.
func (h *Handlers) staffInterfacePage(c echo.Context, status int, form views.StaffNotes) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	conn, err := h.Store.Connection(ctx, actor, c.Param("id"))
	if err != nil {
		return err
	}
	d, err := h.detail(ctx, actor, conn)
	if err != nil {
		return err
	}
	names, err := h.Store.AccountNames(ctx, []string{conn.AccountID})
	if err != nil {
		return err
	}
	port, err := h.Store.PortOf(ctx, conn.ID)
	if err != nil {
		return err
	}
	events, err := h.Store.Timeline(ctx, conn.ID)
	if err != nil {
		return err
	}
	d.Account = names[conn.AccountID]
	if !lifecycle.May(lifecycle.SeeReviews, actor.Role) {
		d.LOAHref = "" // the letter is for those who decide about letters
	}
	s := views.StaffInterface{InterfaceDetail: d, AccountHref: accountHref(actor.Role, conn.AccountID), Role: actor.Role, Audit: h.auditRows(events, actor.Role, names)}
	if s.Tickets, err = h.openTickets(ctx, conn.ID, roleOf(c)); err != nil {
		return err
	}
	if s.Notes, err = h.staffNotes(c, conn, form); err != nil {
		return err
	}
	if s.NoteLine, err = h.noteLine(c, conn); err != nil {
		return err
	}
	if len(events) > 0 {
		s.LastChange = h.lastChangeOf(events[0], d.Zone)
	}
	if port != nil {
		place := h.place(*port)
		s.Port = []ui.Pair{
			{Term: "Device", Value: place.Device, Mono: true},
			{Term: "Port", Value: place.Port, Mono: true},
			{Term: "State", Value: views.PortWords(portPlace(port.State))},
			{Term: "Device location", Value: place.DeviceWhere},
			{Term: "Demarcation", Value: joined(place.Room, place.Cabinet, place.Panel, "position "+place.Position)},
			{Term: "Connector", Value: place.Connector},
		}
		if lifecycle.May(lifecycle.SeeSites, actor.Role) {
			s.Port[0].Href = paths.AdminAccessPoint(conn.AccessPointID)
		}
	}
	p := h.page(c, d.Title(), views.Crumb{Label: "Customers"}, views.Crumb{Label: "Interfaces", Href: paths.AdminInterfaces})
	p.Crumbs[len(p.Crumbs)-1].Label = d.ID
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.StaffInterfacePage(p, s))
}
