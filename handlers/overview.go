package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// overviewRows is how many interfaces the card of what has to be done names.
const overviewRows = 5

// dueSoon is how far the overview looks ahead.
const dueSoon = 7 * 24 * time.Hour

// ShowOverview is the customer's first page. A card that cannot be read says
// so; the others stay.
func (h *Handlers) ShowOverview(c echo.Context) error {
	ctx := c.Request().Context()
	actor := reqctx.Actor(ctx)
	steps := lifecycle.StepNames()
	o := views.Overview{Steps: steps[:], Here: paths.Home}
	// A reader who takes no step at all sees what the colleagues have to do.
	first := store.ViewNeedsAction
	if !first.Offered(actor.Role) {
		first = store.ViewOfColleagues
	}
	o.NeedsTitle, o.All = h.viewLabel(first), paths.With(paths.Interfaces, "view", string(first), "sort", string(store.SortDue))

	counts, err := h.Store.StageCounts(ctx, actor.AccountID)
	if err != nil {
		if !h.cardFailed(ctx, err) {
			return err
		}
		o.GlanceFailed, o.NeedsFailed = true, true
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
		return h.render(c, http.StatusServiceUnavailable, views.OverviewPage(h.page(c, "Overview"), o))
	}
	o.Nothing, o.NeedsCount = counts.Of(store.ViewAll) == 0, counts.For(actor.Role, first)
	elsewhere := func(n int, one, more string) {
		switch {
		case n == 1:
			o.Elsewhere += " 1 interface " + one + "."
		case n > 1:
			o.Elsewhere += " " + thousands(n) + " interfaces " + more + "."
		}
	}
	if first != store.ViewOfColleagues {
		elsewhere(counts.For(actor.Role, store.ViewOfColleagues), "needs a colleague", "need a colleague")
	}
	elsewhere(counts.Of(store.ViewWithOperator), "is with "+h.Operator, "are with "+h.Operator)
	if !o.Nothing {
		if o.Needs, err = h.waitingFor(c, actor, first); err != nil {
			if !h.cardFailed(ctx, err) {
				return err
			}
			o.NeedsFailed = true
		}
		due, err := h.Store.DueUntil(ctx, actor.AccountID, h.Store.Now().Truncate(reqctx.Quarter).Add(dueSoon))
		if err != nil {
			if !h.cardFailed(ctx, err) {
				return err
			}
			o.GlanceFailed = true
		}
		for _, v := range []store.View{store.ViewEnabled, store.ViewWithOperator, store.ViewNeedsAction, store.ViewOfColleagues} {
			if v.Offered(actor.Role) {
				o.Glance = append(o.Glance, ui.Pair{Term: h.viewLabel(v), Value: thousands(counts.For(actor.Role, v)), Href: paths.With(paths.Interfaces, "view", string(v))})
			}
		}
		o.Glance = append(o.Glance, ui.Pair{Term: "Due this week", Value: thousands(due), Href: paths.With(paths.Interfaces, "sort", string(store.SortDue))})
	}
	status := http.StatusOK
	if o.NeedsFailed && o.GlanceFailed { // nothing of the account could be read
		status = http.StatusServiceUnavailable
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	}
	return h.render(c, status, views.OverviewPage(h.page(c, "Overview"), o))
}

// waitingFor is the interfaces of a view that wait for the customer and have the
// earliest deadlines, then the newest without one.
func (h *Handlers) waitingFor(c echo.Context, actor store.Actor, v store.View) ([]views.Interface, error) {
	page, err := h.Store.ConnectionRows(c.Request().Context(), actor, store.ConnectionFilter{View: v, Sort: store.SortDue, Limit: 10}, "")
	return h.interfaceViews(c, page.Items[:min(len(page.Items), overviewRows)]), err
}

// cardFailed logs why a part of a page is missing; false when it is not for the
// page to say: nobody waits for it any more, or the request itself was refused.
func (h *Handlers) cardFailed(ctx context.Context, err error) bool {
	if kind := store.KindOf(err); ctx.Err() != nil || (kind != 0 && kind != store.Unavailable) {
		return false
	}
	reqctx.Of(ctx).Incomplete()
	h.Log.ErrorContext(ctx, "a part of the page could not be read", "request_id", reqctx.ID(ctx), "error", err)
	return true
}
