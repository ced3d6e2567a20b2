package handlers

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// mayOpenAccounts reports whether the role has the page of an account: finance
// for the money, reviewers for the quotas.
func mayOpenAccounts(r lifecycle.Role) bool {
	return lifecycle.May(lifecycle.SeeAccount, r)
}

// accountHref is the page of an account, "" for those who do not have it.
func accountHref(r lifecycle.Role, id string) string {
	if !mayOpenAccounts(r) || id == "" {
		return ""
	}
	return paths.AdminAccount(id)
}

// ListWhitelist lists whitelist requests of all accounts: those that wait,
// oldest first, and what became of the others.
func (h *Handlers) ListWhitelist(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	w := views.StaffWhitelist{View: c.QueryParam("view")}
	if !slices.Contains([]string{views.WhitelistGranted, views.WhitelistDeclined, views.WhitelistRevoked}, w.View) {
		w.View = views.WhitelistOpen
	}
	counts, err := h.queueCounts(c)
	if err != nil {
		return err
	}
	for _, tab := range []struct{ view, label string }{{views.WhitelistOpen, "Open"}, {views.WhitelistGranted, "Granted"}, {views.WhitelistDeclined, "Declined"}, {views.WhitelistRevoked, "Revoked"}} {
		t := ui.ViewTab{Label: tab.label, Href: paths.With(paths.AdminWhitelist, "view", tab.view), Count: -1, Current: tab.view == w.View}
		if tab.view == views.WhitelistOpen {
			t.Href, t.Count = paths.AdminWhitelist, counts.Whitelist
		}
		w.Tabs = append(w.Tabs, t)
	}
	after := c.QueryParam("after")
	items, next, err := h.Store.WhitelistPage(ctx, w.View, after, queuePage)
	if err != nil {
		return err
	}
	ids := make([]string, len(items))
	for i, r := range items {
		ids[i] = r.AccountID
	}
	names, err := h.Store.AccountNames(ctx, ids)
	if err != nil {
		return err
	}
	for _, r := range items {
		w.Rows = append(w.Rows, h.whitelistRow(r, names[r.AccountID], user.Role))
	}
	w.Pages = keysetPages(paths.With(paths.AdminWhitelist, "view", w.View), after, next)
	return h.render(c, http.StatusOK, views.StaffWhitelistPage(h.page(c, "Whitelist requests"), w))
}

// keysetPages turns the pages of a list whose length nobody counted.
func keysetPages(base, after, next string) ui.Pages {
	var p ui.Pages
	if after != "" {
		p.First = base
	}
	if next != "" {
		p.Next = paths.With(base, "after", next)
	}
	return p
}

func (h *Handlers) whitelistRow(r store.WhitelistRequest, account string, role lifecycle.Role) views.StaffWhitelistRow {
	cat := h.Store.Catalogue()
	row := views.StaffWhitelistRow{ID: r.ID, AccountID: r.AccountID, Account: account, AccountHref: accountHref(role, r.AccountID), By: r.CreatedBy, DecidedBy: r.DecidedBy, ReadOnly: !lifecycle.May(lifecycle.DecideWhitelist, role),
		WhitelistEntry: views.WhitelistEntry{Spec: r.Spec.Label(), Region: "Every region", Ports: r.Ports, Status: r.Status, Reason: r.Reason, Answer: r.Answer,
			CreatedAt: r.CreatedAt, Until: r.Until, DecidedAt: r.DecidedAt, Now: h.Store.Now(), Zone: cat.Zone(r.Region)}}
	if region, ok := cat.Region(r.Region); ok {
		row.Region = region.Name
	}
	return row
}

// AskGrant, AskDecline and AskWhitelistRevocation are the forms; the methods
// after them do it.
func (h *Handlers) AskGrant(c echo.Context) error {
	return h.decisionPage(c, http.StatusOK, views.WhitelistDecision{To: views.WhitelistGranted})
}

// AskDecline is documented with AskGrant.
func (h *Handlers) AskDecline(c echo.Context) error {
	return h.decisionPage(c, http.StatusOK, views.WhitelistDecision{To: views.WhitelistDeclined})
}

// AskWhitelistRevocation is documented with AskGrant.
func (h *Handlers) AskWhitelistRevocation(c echo.Context) error {
	return h.decisionPage(c, http.StatusOK, views.WhitelistDecision{To: views.WhitelistRevoked})
}

// GrantWhitelist lets an account order ports of a specification, to the end of
// a day or without an end.
func (h *Handlers) GrantWhitelist(c echo.Context) error {
	return h.decide(c, views.WhitelistDecision{To: views.WhitelistGranted, Until: value(c, "until")})
}

// DeclineWhitelist answers a request with a reason.
func (h *Handlers) DeclineWhitelist(c echo.Context) error {
	return h.decide(c, views.WhitelistDecision{To: views.WhitelistDeclined, Reason: multiline(c, "reason")})
}

// RevokeWhitelist takes a granted entry back; the account's ID is typed, since
// the customer may be about to order.
func (h *Handlers) RevokeWhitelist(c echo.Context) error {
	return h.decide(c, views.WhitelistDecision{To: views.WhitelistRevoked, Reason: multiline(c, "reason"), Confirm: value(c, "confirm")})
}

func (h *Handlers) decide(c echo.Context, form views.WhitelistDecision) error {
	ctx := c.Request().Context()
	form.Errors = unprintable(c)
	request, err := h.Store.WhitelistRequest(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	var until time.Time
	if form.Until != "" {
		day, err := time.ParseInLocation(time.DateOnly, form.Until, h.Store.Catalogue().Zone(request.Region))
		if err != nil {
			form.Errors["until"] = "Enter a date, or leave it empty"
		} else {
			until = day.AddDate(0, 0, 1).Add(-time.Second) // the day itself counts in full
		}
	}
	if form.To == views.WhitelistRevoked && form.Confirm != request.AccountID {
		form.Errors["confirm"] = "Type the account ID " + request.AccountID + " to confirm"
		if msg := store.WhitelistReasonProblem(form.Reason); msg != "" && form.Errors["reason"] == "" {
			form.Errors["reason"] = msg // the store would say it next
		}
	}
	if len(form.Errors) > 0 {
		return h.decisionPage(c, http.StatusUnprocessableEntity, form)
	}
	err = h.Store.DecideWhitelist(ctx, h.actor(c), request.ID, form.To, until, form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.decisionPage(c, status, form)
	}
	if err != nil {
		return err
	}
	names, err := h.Store.AccountNames(ctx, []string{request.AccountID})
	if err != nil {
		return err
	}
	name, spec := names[request.AccountID], request.Spec.Label()
	back, text := paths.AdminWhitelist, "The request of "+name+" for "+spec+" was declined. The customer reads the reason."
	switch form.To {
	case views.WhitelistGranted:
		text = name + " can order " + spec + " ports"
		if !until.IsZero() {
			text += " until " + ui.FormatDay(until, h.Store.Catalogue().Zone(request.Region))
		}
		text += "."
	case views.WhitelistRevoked:
		back, text = paths.With(paths.AdminWhitelist, "view", views.WhitelistGranted), name+" can order no more "+spec+" ports. The customer reads the reason."
	}
	return h.done(c, back, views.Flash{Tone: ui.ToneOK, Text: text})
}

func (h *Handlers) decisionPage(c echo.Context, status int, form views.WhitelistDecision) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	request, err := h.Store.WhitelistRequest(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	names, err := h.Store.AccountNames(ctx, []string{request.AccountID})
	if err != nil {
		return err
	}
	form.Row, form.Key = h.whitelistRow(request, names[request.AccountID], user.Role), keptKey(c)
	form.Earliest = h.Store.Now().In(h.Store.Catalogue().Zone(request.Region)).Format(time.DateOnly)
	form.Possible = request.Status == views.WhitelistOpen
	form.Action = paths.AdminWhitelistGrant(request.ID)
	title := "Grant whitelist request"
	switch form.To {
	case views.WhitelistDeclined:
		form.Action, title = paths.AdminWhitelistDecline(request.ID), "Decline whitelist request"
	case views.WhitelistRevoked:
		form.Possible = request.Status == views.WhitelistGranted
		form.Action, title = paths.AdminWhitelistRevoke(request.ID), "Revoke whitelist entry"
	}
	if !form.Possible && form.Conflict == "" {
		form.Conflict = "This request is " + request.Status + " now, so there is nothing to decide here."
	}
	p := h.page(c, title, views.Crumb{Label: "Whitelist requests", Href: paths.AdminWhitelist})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.WhitelistDecisionPage(p, reqctx.IsPartial(c.Request()), form))
}
