package handlers

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// eventQuery is what the filter of the audit log, or of an account's activity,
// was sent with.
type eventQuery struct {
	base   string
	names  []string // of its fields, in order
	values map[string]string
}

func readEventQuery(c echo.Context, base string, names ...string) eventQuery {
	q := eventQuery{base, names, map[string]string{}}
	for _, n := range names {
		q.values[n] = shortened(clean(c, n, c.QueryParam(n), false), queryLimit)
	}
	return q
}

// href is path with the filter, but for the fields named by without.
func (q eventQuery) href(path string, without ...string) string {
	var pairs []string
next:
	for _, n := range q.names {
		for _, w := range without {
			if n == w {
				continue next
			}
		}
		pairs = append(pairs, n, q.values[n])
	}
	return paths.With(path, pairs...)
}

// instead is the page with another value of one field.
func (q eventQuery) instead(name, value string) string {
	return paths.With(q.href(q.base, name), name, value)
}

// token adds the sentence of a field in force, with the way to take it out.
func (q eventQuery) token(l *views.EventList, name, text string) {
	l.Tokens = append(l.Tokens, ui.Token{Text: text, Href: q.href(q.base, name)})
}

// days reads the first and the last day, in UTC. Whoever reads the log looks for
// the days that its times are shown in. wrong is true when one is no day.
func (q eventQuery) days(f *store.EventFilter, l *views.EventList) (wrong bool) {
	day := func(name, label string) (t time.Time) {
		text := q.values[name]
		if text == "" {
			return t
		}
		t, err := time.Parse(time.DateOnly, text)
		if err != nil || t.Year() < 1 || t.Year() > 9998 {
			wrong = true
			l.Problems = append(l.Problems, views.FilterProblem{Text: label + ": enter a day."})
			return time.Time{}
		}
		q.token(l, name, label+": "+ui.FormatDay(t, time.UTC))
		return t
	}
	f.From, f.To = day("from", "From (UTC)"), day("to", "To (UTC)")
	if !f.To.IsZero() {
		f.To = f.To.AddDate(0, 0, 1)
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		wrong = true
		l.Problems = append(l.Problems, views.FilterProblem{Text: "The last day is before the first day. Enter a day that is not before it."})
	}
	return wrong
}

func (q eventQuery) dayFields() []ui.Control {
	return []ui.Control{
		{Name: "from", Type: "date", Label: "From (UTC)", Value: q.values["from"]},
		{Name: "to", Type: "date", Label: "To (UTC)", Value: q.values["to"]},
	}
}

// onward sets the ways to the next page: the search that goes on where it
// stopped, or the next page of what was found.
func (q eventQuery) onward(l *views.EventList, after string, page store.EventPage) {
	here := q.href(q.base)
	if page.SearchedTo.IsZero() {
		l.Pages = keysetPages(here, after, page.Next)
		return
	}
	l.SearchedTo, l.Onward = page.SearchedTo, paths.With(here, "after", page.Next)
	l.Pages = keysetPages(here, after, "")
}

// object reads what the events are to be about.
func (h *Handlers) object(c echo.Context, q eventQuery, f *store.EventFilter, l *views.EventList) error {
	text := q.values["object"]
	if text == "" {
		return nil
	}
	subject, err := h.Store.EventSubject(c.Request().Context(), reqctx.Actor(c.Request().Context()), text)
	if store.KindOf(err) == store.NotFound {
		l.Problems, err = append(l.Problems, views.FilterProblem{Text: store.MessageOf(err)}), nil
	}
	f.Subject = subject
	q.token(l, "object", "Object: "+text)
	return err
}

// refusedFilter is the answer to an export whose filter cannot be used: a file
// of everything would be something else than what was asked for.
func refusedFilter(l views.EventList) error {
	var all []string
	for _, p := range l.Problems {
		all = append(all, p.Text)
	}
	return &store.Error{Kind: store.Invalid, Msg: strings.Join(all, " ")}
}
