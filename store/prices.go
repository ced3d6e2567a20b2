package store

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"demarc/store/lifecycle"
	"demarc/store/money"
	"demarc/store/pricing"
)

// mostPrice is the largest price that is taken, in minor units: five years of
// it are far from the limit of an amount.
const mostPrice = math.MaxInt64 / 1_000_000

// pricesAhead is how many years ahead a price list may begin.
const pricesAhead = 5

// loadPrices reads the price lists into memory; an empty database begins with
// the list of the package.
func (s *Store) loadPrices(ctx context.Context) error {
	if err := s.inTx(ctx, systemActor(), func(t *tx) error {
		var n int
		if err := t.row("SELECT COUNT(*) FROM price_books").Scan(&n); err != nil || n > 0 {
			return err
		}
		return t.putPrices(pricing.Default(), "Demarc")
	}); err != nil {
		return err
	}
	return s.readPrices(ctx)
}

// PriceBook is one version of the price list, and who made it.
type PriceBook struct {
	pricing.Book
	CreatedAt time.Time
	CreatedBy string
}

func (s *Store) readPrices(ctx context.Context) error {
	s.booksMu.Lock() // the later reader must not be overtaken by the earlier one
	defer s.booksMu.Unlock()
	books, err := list(ctx, s, func(r scanner) (PriceBook, error) {
		b := PriceBook{Book: pricing.Book{Installation: pricing.Prices{}, Monthly: pricing.Prices{}}}
		var from, created instant
		err := r.Scan(&b.Version, &from, &b.Currency, &created, &b.CreatedBy)
		b.From, b.CreatedAt = from.Time, created.Time
		return b, err
	}, "SELECT version, starts_at, currency, created_at, created_by FROM price_books ORDER BY starts_at")
	if err != nil {
		return err
	}
	type line struct {
		version              string
		group                pricing.Group
		spec                 string
		installation, months int64
	}
	lines, err := list(ctx, s, func(r scanner) (l line, err error) {
		return l, r.Scan(&l.version, &l.group, &l.spec, &l.installation, &l.months)
	}, "SELECT version, region_group, port_spec, installation, monthly FROM price_lines")
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, b := range books {
		at[b.Version] = i
	}
	for _, l := range lines {
		i, ok := at[l.version]
		if !ok {
			continue // scheduled a moment ago: whoever did it reads again
		}
		for _, p := range []struct {
			prices pricing.Prices
			n      int64
		}{{books[i].Installation, l.installation}, {books[i].Monthly, l.months}} {
			if p.prices[l.group] == nil {
				p.prices[l.group] = map[string]int64{}
			}
			p.prices[l.group][l.spec] = p.n
		}
	}
	s.prices.Store(&books)
	s.revisions.raise(touched{everybody: true})
	return nil
}

// books are the price lists for package pricing.
func (s *Store) books() []pricing.Book {
	var out []pricing.Book
	if all := s.prices.Load(); all != nil {
		for _, b := range *all {
			out = append(out, b.Book)
		}
	}
	return out
}

// PriceBooks lists every version of the price list, the latest first. Nobody
// may change what it returns.
func (s *Store) PriceBooks() []PriceBook {
	all := slices.Clone(*s.prices.Load())
	slices.Reverse(all)
	return all
}

// PricesNow is the price list in force. Kinds: Unavailable when there is none.
func (s *Store) PricesNow() (pricing.Book, error) {
	b, err := pricing.At(s.books(), s.Now())
	if err != nil {
		return b, &Error{Kind: Unavailable, Msg: "There is no price list in force. Nothing was changed. Tell whoever sets the prices.", Err: err}
	}
	return b, nil
}

// currency is that of the price list in force: new accounts are kept in it.
func (s *Store) currency() string {
	b, err := s.PricesNow()
	if err != nil {
		return "USD"
	}
	return b.Currency
}

// NewPrices is a price list as it was typed: a day, a currency, and a price for
// every field of PriceField.
type NewPrices struct {
	From     string // 2027-01-01: in force from the beginning of that day, UTC
	Currency string
	Prices   map[string]string // by pricing.Field
	// Against is the version that the preview compared it with; "" does not ask.
	Against string
}

// TypedPrices is a price list as it would be typed, to begin with.
func TypedPrices(b pricing.Book) NewPrices {
	in := NewPrices{Currency: b.Currency, Prices: map[string]string{}}
	for _, f := range pricing.Fees() {
		for _, g := range pricing.Groups() {
			for _, spec := range pricing.Specifications() {
				if a, ok := b.Price(f, g, spec); ok {
					in.Prices[pricing.Field(f, g, spec)] = a.Decimal()
				}
			}
		}
	}
	return in
}

// FirstPriceDay is the first day from which new prices can be in force: the
// next one, UTC. What was offered today stays.
func (s *Store) FirstPriceDay() time.Time { return s.Now().Truncate(24*time.Hour).AddDate(0, 0, 1) }

// PreviewPrices judges a price list without keeping it: it and the list that it
// would replace. Kinds: Invalid (fields from, currency, those of pricing.Field and
// "prices" when nothing changes).
func (s *Store) PreviewPrices(in NewPrices) (next, old pricing.Book, err error) {
	bad := map[string]string{}
	next = pricing.Book{Version: in.From, Currency: strings.ToUpper(strings.TrimSpace(in.Currency)), Installation: pricing.Prices{}, Monthly: pricing.Prices{}}
	decimals, known := money.Decimals(next.Currency)
	if !known {
		bad["currency"] = "Enter the code of a currency, such as USD"
	}
	first := s.FirstPriceDay()
	day, perr := time.Parse(time.DateOnly, in.From)
	switch {
	case perr != nil:
		bad["from"] = "Enter the first day of the new prices"
	case day.Before(first):
		bad["from"] = "Enter a day from " + first.Format("2 Jan 2006") + " on. Prices of today and before never change."
	case day.After(first.AddDate(pricesAhead, 0, 0)):
		bad["from"] = fmt.Sprintf("Enter a day within the next %d years", pricesAhead)
	}
	next.From = day
	books := s.books()
	if perr == nil {
		if slices.ContainsFunc(books, func(b pricing.Book) bool { return b.From.Equal(day) }) {
			bad["from"] = "A price list begins on that day already. Delete it first, or select another day."
		}
		if old, err = pricing.Before(books, day); err != nil {
			bad["from"] = "No price list is in force before that day"
		}
	}
	example := "Enter an amount such as 1,500"
	if decimals > 0 {
		example += "." + strings.Repeat("0", decimals)
	}
	for _, f := range pricing.Fees() {
		for _, g := range pricing.Groups() {
			for _, spec := range pricing.Specifications() {
				field := pricing.Field(f, g, spec)
				if !known {
					continue
				}
				a, err := money.Parse(in.Prices[field], next.Currency)
				switch {
				case err != nil || a.IsNegative():
					bad[field] = example
				case a.Minor > mostPrice:
					bad[field] = "Enter a smaller amount"
				}
				prices := next.Of(f)
				if prices[g] == nil {
					prices[g] = map[string]int64{}
				}
				prices[g][spec] = a.Minor
			}
		}
	}
	if len(bad) == 0 && !slices.ContainsFunc(pricing.Compare(old, next), func(c pricing.Change) bool { return c.Changed }) {
		bad["prices"] = "These are the prices that are in force then already. Change at least one."
	}
	return next, old, invalidFields(bad)
}

// SchedulePrices keeps a price list that begins on a later day, and returns its
// version. Kinds: those of PreviewPrices, Conflict when the list that it was
// compared with is no longer the one before it, Forbidden.
func (s *Store) SchedulePrices(ctx context.Context, by Actor, in NewPrices) (string, error) {
	if !lifecycle.May(lifecycle.SetPrices, by.Role) {
		return "", forbidden("Only finance staff and administrators set prices.")
	}
	return s.once(ctx, by, func(t *tx) (string, error) {
		next, old, err := s.PreviewPrices(in)
		if err != nil {
			return "", err
		}
		if in.Against != "" && in.Against != old.Version {
			return "", conflictf("The price list before %s is another one now. Look at the changes again. Nothing was saved.", next.From.Format("2 Jan 2006"))
		}
		if err := t.putPrices(next, by.Name); err != nil {
			if isUnique(err) || strings.Contains(err.Error(), "a price list never changes") {
				return "", invalid("from", "A price list begins on that day already. Delete it first, or select another day.")
			}
			return "", err
		}
		changed := 0
		for _, c := range pricing.Compare(old, next) {
			if c.Changed {
				changed++
			}
		}
		t.after(func() { s.pricesChanged(ctx) })
		return next.Version, t.event("prices:"+next.Version, "", "schedule_prices", "", "", "", fmt.Sprintf("%s from %s, replaces %s", countWords(changed, "changed price"), next.From.Format("2 Jan 2006"), old.Version))
	})
}

// DeletePrices removes a price list that has not begun. Kinds: NotFound,
// Conflict when it has begun, Forbidden.
func (s *Store) DeletePrices(ctx context.Context, by Actor, version string) error {
	if !lifecycle.May(lifecycle.SetPrices, by.Role) {
		return forbidden("Only finance staff and administrators set prices.")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		var from instant
		rows, err := t.query("SELECT starts_at FROM price_books WHERE version = ?", version)
		if err != nil {
			return "", err
		}
		found, err := collect(rows, func(r scanner) (i instant, err error) { return i, r.Scan(&i) })
		if err != nil {
			return "", err
		}
		if len(found) == 0 {
			return "", notFound("This price list")
		}
		if from = found[0]; !from.After(t.now) {
			return "", conflictf("The price list of %s is in force or was. It never changes; schedule another one.", from.Format("2 Jan 2006"))
		}
		if _, err := t.exec("DELETE FROM price_books WHERE version = ?", version); err != nil {
			return "", err
		}
		t.after(func() { s.pricesChanged(ctx) })
		return version, t.event("prices:"+version, "", "delete_prices", "", "", "", "It would have begun on "+from.Format("2 Jan 2006"))
	})
	return err
}

// pricesChanged reads the price lists again; the database has them in any case.
func (s *Store) pricesChanged(ctx context.Context) {
	if err := s.readPrices(context.WithoutCancel(ctx)); err != nil {
		s.log.ErrorContext(ctx, "the price lists could not be read again", "error", err)
	}
}

func (t *tx) putPrices(b pricing.Book, by string) error {
	if _, err := t.exec("INSERT INTO price_books (version, starts_at, currency, created_at, created_by) VALUES (?, ?, ?, ?, ?)", b.Version, at(b.From), b.Currency, at(t.now), by); err != nil {
		return err
	}
	for _, g := range pricing.Groups() {
		for _, spec := range slices.Sorted(maps.Keys(b.Monthly[g])) {
			if _, err := t.exec("INSERT INTO price_lines (version, region_group, port_spec, installation, monthly) VALUES (?, ?, ?, ?, ?)", b.Version, g, spec, b.Installation[g][spec], b.Monthly[g][spec]); err != nil {
				return err
			}
		}
	}
	return nil
}

// AccountsInOtherCurrencies counts the accounts that are kept in another
// currency: they cannot pay orders in this one from their balance.
func (s *Store) AccountsInOtherCurrencies(ctx context.Context, currency string) (int, error) {
	var n int
	err := s.get(ctx, "SELECT COUNT(*) FROM accounts WHERE currency <> ?", []any{currency}, &n)
	return n, err
}
