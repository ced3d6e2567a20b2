package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ListAudit is the record of everything, newest first.
func (h *Handlers) ListAudit(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	a := views.Audit{Clear: paths.AdminAudit, Action: ui.Control{Name: "action", Label: "Action", Value: c.QueryParam("action"), Options: views.AuditActions()}}
	if !slices.ContainsFunc(a.Action.Options, func(o ui.Option) bool { return o.Value == a.Action.Value }) {
		a.Action.Value = ""
	}
	after := shortened(c.QueryParam("after"), 2*queryLimit)
	f := store.EventFilter{Action: a.Action.Value, Cursor: after, Limit: queuePage}
	page, err := h.Store.Audit(ctx, f)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		after, f.Cursor = "", ""
		page, err = h.Store.Audit(ctx, f)
	}
	if err != nil {
		return err
	}
	ids := make([]string, len(page.Events))
	for i, e := range page.Events {
		ids[i] = e.AccountID
	}
	names, err := h.Store.AccountNames(ctx, ids)
	if err != nil {
		return err
	}
	a.Rows = h.auditRows(page.Events, user.Role, names)
	if a.Action.Value != "" {
		a.Tokens = []ui.Token{{Text: "Action: " + views.AuditWords(a.Action.Value), Href: paths.AdminAudit}}
	}
	a.Pages = keysetPages(paths.With(paths.AdminAudit, "action", a.Action.Value), after, page.Next)
	return h.render(c, http.StatusOK, views.AuditPage(h.page(c, "Audit log", views.Crumb{Label: "Settings"}), a))
}

// auditRows are events in words, with links to what the reader may open.
func (h *Handlers) auditRows(events []store.Event, role lifecycle.Role, accounts map[string]string) []views.AuditRow {
	rows := make([]views.AuditRow, len(events))
	for i, e := range events {
		r := views.AuditRow{At: e.At, Who: e.ActorName, Role: e.ActorRole.Label(), Action: e.Action, From: e.From, To: e.To, Reason: e.Reason, Detail: e.Detail, RequestID: e.RequestID,
			Account: accounts[e.AccountID]}
		kind, id := views.AboutWords(e.Subject)
		r.About = id
		if id == "" {
			r.About = kind
		}
		switch kind {
		case "Interface":
			r.AboutHref = paths.AdminInterface(id)
		case "Account":
			r.AboutHref, r.Account = accountHref(role, id), accounts[id]
		case "Whitelist":
			if lifecycle.MayDo(lifecycle.Approve, role) {
				r.AboutHref = paths.AdminWhitelist
			}
		case "Access point":
			if ap, ok := h.Store.Catalogue().AccessPoint(id); ok && lifecycle.May(lifecycle.SeeSites, role) {
				r.AboutHref = paths.AdminAccessPoint(ap.ID)
			}
		case "Region":
			if _, ok := h.Store.Catalogue().Region(id); ok && role == lifecycle.Administrator {
				r.AboutHref = paths.AdminRegion(id)
			}
		case "Port":
			if lifecycle.May(lifecycle.SeeSites, role) {
				r.AboutHref = paths.AdminPort(id)
			}
		case "Access points":
			if lifecycle.May(lifecycle.SeeSites, role) {
				r.AboutHref = paths.AdminAccessPoints
			}
		case "Letter keys":
			if lifecycle.May(lifecycle.SeeLetterKeys, role) {
				r.AboutHref = paths.AdminLetterKeys
			}
		case "Person":
			if lifecycle.May(lifecycle.SeePeople, role) {
				r.AboutHref = paths.AdminPeople
			}
		}
		rows[i] = r
	}
	return rows
}
