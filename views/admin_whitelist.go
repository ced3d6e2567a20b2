package views

import (
	"demarc/views/ui"
	"demarc/web/paths"
)

// The views of the whitelist for staff: by what became of the request.
const (
	WhitelistOpen     = "requested"
	WhitelistGranted  = "granted"
	WhitelistDeclined = "declined"
	WhitelistRevoked  = "revoked"
)

// StaffWhitelistRow is a request of any account.
type StaffWhitelistRow struct {
	WhitelistEntry
	ID, AccountID, Account string
	AccountHref            string // "" for those who do not see accounts
	By, DecidedBy          string
	ReadOnly               bool // the reader's role decides nothing
}

// StaffWhitelist is the page Whitelist requests.
type StaffWhitelist struct {
	View  string
	Tabs  []ui.ViewTab
	Rows  []StaffWhitelistRow
	Pages ui.Pages
}

func (w StaffWhitelist) columns() []ui.Column {
	asked := []ui.Column{{Label: "Account"}, {Label: "Asked for"}, {Label: "Reason"}}
	if w.View == WhitelistOpen {
		return append(asked, ui.Column{Label: "Requested"}, ui.Column{Label: "Actions", Class: "col-acts"})
	}
	asked = append(asked, ui.Column{Label: "Status"}, ui.Column{Label: "Decided"})
	if w.View == WhitelistGranted {
		asked = append(asked, ui.Column{Label: "Actions", Class: "col-acts"})
	}
	return asked
}

func (w StaffWhitelist) empty() string {
	switch w.View {
	case WhitelistGranted:
		return "Nobody is on the whitelist"
	case WhitelistDeclined:
		return "No request was declined"
	case WhitelistRevoked:
		return "No entry was revoked"
	}
	return "No request is waiting"
}

// actions are what can be done with a request.
func (r StaffWhitelistRow) actions() ui.Actions {
	a := ui.Actions{For: r.Account + ", " + r.Spec}
	if r.ReadOnly {
		return a
	}
	switch r.Status {
	case WhitelistOpen:
		a.Links = []ui.Action{{Label: "Grant", Href: paths.AdminWhitelistGrant(r.ID), Lead: true, Dialog: true}, {Label: "Decline", Href: paths.AdminWhitelistDecline(r.ID), Dialog: true}}
	case WhitelistGranted:
		a.Links = []ui.Action{{Label: "Revoke", Href: paths.AdminWhitelistRevoke(r.ID), Dialog: true}}
	}
	return a
}

// WhitelistDecision is the form that grants, declines or revokes a request.
type WhitelistDecision struct {
	Row      StaffWhitelistRow
	To       string // WhitelistGranted, WhitelistDeclined or WhitelistRevoked
	Action   string
	Possible bool   // the request is still as the form expects it
	Conflict string // why it is not
	Earliest string // first day that can be the last one, "2006-01-02"

	Until, Reason, Confirm string
	Key                    string
	Errors                 map[string]string
}

func (d WhitelistDecision) summary() []ui.FieldError {
	return ui.ErrorList(d.Errors, "until", "reason", "confirm")
}

func (d WhitelistDecision) verb() string {
	switch d.To {
	case WhitelistDeclined:
		return "Decline"
	case WhitelistRevoked:
		return "Revoke"
	}
	return "Grant"
}

func (d WhitelistDecision) frame() ui.Frame {
	return ui.Frame{Title: d.verb() + " " + d.Row.Spec + " for " + d.Row.Account, CloseHref: d.back()}
}

func (d WhitelistDecision) back() string {
	if d.To == WhitelistRevoked {
		return paths.With(paths.AdminWhitelist, "view", WhitelistGranted)
	}
	return paths.AdminWhitelist
}

func (d WhitelistDecision) facts() []ui.Pair {
	return []ui.Pair{
		{Term: "Account", Value: d.Row.Account + " (" + d.Row.AccountID + ")"},
		{Term: "Port Specification", Value: d.Row.Spec},
		{Term: "Region", Value: d.Row.Region},
		{Term: "Expected number of ports", Value: portsWords(d.Row.Ports)},
		{Term: "Reason", Value: d.Row.Reason},
		{Term: "Requested", Content: StampBy(d.Row.CreatedAt, d.Row.Zone, d.Row.By)},
	}
}
