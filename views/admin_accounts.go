package views

import (
	"time"

	"demarc/views/ui"
)

// AccountRow is one account of the list.
type AccountRow struct {
	ID, Name, HomeRegion, Balance string
	Open, Enabled                 int // interfaces on the way, and enabled ones
}

// AccountList is the page Accounts.
type AccountList struct {
	Rows    []AccountRow
	Query   ui.Control
	Tokens  []ui.Token
	Pages   ui.Pages
	MayOpen bool // the reader may open accounts
}

// StatementRow is a movement of the balance.
type StatementRow struct {
	At                      time.Time
	What, Reference, Amount string
	Balance                 string // after it
	Reason                  string // of a refund or a credit; may be empty
	Href                    string // of the reference; may be empty
}

// QuotaForm changes an account's limits.
type QuotaForm struct {
	PerAccessPoint, NotEnabled, Reason string
	Key                                string
	Errors                             map[string]string
}

// TransferForm records an incoming transfer.
type TransferForm struct {
	Amount, Reference string
	Key               string
	Errors            map[string]string
}

// MemberForm adds a person to an account.
type MemberForm struct {
	Name, Email, Role string
	Roles             []ui.Option
	Errors            map[string]string
}

func (f MemberForm) role() ui.Control {
	return ui.Control{ID: "member-role", Name: "role", Label: "Role", Value: f.Role, Error: f.Errors["role"], Options: f.Roles, Columns: "wide"}
}

// AccountShow is the page of one account. Who sees which part is decided by
// whoever fills it in.
type AccountShow struct {
	ID, Name   string
	LastChange LastChange
	Facts      []ui.Pair
	Interfaces []ui.ViewTab // counts with their links
	People     []Person
	Whitelist  []StaffWhitelistRow

	WithMoney  bool
	Balance    string
	Statement  []StatementRow
	Orders     []OrderRow // the newest
	MoreOrders bool       // there are older ones
	Pages      ui.Pages
	Transfer   *TransferForm // nil for those who may not

	Invoices *AccountInvoices // nil for those who see no money

	Quotas   *QuotaForm
	Member   *MemberForm
	ViewAs   string // opens the customer's console, "" for those who may not
	Conflict string
}

func (a AccountShow) summary() []ui.FieldError {
	var out []ui.FieldError
	if a.Transfer != nil {
		out = append(out, ui.ErrorList(a.Transfer.Errors, "amount", "reference")...)
	}
	if a.Invoices != nil {
		out = append(out, a.Invoices.summary()...)
	}
	if a.Quotas != nil {
		out = append(out, ui.ErrorList(a.Quotas.Errors, "per_access_point", "not_enabled", "reason")...)
	}
	if a.Member != nil {
		for _, e := range ui.ErrorList(a.Member.Errors, "name", "email", "role") {
			if e.ID == "role" {
				e.ID = a.Member.role().FirstOption()
			}
			out = append(out, e)
		}
	}
	return out
}

func (a AccountShow) action(build func(string) string) string { return build(a.ID) }

// CustomerForm opens an account with its first person.
type CustomerForm struct {
	Company, Region, Name, Email string
	Regions                      []ui.Option
	Key                          string
	Errors                       map[string]string
}

func (f CustomerForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "company", "region", "name", "email")
}

func accountColumns() []ui.Column {
	return []ui.Column{{Label: "Account"}, {Label: "Home region"}, {Label: "Interfaces under way", Class: "num"}, {Label: "Enabled", Class: "num"}, {Label: "Balance", Class: "num"}}
}

// formKeyField is the hidden field that makes a repeated form count once.
func formKeyField(key string) []ui.Hidden { return []ui.Hidden{{Name: "key", Value: key}} }

// ordersShown leads to the orders of the account, and says how many there are
// when these are all.
func (a AccountShow) ordersShown() string {
	if a.MoreOrders {
		return "All orders"
	}
	return countOf(len(a.Orders), "order", "orders")
}
