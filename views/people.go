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
	Name, Email, Role string
	Errors            map[string]string
}

// People is the page on which an administrator adds colleagues.
type People struct {
	Staff  []Person
	Person PersonForm
	// NewLink is where the button "New link" posts the field user to.
	NewLink string
}

func (p People) summary() []ui.FieldError {
	return ui.ErrorList(p.Person.Errors, "name", "email", "role")
}

func roleOptions() []ui.Option {
	out := []ui.Option{{Label: "Select a role"}}
	for _, r := range lifecycle.StaffRoles() {
		out = append(out, ui.Option{Value: string(r), Label: r.Label()})
	}
	return out
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
