package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
	"demarc/views"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

const applyTitle = "Apply for New Interface"

var applyCrumb = views.Crumb{Label: "Physical Connection Interfaces", Href: paths.Interfaces}

// NewInterface is the form Apply for New Interface with the choices of the
// query: one address per state of the form. Kinds: what the store answers.
func (h *Handlers) NewInterface(c echo.Context) error {
	q := func(name string) string { return clean(c, name, c.QueryParam(name), false) }
	form := views.ApplyForm{
		Region: q("region"), SP: q("sp"), AccessPoint: q("ap"), Spec: q("spec"), PortType: q("ptype"), Redundant: q("redundant"),
		Name: q("name"), Description: q("description"), Terms: q("terms") != "", Key: formKey(),
	}
	return h.applyPage(c, http.StatusOK, form)
}

// CreateInterface places the order for a new interface.
func (h *Handlers) CreateInterface(c echo.Context) error {
	form := views.ApplyForm{
		Region: value(c, "region"), SP: value(c, "sp"), AccessPoint: value(c, "ap"), Spec: value(c, "spec"), PortType: value(c, "ptype"), Redundant: value(c, "redundant"),
		Name: value(c, "name"), Description: value(c, "description"), Terms: value(c, "terms") != "", Key: keptKey(c),
	}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.applyPage(c, http.StatusUnprocessableEntity, form)
	}
	no, err := h.Store.PlaceOrder(c.Request().Context(), h.actor(c), store.NewConnection{
		Region: form.Region, SP: catalog.SP(form.SP), AccessPoint: form.AccessPoint, Spec: catalog.Spec(form.Spec), PortType: catalog.PortType(form.PortType),
		Redundant: form.Redundant, Name: form.Name, Description: form.Description, Terms: form.Terms,
		PriceVersion: value(c, "prices"),
	})
	if err == nil {
		return h.done(c, paths.Order(no))
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	form.Errors = fields
	if len(fields) == 0 {
		form.Errors["form"] = msg
	}
	return h.applyPage(c, status, form)
}

// applyPage renders the form over what the store offers now.
func (h *Handlers) applyPage(c echo.Context, status int, form views.ApplyForm) error {
	facts, err := h.applyFacts(c.Request().Context(), reqctx.Actor(c.Request().Context()), &form)
	if err != nil {
		return err
	}
	apply := views.NewApply(form, facts)
	if site := apply.Form.AccessPoint; site != "" && form.AccessPoint == "" {
		// The form selected the only access point that there is, and what it can back up is not read yet.
		if facts.Candidates, err = h.applyCandidates(c.Request().Context(), reqctx.Actor(c.Request().Context()), form.Region, site); err != nil {
			return err
		}
		apply = views.NewApply(form, facts)
	}
	if status == http.StatusOK && reqctx.IsHtmx(c.Request()) {
		// The address says what the form shows, not what was asked for.
		c.Response().Header().Set("HX-Replace-Url", apply.Form.Href())
	}
	p := h.page(c, applyTitle, applyCrumb)
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.ApplyPage(p, apply))
}

// applyFacts reads what the form offers from. A form without a region starts in
// the home region of the account.
func (h *Handlers) applyFacts(ctx context.Context, by store.Actor, form *views.ApplyForm) (views.ApplyFacts, error) {
	cat := h.Store.Catalogue()
	facts := views.ApplyFacts{Catalogue: cat, Operator: h.Operator, TermsURL: h.TermsURL, Free: map[string]map[catalog.PortType]int{}, Whitelist: map[catalog.Spec]views.WhitelistWord{},
		Quote: func(region string, spec catalog.Spec) (pricing.Quote, bool) {
			q, err := h.Store.Quote(region, spec)
			return q, err == nil
		}}
	account, err := h.Store.Account(ctx, by, by.AccountID)
	if err != nil {
		return facts, err
	}
	facts.HomeRegion = account.HomeRegion
	quota, err := h.Store.Quota(ctx, by.AccountID, "")
	if err != nil {
		return facts, err
	}
	facts.NotEnabled, facts.NotEnabledLimit, facts.PerAccessPointLimit = quota.UsedNotEnabled, quota.NotEnabled, quota.PerAccessPoint
	if form.Region == "" && len(form.Errors) == 0 {
		form.Region = account.HomeRegion
	}
	counts, err := h.Store.AllPortCounts(ctx)
	if err != nil {
		return facts, err
	}
	for _, list := range counts {
		for _, n := range list {
			if n.State != store.PortFree {
				continue
			}
			if facts.Free[n.Device] == nil {
				facts.Free[n.Device] = map[catalog.PortType]int{}
			}
			facts.Free[n.Device][n.Type] += n.N
		}
	}
	requests, err := h.Store.Whitelist(ctx, by.AccountID)
	if err != nil {
		return facts, err
	}
	for _, spec := range catalog.Specs() {
		if !spec.NeedsWhitelist() {
			continue
		}
		word := views.WhitelistWords("", h.Store.Now(), h.Store.Now(), h.Store.Now(), nil)
		if w := store.WhitelistState(requests, form.Region, spec, h.Store.Now()); w != nil {
			word = views.WhitelistWords(w.Status, w.CreatedAt, w.Until, h.Store.Now(), cat.Zone(form.Region))
		}
		facts.Whitelist[spec] = word
	}
	var sites []string
	for _, ap := range cat.AccessPointsIn(form.Region, catalog.SP(form.SP)) {
		sites = append(sites, ap.ID)
	}
	if facts.At, err = h.Store.InterfacesAt(ctx, by.AccountID, sites); err != nil {
		return facts, err
	}
	if form.AccessPoint != "" {
		facts.Candidates, err = h.applyCandidates(ctx, by, form.Region, form.AccessPoint)
	}
	return facts, err
}

// applyCandidates are the interfaces that a new one at the access point can be
// redundant with; those that cannot be chosen say why.
func (h *Handlers) applyCandidates(ctx context.Context, by store.Actor, region, accessPoint string) ([]views.ApplyCandidate, error) {
	items, err := h.Store.RedundantCandidates(ctx, by.AccountID, region)
	if err != nil {
		return nil, err
	}
	partners, err := h.Store.Partners(ctx, items)
	if err != nil {
		return nil, err
	}
	out := make([]views.ApplyCandidate, 0, len(items))
	for _, c := range items {
		v := views.ApplyCandidate{ID: c.ID, Name: c.Name, AccessPointID: c.AccessPointID}
		if partner, ok := partners[c.ID]; ok {
			v.Reason = "Redundant with " + partner.ID + " already"
		}
		if c.Stage == lifecycle.Terminating {
			v.Reason = "Is being terminated"
		}
		if c.AccessPointID == accessPoint && v.Reason == "" {
			port, err := h.Store.PortOf(ctx, c.ID)
			if err != nil {
				return nil, err
			}
			if port != nil {
				v.DeviceID = port.Device
			}
		}
		out = append(out, v)
	}
	return out, nil
}
