// Package lifecycle holds the one table that rules what may happen to a
// physical connection interface, when, and by whom. It is pure: no clock, no
// storage. Everything that shows a button or writes a stage asks this table.
//
// Source of the rows: the procedure "Apply for a physical connection
// interface" and the states of the Express Connect console.
package lifecycle

import (
	"errors"
	"fmt"
	"slices"
)

// Stage is where an interface stands. Exactly one at any time.
type Stage string

// The stages, in the order of the procedure.
const (
	None              Stage = "" // before the order exists
	PendingPayment    Stage = "pending_payment"
	ToApplyForLOA     Stage = "to_apply_for_loa"
	InApplication     Stage = "in_application"
	LOARejected       Stage = "loa_rejected"
	ApprovedLOA       Stage = "approved_loa"
	WaitingForCabling Stage = "waiting_for_cabling"
	WaitingForPayment Stage = "waiting_for_payment"
	Enabled           Stage = "enabled"
	Terminating       Stage = "terminating"
	Terminated        Stage = "terminated"
	Canceled          Stage = "canceled"
)

// Stages lists every stage an interface can be in, in procedure order.
func Stages() []Stage {
	return []Stage{PendingPayment, ToApplyForLOA, InApplication, LOARejected, ApprovedLOA,
		WaitingForCabling, WaitingForPayment, Enabled, Terminating, Terminated, Canceled}
}

// Turn says who acts next. It groups the stages into the views of the list.
type Turn string

// The turns.
const (
	TurnCustomer Turn = "customer"
	TurnStaff    Turn = "staff"
	TurnNobody   Turn = "nobody" // enabled: nothing to do
	TurnClosed   Turn = "closed" // the interface has ended
)

// Turns lists every turn.
func Turns() []Turn { return []Turn{TurnCustomer, TurnStaff, TurnNobody, TurnClosed} }

// Role is the part somebody plays in the procedure. A person has one role.
type Role string

// The roles. Those of customers come first, then those of the operator's
// staff; System is Demarc itself.
const (
	Owner           Role = "owner"            // of a customer's account: everything, and its people
	Engineer        Role = "engineer"         // orders, applies for letters, reports deliveries
	CustomerFinance Role = "customer_finance" // pays and renews
	Viewer          Role = "viewer"           // reads
	Reviewer        Role = "reviewer"
	Technician      Role = "technician"
	Finance         Role = "finance" // of the operator
	Administrator   Role = "administrator"
	Auditor         Role = "auditor" // reads everything, writes nothing
	System          Role = "system"
)

// Roles lists every role.
func Roles() []Role {
	return slices.Concat(CustomerRoles(), StaffRoles(), []Role{System})
}

// CustomerRoles lists the roles of the people of a customer's account.
func CustomerRoles() []Role { return []Role{Owner, Engineer, CustomerFinance, Viewer} }

// StaffRoles lists the roles of people who work for the operator.
func StaffRoles() []Role { return []Role{Reviewer, Technician, Finance, Administrator, Auditor} }

// IsCustomer reports whether the role belongs to a person of a customer.
func (r Role) IsCustomer() bool { return slices.Contains(CustomerRoles(), r) }

// IsStaff reports whether the role belongs to a person of the operator.
func (r Role) IsStaff() bool { return slices.Contains(StaffRoles(), r) }

// Label is the role in words, as shown to people. Both sides have a role called
// Finance; nobody sees the two in one list.
func (r Role) Label() string {
	switch r {
	case Owner:
		return "Owner"
	case Engineer:
		return "Engineer"
	case CustomerFinance:
		return "Finance"
	case Viewer:
		return "Viewer"
	case Auditor:
		return "Auditor"
	case "customer":
		return "Customer" // in the history of the time when an account had one role
	case Reviewer:
		return "Reviewer"
	case Technician:
		return "Data center technician"
	case Finance:
		return "Finance"
	case Administrator:
		return "Administrator"
	case System:
		return "System"
	}
	return string(r)
}

// Does says in a few words what the role is for, to whoever gives it.
func (r Role) Does() string {
	switch r {
	case Owner:
		return "Everything, and the people of the account"
	case Engineer:
		return "Applies for interfaces and letters, reports deliveries. Pays nothing"
	case CustomerFinance:
		return "Pays and renews. Applies for nothing"
	case Viewer:
		return "Sees everything of the account. Changes nothing"
	case Reviewer:
		return "Decides about letters, the whitelist and quotas"
	case Technician:
		return "Connects and removes cables"
	case Finance:
		return "Accounts and transfers"
	case Administrator:
		return "Everything, and people, sites and settings"
	case Auditor:
		return "Sees everything. Changes nothing"
	}
	return ""
}

// Action is one thing that can be done to an interface.
type Action string

// The actions.
const (
	Order               Action = "order"
	PayInstallationFee  Action = "pay_installation_fee"
	ApplyForLOA         Action = "apply_for_loa"
	WithdrawApplication Action = "withdraw_application"
	MovePort            Action = "move_port"
	Approve             Action = "approve"
	Reject              Action = "reject"
	ReportDelivery      Action = "report_delivery"
	ReturnReport        Action = "return_report"
	CompleteCabling     Action = "complete_cabling"
	PayResourceFee      Action = "pay_resource_fee"
	Cancel              Action = "cancel"
	ConfirmRemoval      Action = "confirm_removal"
	ExpireLOA           Action = "expire_loa"
	RevokeLOA           Action = "revoke_loa"
	ReissueLOA          Action = "reissue_loa"
	RenewLOA            Action = "renew_loa"
	CloseUnpaidOrder    Action = "close_unpaid_order"
	Terminate           Action = "terminate"
	CompleteTermination Action = "complete_termination"
	EditNameDescription Action = "edit"
	Renew               Action = "renew"
	SwitchAutoRenew     Action = "auto_renew"
	Free                Action = "free"
)

// Actions lists every action, in procedure order.
func Actions() []Action {
	return []Action{Order, PayInstallationFee, ApplyForLOA, WithdrawApplication, MovePort, Approve, Reject,
		ReportDelivery, ReturnReport, CompleteCabling, PayResourceFee, Cancel, ConfirmRemoval,
		ExpireLOA, RevokeLOA, ReissueLOA, RenewLOA, CloseUnpaidOrder, Renew, SwitchAutoRenew, Free, Terminate, CompleteTermination, EditNameDescription}
}

// Rule is one row of the table: who may do what from which stage, and where it
// leads. To == From is an action that leaves the stage as it is.
type Rule struct {
	Action Action
	From   Stage
	To     Stage
	Who    []Role
}

var (
	owner      = []Role{Owner}
	engineer   = []Role{Owner, Engineer}
	payer      = []Role{Owner, CustomerFinance}
	reviewer   = []Role{Reviewer, Administrator}
	technician = []Role{Technician, Administrator}
	system     = []Role{System}
	// renewer is the customer, and Demarc where the customer switched Auto
	// Renew on.
	renewer = []Role{Owner, CustomerFinance, System}
	finance = []Role{Finance, Administrator}
)

// table is the lifecycle. An administrator may stand in for a reviewer or a
// technician, so that an operator with one person can work; nobody but the
// customer acts for the customer. Of the customer's people, engineers do what
// the construction needs, finance pays, and only an owner ends what was paid for.
// What is no transition stands in the table of rights.
var table = func() []Rule {
	rules := []Rule{
		{Order, None, PendingPayment, engineer},
		{PayInstallationFee, PendingPayment, ToApplyForLOA, payer},
		{ApplyForLOA, ToApplyForLOA, InApplication, engineer},
		{ApplyForLOA, LOARejected, InApplication, engineer},
		{WithdrawApplication, InApplication, ToApplyForLOA, engineer},
		{MovePort, ToApplyForLOA, ToApplyForLOA, reviewer},
		{MovePort, InApplication, InApplication, reviewer},
		{MovePort, LOARejected, LOARejected, reviewer},
		{Approve, InApplication, ApprovedLOA, reviewer},
		{Reject, InApplication, LOARejected, reviewer},
		{ReportDelivery, ApprovedLOA, WaitingForCabling, engineer},
		{ReturnReport, WaitingForCabling, ApprovedLOA, technician},
		{CompleteCabling, WaitingForCabling, WaitingForPayment, technician},
		{PayResourceFee, WaitingForPayment, Enabled, payer},
	}
	for _, s := range []Stage{PendingPayment, ToApplyForLOA, InApplication, LOARejected, ApprovedLOA, WaitingForCabling, WaitingForPayment} {
		who := owner
		if s == PendingPayment { // nothing is paid: whoever orders may take it back
			who = engineer
		}
		rules = append(rules, Rule{Cancel, s, Canceled, who})
	}
	rules = append(rules,
		// A canceled interface whose cable may be in keeps its port until a
		// technician has seen the cable removed.
		Rule{ConfirmRemoval, Canceled, Canceled, technician},
		Rule{ExpireLOA, ApprovedLOA, ToApplyForLOA, system},
		Rule{RevokeLOA, ApprovedLOA, ToApplyForLOA, reviewer},
		// A new version supersedes the letter that is out; a letter that expired
		// is renewed without another application.
		Rule{ReissueLOA, ApprovedLOA, ApprovedLOA, reviewer},
		Rule{RenewLOA, ToApplyForLOA, ApprovedLOA, reviewer},
		Rule{CloseUnpaidOrder, PendingPayment, Canceled, system},
		Rule{Renew, Enabled, Enabled, renewer},
		Rule{SwitchAutoRenew, Enabled, Enabled, payer},
		// A month after it was locked, staff may free an interface that nobody
		// renewed; the cable comes out as after any termination.
		Rule{Free, Enabled, Terminating, finance},
		Rule{Terminate, Enabled, Terminating, owner},
		Rule{CompleteTermination, Terminating, Terminated, technician},
	)
	for _, s := range Stages() {
		if !s.Ended() {
			rules = append(rules, Rule{EditNameDescription, s, s, engineer})
		}
	}
	return rules
}()

// Rules returns a copy of the table.
func Rules() []Rule { return slices.Clone(table) }

// ErrNotNow means the action exists but not from this stage. ErrNotYours means
// the action exists from this stage but not for this role.
var (
	ErrNotNow   = errors.New("not possible at this stage")
	ErrNotYours = errors.New("not for this role")
)

// Next says which stage the action leads to. The error wraps ErrNotNow or
// ErrNotYours; the stage returned with an error is the one given.
func Next(from Stage, action Action, role Role) (Stage, error) {
	r, ok := ruleOf[place{from, action}]
	if !ok {
		return from, fmt.Errorf("%s from %q: %w", action, from, ErrNotNow)
	}
	if !slices.Contains(r.Who, role) {
		return from, fmt.Errorf("%s from %q by %s: %w", action, from, role, ErrNotYours)
	}
	return r.To, nil
}

// place is where a rule stands in the table.
type place struct {
	from   Stage
	action Action
}

// ruleOf finds the rule of an action: lists of interfaces ask for every row
// what may be done with it.
var ruleOf = func() map[place]Rule {
	out := make(map[place]Rule, len(table))
	for _, r := range table {
		out[place{r.From, r.Action}] = r
	}
	return out
}()

// Allowed lists what the role may do from this stage, in procedure order.
func Allowed(from Stage, role Role) []Action {
	var out []Action
	for _, a := range Actions() {
		if _, err := Next(from, a, role); err == nil {
			out = append(out, a)
		}
	}
	return out
}

// CustomerCan reports whether some person of the customer may do the action from
// this stage: its time has come, whoever asks.
func CustomerCan(from Stage, action Action) bool {
	return slices.ContainsFunc(CustomerRoles(), func(r Role) bool { return Can(from, action, r) })
}

// Who lists the roles that may do the action from this stage.
func Who(from Stage, action Action) []Role { return slices.Clone(ruleOf[place{from, action}].Who) }

// Can reports whether the role may do the action from this stage.
func Can(from Stage, action Action, role Role) bool {
	return slices.Contains(ruleOf[place{from, action}].Who, role)
}

// MayDo reports whether the role may ever do the action, from any stage. It
// decides which pages a role has at all.
func MayDo(action Action, role Role) bool {
	return slices.ContainsFunc(table, func(r Rule) bool {
		return r.Action == action && slices.Contains(r.Who, role)
	})
}

// Label is the state as the console shows it, in the words of the source. Two
// stages are both "Waiting"; Detail tells them apart.
func (s Stage) Label() string {
	switch s {
	case PendingPayment:
		return "Pending Payment"
	case ToApplyForLOA:
		return "To Apply for LOA"
	case InApplication:
		return "In Application"
	case LOARejected:
		return "LOA Rejected"
	case ApprovedLOA:
		return "Approved LOA"
	case WaitingForCabling, WaitingForPayment:
		return "Waiting"
	case Enabled:
		return "Enabled"
	case Terminating:
		return "Terminating"
	case Terminated:
		return "Terminated"
	case Canceled:
		return "Canceled"
	}
	return ""
}

// Turn says whose turn it is in this stage.
func (s Stage) Turn() Turn {
	switch s {
	case InApplication, WaitingForCabling, Terminating:
		return TurnStaff
	case Enabled:
		return TurnNobody
	case Terminated, Canceled:
		return TurnClosed
	}
	return TurnCustomer
}

// Awaits reports whether the stage waits for somebody with this role of the
// customer: it is the customer's turn, and the role may take the next step of
// the procedure. Ending or editing the interface is no step.
func (s Stage) Awaits(role Role) bool {
	return s.Turn() == TurnCustomer && slices.ContainsFunc([]Action{PayInstallationFee, ApplyForLOA, ReportDelivery, PayResourceFee}, func(a Action) bool { return Can(s, a, role) })
}

// Actor says which staff role's turn it is; empty when it is not staff's.
func (s Stage) Actor() Role {
	switch s {
	case InApplication:
		return Reviewer
	case WaitingForCabling, Terminating:
		return Technician
	}
	return ""
}

// Ended reports whether nothing more happens to the interface.
func (s Stage) Ended() bool { return s == Terminated || s == Canceled }

// PastPayment reports whether the installation fee is paid and the interface
// has not ended: it holds a port.
func (s Stage) PastPayment() bool { return s != None && s != PendingPayment && !s.Ended() }

// CountsAsNotEnabled reports whether the interface counts against the quota of
// interfaces that are not yet Enabled.
func (s Stage) CountsAsNotEnabled() bool {
	return s.Turn() != TurnClosed && s != Enabled && s != Terminating
}

// CableMayBeIn reports whether an installer may already have brought a cable
// to the demarcation: from the moment a letter is out. A port is then freed
// only when a technician confirms the removal.
func (s Stage) CableMayBeIn() bool {
	switch s {
	case ApprovedLOA, WaitingForCabling, WaitingForPayment, Enabled, Terminating:
		return true
	}
	return false
}

// LetterOut reports whether a letter that was issued is in force or was used.
func (s Stage) LetterOut() bool { return s.CableMayBeIn() }

// Steps is how many steps the construction procedure has.
const Steps = 9

// Step is the number of the current step of the construction procedure, 1 to
// 9; 0 when the interface has ended.
func (s Stage) Step() int {
	switch s {
	case PendingPayment:
		return 2
	case ToApplyForLOA, LOARejected:
		return 3
	case InApplication:
		return 4
	case ApprovedLOA:
		return 6
	case WaitingForCabling:
		return 7
	case WaitingForPayment:
		return 8
	case Enabled, Terminating:
		return 9
	}
	return 0
}

// StepNames are the names of the steps of the construction procedure.
func StepNames() [Steps]string {
	return [Steps]string{"Apply", "Pay installation fee", "Apply for LOA", "In review", "Approved LOA",
		"Install and delivery report", "Waiting", "Pay resource fee", "Enabled"}
}

// API is what the real API calls the same moment: the Status of the physical
// connection and its LoaStatus.
func (s Stage) API() (status, loaStatus string) {
	switch s {
	case PendingPayment:
		return "Initial", ""
	case ToApplyForLOA:
		return "Allocated", ""
	case InApplication:
		return "Allocated", "Applying"
	case LOARejected:
		return "Allocated", "Rejected"
	case ApprovedLOA:
		return "Allocated", "Available"
	case WaitingForCabling:
		return "Allocated", "Completing"
	case WaitingForPayment:
		return "Confirmed", "Complete"
	case Enabled:
		return "Enabled", "Complete"
	case Terminating:
		return "Terminating", "Complete"
	case Terminated:
		return "Terminated", "Deleted"
	case Canceled:
		return "Canceled", "Deleted"
	}
	return "", ""
}

// ReviewDays and CablingDays are the working days staff have for a review and
// for patching: two in the Chinese mainland, three outside.
func ReviewDays(mainland bool) int {
	if mainland {
		return 2
	}
	return 3
}

// CablingDays is documented with ReviewDays.
func CablingDays(mainland bool) int { return ReviewDays(mainland) }

// UnpaidOrderDays is after how many days an unpaid order is closed.
const UnpaidOrderDays = 7

// EventLabel is the action as a line of the timeline, told in the past tense.
func (a Action) EventLabel() string {
	switch a {
	case Order:
		return "Interface applied for"
	case PayInstallationFee:
		return "Initial installation fee paid, port reserved"
	case ApplyForLOA:
		return "LOA application sent"
	case WithdrawApplication:
		return "LOA application withdrawn"
	case MovePort:
		return "Moved to another port"
	case Approve:
		return "LOA approved"
	case Reject:
		return "LOA application rejected"
	case ReportDelivery:
		return "Delivery report submitted"
	case ReturnReport:
		return "Delivery report returned"
	case CompleteCabling:
		return "Cabling finished"
	case PayResourceFee:
		return "Resource fee paid, port enabled"
	case Cancel:
		return "Interface canceled"
	case ConfirmRemoval:
		return "Cable removed, port released"
	case ExpireLOA:
		return "LOA expired"
	case RevokeLOA:
		return "LOA revoked"
	case ReissueLOA:
		return "New version of the LOA"
	case RenewLOA:
		return "LOA renewed"
	case CloseUnpaidOrder:
		return "Unpaid order closed"
	case Terminate:
		return "Termination requested"
	case CompleteTermination:
		return "Cable removed, interface terminated"
	case EditNameDescription:
		return "Interface edited"
	case Renew:
		return "Resource fee renewed"
	case SwitchAutoRenew:
		return "Auto Renew changed"
	case Free:
		return "Ended for non-payment"
	}
	return string(a)
}

// Mermaid draws the table as a state diagram, for the README. Actions that
// leave the stage as it is are not drawn.
func Mermaid() string {
	out := "stateDiagram-v2\n"
	name := func(s Stage) string {
		if s == None {
			return "[*]"
		}
		return string(s)
	}
	for _, r := range table {
		if r.From == r.To {
			continue
		}
		who := string(r.Who[0])
		if r.Who[0].IsCustomer() {
			who = "customer"
		}
		out += fmt.Sprintf("    %s --> %s: %s (%s)\n", name(r.From), name(r.To), r.Action, who)
	}
	for _, s := range Stages() {
		if s.Ended() {
			out += fmt.Sprintf("    %s --> [*]\n", s)
		}
	}
	return out
}
