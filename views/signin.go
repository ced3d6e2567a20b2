package views

import "demarc/views/ui"

// SignInForm is the sign-in page's form. The password is never sent back.
type SignInForm struct {
	Email  string
	Next   string // local path to go to afterwards
	SSO    string // where single sign-on begins; "" when there is none
	Errors map[string]string
	// Refusal is the sentence for an attempt that failed as a whole.
	Refusal string
	// People can be entered as with one button, in demo mode only.
	People   []DemoPerson
	Password string // of the demo people
}

// DemoPerson is somebody who can be signed in as in demo mode.
type DemoPerson struct{ Email, Words string }

func (f SignInForm) summary() []ui.FieldError {
	if f.Refusal != "" {
		return []ui.FieldError{{ID: "email", Text: f.Refusal}}
	}
	return ui.ErrorList(f.Errors, "email", "password")
}

// SetupForm is the page of a one-time link.
type SetupForm struct {
	Action     string
	First      bool // the first administrator, who gives an address too
	Reset      bool // a forgotten password: nothing else is asked
	Email      string
	Name       string
	RoleLabel  string
	PasswordAt string // "10 to 128 characters"
	Errors     map[string]string
}

func (f SetupForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "name", "email", "password", "again")
}
