package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/sheet"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// ListActivity is what happened in the reader's account, newest first.
func (h *Handlers) ListActivity(c echo.Context) error {
	q, f, a, people, err := h.activityFilter(c)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if a.Wrong {
		status = http.StatusUnprocessableEntity
	}
	if len(a.Problems) == 0 {
		after := shortened(c.QueryParam("after"), 2*queryLimit)
		f.Cursor, f.Limit = after, queuePage
		page, err := h.Store.Activity(c.Request().Context(), h.actor(c), f)
		if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
			after, f.Cursor = "", ""
			page, err = h.Store.Activity(c.Request().Context(), h.actor(c), f)
		}
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			a.Rows = append(a.Rows, h.activityRow(e, people))
		}
		q.onward(&a.EventList, after, page)
		a.Exports = []ui.Action{{Label: "Export (CSV)", Href: q.href(paths.ActivityCSV)}}
	}
	p := h.page(c, "Activity", views.Crumb{Label: "Account"})
	p.Failed = a.Wrong
	return h.render(c, status, views.ActivityPage(p, a))
}

// activityFilter reads the filter of an account's activity, and who its people
// are.
func (h *Handlers) activityFilter(c echo.Context) (q eventQuery, f store.ActivityFilter, a views.Activity, people map[string]string, err error) {
	q = readEventQuery(c, paths.Activity, "kind", "who", "object", "from", "to")
	a.Operator, a.Clear = h.Operator, paths.Activity
	kinds := views.ActivityKinds(h.Operator)
	kind := ui.Control{Name: "kind", Label: "Kind", Options: []ui.Option{{Label: "Everything"}}}
	for _, k := range kinds {
		kind.Options = append(kind.Options, ui.Option{Value: k.Key, Label: k.Label})
		if k.Key == q.values["kind"] {
			kind.Value, f.Actions = k.Key, k.Names()
			q.token(&a.EventList, "kind", "Kind: "+k.Label)
		}
	}
	q.values["kind"] = kind.Value

	users, err := h.Store.AccountUsers(c.Request().Context(), h.actor(c).AccountID)
	if err != nil {
		return q, f, a, nil, err
	}
	people = map[string]string{}
	who := ui.Control{Name: "who", Label: "Person", Value: q.values["who"], Options: []ui.Option{{Label: "Everybody"}}}
	for _, u := range users {
		people[u.ID] = u.Name
		who.Options = append(who.Options, ui.Option{Value: u.ID, Label: u.Name + ", " + u.Email})
	}
	who.Options = append(who.Options, ui.Option{Value: store.ByOperator, Label: h.Operator}, ui.Option{Value: store.ByItself, Label: h.Operator + ", automatic"})
	if q.values["who"] != "" {
		at := slices.IndexFunc(who.Options, func(o ui.Option) bool { return o.Value == q.values["who"] })
		if at < 0 { // nobody of this account, or no longer
			who.Options = append(who.Options, ui.Option{Value: q.values["who"], Label: q.values["who"]})
			at = len(who.Options) - 1
		}
		f.Who = q.values["who"]
		q.token(&a.EventList, "who", "Person: "+who.Options[at].Label)
	}
	if err := h.object(c, q, &f.EventFilter, &a.EventList); err != nil {
		return q, f, a, nil, err
	}
	a.Wrong = q.days(&f.EventFilter, &a.EventList)
	a.Fields = append([]ui.Control{kind, who, {Name: "object", Label: "About", Value: q.values["object"], Placeholder: "Any ID or number", MaxLength: queryLimit}}, q.dayFields()...)
	return q, f, a, people, nil
}

// activityRow is one event in words, with links to what the reader may open.
func (h *Handlers) activityRow(e store.Event, people map[string]string) views.ActivityRow {
	r := views.ActivityRow{At: e.At, Who: h.who(false, e.ActorRole, e.ActorName), Action: e.Action, From: e.From, To: e.To, Detail: e.Detail, Reason: e.Reason}
	switch {
	case e.ActorRole.IsCustomer():
		r.Role = e.ActorRole.Label()
	case e.ActorRole == "":
		r.Who = "Somebody who was not signed in"
	}
	kind, id := views.AboutWords(e.Subject)
	r.Kind, r.About = kind, id
	switch kind {
	case "Interface":
		r.Href = paths.Interface(id)
	case "Person":
		r.Href = paths.People
		if name := people[id]; name != "" {
			r.About, r.Named = name, true
		} else { // removed: there is no page that has them
			r.Href = ""
		}
	case "Whitelist":
		r.Href, r.About = paths.Whitelist, "Port Whitelist"
		r.Kind, r.Named = "", true
	case "Ticket":
		r.Href = paths.Ticket(id)
	case "Account":
		r.About, r.Kind, r.Named = "The account", "", true
		if slices.Contains(views.MoneyActions(), e.Action) {
			r.Href = paths.Billing
		}
	}
	return r
}

var activityHead = []string{"Time (UTC)", "Who", "Role", "What", "Kind of object", "Object", "From", "To", "Detail", "Reason"}

// ExportActivity sends what the filter shows as CSV, newest first, row by row.
func (h *Handlers) ExportActivity(c echo.Context) error {
	_, f, a, people, err := h.activityFilter(c)
	if err != nil {
		return err
	}
	if len(a.Problems) > 0 {
		return refusedFilter(a.EventList)
	}
	ctx := c.Request().Context()
	return h.sendRows(c, "account-activity-"+h.today(), activityHead, func(row func(...string) error) error {
		return h.Store.EachActivity(ctx, h.actor(c), f, func(e store.Event) error {
			r := h.activityRow(e, people)
			from, to := stageLabel(r.From), stageLabel(r.To)
			if r.From == r.To {
				from, to = "", ""
			}
			cells := []string{stampUTC(r.At), r.Who, r.Role, views.AuditWords(r.Action), r.Kind, r.About, from, to, r.Detail, r.Reason}
			for i := range cells {
				cells[i] = sheet.Text(cells[i])
			}
			return row(cells...)
		})
	})
}

func stageLabel(s lifecycle.Stage) string {
	if s == lifecycle.None {
		return ""
	}
	return s.Label()
}
