package views

import (
	"strconv"
	"time"

	"demarc/store/catalog"
	"demarc/store/pricing"
	"demarc/views/ui"
	"demarc/web/paths"
)

// PriceVersion is one price list of the page Prices.
type PriceVersion struct {
	Version   string
	From      time.Time
	Currency  string
	State     string // scheduled, now, past
	CreatedBy string
	Href      string
	Delete    string // "" when it cannot be deleted, or not by the reader
	Current   bool   // its prices are shown below
}

func (v PriceVersion) look() Look {
	switch v.State {
	case "scheduled":
		return Look{"Scheduled", ui.ToneInfo, ui.ShapeRing}
	case "now":
		return Look{"In force", ui.ToneOK, ui.ShapeDot}
	}
	return Look{"Past", ui.ToneIdle, ui.ShapeDash}
}

// PriceList is the page Prices: the versions, and the prices of one of them.
type PriceList struct {
	Versions []PriceVersion
	Shown    pricing.Book
	Title    string // of the prices that are shown
	New      string // where a new list begins, "" for those who may not
}

func (v PriceVersion) actions() ui.Actions {
	a := ui.Actions{For: "the price list of " + ui.FormatDay(v.From, time.UTC), Links: []ui.Action{{Label: "View", Href: v.Href}}}
	if v.Delete != "" {
		a.Links = append(a.Links, ui.Action{Label: "Delete", Href: v.Delete})
	}
	return a
}

// priceRow is one specification of the matrix.
type priceRow struct {
	Spec  string
	Cells []priceCell
}

type priceCell struct{ Label, Amount string }

var groupLabels = map[pricing.Group]string{pricing.Mainland: "Chinese mainland", pricing.Outside: "Outside the mainland"}

func specLabel(spec string) string { return catalog.Spec(spec).Label() }

func priceColumns() []ui.Column {
	out := []ui.Column{{Label: "Port specification"}}
	for _, f := range pricing.Fees() {
		for _, g := range pricing.Groups() {
			out = append(out, ui.Column{Label: f.Label() + ", " + groupLabels[g], Class: "num"})
		}
	}
	return out
}

func priceRows(b pricing.Book) []priceRow {
	var out []priceRow
	for _, spec := range pricing.Specifications() {
		r := priceRow{Spec: specLabel(spec)}
		for _, f := range pricing.Fees() {
			for _, g := range pricing.Groups() {
				c := priceCell{Label: f.Label() + ", " + groupLabels[g], Amount: "No price"}
				if a, ok := b.Price(f, g, spec); ok {
					c.Amount = a.String()
				}
				r.Cells = append(r.Cells, c)
			}
		}
		out = append(out, r)
	}
	return out
}

// PriceForm makes a new price list: what was typed, by field. Preview is what
// it would change, nil until it was asked for.
type PriceForm struct {
	From, Currency string
	First          string // the first day that can be typed, 2026-11-21
	Typed          map[string]string
	Base           string // the version that the form began with
	Preview        *PricePreview
	Key            string
	Errors         map[string]string
	Conflict       string
}

// PricePreview is what a new list would change.
type PricePreview struct {
	From     time.Time
	Old      pricing.Book
	Changes  []pricing.Change
	Currency string
	Stranded int // accounts that are kept in another currency
}

func (f PriceForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, append([]string{"from", "currency"}, pricing.Fields()...)...)
}

func (f PriceForm) control(fee pricing.Fee, g pricing.Group, spec string) ui.Control {
	name := pricing.Field(fee, g, spec)
	return ui.Control{Name: name, Label: specLabel(spec), Value: f.Typed[name], Error: f.Errors[name], InputMode: "decimal", Short: true, Suffix: f.Currency}
}

// hidden carries what was typed to the button that saves it, and back.
func (f PriceForm) hidden() []ui.Hidden {
	out := []ui.Hidden{{Name: "from", Value: f.From}, {Name: "currency", Value: f.Currency}}
	for _, name := range pricing.Fields() {
		out = append(out, ui.Hidden{Name: name, Value: f.Typed[name]})
	}
	return out
}

// change is the form again with what was typed.
func (f PriceForm) change() string {
	pairs := []string{"from", f.From, "currency", f.Currency, "typed", "1"}
	for _, name := range pricing.Fields() {
		pairs = append(pairs, name, f.Typed[name])
	}
	return paths.With(paths.AdminNewPrices, pairs...)
}

func (p PricePreview) changed() []pricing.Change {
	var out []pricing.Change
	for _, c := range p.Changes {
		if c.Changed {
			out = append(out, c)
		}
	}
	return out
}

// words count what changes and what stays.
func (p PricePreview) words() string {
	n := len(p.changed())
	stay := len(p.Changes) - n
	switch {
	case stay == 0:
		return "Every price changes"
	case n == 1:
		return "1 price changes, " + strconv.Itoa(stay) + " stay"
	}
	return counted(n, "price") + " change, " + strconv.Itoa(stay) + " stay"
}

// effect says what the list does, and what it leaves alone.
func (p PricePreview) effect() string {
	return "From " + ui.FormatDay(p.From, time.UTC) + ", 00:00 UTC, new orders are quoted by these prices. Orders and interfaces of before keep theirs."
}

func (p PricePreview) strandedWords() string {
	verb := " are"
	if p.Stranded == 1 {
		verb = " is"
	}
	return counted(p.Stranded, "account") + verb + " kept in another currency than " + p.Currency + " and cannot pay such orders from the balance."
}

func changeWords(c pricing.Change) string {
	switch {
	case !c.Changed:
		return "No change"
	case c.Percent != "":
		return c.Percent
	case c.Old.Currency != c.New.Currency:
		return "Another currency"
	}
	return "New"
}

func changeTone(c pricing.Change) string {
	switch {
	case c.Old.Currency == c.New.Currency && c.Old.Minor > c.New.Minor:
		return ui.ToneOK
	case c.Changed:
		return ui.ToneWarn
	}
	return ui.ToneIdle
}
