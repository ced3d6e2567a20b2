package views

import (
	"strconv"
	"time"

	"demarc/views/ui"
)

// MailPage says to administrators how mails are delivered.
type MailPage struct {
	Configured      bool // there is a mail server
	Facts           []ui.Pair
	Waiting, Failed int
	Rows            []MailRow // what failed, then what is tried again
	MayManage       bool
	Address         string // of the reader, for the test mail
	Key             string
	Conflict        string
}

// MailRow is one mail that was not sent.
type MailRow struct {
	ID, Kind, To, Problem string
	Attempts              int
	CreatedAt             time.Time
	Failed                bool
	At                    time.Time // when it failed for good, or when it is tried again
	Resend                string    // "" when it cannot be sent again, or not by the reader
}

func (r MailRow) look() Look {
	if r.Failed {
		return Look{"Failed", ui.ToneBad, ui.ShapeDot}
	}
	return Look{"Tried again", ui.ToneWarn, ui.ShapeHalf}
}

func (r MailRow) tries() string {
	if r.Attempts == 1 {
		return "1 try"
	}
	return strconv.Itoa(r.Attempts) + " tries"
}

func (r MailRow) to() string {
	if r.To == "" {
		return "No longer kept"
	}
	return r.To
}
