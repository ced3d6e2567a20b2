package store

import (
	"context"
	"strings"

	"demarc/store/chain"
	"demarc/store/lifecycle"
)

// texts says which words of an event its account reads, beside who did what to
// which object and when.
type texts struct{ detail, reason bool }

// accountTexts are the texts of the events that concern an account and are about
// something else than an interface: what is not listed is read by staff only.
// Missing reasons are written by staff for staff: how somebody was recognized
// who lost a second factor, why a credit limit was set.
var accountTexts = map[string]texts{
	"create_account":         {detail: true},
	"set_quotas":             {detail: true},
	"set_invoice_limit":      {detail: true},
	"issue_invoice":          {detail: true},
	"record_invoice_payment": {detail: true},
	ActionPayInvoice:         {detail: true},
	"record_transfer":        {detail: true},
	"view_as_customer":       {detail: true},
	"leave_customer":         {},

	"invite":               {detail: true},
	"create_user":          {detail: true},
	"new_link":             {},
	"change_role":          {detail: true},
	"remove_person":        {detail: true},
	"export_person":        {},
	chain.EraseAction:      {},
	"set_password":         {},
	"request_reset":        {},
	"sign_in":              {detail: true},
	ActionSignInRefused:    {detail: true},
	"sign_out":             {},
	"end_sessions":         {detail: true},
	"add_second_factor":    {detail: true},
	"remove_second_factor": {detail: true},
	"new_recovery_codes":   {detail: true},
	"recovery_code_used":   {},
	"reset_second_factors": {},

	"second_factor_refused":    {},
	"link_identity":            {detail: true},
	"add_identity_provider":    {detail: true},
	"remove_identity_provider": {detail: true},

	"open_ticket":  {detail: true},
	"write_ticket": {},
	"close_ticket": {},

	"request_whitelist":  {detail: true, reason: true},
	"granted_whitelist":  {detail: true, reason: true},
	"declined_whitelist": {detail: true, reason: true},
	"revoked_whitelist":  {detail: true, reason: true},
}

// forAccount is the event as the people of its account read it: staff are the
// operator, by the part they play, and what staff wrote for staff is left out.
// What is about an interface has the texts of the interface's own timeline.
func (e Event) forAccount() Event {
	if !e.ActorRole.IsCustomer() {
		e.ActorID, e.ActorName, e.RequestID = "", "", ""
	}
	if e.AboutInterface() {
		return e
	}
	open := accountTexts[e.Action]
	if !open.detail {
		e.Detail = ""
	}
	if !open.reason {
		e.Reason = ""
	}
	return e
}

// AboutInterface reports whether the event is about an interface; Subject is
// then its ID.
func (e Event) AboutInterface() bool { return strings.HasPrefix(e.Subject, "pc-") }

// ActivityFilter narrows the activity of an account. What is empty narrows
// nothing. From counts, To does not.
type ActivityFilter struct {
	EventFilter
	// Who is the ID of a person of the account, or ByOperator, or ByItself.
	Who string
}

// Whom an account's activity may be narrowed to beside its people: the operator's
// staff, whoever it was, and Demarc.
const (
	ByOperator = "operator"
	ByItself   = "automatic"
)

// of is the filter within the actor's own account. A person of the operator
// cannot be asked for: who it was is not the customer's to know.
func (f ActivityFilter) of(by Actor) (EventFilter, func(*chain.Record) bool, error) {
	e := f.EventFilter
	if by.AccountID == "" || !lifecycle.May(lifecycle.SeeActivity, by.Role) {
		return e, nil, forbidden("Your role does not allow this. Ask an owner of your account.")
	}
	e.AccountID, e.ActorID, e.RequestID, e.Staff = by.AccountID, "", "", false
	switch f.Who {
	case "":
		return e, nil, nil
	case ByOperator:
		e.Staff = true
		return e, nil, nil
	case ByItself:
		return e, func(r *chain.Record) bool { return r.ActorRole == string(lifecycle.System) }, nil
	}
	e.ActorID = f.Who
	return e, func(r *chain.Record) bool { return lifecycle.Role(r.ActorRole).IsCustomer() }, nil
}

// Activity is what happened in the actor's account, newest first. Kinds:
// Forbidden, Invalid for a broken cursor, Unavailable.
func (s *Store) Activity(ctx context.Context, by Actor, f ActivityFilter) (EventPage, error) {
	e, also, err := f.of(by)
	if err != nil {
		return EventPage{}, err
	}
	page, err := s.eventPage(ctx, e, also)
	for i, e := range page.Events {
		page.Events[i] = e.forAccount()
	}
	return page, err
}

// EachActivity calls visit for everything that the filter wants, newest first,
// until visit fails. Kinds: Forbidden, Unavailable.
func (s *Store) EachActivity(ctx context.Context, by Actor, f ActivityFilter, visit func(Event) error) error {
	filter, also, err := f.of(by)
	if err != nil {
		return err
	}
	return s.eachEvent(ctx, filter, func(r chain.Record) error {
		if also != nil && !also(&r) {
			return nil
		}
		e, err := eventOf(r)
		if err != nil {
			return err
		}
		return visit(e.forAccount())
	})
}
