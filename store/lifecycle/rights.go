package lifecycle

import (
	"slices"
	"strings"
)

// Right is something that a role may do and that moves no interface: to see a
// page, or to write something else than a stage.
type Right string

// The rights. A new one needs a row in the table and nothing else: routes, menus
// and the store all ask May.
const (
	RequestWhitelist    Right = "request the port whitelist"
	AskTickets          Right = "open tickets and write in them"
	ManageAccountPeople Right = "manage the account's people"
	SeeActivity         Right = "read what happened in the account"

	SeeTickets    Right = "see tickets"
	AnswerTickets Right = "answer tickets"
	AskCustomers  Right = "open tickets to customers"

	SeeNotes          Right = "see staff notes"
	WriteNotes        Right = "write staff notes"
	SeeNotesTakenBack Right = "see staff notes that were taken back"

	SeeReviews      Right = "see LOA applications and whitelist requests"
	RevealIDNumbers Right = "read ID numbers, for a reason"
	DecideWhitelist Right = "decide about the port whitelist"
	SetQuotas       Right = "set quotas"
	SeeCabling      Right = "see cabling and removals"
	SeeAccounts     Right = "see all accounts"
	SeeAccount      Right = "see an account"
	OpenAccounts    Right = "open accounts"
	RecordTransfers Right = "record transfers"
	SeeBooks        Right = "see prices and the ledger"
	SetPrices       Right = "set prices"
	SetFeeRules     Right = "set the rules about fees"
	ViewAsCustomer  Right = "look at a customer's console, read-only"
	SeeSites        Right = "see access points, devices and ports"
	SeeInventory    Right = "see the whole inventory"
	ManageSites     Right = "change access points, devices, ports and the inventory"
	ManageCalendars Right = "keep the calendars of working days"
	SeePeople       Right = "see the operator's people"
	ManagePeople    Right = "manage all people"
	ManageSignIn    Right = "reset second factors and manage single sign-on"
	SeeMail         Right = "see how mails are delivered"
	ManageMail      Right = "send mails again"

	ManagePersonalData Right = "export and erase a person's data"
	SeeAudit           Right = "see the audit log"
	ExportAudit        Right = "see the audit log as a file"
	SeeLetterKeys      Right = "see the keys of letters"
	ManageLetterKeys   Right = "make new keys for letters"
)

// RightRule is one row of the table of rights.
type RightRule struct {
	Right Right
	Who   []Role
}

var rights = []RightRule{
	{RequestWhitelist, engineer},
	{AskTickets, []Role{Owner, Engineer, CustomerFinance}},
	{ManageAccountPeople, owner},
	// It names colleagues and says when they sign in: for whoever manages them.
	{SeeActivity, owner},

	{SeeTickets, StaffRoles()},
	{AnswerTickets, []Role{Reviewer, Technician, Finance, Administrator}},
	{AskCustomers, []Role{Reviewer, Technician, Finance, Administrator}},
	{SeeNotes, StaffRoles()},
	{WriteNotes, []Role{Reviewer, Technician, Finance, Administrator}},
	{SeeNotesTakenBack, []Role{Administrator, Auditor}},
	{SeeReviews, []Role{Reviewer, Administrator, Auditor}},
	{RevealIDNumbers, reviewer},
	{DecideWhitelist, reviewer},
	{SetQuotas, reviewer},
	{SeeCabling, []Role{Technician, Administrator, Auditor}},
	{SeeAccounts, []Role{Finance, Administrator, Auditor}},
	{SeeAccount, []Role{Reviewer, Finance, Administrator, Auditor}},
	{OpenAccounts, []Role{Administrator}},
	{RecordTransfers, []Role{Finance, Administrator}},
	{SeeBooks, []Role{Finance, Administrator, Auditor}},
	{SetPrices, []Role{Finance, Administrator}},
	{SetFeeRules, []Role{Finance, Administrator}},
	{ViewAsCustomer, []Role{Reviewer, Finance, Administrator, Auditor}},
	{SeeSites, []Role{Reviewer, Technician, Administrator, Auditor}},
	{SeeInventory, []Role{Administrator, Auditor}},
	{ManageSites, []Role{Administrator}},
	{ManageCalendars, []Role{Administrator}},
	{SeePeople, []Role{Administrator, Auditor}},
	{ManagePeople, []Role{Administrator}},
	{ManageSignIn, []Role{Administrator}},
	{SeeMail, []Role{Administrator, Auditor}},
	{ManageMail, []Role{Administrator}},
	{ManagePersonalData, []Role{Administrator}},
	{SeeAudit, StaffRoles()},
	{ExportAudit, []Role{Administrator, Auditor}},
	{SeeLetterKeys, []Role{Administrator, Auditor}},
	{ManageLetterKeys, []Role{Administrator}},
}

// Rights returns a copy of the table.
func Rights() []RightRule { return slices.Clone(rights) }

// May reports whether the role has the right.
func May(right Right, role Role) bool {
	return slices.ContainsFunc(rights, func(r RightRule) bool { return r.Right == right && slices.Contains(r.Who, role) })
}

// reads reports whether having the right changes nothing.
func (r Right) reads() bool {
	return strings.HasPrefix(string(r), "see ") || r == ViewAsCustomer
}

// RoleTable says in Markdown what each role may do, for the README.
func RoleTable() string {
	out := "| role | of | moves an interface by | and may |\n|---|---|---|---|\n"
	for _, role := range Roles() {
		side := "operator"
		switch {
		case role.IsCustomer():
			side = "customer"
		case role == System:
			side = "Demarc"
		}
		var actions, more []string
		for _, a := range Actions() {
			if MayDo(a, role) {
				actions = append(actions, strings.ReplaceAll(string(a), "_", " "))
			}
		}
		for _, r := range rights {
			if slices.Contains(r.Who, role) {
				more = append(more, string(r.Right))
			}
		}
		out += "| " + strings.ReplaceAll(string(role), "_", " ") + " | " + side + " | " + strings.Join(actions, ", ") + " | " + strings.Join(more, "; ") + " |\n"
	}
	return out
}
