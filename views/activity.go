package views

import (
	"time"

	"demarc/store/lifecycle"
	"demarc/views/ui"
)

// ActivityRow is one event of an account, as its people read it.
type ActivityRow struct {
	At       time.Time
	Who      string
	Role     string // "" for who is not of the account
	Action   string // as recorded
	Kind     string // of the object, in words; "" where the name says it
	About    string // its ID or its name
	Named    bool   // About is a name
	Href     string // its page; may be empty
	From, To lifecycle.Stage
	Detail   string
	Reason   string
}

// Activity is the page Activity of an account.
type Activity struct {
	EventList
	Operator string
	Rows     []ActivityRow
	Wrong    bool // what was entered is no day
}

// ActivityKinds are the groups of actions that concern an account.
func ActivityKinds(operator string) []ActionGroup {
	var out []ActionGroup
	for _, g := range auditGroups() {
		switch g.Label {
		case groupSites, groupPorts, groupCalendars, groupSettings:
			continue
		case groupLooks:
			g.Label = "Looks by " + operator
		}
		out = append(out, g)
	}
	return out
}

// MoneyActions are the recorded actions about money that the page Billing shows.
func MoneyActions() []string {
	for _, g := range auditGroups() {
		if g.Label == groupPayments {
			return g.Names()
		}
	}
	return nil
}

// step is the row as the audit log has it, for what both say alike.
func (r ActivityRow) step() AuditRow {
	return AuditRow{Action: r.Action, From: r.From, To: r.To, Reason: r.Reason, Detail: r.Detail}
}

func (l EventList) noMatch() string {
	if l.SearchedTo.IsZero() {
		return "No event matches this filter"
	}
	return "Nothing found yet"
}

// searched is how far a search went that stopped before the page was full.
func (l EventList) searched() string {
	return "Searched back to " + ui.FormatStamp(l.SearchedTo, time.UTC) + "."
}
