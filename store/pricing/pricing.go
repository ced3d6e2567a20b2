// Package pricing knows what a physical connection interface costs, for how long it may be paid, and what follows from the date that it is
// paid through.
//
// The price list is data with a version and a date. An order keeps the [Quote] it was given: a later list changes nothing that was ordered
// before it.
package pricing

import (
	"errors"
	"fmt"
	"time"

	"demarc/store/money"
)

// The kinds of error of this package; test with [errors.Is].
var (
	ErrNoBook        = errors.New("pricing: no price list in force")
	ErrUnknownGroup  = errors.New("pricing: unknown price group")
	ErrUnknownSpec   = errors.New("pricing: unknown port specification")
	ErrInvalidPeriod = errors.New("pricing: not a period on offer")
	ErrAmbiguousBook = errors.New("pricing: two price lists from the same moment")
)

// Group is the price group of an access point. The Hong Kong region belongs to [Outside].
type Group string

// The two price groups.
const (
	Mainland Group = "mainland"
	Outside  Group = "outside"
)

// The port specifications, as stored. On screen the first is "1G and below".
const (
	Spec1G   = "1G"
	Spec10G  = "10G"
	Spec40G  = "40G"
	Spec100G = "100G"
)

// Specifications returns the port specifications in ascending order.
func Specifications() []string { return []string{Spec1G, Spec10G, Spec40G, Spec100G} }

// Groups returns the price groups.
func Groups() []Group { return []Group{Mainland, Outside} }

// Prices are by group and specification.
type Prices map[Group]map[string]int64

// Book is one version of the price list. Prices are in minor units of Currency: the initial installation fee, once, and the resource fee
// per month. From is the first instant at which the list is in force.
type Book struct {
	Version      string
	From         time.Time
	Currency     string
	Installation Prices
	Monthly      Prices
}

// Quote is what one port costs under one price list. It is stored with the order.
type Quote struct {
	Installation, Monthly money.Amount
	Version               string
}

// Default returns the public list of 2019 (domain §6), in US dollars. Each call returns its own maps.
func Default() Book {
	return Book{
		Version:  "2019-01",
		From:     time.Date(2019, time.January, 1, 0, 0, 0, 0, time.UTC),
		Currency: "USD",
		Installation: Prices{
			Mainland: {Spec1G: 1_500_00, Spec10G: 1_500_00, Spec40G: 1_500_00, Spec100G: 1_500_00},
			Outside:  {Spec1G: 1_500_00, Spec10G: 1_500_00, Spec40G: 1_500_00, Spec100G: 1_500_00},
		},
		Monthly: Prices{
			Mainland: {Spec1G: 85_00, Spec10G: 720_00, Spec40G: 2_450_00, Spec100G: 5_200_00},
			Outside:  {Spec1G: 210_00, Spec10G: 1_600_00, Spec40G: 5_500_00, Spec100G: 11_700_00},
		},
	}
}

// At returns the price list in force at t: the latest that began at or before it, whatever the order of books. It fails with [ErrNoBook]
// before the first list, and with [ErrAmbiguousBook] when the list in force has a twin.
func At(books []Book, t time.Time) (Book, error) {
	var found []Book
	for _, b := range books {
		switch {
		case b.From.After(t):
		case len(found) == 0 || b.From.After(found[0].From):
			found = []Book{b}
		case b.From.Equal(found[0].From):
			found = append(found, b)
		}
	}
	switch len(found) {
	case 0:
		return Book{}, fmt.Errorf("%w on %s", ErrNoBook, t.UTC().Format(time.DateOnly))
	case 1:
		return found[0], nil
	}
	return Book{}, fmt.Errorf("%w: %s and %s", ErrAmbiguousBook, found[0].Version, found[1].Version)
}

// Quote returns both fees of a port. It fails with [ErrUnknownGroup], [ErrUnknownSpec] (a price that is missing or below zero counts as
// unknown: nothing is ever free by omission) or an error of package money for the book's currency.
func (b Book) Quote(group Group, spec string) (Quote, error) {
	byGroup, ok := b.Monthly[group]
	if !ok {
		return Quote{}, fmt.Errorf("%w %q in %s", ErrUnknownGroup, group, b.Version)
	}
	monthlyMinor, hasMonthly := byGroup[spec]
	installationMinor, hasInstallation := b.Installation[group][spec]
	if !hasMonthly || !hasInstallation || monthlyMinor < 0 || installationMinor < 0 {
		return Quote{}, fmt.Errorf("%w %q in %s", ErrUnknownSpec, spec, b.Version)
	}
	installation, err := money.New(installationMinor, b.Currency)
	if err != nil {
		return Quote{}, fmt.Errorf("price list %s: %w", b.Version, err)
	}
	monthly, err := money.New(monthlyMinor, b.Currency)
	if err != nil {
		return Quote{}, fmt.Errorf("price list %s: %w", b.Version, err)
	}
	return Quote{Installation: installation, Monthly: monthly, Version: b.Version}, nil
}
