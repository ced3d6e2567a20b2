package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ShowWhitelist is Port Whitelist; the query fills the form in. Over another
// page it is the form alone.
func (h *Handlers) ShowWhitelist(c echo.Context) error {
	q := func(name string) string { return clean(c, name, c.QueryParam(name), false) }
	return h.whitelistPage(c, http.StatusOK, views.WhitelistForm{Spec: q("spec"), Region: q("region"), Next: paths.Local(c.QueryParam("next"), ""), Ports: "1", Key: formKey()})
}

// RequestWhitelist asks for 40G or 100G ports. Kinds: Forbidden.
func (h *Handlers) RequestWhitelist(c echo.Context) error {
	form := views.WhitelistForm{Spec: value(c, "spec"), Region: value(c, "region"), Reason: multiline(c, "reason"), Ports: value(c, "ports"),
		Next: paths.Local(value(c, "next"), ""), Key: keptKey(c)}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.whitelistPage(c, http.StatusUnprocessableEntity, form)
	}
	ports, err := strconv.Atoi(form.Ports)
	if err != nil {
		ports = 0 // the store says which numbers it takes
	}
	err = h.Store.RequestWhitelist(c.Request().Context(), h.actor(c), store.NewWhitelistRequest{Region: form.Region, Spec: catalog.Spec(form.Spec), Reason: form.Reason, Ports: ports})
	if err == nil {
		next := form.Next
		if next == "" {
			next = paths.Whitelist
		}
		return h.done(c, next, views.Flash{Tone: ui.ToneOK, Text: "The whitelist for " + form.Spec + " is requested. You get a message when " + h.Operator + " answers."})
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	form.Errors = fields
	if len(fields) == 0 {
		form.Problem = msg
	}
	return h.whitelistPage(c, status, form)
}

func (h *Handlers) whitelistPage(c echo.Context, status int, form views.WhitelistForm) error {
	ctx := c.Request().Context()
	cat := h.Store.Catalogue()
	w := views.Whitelist{Regions: cat.Regions(), Form: form}
	requests, err := h.Store.Whitelist(ctx, h.actor(c).AccountID)
	if err != nil {
		return err
	}
	for _, spec := range catalog.Specs() {
		if !spec.NeedsWhitelist() {
			continue
		}
		s := views.WhitelistSpec{Spec: spec.Label()}
		for _, r := range requests {
			if r.Spec != spec {
				continue
			}
			e := views.WhitelistEntry{Spec: spec.Label(), Region: "Every region", Ports: r.Ports, Status: r.Status, Reason: r.Reason, Answer: r.Answer,
				CreatedAt: r.CreatedAt, Until: r.Until, DecidedAt: r.DecidedAt, Now: h.Store.Now(), Zone: cat.Zone(r.Region)}
			if region, ok := cat.Region(r.Region); ok {
				e.Region = region.Name
			}
			s.Entries = append(s.Entries, e)
		}
		w.Specs = append(w.Specs, s)
	}
	if reqctx.IsPartial(c.Request()) {
		return h.render(c, status, views.WhitelistDialog(w))
	}
	p := h.page(c, "Port Whitelist")
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.WhitelistPage(p, w))
}
