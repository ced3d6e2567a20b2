// Package paths builds every URL of the console. Nothing else in the program
// spells one out. A function given ":id" returns the pattern that the router
// understands, so the routes and the links cannot drift apart.
package paths

import (
	"net/url"
	"strconv"
	"strings"
)

// Before sign-in.
const (
	Login  = "/login"
	Logout = "/logout"
	Health = "/healthz"
	Ready  = "/readyz"
	Static = "/static/*"
	Robots = "/robots.txt"
	// Session is where a page asks whether somebody is still signed in.
	Session = "/session"
	// LOAChecks asks for the code of a letter; it needs no sign-in.
	LOAChecks = "/loa/check"
	// CardWebhook is where the card gateway says what happened.
	CardWebhook = "/webhooks/stripe"
	// Forgotten is where somebody asks for a new password.
	Forgotten = "/forgotten-password"
)

// A sign-in that takes more than a password.
const (
	SecondFactor        = "/login/second-factor"
	SecondFactorPasskey = "/login/second-factor/passkey"
	SSO                 = "/login/sso"
)

// SSOReturn is where the identity provider with this ID sends people back to,
// and no other one. It is registered at the provider, so it never changes.
func SSOReturn(id string) string { return join(SSO, "return", id) }

// How a person signs in, for themselves.
const (
	Security              = "/security"
	SecurityPassword      = "/security/password"
	SecuritySession       = "/security/sessions/revocation"
	SecuritySessions      = "/security/sessions/others"
	SecurityAuthenticator = "/security/authenticator"
	SecurityPasskey       = "/security/passkey"
	SecurityRecovery      = "/security/recovery-codes"
)

// SecurityFactorRemoval removes one of the person's second factors.
func SecurityFactorRemoval(id string) string { return join("/security/factors", id, "removal") }

// For whoever checks a letter: the keys and the schema of the facts. They are
// named in letters and in what others built on them, so they never change.
const (
	LetterKeys   = "/.well-known/demarc-letter-keys.json"
	LetterSchema = "/.well-known/demarc-letter-2.schema.json"
)

// Customer pages without a parameter.
const (
	Home          = "/"
	Interfaces    = "/interfaces"
	InterfacesCSV = "/interfaces.csv"
	NewInterface  = "/interfaces/new"
	AccessPoints  = "/access-points"
	Whitelist     = "/whitelist"
	Tickets       = "/tickets"
	NewTicket     = "/tickets/new"
	Orders        = "/orders"
	People        = "/people"
	PeopleLinks   = "/people/links"
	Billing       = "/billing"
	StatementCSV  = "/billing/statement.csv"
	Invoices      = "/billing/invoices" // the beginning of their addresses; Billing lists them
	Activity      = "/activity"
	ActivityCSV   = "/activity.csv"
)

// Pages that every signed-in person has.
const (
	Messages     = "/messages"
	MessagesRead = "/messages/read"
	Preferences  = "/preferences"
)

// Staff pages without a parameter.
const (
	Admin              = "/admin"
	AdminLOAs          = "/admin/loas"
	AdminCabling       = "/admin/cabling"
	AdminRemovals      = "/admin/removals"
	AdminWhitelist     = "/admin/whitelist"
	AdminTickets       = "/admin/tickets"
	AdminNewTicket     = "/admin/tickets/new"
	AdminInterfaces    = "/admin/interfaces"
	AdminInterfacesCSV = "/admin/interfaces.csv"
	AdminOrders        = "/admin/orders"
	AdminOrdersCSV     = "/admin/orders.csv"
	AdminAccessPoints  = "/admin/access-points"
	AdminRegions       = "/admin/regions"
	AdminNewRegion     = "/admin/new/region"
	AdminNewSite       = "/admin/new/access-point"
	AdminAccounts      = "/admin/accounts"
	AdminOverdue       = "/admin/overdue"
	AdminFeeRules      = "/admin/fee-rules"
	AdminDevices       = "/admin/devices"
	AdminPortPages     = "/admin/ports"
	AdminAudit         = "/admin/audit"
	AdminAuditJSONL    = "/admin/audit/events.jsonl"
	AdminAuditCSV      = "/admin/audit/events.csv"
	AdminPersonalData  = "/admin/personal-data"
	AdminPeople        = "/admin/people"
	AdminNewLink       = "/admin/people/links"
	AdminSSO           = "/admin/single-sign-on"
	AdminPayments      = "/admin/payments"
	AdminCalendar      = "/admin/calendar"
	AdminNewCalendar   = "/admin/calendar/new"
	AdminMail          = "/admin/mail"
	AdminMailTest      = "/admin/mail/test"
	AdminLetterKeys    = "/admin/letter-keys"
	AdminNewCustomer   = "/admin/accounts/new"
)

// Money, for staff.
const (
	AdminPrices    = "/admin/prices"
	AdminNewPrices = "/admin/prices/new"
	AdminLedger    = "/admin/ledger"
	AdminJournal   = "/admin/ledger/journal"
	AdminLedgerCSV = "/admin/ledger.csv"
)

// The inventory as a file.
const (
	AdminInventory             = "/admin/inventory"
	AdminInventoryCSV          = "/admin/inventory.csv"
	AdminInventoryReport       = "/admin/inventory/report.csv"   // of the dry run
	AdminInventoryConfirmation = "/admin/inventory/confirmation" // of the dry run
	AdminInventoryDismissal    = "/admin/inventory/dismissal"    // of the uploaded file
)

func join(base, id string, rest ...string) string {
	id = url.PathEscape(id)
	size := len(base) + 1 + len(id)
	for _, r := range rest {
		size += 1 + len(r)
	}
	var b strings.Builder
	b.Grow(size) // a list builds hundreds of them
	b.WriteString(base)
	b.WriteByte('/')
	b.WriteString(id)
	for _, r := range rest {
		b.WriteByte('/')
		b.WriteString(r)
	}
	return b.String()
}

// LoginNext is the sign-in page that returns to next, a local path.
func LoginNext(next string) string {
	if next == "" || next == Home {
		return Login
	}
	return Login + "?next=" + url.QueryEscape(next)
}

// Setup is the one-time link on which a person chooses a password.
func Setup(token string) string { return join("/setup", token) }

// Interface is the detail page.
func Interface(id string) string { return join(Interfaces, id) }

// InterfaceDates is a calendar file with what is due and planned.
func InterfaceDates(id string) string { return join(Interfaces, id, "dates.ics") }

// InterfaceLive is the part of the detail page that is refreshed.
func InterfaceLive(id string) string { return join(Interfaces, id, "live") }

// EditInterface edits name and description.
func EditInterface(id string) string { return join(Interfaces, id, "edit") }

// NewLOAApplication is the form Apply for LOA.
func NewLOAApplication(id string) string { return join(Interfaces, id, "loa-application", "new") }

// LOAApplication shows the application; posting sends one.
func LOAApplication(id string) string { return join(Interfaces, id, "loa-application") }

// Withdrawal takes the application back.
func Withdrawal(id string) string { return join(Interfaces, id, "loa-application", "withdrawal") }

// LOACheck says what a letter is good for, by its check code. The address is
// printed on letters, so it never changes; see letter.CheckPath. With ".json"
// behind the code it answers a program.
func LOACheck(code string) string { return join(LOAChecks, code) }

// LOA is View LOA.
func LOA(id string) string { return join(Interfaces, id, "loa") }

// LOAVersion is View LOA for one version of the letter.
func LOAVersion(id string, version int) string {
	return With(LOA(id), "version", strconv.Itoa(version))
}

// LOAVersionPDF is the stored document of one version of the letter.
func LOAVersionPDF(id string, version int) string {
	return With(LOAPDF(id), "version", strconv.Itoa(version))
}

// LOAPDF is the stored letter as a PDF.
func LOAPDF(id string) string { return join(Interfaces, id, "loa.pdf") }

// LOAMail mails the letter to the data center.
func LOAMail(id string) string { return join(Interfaces, id, "loa", "mail") }

// DeliveryReport is the form and its target.
func DeliveryReport(id string) string { return join(Interfaces, id, "delivery-report") }

// ResourceFee is the form Pay Resource Fee and its target.
func ResourceFee(id string) string { return join(Interfaces, id, "resource-fee") }

// Renewal is the form Renew and its target, which makes the order.
func Renewal(id string) string { return join(Interfaces, id, "renewal") }

// AutoRenew is the form that switches Auto Renew, and its target.
func AutoRenew(id string) string { return join(Interfaces, id, "auto-renew") }

// Cancellation is the form that cancels before Enabled, and its target.
func Cancellation(id string) string { return join(Interfaces, id, "cancellation") }

// Termination is the form that ends an enabled interface, and its target.
func Termination(id string) string { return join(Interfaces, id, "termination") }

// AccessPoint is one access point.
func AccessPoint(id string) string { return join(AccessPoints, id) }

// Order confirms an order, or shows it.
func Order(no string) string { return join(Orders, no) }

// OrderCard sends people on to the page of the card gateway.
func OrderCard(no string) string { return join(Orders, no, "card") }

// AdminPayment is one card payment with what the gateway said of it.
func AdminPayment(id string) string { return join(AdminPayments, id) }

// AdminRefundRetry asks the card gateway for a refund again.
func AdminRefundRetry(id string) string { return join(AdminPayments, id, "refund") }

// OrderPayment pays an order, and says how a payment by card stands.
func OrderPayment(no string) string { return join(Orders, no, "payment") }

// OrderDone is the result of a payment.
func OrderDone(no string) string { return join(Orders, no, "done") }

// Invoice is a monthly invoice of the account, with what was paid of it.
func Invoice(no string) string { return join(Invoices, no) }

// InvoicePayment pays an invoice from the balance.
func InvoicePayment(no string) string { return join(Invoices, no, "payment") }

// Message marks one message as read and goes to what it is about.
func Message(seq int) string { return join(Messages, strconv.Itoa(seq)) }

// MessagePattern is Message for the router.
func MessagePattern() string { return join(Messages, ":seq") }

// AdminLOA is the review page of the interface's application.
func AdminLOA(id string) string { return join(AdminLOAs, id) }

// AdminApproval approves the application and issues the letter.
func AdminApproval(id string) string { return join(AdminLOAs, id, "approval") }

// AdminRejection rejects the application.
func AdminRejection(id string) string { return join(AdminLOAs, id, "rejection") }

// AdminRevocation makes an issued letter void.
func AdminRevocation(id string) string { return join(AdminLOAs, id, "revocation") }

// AdminPortMove allocates another port to the interface.
func AdminPortMove(id string) string { return join(AdminLOAs, id, "port-move") }

// AdminLOADocument is the stored letter as a PDF, for staff.
func AdminLOADocument(id string) string { return join(AdminLOAs, id, "loa.pdf") }

// AdminLetter is the letter of an interface with its versions, for staff.
func AdminLetter(id string) string { return join(AdminLOAs, id, "letter") }

// AdminLetterMail mails the letter to the data center, for staff.
func AdminLetterMail(id string) string { return join(AdminLOAs, id, "letter", "mail") }

// AdminLetterVersion is AdminLetter for one version.
func AdminLetterVersion(id string, version int) string {
	return With(AdminLetter(id), "version", strconv.Itoa(version))
}

// AdminLOAVersionDocument is the stored document of one version, for staff.
func AdminLOAVersionDocument(id string, version int) string {
	return With(AdminLOADocument(id), "version", strconv.Itoa(version))
}

// AdminReissue replaces a letter that is out by a new version, or renews one
// that expired.
func AdminReissue(id string) string { return join(AdminLOAs, id, "reissue") }

// AdminPlaybook says how a facility wants to receive a letter.
func AdminPlaybook(id string) string { return join(AdminAccessPoints, id, "playbook") }

// AdminIDNumber shows the ID number of field engineer n (from 1), for a reason.
func AdminIDNumber(id, n string) string { return join(AdminLOAs, id, "engineers", n, "id-number") }

// AdminCablingJob is one cabling job.
func AdminCablingJob(id string) string { return join(AdminCabling, id) }

// AdminCablingCompletion finishes the cabling.
func AdminCablingCompletion(id string) string { return join(AdminCabling, id, "completion") }

// AdminCablingReturn returns the delivery report with a reason.
func AdminCablingReturn(id string) string { return join(AdminCabling, id, "return") }

// AdminRemoval confirms that a cable was removed.
func AdminRemoval(id string) string { return join(AdminRemovals, id) }

// AdminWhitelistGrant grants a whitelist request.
func AdminWhitelistGrant(id string) string { return join(AdminWhitelist, id, "grant") }

// AdminWhitelistDecline declines a whitelist request.
func AdminWhitelistDecline(id string) string { return join(AdminWhitelist, id, "decline") }

// AdminWhitelistRevoke ends a granted whitelist entry.
func AdminWhitelistRevoke(id string) string { return join(AdminWhitelist, id, "revocation") }

// Ticket is one ticket of the account; a POST writes in it.
func Ticket(id string) string { return join(Tickets, id) }

// NewTicketAbout is the form that opens a ticket about an interface, of a topic.
func NewTicketAbout(topic, id string) string {
	return With(NewTicket, "topic", topic, "interface", id)
}

// NewTicketAt is the form that opens a ticket about an access point, or about
// one that is still to be named (""), of a topic.
func NewTicketAt(topic, accessPoint string) string {
	return With(NewTicket, "topic", topic, "access_point", accessPoint)
}

// AdminNewTicketAbout is the form with which staff open a ticket to the customer
// of an interface.
func AdminNewTicketAbout(id string) string { return With(AdminNewTicket, "interface", id) }

// AdminTicket is one ticket for staff; a POST answers it.
func AdminTicket(id string) string { return join(AdminTickets, id) }

// AdminInterface is the detail page of any account's interface.
func AdminInterface(id string) string { return join(AdminInterfaces, id) }

// NotesPart is the part of the page of an interface that has its staff notes.
const NotesPart = "notes"

// AdminNotes adds a staff note about an interface.
func AdminNotes(id string) string { return join(AdminInterfaces, id, "notes") }

// AdminNotesRead is where the staff notes about an interface stand: the newest,
// or those before the note with the number before.
func AdminNotesRead(id string, before int) string {
	path := AdminInterface(id)
	if before > 0 {
		path = With(path, "before", strconv.Itoa(before))
	}
	return path + "#" + NotesPart
}

// AdminNoteWithdrawal takes back a staff note.
func AdminNoteWithdrawal(id, n string) string {
	return join(AdminInterfaces, id, "notes", n, "withdrawal")
}

// AdminFree ends an interface for non-payment.
func AdminFree(id string) string { return join(AdminInterfaces, id, "release") }

// AdminAccessPoint is one access point with its devices and ports.
func AdminAccessPoint(id string) string { return join(AdminAccessPoints, id) }

// AdminAccessPointEdit changes what is said about an access point.
func AdminAccessPointEdit(id string) string { return join(AdminAccessPoints, id, "edit") }

// AdminAccessPointDeletion deletes an access point that nothing ever used.
func AdminAccessPointDeletion(id string) string { return join(AdminAccessPoints, id, "deletion") }

// AdminRegion changes a region.
func AdminRegion(id string) string { return join(AdminRegions, id) }

// AdminRegionCalendar gives a region a calendar.
func AdminRegionCalendar(id string) string { return join(AdminRegions, id, "calendar") }

// AdminCalendarEdit changes a calendar of the operator.
func AdminCalendarEdit(id string) string { return join(AdminCalendar, id) }

// AdminCalendarDeletion deletes a calendar of the operator.
func AdminCalendarDeletion(id string) string { return join(AdminCalendar, id, "deletion") }

// AdminCalendarYear is the form of a year's table, and where it is saved.
func AdminCalendarYear(id, year string) string { return join(AdminCalendar, id, "years", year) }

// AdminCalendarPreview says what a year's table would change.
func AdminCalendarPreview(id, year string) string {
	return join(AdminCalendar, id, "years", year, "preview")
}

// AdminCalendarRemoval takes a year away that the operator entered.
func AdminCalendarRemoval(id, year string) string {
	return join(AdminCalendar, id, "years", year, "removal")
}

// AdminRegionDeletion deletes a region that nothing names.
func AdminRegionDeletion(id string) string { return join(AdminRegions, id, "deletion") }

// AdminPorts adds ports to a device of an access point, or a device with its
// first ports.
func AdminPorts(id string) string { return join(AdminAccessPoints, id, "ports") }

// AdminPanel says how a facility names the positions of a panel, which is given
// by the query parameters room, cabinet and panel.
func AdminPanel(id string) string { return join(AdminAccessPoints, id, "panel") }

// AdminDevice is one access device with its front panel.
func AdminDevice(id string) string { return join(AdminDevices, id) }

// AdminDeviceEdit changes name and place of a device.
func AdminDeviceEdit(id string) string { return join(AdminDevices, id, "edit") }

// AdminDeviceDeletion deletes a device that nobody has a port of.
func AdminDeviceDeletion(id string) string { return join(AdminDevices, id, "deletion") }

// AdminPort is one port with its history.
func AdminPort(id string) string { return join(AdminPortPages, id) }

// AdminPortDemarcation changes where a port is handed over.
func AdminPortDemarcation(id string) string { return join(AdminPortPages, id, "demarcation") }

// AdminPortOutage takes a port out of service.
func AdminPortOutage(id string) string { return join(AdminPortPages, id, "outage") }

// AdminPortReturn puts a port back in service.
func AdminPortReturn(id string) string { return join(AdminPortPages, id, "return") }

// AdminPortDeletion deletes a port that nobody has.
func AdminPortDeletion(id string) string { return join(AdminPortPages, id, "deletion") }

// AdminPortCheck records that nothing is in a port that a letter named.
func AdminPortCheck(id string) string { return join(AdminPortPages, id, "check") }

// AdminAccountPeople adds a person to the account.
func AdminAccountPeople(id string) string { return join(AdminAccounts, id, "people") }

// PersonRole changes the role of a person of the owner's account.
func PersonRole(id string) string { return join(People, id, "role") }

// PersonRemoval takes a person out of the owner's account.
func PersonRemoval(id string) string { return join(People, id, "removal") }

// AdminPersonRole changes anybody's role.
func AdminPersonRole(id string) string { return join(AdminPeople, id, "role") }

// AdminPersonRemoval takes anybody out.
func AdminPersonRemoval(id string) string { return join(AdminPeople, id, "removal") }

// AdminCustomerView opens the console of an account to a person of the staff,
// read-only.
func AdminCustomerView(id string) string { return join(AdminAccounts, id, "customer-view") }

// CustomerViewEnd closes it.
const CustomerViewEnd = "/customer-view/end"

// AdminMailDelivery tries to send a mail again.
func AdminMailDelivery(id string) string { return join(AdminMail, id, "delivery") }

// AdminPricesDeletion deletes a price list that has not begun.
func AdminPricesDeletion(version string) string { return join(AdminPrices, version, "deletion") }

// AdminDocument is a receipt, credit note or invoice as a PDF, for staff.
func AdminDocument(no string) string { return join("/admin/documents", no, "pdf") }

// Document is a receipt, credit note or invoice as a PDF.
func Document(no string) string { return join("/documents", no, "pdf") }

// AdminAccount is one account.
func AdminAccount(id string) string { return join(AdminAccounts, id) }

// AdminInvoiceLimit says up to how much an account may owe on invoices.
func AdminInvoiceLimit(id string) string { return join(AdminAccounts, id, "invoice-limit") }

// AdminInvoicePayment records that an invoice of the account was paid.
func AdminInvoicePayment(id, no string) string {
	return join(AdminAccounts, id, "invoices", no, "payment")
}

// AdminTransfers records an incoming transfer to the account's balance.
func AdminTransfers(id string) string { return join(AdminAccounts, id, "transfers") }

// AdminQuotas sets the account's quotas.
func AdminQuotas(id string) string { return join(AdminAccounts, id, "quotas") }

// With appends query parameters, given as name and value in turn, to a path.
// Empty values are left out; the order is kept, so that equal links are equal.
func With(path string, pairs ...string) string {
	var b strings.Builder
	b.WriteString(path)
	sep := byte('?')
	if strings.Contains(path, "?") {
		sep = '&'
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		b.WriteByte(sep)
		sep = '&'
		b.WriteString(url.QueryEscape(pairs[i]))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(pairs[i+1]))
	}
	return b.String()
}

// Local returns next when it is a path on this site that a person may be sent
// to, and fallback otherwise. Whatever a browser could read as another host
// (//host, /\host, a scheme, control characters) is refused, and so are the
// sign-in pages, which would lead in a circle.
func Local(next, fallback string) string {
	if next == "" || next[0] != '/' || len(next) > 2048 {
		return fallback
	}
	for i := 0; i < len(next); i++ {
		// Browsers drop tabs and line feeds and read a backslash as a slash.
		if c := next[i]; c <= ' ' || c == 0x7f || c == '\\' {
			return fallback
		}
	}
	if strings.HasPrefix(next, "//") {
		return fallback
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return fallback
	}
	switch {
	case u.Path == Login, u.Path == Logout, strings.HasPrefix(u.Path, "/setup/"):
		return fallback
	}
	return next
}

// AdminSSORemoval removes an identity provider.
func AdminSSORemoval(id string) string { return join(AdminSSO, id, "removal") }

// AdminSessionsEnd signs a person out everywhere.
func AdminSessionsEnd(id string) string { return join(AdminPeople, id, "sessions") }

// AdminFactorReset takes a person's second factors away.
func AdminFactorReset(id string) string { return join(AdminPeople, id, "second-factors") }
