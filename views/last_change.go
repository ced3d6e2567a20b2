package views

import (
	"time"

	"demarc/views/ui"
)

// LastChange is when a record was changed last, and by whom; the zero value
// when that is not known.
type LastChange struct {
	At, Now time.Time
	Who     string
	Zone    *time.Location
}

// when leaves out the year while it is the present one.
func (l LastChange) when() string {
	if l.At.In(l.Zone).Year() == l.Now.In(l.Zone).Year() {
		return ui.FormatSiteStamp(l.At, l.Zone)
	}
	return ui.FormatDay(l.At, l.Zone)
}
