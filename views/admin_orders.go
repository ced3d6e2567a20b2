package views

import "demarc/views/ui"

// StaffOrderRow is an order of any account.
type StaffOrderRow struct {
	OrderRow
	Account, AccountHref string
}

// StaffOrderList is the list of orders across accounts.
type StaffOrderList struct {
	Rows                         []StaffOrderRow
	Number, Account, State, Kind ui.Control
	Tokens                       []ui.Token
	// Clear is the list without filters, Here the same list again.
	Clear, Here string
	CSV         string
	Problem     *FilterProblem // why nothing can be listed
	Pages       ui.Pages
}
