package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
	"demarc/views"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ordersShown is how many orders a page has.
const ordersShown = 20

// ListOrders lists the account's orders, newest first.
func (h *Handlers) ListOrders(c echo.Context) error {
	ctx := c.Request().Context()
	account := reqctx.Actor(ctx).AccountID
	after := shortened(clean(c, "after", c.QueryParam("after"), false), 2*queryLimit)
	page, err := h.Store.Orders(ctx, account, after, ordersShown)
	if after != "" && (store.KindOf(err) == store.Invalid || (err == nil && len(page.Items) == 0)) {
		// A cursor nobody gave out shows the first page.
		after = ""
		page, err = h.Store.Orders(ctx, account, after, ordersShown)
	}
	if err != nil {
		return err
	}
	var l views.OrderList
	if l.Rows, err = h.orderRows(c, account, page.Items); err != nil {
		return err
	}
	if after != "" {
		l.Pages.First = paths.Orders
	}
	if page.Next != "" {
		l.Pages.Next = paths.With(paths.Orders, "after", page.Next)
	}
	if n := len(l.Rows); n == 1 {
		l.Pages.Summary = "1 order"
	} else {
		l.Pages.Summary = thousands(n) + " orders"
	}
	return h.render(c, http.StatusOK, views.OrdersPage(h.page(c, "Orders", views.Crumb{Label: "Expenses"}), l))
}

// orderRows is orders of an account in words, with the names of their
// interfaces and their documents: two statements.
func (h *Handlers) orderRows(c echo.Context, account string, items []store.Order) ([]views.OrderRow, error) {
	ids, nos := make([]string, len(items)), make([]string, len(items))
	for i, o := range items {
		ids[i], nos[i] = o.ConnectionID, o.No
	}
	docs, err := h.Store.DocumentsOf(c.Request().Context(), nos...)
	if err != nil {
		return nil, err
	}
	byOrder := map[string][]store.Document{}
	for _, d := range docs {
		byOrder[d.OrderNo] = append(byOrder[d.OrderNo], d)
	}
	refs, err := h.Store.ConnectionRefs(c.Request().Context(), account, ids)
	if err != nil {
		return nil, err
	}
	var rows []views.OrderRow
	for _, o := range items {
		ref := refs[o.ConnectionID]
		row := h.orderRow(o, ref.Name, ref.Region)
		row.Href, row.Documents = paths.Order(o.No), orderDocuments(byOrder[o.No])
		row.MayPay = row.State == store.OrderUnpaid && lifecycle.MayDo(lifecycle.PayInstallationFee, roleOf(c))
		rows = append(rows, row)
	}
	return rows, nil
}

// orderRow is an order in words, for an interface of this name and region. It is
// the same for everybody; what leads on is added by those who list it.
func (h *Handlers) orderRow(o store.Order, name, region string) views.OrderRow {
	row := views.OrderRow{No: o.No, Kind: orderKind(o.Kind), InterfaceID: o.ConnectionID, Name: name, Amount: o.Amount.String(),
		State: o.State, CreatedAt: o.CreatedAt, Zone: h.Store.Catalogue().Zone(region), Refunded: refundedText(o), OnInvoice: o.Method == store.MethodInvoice}
	if o.Kind != store.KindInstallation {
		row.Period = pricing.PeriodLabel(o.Months)
	}
	if o.State == store.OrderUnpaid && !o.ExpiresAt.IsZero() && !o.ExpiresAt.After(h.Store.Now()) {
		row.State = store.OrderExpired // the system closes it a moment later
	}
	if row.State == store.OrderUnpaid {
		row.ValidUntil = o.ExpiresAt
	}
	return row
}

// orderKind is what lists call the type of an order.
func orderKind(kind string) string {
	switch kind {
	case store.KindResource:
		return "Resource fee"
	case store.KindRenewal:
		return "Renewal"
	}
	return "Installation"
}
