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
	now, cat := h.Store.Now(), h.Store.Catalogue()
	for _, o := range items {
		ref := refs[o.ConnectionID]
		row := views.OrderRow{No: o.No, Href: paths.Order(o.No), Kind: "Installation", InterfaceID: o.ConnectionID, Name: ref.Name, Amount: o.Amount.String(),
			State: o.State, CreatedAt: o.CreatedAt, Zone: cat.Zone(ref.Region), Refunded: refundedText(o), OnInvoice: o.Method == store.MethodInvoice, Documents: orderDocuments(byOrder[o.No])}
		switch o.Kind {
		case store.KindResource:
			row.Kind, row.Period = "Resource fee", pricing.PeriodLabel(o.Months)
		case store.KindRenewal:
			row.Kind, row.Period = "Renewal", pricing.PeriodLabel(o.Months)
		}
		if o.State == "unpaid" && !o.ExpiresAt.IsZero() && !o.ExpiresAt.After(now) {
			row.State = "expired" // the system closes it a moment later
		}
		if row.State == "unpaid" {
			row.ValidUntil = o.ExpiresAt
		}
		row.MayPay = row.State == "unpaid" && lifecycle.MayDo(lifecycle.PayInstallationFee, roleOf(c))
		rows = append(rows, row)
	}
	return rows, nil
}
