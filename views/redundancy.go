package views

import (
	"time"

	"demarc/store/redundancy"
	"demarc/views/ui"
)

// Redundancy is what an interface and the one it is redundant with share and
// what they do not, with the verdict in words.
type Redundancy struct {
	ID, Title                              string // this interface
	PartnerID, PartnerTitle, PartnerHref   string
	Report                                 redundancy.Report
	SameAccessPoint, OwnPlace, PartnerSeen bool // PartnerSeen and OwnPlace: room, cabinet, panel and device may be named
	Change                                 *RedundancyChange
}

// RedundancyChange is the newest change of what the two share, shown until
// something else happens to the interface.
type RedundancyChange struct {
	Detail, Reason, Who string
	At                  time.Time
	Zone                *time.Location
}

// verdict is the sentence above the table, its tone and what explains it.
func (r Redundancy) verdict() (tone, title, text string) {
	switch r.Report.Promise() {
	case redundancy.Broken:
		return ui.ToneBad, fullStop(r.Report.Verdict()), "Different access devices are promised. The provider moves one of the two."
	case redundancy.Open:
		return ui.ToneInfo, "Two access devices are promised.", "The port that is allocated when the installation fee is paid is on another device than that of the other connection. If there is none, nothing is charged."
	}
	if r.SameAccessPoint {
		return ui.ToneOK, fullStop(r.Report.Verdict()), "Promised: different access devices. The promise is kept."
	}
	return ui.ToneOK, fullStop(r.Report.Verdict()), "Different access points: redundant by nature."
}

// tag is the promise in a word, for the head of the card.
func (r Redundancy) tag() (text, tone string) {
	switch r.Report.Promise() {
	case redundancy.Broken:
		return "Promise broken", ui.ToneBad
	case redundancy.Open:
		return "Promised", ui.ToneInfo
	}
	return "Promise kept", ui.ToneOK
}

// named is what a cell says; quiet tells that it says why it has no name.
func (r Redundancy) named(k redundancy.Kind, value string, seen bool) (text string, quiet bool) {
	switch {
	case value == "" && k == redundancy.Building:
		return "Not recorded", true
	case value == "":
		return "Not allocated yet", true
	case !seen && (k == redundancy.Room || k == redundancy.Cabinet || k == redundancy.Panel || k == redundancy.Device):
		return "Named in the LOA", true
	}
	return value, false
}

// sharedLook is how a state is drawn: a shape besides the tone, and its word.
func sharedLook(s redundancy.State) (tone, shape string) {
	switch s {
	case redundancy.Shared:
		return ui.ToneWarn, "half"
	case redundancy.Apart:
		return ui.ToneOK, ""
	}
	return ui.ToneIdle, "ring"
}

func (r Redundancy) columns() []ui.Column {
	return []ui.Column{{Label: "What"}, {Label: r.Title}, {Label: r.PartnerTitle}, {Label: "Both"}}
}
