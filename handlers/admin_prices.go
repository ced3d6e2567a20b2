package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

const (
	pricesTitle    = "Prices"
	newPricesTitle = "New price list"
)

var (
	moneyCrumb  = views.Crumb{Label: "Money"}
	pricesCrumb = views.Crumb{Label: pricesTitle, Href: paths.AdminPrices}
)

// ListPrices shows the versions of the price list, and the prices of one: that
// of the query parameter version, or the one in force.
func (h *Handlers) ListPrices(c echo.Context) error {
	now, err := h.Store.PricesNow()
	if err != nil {
		return err
	}
	shown := c.QueryParam("version")
	l := views.PriceList{Shown: now, Title: "Prices in force since " + ui.FormatDay(now.From, time.UTC)}
	for _, b := range h.Store.PriceBooks() {
		v := h.priceVersion(c, b, now)
		if b.Version == shown && shown != now.Version {
			l.Shown = b.Book
			l.Title = "Prices from " + ui.FormatDay(b.From, time.UTC)
		}
		l.Versions = append(l.Versions, v)
	}
	if h.maySetPrices(c) {
		l.New = paths.AdminNewPrices
	}
	return h.render(c, http.StatusOK, views.PricesPage(h.page(c, pricesTitle, moneyCrumb), l))
}

func (h *Handlers) maySetPrices(c echo.Context) bool {
	return lifecycle.May(lifecycle.SetPrices, reqctx.Actor(c.Request().Context()).Role)
}

func (h *Handlers) priceVersion(c echo.Context, b store.PriceBook, now pricing.Book) views.PriceVersion {
	v := views.PriceVersion{Version: b.Version, From: b.From, Currency: b.Currency, State: "past", CreatedBy: b.CreatedBy, Href: paths.With(paths.AdminPrices, "version", b.Version)}
	switch {
	case b.Version == now.Version:
		v.State = "now"
	case b.From.After(h.Store.Now()):
		v.State = "scheduled"
		if h.maySetPrices(c) {
			v.Delete = paths.AdminPricesDeletion(b.Version)
		}
	}
	return v
}

// NewPrices is the form of a new price list, filled with the newest one, and
// the preview of what it would change: both are a GET that saves nothing.
func (h *Handlers) NewPrices(c echo.Context) error {
	q := func(name string) string {
		return shortened(clean(c, name, strings.TrimSpace(c.QueryParam(name)), false), queryLimit)
	}
	form := views.PriceForm{From: q("from"), Currency: q("currency"), Typed: map[string]string{}}
	step := q("step")
	if step == "" && q("typed") == "" {
		newest := h.Store.PriceBooks()[0]
		in := store.TypedPrices(newest.Book)
		form.Currency, form.Typed = in.Currency, in.Prices
		return h.pricesForm(c, http.StatusOK, form)
	}
	for _, name := range pricing.Fields() {
		form.Typed[name] = q(name)
	}
	if step != "preview" {
		return h.pricesForm(c, http.StatusOK, form)
	}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.pricesForm(c, http.StatusUnprocessableEntity, form)
	}
	return h.previewPrices(c, http.StatusOK, form)
}

// previewPrices shows what the form would change, or what is wrong with it.
func (h *Handlers) previewPrices(c echo.Context, status int, form views.PriceForm) error {
	next, old, err := h.Store.PreviewPrices(store.NewPrices{From: form.From, Currency: form.Currency, Prices: form.Typed})
	if wrong, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.pricesForm(c, wrong, form)
	}
	if err != nil {
		return err
	}
	stranded, err := h.Store.AccountsInOtherCurrencies(c.Request().Context(), next.Currency)
	if err != nil {
		return err
	}
	form.Preview = &views.PricePreview{From: next.From, Old: old, Changes: pricing.Compare(old, next), Currency: next.Currency, Stranded: stranded}
	return h.pricesForm(c, status, form)
}

func (h *Handlers) pricesForm(c echo.Context, status int, form views.PriceForm) error {
	form.Key, form.First = keptKey(c), h.Store.FirstPriceDay().Format(time.DateOnly)
	title := newPricesTitle
	if form.Preview != nil {
		title = "Preview of the new prices"
	}
	p := h.page(c, title, moneyCrumb, pricesCrumb)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.NewPricesPage(p, form))
}

// SchedulePrices keeps a price list for a later day. Kinds: those of the store.
func (h *Handlers) SchedulePrices(c echo.Context) error {
	form := views.PriceForm{From: value(c, "from"), Currency: value(c, "currency"), Typed: map[string]string{}}
	for _, name := range pricing.Fields() {
		form.Typed[name] = value(c, name)
	}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.pricesForm(c, http.StatusUnprocessableEntity, form)
	}
	version, err := h.Store.SchedulePrices(c.Request().Context(), h.actor(c), store.NewPrices{From: form.From, Currency: form.Currency, Prices: form.Typed, Against: value(c, "against")})
	status, fields, msg, ok := refused(err)
	switch {
	case ok && status == http.StatusConflict:
		form.Conflict = msg
		return h.previewPrices(c, status, form)
	case ok:
		form.Errors = fields
		return h.pricesForm(c, status, form)
	case err != nil:
		return err
	}
	day, _ := time.Parse(time.DateOnly, version)
	return h.done(c, paths.AdminPrices, views.Flash{Tone: ui.ToneOK, Text: "The new prices are scheduled. They begin on " + ui.FormatDay(day, time.UTC) + "."})
}

// AskPricesDeletion asks before a scheduled price list is deleted.
func (h *Handlers) AskPricesDeletion(c echo.Context) error {
	return h.pricesDeletion(c, http.StatusOK, "")
}

// DeletePrices deletes a scheduled price list.
func (h *Handlers) DeletePrices(c echo.Context) error {
	err := h.Store.DeletePrices(c.Request().Context(), h.actor(c), c.Param("version"))
	if status, _, msg, ok := refused(err); ok {
		return h.pricesDeletion(c, status, msg)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminPrices, views.Flash{Tone: ui.ToneOK, Text: "The price list was deleted before it began."})
}

func (h *Handlers) pricesDeletion(c echo.Context, status int, conflict string) error {
	now, err := h.Store.PricesNow()
	if err != nil {
		return err
	}
	for _, b := range h.Store.PriceBooks() {
		if b.Version != c.Param("version") {
			continue
		}
		if conflict == "" && !b.From.After(h.Store.Now()) {
			status, conflict = http.StatusConflict, "This price list is in force or was. It never changes; schedule another one."
		}
		return h.render(c, status, views.PriceDeletionPage(h.page(c, "Delete a price list", moneyCrumb, pricesCrumb), h.priceVersion(c, b, now), keptKey(c), conflict))
	}
	return &store.Error{Kind: store.NotFound, Msg: "This price list does not exist."}
}
