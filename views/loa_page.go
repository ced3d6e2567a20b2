package views

import (
	"net/url"
	"strconv"
	"time"

	"demarc/store/letter"
	"demarc/views/ui"
	"demarc/web/paths"
)

// LOAPage is a letter that was issued, as View LOA shows and prints it: to the
// customer, or to staff.
type LOAPage struct {
	Interface Interface
	Letter    letter.Snapshot
	Status    letter.Status
	Stamp     string // one word across the sheet: "Expired", "Revoked", "Used", "Superseded", or ""
	Note      string // what the status means for the reader
	NoteText  string // link of the note
	NoteHref  string
	PDF       string // the stored document
	Back      string
	Staff     bool
	Versions  []LetterVersion
	Accesses  []LetterAccess
	Playbook  LetterPlaybook
	Subject   string // of the text that is ready to send
	Body      string
	// NewVersion is the label of the form that reissues or renews the letter, ""
	// when neither is possible for the reader now.
	NewVersion string
	CanRevoke  bool
	Mail       string // target of the form that mails the letter, "" when it cannot be mailed
	Key        string // of that form
}

// LetterVersion is one version of a letter in its history.
type LetterVersion struct {
	Version  int
	Status   letter.Status
	Issued   time.Time
	IssuedBy string // "" for readers whom that does not concern
	Ended    time.Time
	Reason   string // why it replaced the one before
	Ending   string // why it ended
	Changes  []letter.Change
	Shown    bool // it is the one on the page
	Page     string
	PDF      string
}

func (v LetterVersion) name() string { return "Version " + strconv.Itoa(v.Version) }

// LetterAccess is who downloaded or checked a version of a letter on one day.
type LetterAccess struct {
	Who     string
	Did     string
	Version int
	N       int
	Last    time.Time
}

func (a LetterAccess) times() string {
	if a.N == 1 {
		return "Once"
	}
	return strconv.Itoa(a.N) + " times that day"
}

// LetterPlaybook is how the facility wants to receive the letter.
type LetterPlaybook struct {
	Portal, Email, Phone, LeadTime, Hours, Words string
	Edit                                         string // "" for those who do not change it
}

func (p LetterPlaybook) pairs() []ui.Pair {
	var out []ui.Pair
	for _, f := range []ui.Pair{{Term: "Portal", Value: p.Portal, Href: p.Portal}, {Term: "E-mail", Value: p.Email}, {Term: "Phone", Value: p.Phone},
		{Term: "Lead time", Value: p.LeadTime}, {Term: "Hours", Value: p.Hours}, {Term: "Required words", Value: p.Words}} {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

// mailto opens the text in the reader's mail program. A file cannot travel in
// such a link.
func (l LOAPage) mailto() string {
	return "mailto:" + url.PathEscape(l.Playbook.Email) + "?subject=" + url.PathEscape(l.Subject) + "&body=" + url.PathEscape(l.Body)
}

// sendable reports whether it is of use to send the letter to anybody.
func (l LOAPage) sendable() bool { return l.Status == letter.Valid || l.Status == letter.NotYetValid }

// validity is when the letter was approved and until when it is good.
func (l LOAPage) validity() string {
	return "Approved " + l.Letter.FormatDate(l.Letter.IssuedAt) + ", valid until " + l.Letter.FormatDate(l.Letter.ExpiresAt)
}

func (l LOAPage) tone() string {
	switch l.Status {
	case letter.Used, letter.NotYetValid:
		return ui.ToneInfo
	}
	return ui.ToneWarn
}

func (l LOAPage) versionColumns() []ui.Column {
	return []ui.Column{{Label: "Version"}, {Label: "Status"}, {Label: "Issued"}, {Label: "What changed"}, {Label: "Document", Class: "col-acts"}}
}

func (l LOAPage) accessColumns() []ui.Column {
	return []ui.Column{{Label: "Who"}, {Label: "What"}, {Label: "Version"}, {Label: "Last"}, {Label: "How often"}}
}

// NewLetterVersion is the form that replaces a letter by a new version.
type NewLetterVersion struct {
	Interface Interface
	Renew     bool
	Letter    letter.Snapshot
	Status    letter.Status
	Possible  bool
	Conflict  string
	Map       PortMap
	MapHint   string
	Earliest  string // first day of the field Valid from, as a date field wants it
	Form      NewVersionForm
}

// NewVersionForm is the new version as sent.
type NewVersionForm struct {
	Port, Note, Reason, ValidFrom, ScheduledAt string
	Key                                        string
	Errors                                     map[string]string
}

func (n NewLetterVersion) summary() []ui.FieldError {
	out := ui.ErrorList(n.Form.Errors, "reason", "scheduled_at", "valid_from", "note", "port")
	for i, e := range out {
		switch e.ID {
		case "letter", "line", "engineers", "checks": // what was applied for is not on this page
			out[i].ID = ""
		}
	}
	return out
}

func (n NewLetterVersion) button() string {
	if n.Renew {
		return "Renew LOA"
	}
	return "Issue new version"
}

func (n NewLetterVersion) lead() string {
	if n.Renew {
		return n.Letter.Title() + " expired before the installation. The new version is valid at once for the same company, construction company and people, as applied for; the interface returns to the Approved LOA state."
	}
	return "The new version replaces " + n.Letter.Title() + " at once: whoever comes with the old one is not admitted, and whoever downloaded it is told. What was applied for stays as it is."
}

func (n NewLetterVersion) zone() string { return ui.FormatOffset(n.Letter.IssuedAt, n.Interface.Zone) }

// PlaybookForm is how the facility of an access point wants to receive letters,
// as staff write it.
type PlaybookForm struct {
	AccessPointID, AccessPoint                   string
	Portal, Email, Phone, LeadTime, Hours, Words string
	Rev                                          int
	Key                                          string
	Changed                                      string // when and by whom, "" when nobody wrote it yet
	Conflict                                     string
	Errors                                       map[string]string
}

func (f PlaybookForm) summary() []ui.FieldError {
	return ui.ErrorList(f.Errors, "portal", "email", "phone", "lead_time", "hours", "words")
}

func (f PlaybookForm) back() string { return paths.AdminAccessPoint(f.AccessPointID) }
