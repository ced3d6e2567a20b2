package views

import (
	"demarc/store/lifecycle"
	"demarc/views/ui"
)

// Person is a user as administrators see them.
type Person struct {
	ID, Name, Email, RoleLabel string
	CanSignIn                  bool // has chosen a password
}

// PersonForm adds a person.
type PersonForm struct {
	Name, Email, Role, AccountID string
	Accounts                     []ui.Option
	Errors                       map[string]string
}

// AccountForm opens a customer's account.
type AccountForm struct {
	Company, Region string
	Regions         []ui.Option
	Errors          map[string]string
}

// People is the page on which an administrator adds people.
type People struct {
	Staff   []Person
	Person  PersonForm
	Account AccountForm
	// NewLink is where the button "New link" posts the field user to.
	NewLink string
}

func (p People) summary() []ui.FieldError {
	return append(ui.ErrorList(p.Person.Errors, "name", "email", "role", "account"), ui.ErrorList(p.Account.Errors, "company", "region")...)
}

func roleOptions() []ui.Option {
	out := []ui.Option{{Label: "Select a role"}}
	for _, r := range lifecycle.StaffRoles() {
		out = append(out, ui.Option{Value: string(r), Label: r.Label(), Group: "Staff"})
	}
	return append(out, ui.Option{Value: string(lifecycle.Customer), Label: lifecycle.Customer.Label(), Group: "Customers"})
}

func (p Person) state() string {
	if p.CanSignIn {
		return "Can sign in"
	}
	return "Invited"
}

func (p Person) tone() string {
	if p.CanSignIn {
		return ui.ToneOK
	}
	return ui.ToneInfo
}

func (p Person) shape() string {
	if p.CanSignIn {
		return ui.ShapeDot
	}
	return ui.ShapeHalf
}
