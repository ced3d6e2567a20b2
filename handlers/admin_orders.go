package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/payment"
	"demarc/store/sheet"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// staffOrderQuery is what the address of the list of orders asks for, reduced to
// what the list knows.
type staffOrderQuery struct {
	number, state, kind, account, after string

	accountName string
	problem     *views.FilterProblem // why it is not clear which account is meant
}

func (h *Handlers) staffOrderQuery(c echo.Context) (q staffOrderQuery, err error) {
	param := func(name string) string {
		return strings.TrimSpace(shortened(clean(c, name, c.QueryParam(name), false), queryLimit))
	}
	q = staffOrderQuery{number: param("q"), state: param("state"), kind: param("type"), account: param("account"), after: param("after")}
	if !slices.Contains(store.OrderStates(), q.state) {
		q.state = ""
	}
	if !slices.Contains(store.OrderKinds(), q.kind) {
		q.kind = ""
	}
	if q.account == "" {
		return q, nil
	}
	account, problem, err := h.accountCalled(c.Request().Context(), q.account, func(id string) string {
		return q.with(func(q *staffOrderQuery) { q.account = id })
	})
	q.problem, q.accountName = problem, cmp.Or(account.Name, q.account)
	q.account = cmp.Or(account.ID, q.account)
	return q, err
}

func (q staffOrderQuery) filter() store.OrderFilter {
	return store.OrderFilter{AccountID: q.account, State: q.state, Kind: q.kind, Number: q.number, After: q.after, Limit: queuePage}
}

// href is the address of the list's first page at path.
func (q staffOrderQuery) href(path string) string {
	return paths.With(path, "q", q.number, "state", q.state, "type", q.kind, "account", q.account)
}

func (q staffOrderQuery) with(change func(*staffOrderQuery)) string {
	change(&q)
	return q.href(paths.AdminOrders)
}

// ListStaffOrders lists the orders of all accounts, newest first.
func (h *Handlers) ListStaffOrders(c echo.Context) error {
	ctx, by := c.Request().Context(), h.actor(c)
	q, err := h.staffOrderQuery(c)
	if err != nil {
		return err
	}
	l := h.staffOrderToolbar(q)
	if l.Problem = q.problem; l.Problem == nil {
		items, next, err := h.Store.StaffOrders(ctx, by, q.filter())
		if err != nil {
			return err
		}
		nos := make([]string, len(items))
		for i, o := range items {
			nos[i] = o.No
		}
		docs, err := h.Store.DocumentsOf(ctx, nos...)
		if err != nil {
			return err
		}
		for _, o := range items {
			row := views.StaffOrderRow{OrderRow: h.orderRow(o.Order, o.Name, o.Region), Account: o.Account, AccountHref: accountHref(by.Role, o.AccountID)}
			for _, d := range docs {
				if d.OrderNo == o.No {
					row.Documents = append(row.Documents, views.OrderDocument{Title: d.Series.Title(), No: d.No, Href: paths.AdminDocument(d.No)})
				}
			}
			l.Rows = append(l.Rows, row)
		}
		l.CSV = q.href(paths.AdminOrdersCSV)
		l.Pages = keysetPages(q.href(paths.AdminOrders), q.after, next)
		if l.Pages.Summary = "1 order"; len(items) != 1 {
			l.Pages.Summary = strconv.Itoa(len(items)) + " orders"
		}
		if next != "" || q.after != "" {
			l.Pages.Summary += " on this page"
		}
	}
	return h.render(c, http.StatusOK, views.StaffOrdersPage(h.page(c, "Orders", views.Crumb{Label: "Customers"}), l))
}

func (h *Handlers) staffOrderToolbar(q staffOrderQuery) views.StaffOrderList {
	l := views.StaffOrderList{
		Number:  ui.Control{Name: "q", Label: "Order number", Type: "search", Value: q.number, Placeholder: "Order number", MaxLength: queryLimit},
		Account: ui.Control{ID: "order-account", Name: "account", Label: "Account", Type: "search", Value: q.account, Placeholder: "Account: name or ID", MaxLength: queryLimit},
		State:   ui.Control{Name: "state", Label: "State", Value: q.state, Options: []ui.Option{{Label: "All states"}}},
		Kind:    ui.Control{Name: "type", Label: "Type", Value: q.kind, Options: []ui.Option{{Label: "All types"}}},
		Clear:   paths.AdminOrders, Here: q.href(paths.AdminOrders),
	}
	for _, s := range store.OrderStates() {
		l.State.Options = append(l.State.Options, ui.Option{Value: s, Label: views.OrderLook(s).Label})
	}
	for _, k := range store.OrderKinds() {
		l.Kind.Options = append(l.Kind.Options, ui.Option{Value: k, Label: orderKind(k)})
	}
	if q.after != "" {
		l.Here = paths.With(l.Here, "after", q.after)
	}
	token := func(text string, change func(*staffOrderQuery)) {
		l.Tokens = append(l.Tokens, ui.Token{Text: text, Href: q.with(change)})
	}
	if q.number != "" {
		token("Order number: "+q.number, func(q *staffOrderQuery) { q.number = "" })
	}
	if q.account != "" {
		token("Account: "+q.accountName, func(q *staffOrderQuery) { q.account = "" })
	}
	if q.state != "" {
		token("State: "+views.OrderLook(q.state).Label, func(q *staffOrderQuery) { q.state = "" })
	}
	if q.kind != "" {
		token("Type: "+orderKind(q.kind), func(q *staffOrderQuery) { q.kind = "" })
	}
	return l
}

var staffOrdersHead = []string{"Order number", "Type", "Months", "State", "Amount", "Refunded", "Currency", "Paid with", "Interface ID", "Name", "Region", "Account ID", "Account",
	"Created (UTC)", "Quote valid until (UTC)", "Paid (UTC)", "Paid for from (UTC)", "Paid for to (UTC)"}

// ExportStaffOrders sends the orders of the filter as CSV, row by row.
func (h *Handlers) ExportStaffOrders(c echo.Context) error {
	q, err := h.staffOrderQuery(c)
	if err != nil {
		return err
	}
	if q.problem != nil {
		return &store.Error{Kind: store.Invalid, Msg: q.problem.Text}
	}
	return h.sendRows(c, "orders-"+h.today(), staffOrdersHead, func(row func(...string) error) error {
		return h.Store.EachStaffOrder(c.Request().Context(), h.actor(c), q.filter(), func(o store.StaffOrder) error {
			months, method := "", ""
			if o.Months > 0 {
				months = strconv.Itoa(o.Months)
			}
			if o.Method != "" {
				method = payment.Method(o.Method).Label()
			}
			region, _ := h.Store.Catalogue().Region(o.Region)
			cells := []string{o.No, orderKind(o.Kind), months, views.OrderLook(o.State).Label, o.Amount.Decimal(), o.Refunded.Decimal(), o.Amount.Currency, method, o.ConnectionID, o.Name, region.Name, o.AccountID, o.Account,
				stampUTC(o.CreatedAt), stampUTC(o.ExpiresAt), stampUTC(o.PaidAt), stampUTC(o.PeriodFrom), stampUTC(o.PeriodTo)}
			for i := range cells {
				cells[i] = sheet.Text(cells[i])
			}
			return row(cells...)
		})
	})
}
