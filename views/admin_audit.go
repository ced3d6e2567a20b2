package views

import (
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
	Action           string // as stored
	About, AboutHref string // the object: an ID or a word; the link may be empty
	Account          string // whose it is
	From, To         lifecycle.Stage
	Reason, Detail   string
	RequestID        string
}

// Audit is the page Audit log.
type Audit struct {
	Rows   []AuditRow
	Action ui.Control
	Tokens []ui.Token
	Clear  string
	Pages  ui.Pages
}

// otherActions are the recorded actions that are no step of the lifecycle, in
// the order of the filter.
var otherActions = []struct{ group, action, words string }{
	{"Interfaces", "redundancy_changed", "Redundancy changed"},
	{"Interfaces", "redundancy_lost", "Redundancy lost"},
	{"Interfaces", "partner_changed", "Redundant connection changed"},
	{"Personal data", "reveal_id_number", "ID number of a field engineer read"},
	{"Personal data", "erase_id_numbers", "ID numbers erased"},
	{"Personal data", "export_person", "Data of a person exported"},
	{"Personal data", "export_engineer", "Data of a field engineer exported"},
	{"Personal data", "erase_person", "Person erased"},
	{"Personal data", "erase_engineer", "Field engineer erased"},
	{"Letters", "rotate_letter_keys", "New keys for letters made"},
	{"Audit log", "audit_broken", "Audit log found damaged"},
	{"Accounts", "set_fee_rules", "Rules about fees changed"},
	{"Accounts", "create_account", "Account opened"},
	{"Accounts", "set_quotas", "Quotas changed"},
	{"Accounts", "record_transfer", "Transfer recorded"},
	{"Accounts", "set_invoice_limit", "Credit limit changed"},
	{"Accounts", "issue_invoice", "Invoice issued"},
	{"Accounts", "record_invoice_payment", "Invoice paid"},
	{"Interfaces", "card_refund", "Card payment goes back"},
	{"Interfaces", "retry_card_refund", "Card refund asked for again"},
	{"Whitelist", "request_whitelist", "Whitelist requested"},
	{"Whitelist", "granted_whitelist", "Whitelist granted"},
	{"Whitelist", "declined_whitelist", "Whitelist declined"},
	{"Whitelist", "revoked_whitelist", "Whitelist revoked"},
	{"Access points", "load_inventory", "Inventory loaded"},
	{"Access points", "import_inventory", "Inventory imported"},
	{"Access points", "add_device", "Device added"},
	{"Access points", "add_ports", "Ports added"},
	{"Access points", "add_access_point", "Access point added"},
	{"Access points", "update_access_point", "Access point changed"},
	{"Access points", "delete_access_point", "Access point deleted"},
	{"Access points", "add_region", "Region added"},
	{"Access points", "update_region", "Region changed"},
	{"Access points", "delete_region", "Region deleted"},
	{"Access points", "name_positions", "Naming rule of a panel changed"},
	{"Access points", "edit_device", "Device changed"},
	{"Access points", "delete_device", "Device deleted"},
	{"Ports", "add_port", "Port added again"},
	{"Ports", "allocate_port", "Port allocated"},
	{"Ports", "cable_port", "Port cabled"},
	{"Ports", "quarantine_port", "Port quarantined"},
	{"Ports", "release_port", "Port released"},
	{"Ports", "take_port_out_of_service", "Port taken out of service"},
	{"Ports", "put_port_back", "Port put back in service"},
	{"Ports", "edit_port", "Demarcation of a port changed"},
	{"Ports", "delete_port", "Port deleted"},
	{"People", "invite", "Person added, one-time link made"},
	{"People", "create_user", "Person added"},
	{"People", "new_link", "New one-time link made"},
	{"People", "set_password", "Password chosen"},
	{"People", "sign_in", "Signed in"},
	{"People", "sign_out", "Signed out"},
	{"People", "end_sessions", "Sessions ended"},
	{"People", "resend_mail", "Mail sent again"},
	{"People", "change_role", "Role changed"},
	{"People", "remove_person", "Person removed"},
	{"People", "request_reset", "Link for a forgotten password asked for"},
	{"Accounts", "view_as_customer", "Customer's console looked at"},
	{"Accounts", "leave_customer", "Customer's console left"},
}

// AuditWords is a recorded action in words.
func AuditWords(action string) string {
	for _, o := range otherActions {
		if o.action == action {
			return o.words
		}
	}
	return lifecycle.Action(action).EventLabel()
}

// AuditActions are the choices of the filter. The first one is everything.
func AuditActions() []ui.Option {
	out := []ui.Option{{Label: "All actions"}}
	for _, a := range lifecycle.Actions() {
		out = append(out, ui.Option{Value: string(a), Label: a.EventLabel(), Group: "Interfaces"})
	}
	for _, o := range otherActions {
		out = append(out, ui.Option{Value: o.action, Label: o.words, Group: o.group})
	}
	return out
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
	case !typed && kind == "fee-rules":
		return "Rules about fees", ""
	case !typed && kind == "letter-keys":
		return "Letter keys", ""
	case !typed && kind == "personal-data":
		return "Personal data", ""
	case !typed:
		return "Interface", subject
	case kind == "access-point":
		return "Access point", id
	case kind == "user":
		return "Person", id
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
