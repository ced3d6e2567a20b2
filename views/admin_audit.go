package views

import (
	"slices"
	"strings"
	"time"

	"demarc/store/lifecycle"
	"demarc/views/ui"
)

// AuditRow is one event of the record: who did what to which object, when, in
// which request.
type AuditRow struct {
	At               time.Time
	Who, Role        string
	WhoHref          string // what else they did; may be empty
	Action           string // as stored
	About, AboutHref string // the object: an ID or a word; the link may be empty
	Account          string // whose it is
	From, To         lifecycle.Stage
	Reason, Detail   string
	RequestID        string
	RequestHref      string // what else the request did; may be empty
}

// Audit is the page Audit log.
type Audit struct {
	EventList
	Rows []AuditRow
}

// EventList is what the audit log and an account's activity have in common: the
// filter, what it is in words, and the way on.
type EventList struct {
	Fields []ui.Control // of the filter, in order
	Tokens []ui.Token
	Clear  string
	// Problems say why the filter cannot be used; nothing is listed then.
	Problems []FilterProblem
	// SearchedTo says that the search stopped there, before the page was full;
	// Onward goes on.
	SearchedTo time.Time
	Onward     string
	Exports    []ui.Action // files of what the filter shows; none for those who may not
	Pages      ui.Pages
}

// FilterProblem is one thing that a filter does not say clearly, with what it
// may mean.
type FilterProblem struct {
	Text  string
	Means []ui.Action
}

func (l EventList) selects(c ui.Control) bool { return len(c.Options) > 0 }

// The groups of recorded actions, in the order of the filter.
const (
	groupInterfaces = "Interfaces"
	groupLetters    = "Letters"
	groupPayments   = "Payments and invoices"
	groupAccounts   = "Accounts, whitelist and tickets"
	groupSignIn     = "Sign-in and security"
	groupPeople     = "People and roles"
	groupLooks      = "Looks at a customer's console"
	groupPersonal   = "Personal data"
	groupSites      = "Access points"
	groupPorts      = "Ports"
	groupCalendars  = "Working days"
	groupSettings   = "Prices, books, mail and the log itself"
)

// recordedActions are the recorded actions that are no step of the lifecycle.
var recordedActions = []struct{ group, action, words string }{
	{groupInterfaces, "redundancy_changed", "Redundancy changed"},
	{groupInterfaces, "redundancy_lost", "Redundancy lost"},
	{groupInterfaces, "partner_changed", "Redundant connection changed"},
	{groupInterfaces, "set_due_time", "Due time became known"},
	{groupInterfaces, "write_note", "Staff note written"},
	{groupInterfaces, "take_back_note", "Staff note taken back"},
	{groupLetters, "download_letter", "LOA downloaded"},
	{groupLetters, "send_letter", "LOA mailed to the data center"},
	{groupPayments, "card_refund", "Card payment goes back"},
	{groupPayments, "retry_card_refund", "Card refund asked for again"},
	{groupPayments, "record_transfer", "Transfer recorded"},
	{groupPayments, "set_invoice_limit", "Credit limit changed"},
	{groupPayments, "issue_invoice", "Invoice issued"},
	{groupPayments, "record_invoice_payment", "Payment of an invoice recorded"},
	{groupPayments, "pay_invoice", "Invoice paid from the balance"},
	{groupPayments, "auto_renew_failed", "Auto Renew could not pay"},
	{groupAccounts, "create_account", "Account opened"},
	{groupAccounts, "set_quotas", "Quotas changed"},
	{groupAccounts, "request_whitelist", "Whitelist requested"},
	{groupAccounts, "granted_whitelist", "Whitelist granted"},
	{groupAccounts, "declined_whitelist", "Whitelist declined"},
	{groupAccounts, "revoked_whitelist", "Whitelist revoked"},
	{groupAccounts, "open_ticket", "Ticket opened"},
	{groupAccounts, "write_ticket", "Message in a ticket"},
	{groupAccounts, "close_ticket", "Ticket closed"},
	{groupSignIn, "sign_in", "Signed in"},
	{groupSignIn, "sign_in_refused", "Sign-in refused"},
	{groupSignIn, "second_factor_refused", "Second factor refused"},
	{groupSignIn, "sign_out", "Signed out"},
	{groupSignIn, "end_sessions", "Sessions ended"},
	{groupSignIn, "request_reset", "Link for a forgotten password asked for"},
	{groupSignIn, "set_password", "Password chosen"},
	{groupSignIn, "add_second_factor", "Second factor added"},
	{groupSignIn, "remove_second_factor", "Second factor removed"},
	{groupSignIn, "reset_second_factors", "Second factors reset"},
	{groupSignIn, "new_recovery_codes", "New recovery codes made"},
	{groupSignIn, "recovery_code_used", "Recovery code used"},
	{groupSignIn, "add_identity_provider", "Single sign-on added"},
	{groupSignIn, "remove_identity_provider", "Single sign-on removed"},
	{groupSignIn, "link_identity", "First single sign-on of a person"},
	{groupPeople, "invite", "Person added, one-time link made"},
	{groupPeople, "create_user", "Person added"},
	{groupPeople, "new_link", "New one-time link made"},
	{groupPeople, "change_role", "Role changed"},
	{groupPeople, "remove_person", "Person removed"},
	{groupLooks, "view_as_customer", "Customer's console looked at"},
	{groupLooks, "leave_customer", "Customer's console left"},
	{groupPersonal, "reveal_id_number", "ID number of a field engineer read"},
	{groupPersonal, "erase_id_numbers", "ID numbers erased"},
	{groupPersonal, "export_person", "Data of a person exported"},
	{groupPersonal, "export_engineer", "Data of a field engineer exported"},
	{groupPersonal, "erase_person", "Person erased"},
	{groupPersonal, "erase_engineer", "Data of a field engineer erased"},
	{groupPersonal, "export_notes", "Staff note that names a person exported"},
	{groupPersonal, "erase_in_note", "Name of a person erased in a staff note"},
	{groupSites, "load_inventory", "Inventory loaded"},
	{groupSites, "import_inventory", "Inventory imported"},
	{groupSites, "add_device", "Device added"},
	{groupSites, "add_ports", "Ports added"},
	{groupSites, "add_access_point", "Access point added"},
	{groupSites, "update_access_point", "Access point changed"},
	{groupSites, "delete_access_point", "Access point deleted"},
	{groupSites, "add_region", "Region added"},
	{groupSites, "update_region", "Region changed"},
	{groupSites, "delete_region", "Region deleted"},
	{groupSites, "name_positions", "Naming rule of a panel changed"},
	{groupSites, "edit_playbook", "Contacts of a facility changed"},
	{groupSites, "edit_device", "Device changed"},
	{groupSites, "delete_device", "Device deleted"},
	{groupPorts, "add_port", "Port added again"},
	{groupPorts, "allocate_port", "Port allocated"},
	{groupPorts, "cable_port", "Port cabled"},
	{groupPorts, "quarantine_port", "Port quarantined"},
	{groupPorts, "release_port", "Port released"},
	{groupPorts, "take_port_out_of_service", "Port taken out of service"},
	{groupPorts, "put_port_back", "Port put back in service"},
	{groupPorts, "edit_port", "Demarcation of a port changed"},
	{groupPorts, "delete_port", "Port deleted"},
	{groupCalendars, "save_calendar_year", "Year of a calendar saved"},
	{groupCalendars, "remove_calendar_year", "Year of a calendar removed"},
	{groupCalendars, "add_calendar", "Calendar added"},
	{groupCalendars, "update_calendar", "Calendar changed"},
	{groupCalendars, "delete_calendar", "Calendar deleted"},
	{groupSettings, "set_fee_rules", "Rules about fees changed"},
	{groupSettings, "schedule_prices", "Price list scheduled"},
	{groupSettings, "delete_prices", "Price list deleted"},
	{groupSettings, "reconcile", "Books checked"},
	{groupSettings, "resend_mail", "Mail sent again"},
	{groupSettings, "rotate_letter_keys", "New keys for letters made"},
	{groupSettings, "audit_broken", "Audit log found damaged"},
	{groupSettings, "restore_backup", "Backup put in place"},
}

// stepGroup is the group of a step of the lifecycle.
func stepGroup(a lifecycle.Action) string {
	switch a {
	case lifecycle.ApplyForLOA, lifecycle.WithdrawApplication, lifecycle.Approve, lifecycle.Reject, lifecycle.ExpireLOA, lifecycle.RevokeLOA, lifecycle.ReissueLOA, lifecycle.RenewLOA:
		return groupLetters
	case lifecycle.PayInstallationFee, lifecycle.PayResourceFee, lifecycle.Renew, lifecycle.SwitchAutoRenew:
		return groupPayments
	}
	return groupInterfaces
}

// AuditWords is a recorded action in words.
func AuditWords(action string) string {
	for _, o := range recordedActions {
		if o.action == action {
			return o.words
		}
	}
	return lifecycle.Action(action).EventLabel()
}

// ActionGroup is recorded actions that are looked for together.
type ActionGroup struct {
	Key, Label string
	Actions    []ui.Option // each action with its words
}

// Names are the actions as they are recorded.
func (g ActionGroup) Names() []string {
	var out []string
	for _, o := range g.Actions {
		out = append(out, o.Value)
	}
	return out
}

// auditGroups are all recorded actions by group.
func auditGroups() []ActionGroup {
	out := []ActionGroup{{Key: "all-interfaces", Label: groupInterfaces}, {Key: "all-letters", Label: groupLetters}, {Key: "all-payments", Label: groupPayments}, {Key: "all-accounts", Label: groupAccounts},
		{Key: "all-sign-in", Label: groupSignIn}, {Key: "all-people", Label: groupPeople}, {Key: "all-looks", Label: groupLooks}, {Key: "all-personal-data", Label: groupPersonal},
		{Key: "all-sites", Label: groupSites}, {Key: "all-ports", Label: groupPorts}, {Key: "all-calendars", Label: groupCalendars}, {Key: "all-settings", Label: groupSettings}}
	add := func(group, action, words string) {
		i := slices.IndexFunc(out, func(g ActionGroup) bool { return g.Label == group })
		out[i].Actions = append(out[i].Actions, ui.Option{Value: action, Label: words, Group: group})
	}
	for _, a := range lifecycle.Actions() {
		add(stepGroup(a), string(a), a.EventLabel())
	}
	for _, o := range recordedActions {
		add(o.group, o.action, o.words)
	}
	return out
}

// AuditActions are the choices of the filter: everything, a group, or one action.
func AuditActions() []ui.Option {
	out := []ui.Option{{Label: "All actions"}}
	for _, g := range auditGroups() {
		out = append(append(out, ui.Option{Value: g.Key, Label: g.Label + ": all", Group: g.Label}), g.Actions...)
	}
	return out
}

// ActionsOf are the recorded actions that a choice of the filter stands for, and
// the choice in words; none for one that is not offered.
func ActionsOf(choice string) (actions []string, words string) {
	for _, g := range auditGroups() {
		if g.Key == choice {
			return g.Names(), g.Label
		}
		for _, a := range g.Actions {
			if a.Value == choice {
				return []string{choice}, a.Label
			}
		}
	}
	return nil, ""
}

// AboutWords names what an event is about that is not an interface: its kind
// in words, and the ID, which may be empty.
func AboutWords(subject string) (kind, id string) {
	kind, id, typed := strings.Cut(subject, ":")
	switch {
	case !typed && kind == "catalogue":
		return "Access points", ""
	case !typed && kind == "books":
		return "Books", ""
	case !typed && kind == "audit":
		return "Audit log", ""
	case !typed && kind == "database":
		return "Database", ""
	case !typed && kind == "fee-rules":
		return "Rules about fees", ""
	case !typed && kind == "letter-keys":
		return "Letter keys", ""
	case !typed && kind == "personal-data":
		return "Personal data", ""
	case kind == "identity-provider":
		return "Single sign-on", id
	case kind == "prices":
		return "Price list", id
	case !typed:
		return "Interface", subject
	case kind == "access-point":
		return "Access point", id
	case kind == "user":
		return "Person", id
	case kind == "note":
		return "Staff notes", id
	}
	return strings.ToUpper(kind[:min(1, len(kind))]) + kind[min(1, len(kind)):], id
}

// change is the step between two stages in words, "" when there was none.
func (r AuditRow) change() string {
	if r.From == r.To {
		return ""
	}
	if _, ok := portEventWords[r.Action]; ok {
		return portStateWords(string(r.From)) + " → " + portStateWords(string(r.To))
	}
	from := stageWords(r.From)
	if r.From == lifecycle.None {
		from = "New"
	}
	return from + " → " + stageWords(r.To)
}

// portStateWords is a state of a port, as an event of a port says it.
func portStateWords(state string) string {
	switch state {
	case "free":
		return PortWords(PortFree)
	case "allocated":
		return PortWords(PortAllocated)
	case "in_use":
		return PortWords(PortInUse)
	case "quarantined":
		return PortWords(PortQuarantined)
	case "out_of_service":
		return PortWords(PortOutOfService)
	}
	return "None"
}

// stageWords is a stage with what tells the two called Waiting apart.
func stageWords(s lifecycle.Stage) string {
	switch s {
	case lifecycle.WaitingForCabling:
		return "Waiting (cabling)"
	case lifecycle.WaitingForPayment:
		return "Waiting (payment)"
	}
	return s.Label()
}

func (r AuditRow) why() string {
	if r.Reason == "" {
		return ""
	}
	return "Reason: " + r.Reason
}

// changeClass hides the cell on a phone when it says nothing.
func (r AuditRow) changeClass() string {
	if r.change() == "" && r.Detail == "" && r.Reason == "" {
		return "is-empty"
	}
	return ""
}

func auditColumns(objects bool) []ui.Column {
	out := []ui.Column{{Label: "Time"}, {Label: "Who"}, {Label: "What"}}
	if objects {
		out = append(out, ui.Column{Label: "Object"})
	}
	return append(out, ui.Column{Label: "Change"}, ui.Column{Label: "Request ID"})
}
