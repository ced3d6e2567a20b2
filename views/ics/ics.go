// Package ics writes moments as a calendar file that calendar programs read
// (RFC 5545).
package ics

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Event is a moment. UID names it for good, so that a file that is read again
// moves the entry instead of adding another; Sequence grows with every change.
type Event struct {
	UID                         string
	Sequence                    int
	At                          time.Time
	Summary, Description, Place string // Description and Place may be empty
	URL                         string // may be empty
}

// moment is the layout of a time in UTC.
const moment = "20060102T150405Z"

// lineLimit is how many bytes a line of the file has at most, its end left out.
const lineLimit = 75

// Calendar is the file with the events, made at now by the program product.
func Calendar(product string, now time.Time, events []Event) string {
	var b strings.Builder
	line := func(name, value string) { fold(&b, name+":"+value) }
	text := func(name, value string) {
		if value != "" {
			line(name, escaper.Replace(value))
		}
	}
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	text("PRODID", "-//"+product+"//EN")
	for _, e := range events {
		line("BEGIN", "VEVENT")
		text("UID", e.UID)
		line("SEQUENCE", strconv.Itoa(e.Sequence))
		line("DTSTAMP", now.UTC().Format(moment))
		line("DTSTART", e.At.UTC().Format(moment))
		text("SUMMARY", e.Summary)
		text("DESCRIPTION", e.Description)
		text("LOCATION", e.Place)
		if e.URL != "" {
			line("URL", e.URL)
		}
		line("END", "VEVENT")
	}
	line("END", "VCALENDAR")
	return b.String()
}

var escaper = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// fold writes a line, broken where it is too long, between two characters: what
// goes on begins with a blank.
func fold(b *strings.Builder, s string) {
	for room := lineLimit; len(s) > room; room = lineLimit - 1 {
		cut := room
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		b.WriteString(s[:cut])
		b.WriteString("\r\n ")
		s = s[cut:]
	}
	b.WriteString(s)
	b.WriteString("\r\n")
}
