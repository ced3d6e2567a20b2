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

// overviewRows is how many interfaces the card "Needs your action" names.
const overviewRows = 5

// dueSoon is how far the overview looks ahead.
const dueSoon = 7 * 24 * time.Hour

// ShowOverview is the customer's first page. A card that cannot be read says
// so; the others stay.
func (h *Handlers) ShowOverview(c echo.Context) error {
	ctx := c.Request().Context()
	actor := reqctx.Actor(ctx)
	steps := lifecycle.StepNames()
	o := views.Overview{Steps: steps[:], All: paths.With(paths.Interfaces, "view", string(store.ViewNeedsAction)), Here: paths.Home}

	counts, err := h.Store.StageCounts(ctx, actor.AccountID)
	if err != nil {
		if !h.cardFailed(ctx, err) {
			return err
		}
		o.GlanceFailed, o.NeedsFailed = true, true
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
		return h.render(c, http.StatusServiceUnavailable, views.OverviewPage(h.page(c, "Overview"), o))
	}
	with := counts.Of(store.ViewWithOperator)
	o.Nothing, o.NeedsCount = counts.Of(store.ViewAll) == 0, counts.Of(store.ViewNeedsAction)
	if with == 1 {
		o.With = "1 interface is with " + h.Operator + "."
	} else if with > 1 {
		o.With = thousands(with) + " interfaces are with " + h.Operator + "."
	}
	if !o.Nothing {
		if o.Needs, err = h.waitingFor(c, actor); err != nil {
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
		view := func(term string, v store.View) ui.Pair {
			return ui.Pair{Term: term, Value: thousands(counts.Of(v)), Href: paths.With(paths.Interfaces, "view", string(v))}
		}
		o.Glance = []ui.Pair{view("Enabled", store.ViewEnabled), view("With "+h.Operator, store.ViewWithOperator), view("Needs your action", store.ViewNeedsAction),
			{Term: "Due this week", Value: thousands(due)}}
	}
	status := http.StatusOK
	if o.NeedsFailed && o.GlanceFailed { // nothing of the account could be read
		status = http.StatusServiceUnavailable
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	}
	return h.render(c, status, views.OverviewPage(h.page(c, "Overview"), o))
}

// waitingFor is the newest interfaces that wait for the customer.
func (h *Handlers) waitingFor(c echo.Context, actor store.Actor) ([]views.Interface, error) {
	page, err := h.Store.ConnectionRows(c.Request().Context(), actor, store.ConnectionFilter{View: store.ViewNeedsAction, Limit: 10}, "")
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
