package ics

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestCalendar(t *testing.T) {
	zone := time.FixedZone("UTC+8", 8*60*60)
	got := Calendar("Demarc", time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC), []Event{{
		UID: "construction.pc-1@console.example", Sequence: 4, At: time.Date(2026, 12, 1, 9, 30, 0, 0, zone),
		Summary: `a;b,c\d`, Description: "two\nlines", Place: strings.Repeat("寬", 60), URL: "https://console.example/interfaces/pc-1",
	}, {UID: "u", At: time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC), Summary: "END:VCALENDAR\r\nBEGIN:VEVENT"}})
	lines := strings.Split(got, "\r\n")
	for _, want := range []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Demarc//EN", "UID:construction.pc-1@console.example", "SEQUENCE:4", "DTSTART:20261201T013000Z",
		`SUMMARY:a\;b\,c\\d`, `DESCRIPTION:two\nlines`, "URL:https://console.example/interfaces/pc-1", `SUMMARY:END:VCALENDAR\nBEGIN:VEVENT`, "END:VCALENDAR"} {
		n := 0
		if strings.Count(got, "DTSTAMP:20261120T071200Z") != 2 {
			t.Error("not every event says when it was written")
		}
		for _, l := range lines {
			if l == want {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d lines %q in\n%s", n, want, got)
		}
	}
	for _, l := range lines {
		if len(l) > lineLimit || !utf8.ValidString(l) || strings.ContainsAny(l, "\r\n") {
			t.Errorf("line of %d bytes: %q", len(l), l)
		}
	}
	if !strings.Contains(strings.ReplaceAll(got, "\r\n ", ""), "LOCATION:"+strings.Repeat("寬", 60)+"\r\n") {
		t.Error("a folded line does not unfold to what it was")
	}
	if strings.Count(got, "LOCATION") != 1 || strings.Count(got, "DESCRIPTION") != 1 || !strings.HasSuffix(got, "END:VCALENDAR\r\n") {
		t.Errorf("empty properties, or no end: %s", got)
	}
}
