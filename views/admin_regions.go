package views

import "demarc/views/ui"

// RegionRow is a region of the list.
type RegionRow struct {
	ID, Name     string
	Zone         string // with its offset now
	Mainland     bool
	Calendar     string // name; "" when it keeps none
	AccessPoints int
}

// RegionForm changes a region, or adds one.
type RegionForm struct {
	ID, NewID         string // ID of an existing one, NewID of a new one
	LastChange        LastChange
	Name, Zone, Order string
	Mainland          bool
	Calendar          string // ID
	Calendars         []ui.Option
	Action, Key       string
	Rev               int
	Errors            map[string]string
	Conflict          string
}

func (f RegionForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "id", "name", "zone", "mainland", "calendar", "order")
}
