package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/chain"
	"demarc/store/lifecycle"
	"demarc/store/sheet"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// ListAudit is the record of everything, newest first.
func (h *Handlers) ListAudit(c echo.Context) error {
	ctx, by := c.Request().Context(), h.actor(c)
	q, f, l, status, err := h.auditFilter(c)
	if err != nil {
		return err
	}
	a := views.Audit{EventList: l}
	if len(a.Problems) == 0 {
		after := shortened(c.QueryParam("after"), 2*queryLimit)
		f.Cursor, f.Limit = after, queuePage
		page, err := h.Store.Audit(ctx, by, f)
		if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
			after, f.Cursor = "", ""
			page, err = h.Store.Audit(ctx, by, f)
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
		a.Rows = h.auditRows(page.Events, by.Role, names)
		for i, e := range page.Events {
			if e.ActorID != f.ActorID && e.ActorID != "" && e.ActorName != "" {
				a.Rows[i].WhoHref = q.instead("who", e.ActorID)
			}
			if e.RequestID != "" && e.RequestID != f.RequestID {
				a.Rows[i].RequestHref = paths.With(paths.AdminAudit, "request", e.RequestID)
			}
		}
		q.onward(&a.EventList, after, page)
		if lifecycle.May(lifecycle.ExportAudit, by.Role) {
			a.Exports = []ui.Action{{Label: "Export (CSV)", Href: q.href(paths.AdminAuditCSV)}, {Label: "Export as JSON lines", Href: q.href(paths.AdminAuditJSONL)}}
		}
	}
	p := h.page(c, "Audit log", views.Crumb{Label: "Settings"})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.AuditPage(p, a))
}

// auditFilter reads the filter of the audit log. Where it does not say clearly
// what to look for, the list says so.
func (h *Handlers) auditFilter(c echo.Context) (q eventQuery, f store.EventFilter, l views.EventList, status int, err error) {
	status = http.StatusOK
	q = readEventQuery(c, paths.AdminAudit, "action", "account", "who", "object", "from", "to", "request")
	l.Clear = paths.AdminAudit
	if actions, words := views.ActionsOf(q.values["action"]); len(actions) > 0 {
		f.Actions = actions
		q.token(&l, "action", "Action: "+words)
	} else {
		q.values["action"] = ""
	}
	if err = h.auditAccount(c, q, &f, &l); err != nil {
		return q, f, l, status, err
	}
	if err = h.auditPerson(c, q, &f, &l); err != nil {
		return q, f, l, status, err
	}
	if err = h.object(c, q, &f, &l); err != nil {
		return q, f, l, status, err
	}
	if q.days(&f, &l) {
		status = http.StatusUnprocessableEntity
	}
	if f.RequestID = q.values["request"]; f.RequestID != "" {
		q.token(&l, "request", "Request: "+f.RequestID)
	}
	l.Fields = append([]ui.Control{
		{Name: "action", Label: "Action", Value: q.values["action"], Options: views.AuditActions()},
		{Name: "account", Label: "Account", Value: q.values["account"], Placeholder: "Name or ID", MaxLength: queryLimit},
		{Name: "who", Label: "Person", Value: q.values["who"], Placeholder: "Name or e-mail", MaxLength: queryLimit},
		{Name: "object", Label: "Object", Value: q.values["object"], Placeholder: "Any ID or number", MaxLength: queryLimit},
	}, q.dayFields()...)
	l.Fields = append(l.Fields, ui.Control{Name: "request", Label: "Request ID", Value: q.values["request"], Placeholder: "Of an error", MaxLength: queryLimit})
	return q, f, l, status, nil
}

// meant is how many possible meanings of a word are listed.
const meant = 10

// accountCalled finds the account that somebody typed into a filter: its ID, or
// the beginning of its name. problem says why it is not clear which is meant;
// instead is the address of the list with the ID of an account.
func (h *Handlers) accountCalled(ctx context.Context, text string, instead func(id string) string) (account store.Account, problem *views.FilterProblem, err error) {
	items, _, err := h.Store.AccountPage(ctx, text, "", meant)
	if err != nil {
		return account, nil, err
	}
	found := slices.IndexFunc(items, func(a store.Account) bool { return a.ID == text || strings.EqualFold(a.Name, text) })
	switch {
	case len(items) == 1:
		found = 0
	case len(items) == 0:
		return account, &views.FilterProblem{Text: "No account is called “" + text + "”. Enter the beginning of its name, or its ID."}, nil
	case found < 0:
		p := views.FilterProblem{Text: "More than one account begins with “" + text + "”. Which one is meant?"}
		for _, a := range items {
			p.Means = append(p.Means, ui.Action{Label: a.Name + ", " + a.ID, Href: instead(a.ID)})
		}
		return account, &p, nil
	}
	return items[found], nil, nil
}

// auditAccount finds the account that the filter names.
func (h *Handlers) auditAccount(c echo.Context, q eventQuery, f *store.EventFilter, l *views.EventList) error {
	text := q.values["account"]
	if text == "" {
		return nil
	}
	account, problem, err := h.accountCalled(c.Request().Context(), text, func(id string) string { return q.instead("account", id) })
	if err != nil {
		return err
	}
	if problem != nil {
		l.Problems = append(l.Problems, *problem)
	}
	f.AccountID = account.ID
	q.token(l, "account", "Account: "+cmp.Or(account.Name, text))
	return nil
}

// auditPerson finds the person that the filter names. Who was removed is found
// by ID only: their name is in the events and nowhere else.
func (h *Handlers) auditPerson(c echo.Context, q eventQuery, f *store.EventFilter, l *views.EventList) error {
	ctx, text := c.Request().Context(), q.values["who"]
	if text == "" {
		return nil
	}
	if text == "system" || strings.HasPrefix(text, "us-") {
		f.ActorID = text
		name := text
		if text == "system" {
			name = "Demarc"
		} else if u, err := h.Store.User(ctx, text); err == nil {
			name = u.Name
		} else if store.KindOf(err) != store.NotFound {
			return err
		}
		q.token(l, "who", "Person: "+name)
		return nil
	}
	people, err := h.Store.PeopleCalled(ctx, text, meant)
	if err != nil {
		return err
	}
	if len(people) != 1 {
		q.token(l, "who", "Person: "+text)
	}
	switch len(people) {
	case 0:
		l.Problems = append(l.Problems, views.FilterProblem{Text: "Nobody is called “" + text + "”. Enter the beginning of a name, or an e-mail address. Somebody who was removed is found by the ID that begins with us-."})
	case 1:
		f.ActorID = people[0].ID
		q.token(l, "who", "Person: "+people[0].Name)
	default:
		p := views.FilterProblem{Text: "More than one person is called “" + text + "”. Who is meant?"}
		for _, u := range people {
			p.Means = append(p.Means, ui.Action{Label: u.Name + ", " + u.Email, Href: q.instead("who", u.ID)})
		}
		l.Problems = append(l.Problems, p)
	}
	return nil
}

// ExportAudit is the audit log as JSON lines: all of it in the order of its
// chain, as demarc audit export prints it and demarc audit verify takes it, or
// what the filter wants, newest first.
func (h *Handlers) ExportAudit(c echo.Context) error {
	ctx, by := c.Request().Context(), h.actor(c)
	_, f, l, _, err := h.auditFilter(c)
	if err != nil {
		return err
	}
	if len(l.Problems) > 0 {
		return refusedFilter(l)
	}
	name := "demarc-audit-"
	if len(l.Tokens) > 0 {
		name += "filtered-"
	}
	return h.sendFile(c, name+h.Store.Now().Format("20060102")+".jsonl", "application/jsonl; charset=utf-8", func(out io.Writer) error {
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		write := func(r chain.Record) error { return lines.Encode(r) }
		if len(l.Tokens) > 0 {
			return h.Store.EachFoundRecord(ctx, by, f, write)
		}
		return h.Store.EachAuditRecord(ctx, 0, write)
	})
}

var auditHead = []string{"Time (UTC)", "Who", "Role", "What", "Kind of object", "Object", "Account", "From", "To", "Detail", "Reason", "Request ID", "Place in the log"}

// ExportAuditCSV sends what the filter wants for a spreadsheet, newest first, row
// by row. What proves the log is in the JSON lines alone.
func (h *Handlers) ExportAuditCSV(c echo.Context) error {
	_, f, l, _, err := h.auditFilter(c)
	if err != nil {
		return err
	}
	if len(l.Problems) > 0 {
		return refusedFilter(l)
	}
	ctx, by := c.Request().Context(), h.actor(c)
	return h.sendRows(c, "audit-log-"+h.today(), auditHead, func(row func(...string) error) error {
		return h.Store.EachFoundRecord(ctx, by, f, func(r chain.Record) error {
			kind, id := views.AboutWords(r.Subject)
			cells := []string{r.At, r.ActorName, lifecycle.Role(r.ActorRole).Label(), views.AuditWords(r.Action), kind, id, r.AccountID, r.From, r.To, r.Detail, r.Reason, r.RequestID, strconv.FormatInt(r.N, 10)}
			for i := range cells {
				cells[i] = sheet.Text(cells[i])
			}
			return row(cells...)
		})
	})
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
		case "Staff notes":
			r.AboutHref = paths.AdminNotesRead(id, 0)
		case "Ticket":
			r.AboutHref = paths.AdminTicket(id)
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
