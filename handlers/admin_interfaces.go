package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

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
	view              store.View
	by, query, status string
	account           string // as it was typed, or its ID once it is found
	region, site      string
	after             string
	size              int

	accountName, regionName, siteName string
	problem                           *views.FilterProblem // why it is not clear which account is meant
}

// viewLate is the view of what staff should have done by now. Its number is
// counted: it grows while nobody writes.
const viewLate store.View = "late"

// staffListViews are the saved queries of the staff's list, in order.
var staffListViews = []struct {
	view  store.View
	label string
}{{store.ViewAll, "All"}, {store.ViewNeedsAction, "Customer's turn"}, {store.ViewWithOperator, "Our turn"}, {viewLate, "Late"}, {store.ViewEnabled, "Enabled"}, {store.ViewClosed, "Closed"}}

func (h *Handlers) staffQuery(c echo.Context) (q staffQuery, err error) {
	param := func(name string) string { return shortened(clean(c, name, c.QueryParam(name), false), queryLimit) }
	q = staffQuery{by: param("by"), query: param("q"), status: param("status"), account: strings.TrimSpace(param("account")), region: param("region"), site: param("ap"), after: param("after")}
	if q.by == "account" {
		// An account is a filter of its own, so that another search fits in it.
		if q.query != "" {
			q.account = strings.TrimSpace(q.query)
		}
		q.by, q.query = "", ""
	}
	for _, v := range staffListViews {
		if param("view") == string(v.view) {
			q.view = v.view
		}
	}
	if !slices.Contains([]string{"id", "name", "line"}, q.by) {
		q.by = ""
	}
	if !slices.Contains(store.StatusFilters(), q.status) {
		q.status = ""
	}
	region, _ := h.Store.Catalogue().Region(q.region)
	q.region, q.regionName = region.ID, region.Name
	site, _ := h.Store.Catalogue().AccessPoint(q.site)
	if q.region != "" && site.Region != q.region {
		site.ID, site.Name = "", "" // another region was selected
	}
	q.site, q.siteName = site.ID, site.Name
	q.size, _ = strconv.Atoi(param("size"))
	if !slices.Contains(pageSizes, q.size) {
		q.size = defaultRows
	}
	if q.account == "" {
		return q, nil
	}
	account, problem, err := h.accountCalled(c.Request().Context(), q.account, func(id string) string {
		return q.with(func(q *staffQuery) { q.account = id })
	})
	q.problem, q.accountName = problem, cmp.Or(account.Name, q.account)
	q.account = cmp.Or(account.ID, q.account)
	return q, err
}

// filter is what the store is asked for at now.
func (q staffQuery) filter(now time.Time) store.ConnectionFilter {
	f := store.ConnectionFilter{AccountID: q.account, View: q.view, Status: q.status, Region: q.region, AccessPoint: q.site, By: q.by, Query: q.query, After: q.after, Limit: q.size}
	if q.view == viewLate {
		f.View, f.DueBefore = store.ViewAll, now
	}
	return f
}

// href is the address of the list's first page at path.
func (q staffQuery) href(path string) string {
	by, size := q.by, ""
	if q.query == "" {
		by = ""
	}
	if q.size != defaultRows {
		size = strconv.Itoa(q.size)
	}
	return paths.With(path, "view", string(q.view), "by", by, "q", q.query, "status", q.status, "account", q.account, "region", q.region, "ap", q.site, "size", size)
}

func (q staffQuery) with(change func(*staffQuery)) string {
	change(&q)
	return q.href(paths.AdminInterfaces)
}

func (q *staffQuery) clear() { q.query, q.status, q.account, q.region, q.site = "", "", "", "", "" }

func (q staffQuery) filtered() bool {
	return q.query != "" || q.status != "" || q.account != "" || q.region != "" || q.site != ""
}

// caption says which order the list is in.
func (q staffQuery) caption() string {
	switch {
	case q.query != "":
		return "Interfaces that match, in alphabetical order"
	case q.view == viewLate:
		return "Interfaces that are late, by what is to be done, the longest overdue first"
	case q.site != "":
		return "Interfaces at " + q.siteName + ", by status in the order of the procedure"
	case q.region != "" && q.account == "":
		return "Interfaces in " + q.regionName + ", by status in the order of the procedure"
	case q.account != "":
		return "Interfaces of " + q.accountName + ", newest first"
	}
	return "Interfaces of all accounts, newest first"
}

// ListStaffInterfaces lists the interfaces of all accounts, or of one.
func (h *Handlers) ListStaffInterfaces(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	q, err := h.staffQuery(c)
	if err != nil {
		return err
	}
	l, err := h.staffToolbar(c, q)
	if err != nil {
		return err
	}
	columns := reqctx.Of(ctx).User.Columns.OfStaff()
	l.Columns, l.Choice = listColumns(columns, store.StaffColumnNames())
	var page store.StaffRows
	if l.Problem = q.problem; l.Problem == nil {
		page, err = h.Store.StaffRows(ctx, actor, q.filter(h.Store.Now()), columns)
		if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
			q.after = ""
			page, err = h.Store.StaffRows(ctx, actor, q.filter(h.Store.Now()), columns)
		}
		if err != nil {
			return err
		}
		l.Count = countInterfaces(page.Total, page.TotalMore)
		l.CSV = q.href(paths.AdminInterfacesCSV)
	}
	l.Rows = h.staffRows(page.Items, actor.Role)
	l.Nothing = l.Problem == nil && len(l.Rows) == 0 && !q.filtered() && q.view == store.ViewAll
	here := q.href(paths.AdminInterfaces)
	l.Pages = keysetPages(here, q.after, page.Next)
	l.Pages.Summary = l.Count
	if l.Here = here; q.after != "" {
		l.Here = paths.With(here, "after", q.after)
	}
	if page.Total > pageSizes[0] {
		for _, n := range pageSizes {
			l.Pages.Sizes = append(l.Pages.Sizes, ui.PageLink{Label: strconv.Itoa(n), Current: n == q.size, Href: q.with(func(q *staffQuery) { q.size = n })})
		}
	}
	return h.render(c, http.StatusOK, views.StaffInterfacesPage(h.page(c, "Interfaces", views.Crumb{Label: "Customers"}), l))
}

// staffToolbar is what does not depend on the rows. The numbers of the views are
// those of the account, or of all accounts.
func (h *Handlers) staffToolbar(c echo.Context, q staffQuery) (views.StaffInterfaceList, error) {
	ctx, cat := c.Request().Context(), h.Store.Catalogue()
	l := views.StaffInterfaceList{
		Caption: q.caption(),
		Filter: ui.Control{Name: "by", Label: "Filter by", Value: q.by, Options: []ui.Option{
			{Label: "Any property"}, {Value: "id", Label: "Interface ID"}, {Value: "name", Label: "Name"}, {Value: "line", Label: "Line code"}, {Value: "account", Label: "Account"}}},
		Query:       ui.Control{Name: "q", Type: "search", Value: q.query, Placeholder: "An ID, a name or a code", MaxLength: queryLimit},
		Status:      ui.Control{Name: "status", Label: "Status", Value: q.status, Options: statusOptions()},
		Region:      ui.Control{Name: "region", Label: "Region", Value: q.region, Options: []ui.Option{{Label: "All regions"}}},
		AccessPoint: ui.Control{Name: "ap", Label: "Access Point", Value: q.site, Options: []ui.Option{{Label: "All access points"}}},
		Clear:       q.with((*staffQuery).clear),
	}
	sites := cat.AccessPoints()
	for _, r := range cat.Regions() {
		l.Region.Options = append(l.Region.Options, ui.Option{Value: r.ID, Label: r.Name})
		for _, ap := range sites {
			if ap.Region == r.ID && (q.region == "" || q.region == r.ID) {
				l.AccessPoint.Options = append(l.AccessPoint.Options, ui.Option{Value: ap.ID, Label: ap.Name, Group: r.Name})
			}
		}
	}
	var account string
	if q.problem == nil {
		account = q.account
	}
	counts, err := h.Store.StageCounts(ctx, account)
	if err != nil {
		return l, err
	}
	late, more, err := h.Store.LateCount(ctx, h.actor(c), account, h.Store.Now())
	if err != nil {
		return l, err
	}
	for _, v := range staffListViews {
		tab := ui.ViewTab{Label: v.label, Count: counts.Of(v.view), Current: v.view == q.view,
			Href: q.with(func(q *staffQuery) { q.view, q.query, q.status, q.region, q.site = v.view, "", "", "", "" })}
		tab.CountText = thousands(tab.Count)
		if v.view == viewLate {
			tab.Count, tab.CountText = late, totalText(late, more)
		}
		l.Views = append(l.Views, tab)
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
		token("Account: "+q.accountName, func(q *staffQuery) { q.account = "" })
	}
	if q.query != "" {
		what := map[string]string{"": "Search", "id": "Interface ID", "name": "Name", "line": "Line code"}[q.by]
		token(what+": "+q.query, func(q *staffQuery) { q.query = "" })
	}
	if q.status != "" {
		token("Status: "+statusLabel(q.status), func(q *staffQuery) { q.status = "" })
	}
	if q.region != "" {
		token("Region: "+q.regionName, func(q *staffQuery) { q.region = "" })
	}
	if q.site != "" {
		token("Access Point: "+q.siteName, func(q *staffQuery) { q.site = "" })
	}
	return l, nil
}

// staffRows are interfaces with their accounts and ports.
func (h *Handlers) staffRows(items []store.StaffRow, role lifecycle.Role) []views.StaffInterfaceRow {
	rows := make([]views.StaffInterfaceRow, len(items))
	for n := range items {
		item, r := &items[n], &rows[n]
		h.listed(&r.Interface, &item.ConnectionRow)
		r.AccountID, r.Account, r.RemovalDue = item.AccountID, item.Account, item.RemovalDue
		r.AccountHref = accountHref(role, item.AccountID)
		device, _ := h.Store.Catalogue().Device(item.Device)
		r.Device, r.Port = device.Name, item.Port
		r.Actions = []ui.Action{{Label: "View", Href: paths.AdminInterface(r.ID)}}
		if can := views.StaffActions(r.Interface, role); len(can) > 0 && can[0].Kind == ui.KindPrimary {
			r.Actions = append([]ui.Action{{Label: can[0].Label, Href: can[0].Href, Lead: true}}, r.Actions...)
		}
	}
	return rows
}

// staffExportHead is the head of the file of the staff's list: that of a
// customer's, and whose an interface is and where its cables end.
var staffExportHead = slices.Concat(exportHead, []string{"Account ID", "Account", "Access point ID", "Device", "Port"})

// ExportStaffInterfaces sends the interfaces of the filter, of all accounts or of
// one, as CSV.
func (h *Handlers) ExportStaffInterfaces(c echo.Context) error {
	ctx := c.Request().Context()
	q, err := h.staffQuery(c)
	if err != nil {
		return err
	}
	if q.problem != nil {
		return &store.Error{Kind: store.Invalid, Msg: q.problem.Text}
	}
	return h.sendInterfaces(c, "interfaces-", staffExportHead, q.filter(h.Store.Now()), func(batch []store.Connection) (func(store.Connection) []string, error) {
		ports, err := h.Store.PortsHeld(ctx, batch)
		if err != nil {
			return nil, err
		}
		accounts := make([]string, len(batch))
		for i, item := range batch {
			accounts[i] = item.AccountID
		}
		names, err := h.Store.AccountNames(ctx, accounts)
		return func(item store.Connection) []string {
			p := ports[item.ID]
			device, _ := h.Store.Catalogue().Device(p.Device)
			return []string{item.AccountID, names[item.AccountID], item.AccessPointID, device.Name, p.Name}
		}, err
	})
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
