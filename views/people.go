package views

import (
	"time"

	"demarc/views/ui"
)

// Person is a user as those see them who look after people.
type Person struct {
	ID, Name, Email, RoleLabel string
	CanSignIn                  bool // has chosen a password
	SecondFactor               bool
	Self                       bool       // the reader
	Actions                    ui.Actions // empty for those who may not
}

// PersonForm adds a person.
type PersonForm struct {
	Name, Email, Role string
	Errors            map[string]string
	Conflict          string // why nobody was invited, beyond the fields
}

// People is the page of the operator's people, or of an account's.
type People struct {
	Title     string
	People    []Person
	MayManage bool
	Mailing   bool // one-time links are mailed
	Form      PersonForm
	Action    string // where the form goes
	Roles     []ui.Option
	Operator  string
	Looks     []Visit // when the operator looked at the console, newest first
}

// Visit is one time that somebody of the operator looked at a customer's
// console.
type Visit struct {
	At  time.Time
	Who string
}

func (p People) summary() []ui.FieldError {
	out := ui.ErrorList(p.Form.Errors, "name", "email", "role")
	for i := range out {
		if out[i].ID == "role" {
			out[i].ID = p.role().FirstOption()
		}
	}
	return out
}

func (p People) role() ui.Control {
	return ui.Control{Name: "role", Label: "Role", Value: p.Form.Role, Error: p.Form.Errors["role"], Options: p.Roles, Columns: "wide"}
}

func (p People) invite() string {
	if p.Mailing {
		return "Add and mail a one-time link"
	}
	return "Add and make a one-time link"
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

func (p Person) line() string {
	switch {
	case !p.CanSignIn:
		return ""
	case p.SecondFactor:
		return "With a second factor"
	}
	return "Password only"
}

// RoleForm changes a person's role.
type RoleForm struct {
	Name, Role   string
	Roles        []ui.Option
	Action, Back string
	Errors       map[string]string
	Conflict     string
	Self         bool
}

func (f RoleForm) control() ui.Control {
	return ui.Control{Name: "role", Label: "Role", Value: f.Role, Error: f.Errors["role"], Options: f.Roles, Columns: "wide"}
}

func (f RoleForm) summary() []ui.FieldError {
	out := ui.ErrorList(f.Errors, "role")
	for i := range out {
		out[i].ID = f.control().FirstOption()
	}
	return out
}

func (f RoleForm) happens() string {
	if f.Self {
		return "This is you. You are signed out and sign in with the new role."
	}
	return f.Name + " is signed out everywhere and signs in with the new role."
}

// PersonRemoval asks before a person is taken out.
type PersonRemoval struct {
	Name, Email, Action, Back string
	Conflict                  string
	Self                      bool
}

// ForgottenForm is the request of somebody who forgot their password.
type ForgottenForm struct {
	Email   string
	Errors  map[string]string
	Refusal string
	Sent    bool
	Mailing bool
	Minutes int // how long the link opens
}

func (f ForgottenForm) summary() []ui.FieldError {
	out := ui.ErrorList(f.Errors, "email")
	if f.Refusal != "" {
		out = append(out, ui.FieldError{Text: f.Refusal})
	}
	return out
}
