package views

import (
	"strconv"

	"demarc/store/fees"
	"demarc/views/ui"
	"demarc/web/paths"
)

// OverdueList is the page of interfaces whose resource fee is overdue.
type OverdueList struct {
	Rows  []OverdueRow
	Pages ui.Pages
	// Invoices are those of all accounts that are not paid in full.
	Invoices     []OpenInvoice
	InvoicePages ui.Pages
}

// OpenInvoice is an invoice of some account.
type OpenInvoice struct {
	InvoiceRow
	Account, AccountHref string
}

// OverdueRow is one of them.
type OverdueRow struct {
	Interface
	AccountHref string // "" when the reader may not see accounts
	MayFree     bool   // the reader may end it now
}

func (r OverdueRow) standing() (text, tone string) {
	return FeeDue{Interface: r.Interface}.standing()
}

// next is what time does next to it.
func (r OverdueRow) next() (what, when string) {
	switch {
	case r.Standing == fees.Freeable:
		return "May be ended", "since " + ui.FormatDay(r.FreeableAt(), r.Zone)
	case r.Standing.IsLocked():
		return "May be ended", "from " + ui.FormatDay(r.FreeableAt(), r.Zone)
	}
	return "Locked", "from " + ui.FormatDay(r.LockedAt(), r.Zone)
}

func (r OverdueRow) actions() ui.Actions {
	a := ui.Actions{For: r.ID, Links: []ui.Action{{Label: "View", Href: paths.AdminInterface(r.ID)}}}
	if r.MayFree {
		a.Links = append([]ui.Action{{Label: "End for non-payment", Href: paths.AdminFree(r.ID), Lead: true, Dialog: true}}, a.Links...)
	}
	return a
}

// FreeForm asks before an interface is ended for non-payment.
type FreeForm struct {
	Interface
	Reason    string
	Confirmed bool
	Key       string
	Errors    map[string]string
	Conflict  string
	Possible  bool
}

// FeeRulesForm is the rules about fees as typed.
type FeeRulesForm struct {
	Installation                        string
	UnusedMonths                        bool
	LatePercent, LateCap, AutoRenewDays string
	Version                             int
	Key                                 string
	Errors                              map[string]string
	Conflict                            string
	ReadOnly                            bool
	Changes                             []RuleChange // newest first
}

// RuleChange is an earlier change of the rules.
type RuleChange struct{ What, When, Who string }

func (f FeeRulesForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "installation", "late_percent", "late_cap", "auto_renew_days")
}

func (f FeeRulesForm) installation() ui.Control {
	c := ui.Control{Name: "installation", Label: "The installation fee goes back when an interface is canceled", Columns: "wide", Value: f.Installation, Error: f.Errors["installation"], Disabled: f.ReadOnly}
	for _, r := range fees.InstallationRefunds() {
		c.Options = append(c.Options, ui.Option{Value: string(r), Label: r.Label(), Disabled: f.ReadOnly})
	}
	return c
}

func (f FeeRulesForm) number(name, label, value, suffix, hint string) ui.Control {
	return ui.Control{Name: name, Label: label, Value: value, Suffix: suffix, Hint: hint, Short: true, InputMode: "numeric", Error: f.Errors[name], Disabled: f.ReadOnly}
}

func (f FeeRulesForm) version() string { return strconv.Itoa(f.Version) }
