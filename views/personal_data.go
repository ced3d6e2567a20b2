package views

import "demarc/views/ui"

// PersonalDataForm asks about whom, what and why.
type PersonalDataForm struct {
	Who, Reason string
	Sure        bool
	Key         string
	Errors      map[string]string
	Problem     string // why it cannot be done now; "" when it can
}

func (f PersonalDataForm) hidden() []ui.Hidden { return []ui.Hidden{{Name: "key", Value: f.Key}} }
