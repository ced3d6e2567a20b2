package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/sheet"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// listNote names the standing note above the list, for those who put it away.
const listNote = "interfaces-note"

// defaultRows is the length of a page of the list when none is asked for.
const defaultRows = 20

// queryLimit is how many characters of a search are looked at.
const queryLimit = 128

// listQuery is what the address of the list asks for, reduced to what the list
// knows: anything else counts as not asked. So every address shows a list.
type listQuery struct {
	view           store.View
	by, query      string
	status, region string
	sort           store.Sort
	size, page     int
	after          string
	regionName     string
}

func (h *Handlers) listQuery(c echo.Context) listQuery {
	param := func(name string) string { return clean(c, name, c.QueryParam(name), false) }
	q := listQuery{view: store.View(param("view")), by: param("by"), query: shortened(param("q"), queryLimit), status: param("status"), region: param("region"),
		sort: store.Sort(param("sort")), after: shortened(param("after"), 2*queryLimit)}
	if !slices.Contains(customerViews, q.view) || !q.view.Offered(roleOf(c)) {
		q.view = store.ViewAll
	}
	if !slices.Contains([]string{"id", "name", "line"}, q.by) {
		q.by = ""
	}
	if !slices.Contains(store.StatusFilters(), q.status) {
		q.status = ""
	}
	region, ok := h.Store.Catalogue().Region(q.region)
	if !ok {
		q.region = ""
	}
	q.regionName = region.Name
	if !slices.Contains(sorts, q.sort) {
		q.sort = store.SortNewest
	}
	q.size, _ = strconv.Atoi(param("size"))
	if !slices.Contains(pageSizes, q.size) {
		q.size = defaultRows
	}
	q.page, _ = strconv.Atoi(param("page"))
	q.page = min(max(q.page, 1), store.MaxPage)
	return q
}

// customerViews are the saved queries of the list, in order.
var customerViews = []store.View{store.ViewAll, store.ViewNeedsAction, store.ViewOfColleagues, store.ViewWithOperator, store.ViewEnabled, store.ViewClosed}

// viewLabel is what a customer calls a view.
func (h *Handlers) viewLabel(v store.View) string {
	switch v {
	case store.ViewNeedsAction:
		return "Needs your action"
	case store.ViewOfColleagues:
		return "Needs a colleague"
	case store.ViewWithOperator:
		return "With " + h.Operator
	case store.ViewEnabled:
		return "Enabled"
	case store.ViewClosed:
		return "Closed"
	}
	return "All"
}

// retryAfter is when to try again what could not be read, in seconds.
const retryAfter = "5"

var pageSizes = []int{10, 20, 50, 100}

// sorts are the orders of the list, and sortLabels what a phone calls them: it
// shows no heads of columns.
var (
	sorts      = []store.Sort{store.SortNewest, store.SortName, store.SortStatus, store.SortDue}
	sortLabels = map[store.Sort]string{store.SortNewest: "Newest first", store.SortName: "By name", store.SortStatus: "By status", store.SortDue: "By due date"}
)

// listColumns are the columns that a list shows, and the choice of them among
// names.
func listColumns(shown store.ListColumns, names []string) (views.ListColumns, []ui.Control) {
	labels := map[string]string{store.ColumnSP: "SP", store.ColumnRegion: "Region", store.ColumnRedundant: "Redundant Connection ID", store.ColumnPort: "Device / port", store.ColumnFee: "Fee", store.ColumnCreated: "Created"}
	var choice []ui.Control
	for _, name := range names {
		choice = append(choice, ui.Control{Name: "column", Value: name, Label: labels[name], Checked: shown.Has(name)})
	}
	return views.ListColumns{SP: shown.Has(store.ColumnSP), Region: shown.Has(store.ColumnRegion), Redundant: shown.Has(store.ColumnRedundant), Port: shown.Has(store.ColumnPort), Fee: shown.Has(store.ColumnFee), Created: shown.Has(store.ColumnCreated)}, choice
}

// customerColumns are the columns of the customer's list that the reader chose.
// Staff who look at it chose those of their own list.
func customerColumns(c echo.Context) store.ListColumns {
	user := reqctx.Of(c.Request().Context()).User
	if user.StaffRole != "" {
		return ""
	}
	return user.Columns
}

// shortened is the first n characters of s.
func shortened(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

func (q listQuery) filter() store.ConnectionFilter {
	return store.ConnectionFilter{View: q.view, Status: q.status, Region: q.region, By: q.by, Query: q.query, Sort: q.sort, Page: q.page, After: q.after, Limit: q.size}
}

// order is the order that the list is in: the one asked for, where the filters
// leave it.
func (q listQuery) order() store.Sort {
	if !q.filter().Sortable(q.sort) {
		return store.SortNewest
	}
	return q.sort
}

// href is the address of this list at path, without page and cursor.
func (q listQuery) href(path string) string {
	by, size := q.by, ""
	if q.query == "" {
		by = ""
	}
	if q.size != defaultRows {
		size = strconv.Itoa(q.size)
	}
	return paths.With(path, "view", string(q.view), "by", by, "q", q.query, "status", q.status, "region", q.region, "sort", string(q.sort), "size", size)
}

// with is the address of the list after a change.
func (q listQuery) with(change func(*listQuery)) string {
	change(&q)
	return q.href(paths.Interfaces)
}

// at is the address of a page of the list.
func (q listQuery) at(page int) string {
	if page <= 1 {
		return q.href(paths.Interfaces)
	}
	return paths.With(q.href(paths.Interfaces), "page", strconv.Itoa(page))
}

// here is the address of what is shown now.
func (q listQuery) here() string {
	if q.after != "" {
		return paths.With(q.href(paths.Interfaces), "after", q.after)
	}
	return q.at(q.page)
}

// ListInterfaces is the page Physical Connection Interfaces.
func (h *Handlers) ListInterfaces(c echo.Context) error {
	ctx := c.Request().Context()
	actor := reqctx.Actor(ctx)
	q := h.listQuery(c)
	l := h.interfaceToolbar(&q)
	l.Columns, l.Choice = listColumns(customerColumns(c), store.ColumnNames())
	status := http.StatusOK
	counts, rows, paging, err := h.interfaceRows(c, actor, &q)
	if err != nil {
		if !h.cardFailed(ctx, err) {
			return err
		}
		// The page stays usable: what can be shown without the rows is shown.
		status, l.Failed = http.StatusServiceUnavailable, true
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	}
	l.Rows, l.Nothing, l.Here = rows, !l.Failed && counts.Of(store.ViewAll) == 0, q.here()
	l.Count = countInterfaces(paging.Total, paging.TotalMore)
	l.Views = h.viewTabs(q, counts, actor.Role, l.Failed)
	l.Pages = pager(q, paging, len(rows))
	if user, _ := reqctx.User(ctx); user.StaffRole == "" && !reqctx.Of(ctx).Session.Dismissed(listNote) {
		l.Note = ui.Notice{Tone: ui.ToneInfo, DismissAction: paths.Preferences, DismissKey: listNote, Next: l.Here}
	}
	return h.render(c, status, views.InterfacesPage(h.page(c, "Physical Connection Interfaces", views.Crumb{Label: "Physical Connections"}), l))
}

// interfaceRows reads one page: a fixed number of statements, whatever its
// length. It corrects q when the address names a page that is not there.
func (h *Handlers) interfaceRows(c echo.Context, actor store.Actor, q *listQuery) (store.StageCounts, []views.Interface, store.Paging, error) {
	ctx := c.Request().Context()
	columns := customerColumns(c)
	counts, err := h.Store.StageCounts(ctx, actor.AccountID)
	if err != nil {
		return nil, nil, store.Paging{}, err
	}
	page, err := h.Store.ConnectionRows(ctx, actor, q.filter(), columns)
	if store.KindOf(err) == store.Invalid || (err == nil && len(page.Items) == 0 && (q.after != "" || q.page > 1)) {
		// A cursor nobody gave out, or a page behind the last one.
		last := 1
		if err == nil && q.after == "" {
			last = min((page.Total+q.size-1)/q.size, store.MaxPage)
		}
		q.after, q.page = "", max(last, 1)
		page, err = h.Store.ConnectionRows(ctx, actor, q.filter(), columns)
	}
	return counts, h.interfaceViews(c, page.Items), page.Paging, err
}

// interfaceViews are interfaces as rows show them: with their partners and the
// orders that are still to be paid.
func (h *Handlers) interfaceViews(c echo.Context, items []store.ConnectionRow) []views.Interface {
	ctx, role := c.Request().Context(), roleOf(c)
	rows := make([]views.Interface, len(items))
	for n := range items {
		h.clocks(ctx, &items[n].Connection)
		h.listed(&rows[n], &items[n])
		rows[n].Reader = role
	}
	return rows
}

// listed writes what a row of a list shows, with what stands in other rows.
func (h *Handlers) listed(i *views.Interface, item *store.ConnectionRow) {
	h.inRow(i, &item.Connection)
	i.OrderNo = item.OrderNo
	if item.Monthly.Currency != "" { // it was asked for
		i.Monthly = item.Monthly.String()
	}
	if item.Partner != "" {
		i.RedundantID, i.RedundantName = item.Partner, item.PartnerName
	}
}

// interfaceToolbar is what does not depend on the rows.
func (h *Handlers) interfaceToolbar(q *listQuery) views.InterfaceList {
	l := views.InterfaceList{
		Caption: caption(*q),
		Filter: ui.Control{Name: "by", Label: "Filter by", Value: q.by, Options: []ui.Option{
			{Label: "Any property"}, {Value: "id", Label: "Interface ID"}, {Value: "name", Label: "Name"}, {Value: "line", Label: "Line code"}}},
		Query:    ui.Control{Name: "q", Type: "search", Value: q.query, Placeholder: "Enter an ID, for example pc-bp1ca4", MaxLength: queryLimit},
		ByStatus: ui.Control{Name: "status", Label: "Status", Value: q.status, Options: statusOptions()},
		Clear:    q.with(func(q *listQuery) { q.query, q.status, q.region = "", "", "" }),
		CSV:      q.href(paths.InterfacesCSV),
		Name:     ui.Column{Label: "Interface ID / Name"}, Status: ui.Column{Label: "Status"}, Created: ui.Column{Label: "Created", Class: "col-extra"},
		Sort: ui.Control{Name: "sort", Label: "Sort", Value: string(q.sort)},
	}
	keep := func(name, value string) {
		if value != "" {
			l.Kept = append(l.Kept, ui.Hidden{Name: name, Value: value})
		}
	}
	keep("view", string(q.view))
	keep("region", q.region)
	if q.size != defaultRows {
		keep("size", strconv.Itoa(q.size))
	}
	token := func(text string, change func(*listQuery)) {
		l.Tokens = append(l.Tokens, ui.Token{Text: text, Href: q.with(change)})
	}
	if q.query != "" {
		what := map[string]string{"": "Search", "id": "Interface ID", "name": "Name", "line": "Line code"}[q.by]
		token(what+": "+q.query, func(q *listQuery) { q.query = "" })
	}
	if q.status != "" {
		token("Status: "+statusLabel(q.status), func(q *listQuery) { q.status = "" })
	}
	if q.region != "" {
		token("Region: "+q.regionName, func(q *listQuery) { q.region = "" })
	}
	// A search is in the order of what it looks in; there is nothing to sort.
	f := q.filter()
	head := func(c *ui.Column, by store.Sort, direction string) {
		switch {
		case !f.Sortable(by):
		case q.order() == by: // the link leads back to the usual order
			c.Sort, c.Href = direction, q.with(func(q *listQuery) { q.sort = store.SortNewest })
		default:
			c.Href = q.with(func(q *listQuery) { q.sort = by })
		}
	}
	head(&l.Name, store.SortName, "ascending")
	head(&l.Status, store.SortStatus, "ascending")
	head(&l.Created, store.SortNewest, "descending")
	l.Status.Second = &ui.Column{Label: "Due date"}
	head(l.Status.Second, store.SortDue, "ascending")
	f.Query = ""
	for _, by := range sorts {
		if f.Sortable(by) {
			l.Sort.Options = append(l.Sort.Options, ui.Option{Value: string(by), Label: sortLabels[by]})
		}
	}
	return l
}

func caption(q listQuery) string {
	where := "in all regions"
	if q.region != "" {
		where = "in " + q.regionName
	}
	if q.query != "" {
		return "Interfaces " + where + " that match, in alphabetical order"
	}
	switch q.order() {
	case store.SortName:
		return "Interfaces " + where + ", by name"
	case store.SortStatus:
		return "Interfaces " + where + ", by status in the order of the procedure"
	case store.SortDue:
		return "Interfaces " + where + ", by due date, then those without one"
	}
	return "Interfaces " + where + ", newest first"
}

func statusLabel(status string) string {
	if status == store.StatusWaiting {
		return lifecycle.WaitingForCabling.Label()
	}
	return lifecycle.Stage(status).Label()
}

func statusOptions() []ui.Option {
	out := []ui.Option{{Label: "All statuses"}}
	for _, s := range store.StatusFilters() {
		out = append(out, ui.Option{Value: s, Label: statusLabel(s)})
	}
	return out
}

// viewTabs are the saved queries that the reader can use. Their numbers are
// those of the whole account, so following one leaves the other filters behind.
func (h *Handlers) viewTabs(q listQuery, counts store.StageCounts, reader lifecycle.Role, failed bool) []ui.ViewTab {
	var tabs []ui.ViewTab
	for _, v := range customerViews {
		if !v.Offered(reader) {
			continue
		}
		n := counts.For(reader, v)
		tab := ui.ViewTab{Label: h.viewLabel(v), Current: v == q.view, Count: n, CountText: thousands(n),
			Href: q.with(func(q *listQuery) { q.view, q.query, q.status, q.region = v, "", "", "" })}
		if failed {
			tab.Count, tab.CountText = -1, ""
		}
		tabs = append(tabs, tab)
	}
	return tabs
}

// thousands is a number as people read it: "1,000".
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func totalText(n int, more bool) string {
	if more {
		return thousands(n) + "+"
	}
	return thousands(n)
}

func countInterfaces(n int, more bool) string {
	if n == 1 && !more {
		return "1 interface"
	}
	return totalText(n, more) + " interfaces"
}

// pagerWindow is how many numbers stand around the current page.
const pagerWindow = 5

// pager turns the pages of so many rows: with numbers up to store.MaxPage, then
// one after the other.
func pager(q listQuery, page store.Paging, rows int) ui.Pages {
	var p ui.Pages
	if rows == 0 {
		return p
	}
	total := totalText(page.Total, page.TotalMore)
	if page.Page == 0 {
		p.Summary, p.First = "Of "+total+", continued", q.at(1)
	} else {
		from := (page.Page-1)*page.Limit + 1
		p.Summary = fmt.Sprintf("%s–%s of %s", thousands(from), thousands(from+rows-1), total)
		last := max(min((page.Total+page.Limit-1)/page.Limit, store.MaxPage), page.Page)
		p.Numbers = pageNumbers(q, page.Page, last)
		if page.Page > 1 {
			p.Prev = q.at(page.Page - 1)
		}
	}
	switch {
	case page.Next == "":
	case page.Page > 0 && page.Page < store.MaxPage:
		p.Next = q.at(page.Page + 1)
	default:
		p.Next = paths.With(q.href(paths.Interfaces), "after", page.Next)
	}
	if page.Total > pageSizes[0] {
		for _, n := range pageSizes {
			p.Sizes = append(p.Sizes, ui.PageLink{Label: strconv.Itoa(n), Current: n == q.size, Href: q.with(func(q *listQuery) { q.size = n })})
		}
	}
	return p
}

// pageNumbers is the first page, those around the current one and the last.
func pageNumbers(q listQuery, current, last int) []ui.PageLink {
	if last == 1 {
		return nil
	}
	from := max(min(current-pagerWindow/2, last-pagerWindow+1), 1)
	to := min(from+pagerWindow-1, last)
	var out []ui.PageLink
	add := func(n int) {
		out = append(out, ui.PageLink{Label: strconv.Itoa(n), Href: q.at(n), Current: n == current})
	}
	gap := func(missing int) {
		if missing > 0 {
			out = append(out, ui.PageLink{Gap: true})
		}
	}
	if from > 1 {
		add(1)
		gap(from - 2)
	}
	for n := from; n <= to; n++ {
		add(n)
	}
	if to < last {
		gap(last - to - 1)
		add(last)
	}
	return out
}

// ExportInterfaces sends the interfaces of the filters as CSV, row by row.
func (h *Handlers) ExportInterfaces(c echo.Context) error {
	return h.sendInterfaces(c, "physical-connection-interfaces-", exportHead, h.listQuery(c).filter(), func([]store.Connection) (func(store.Connection) []string, error) { return nil, nil })
}

// sendInterfaces sends the interfaces of a filter as CSV. more reads what else
// is told of a batch of them and returns the cells that follow those of
// exportRow; nil for none.
func (h *Handlers) sendInterfaces(c echo.Context, name string, head []string, filter store.ConnectionFilter, more func([]store.Connection) (func(store.Connection) []string, error)) error {
	ctx := c.Request().Context()
	return h.sendRows(c, name+h.today(), head, func(row func(...string) error) error {
		var batch []store.Connection
		flush := func() error {
			partners, err := h.Store.Partners(ctx, batch)
			if err != nil {
				return err
			}
			also, err := more(batch)
			if err != nil {
				return err
			}
			for _, item := range batch {
				cells := h.exportRow(item, partners[item.ID].ID)
				if also != nil {
					for _, cell := range also(item) {
						cells = append(cells, sheet.Text(cell))
					}
				}
				if err := row(cells...); err != nil {
					return err
				}
			}
			batch = batch[:0]
			return nil
		}
		err := h.Store.EachConnection(ctx, reqctx.Actor(ctx), filter, func(item store.Connection) error {
			if batch = append(batch, item); len(batch) < exportBatch {
				return nil
			}
			return flush()
		})
		if err != nil {
			return err
		}
		return flush()
	})
}

var exportHead = []string{"Interface ID", "Name", "Description", "Status", "Next", "Region", "SP", "Access Point", "Port Specification", "Port Type", "Redundant Connection ID",
	"Leased line code", "LOA", "Initial installation fee", "Resource fee a month", "Currency", "Created (UTC)", "In this status since (UTC)", "Due (UTC)", "Paid through (UTC)"}

func (h *Handlers) exportRow(c store.Connection, partner string) []string {
	i := h.interfaceView(c)
	if partner != "" {
		i.RedundantID = partner
	}
	row := []string{c.ID, c.Name, c.Description, c.Stage.Label(), i.Line(), i.Region, i.SP, i.AccessPoint, i.Spec, string(c.PortType), i.RedundantID,
		c.LineCode, c.LOANo, c.Installation.Decimal(), c.Monthly.Decimal(), c.Installation.Currency, stampUTC(c.CreatedAt), stampUTC(c.StageSince), stampUTC(c.DueAt), stampUTC(c.PaidThrough)}
	for n := range row {
		row[n] = sheet.Text(row[n])
	}
	return row
}
