package panel_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"demarc/store/panel"
)

func TestFormat(t *testing.T) {
	for _, tc := range []struct{ rule, position, want string }{
		// The forms of the field.
		{"N", "5", "5"},
		{"N/N", "17/18", "17/18"},
		{"N+N", "17/18", "17+18"},
		{"N/N (P)", "17/18", "17/18 (9)"},
		{"P", "17/18", "9"},
		{"Port N", "5", "Port 5"},
		{"Port N and N", "1/2", "Port 1 and 2"},
		{"N-N", "127/128", "127-128"},
		// Zeros in front.
		{"NN", "5", "05"},
		{"NN", "512", "512"},
		{"NNN/NNN", "7/8", "007/008"},
		{"PP", "1/2", "01"},
		{"NNNNNN", "1", "000001"},
		{"{first:3}", "5", "005"},
		{"{pair:2} of {first}", "3/4", "02 of 3"},
		// Order and repetition.
		{"{second}/{first}", "17/18", "18/17"},
		{"{first}-{second} ({first}, {second})", "1/2", "1-2 (1, 2)"},
		{"{First}+{ SECOND }", "1/2", "1+2"},
		{"P/P", "3/4", "2/2"},
		// Letters that only look like placeholders.
		{"PANEL N", "5", "PANEL 5"},
		{"ANNEX N", "5", "ANNEX 5"},
		{"N1 N", "5", "N1 5"},
		{"1N N", "5", "1N 5"},
		{"NP N", "5", "NP 5"},
		{"n p N", "5", "n p 5"},
		{"A{first}", "5", "A5"},
		{"{first}B", "5", "5B"},
		{`"N" N`, "5", "N 5"},
		{`"{first}" N`, "5", "{first} 5"},
		{`"P"{pair}`, "3/4", "P2"},
		{`""N`, "5", "5"},
		// Other scripts and signs. A Chinese character does not make N a letter of a word.
		{"端口N", "5", "端口5"},
		{"第NN端口", "5", "第05端口"},
		{"№ N", "5", "№ 5"},
		{"ÄN N", "5", "ÄN 5"},
		{"<b>N</b>", "5", "<b>5</b>"},
		{"  N+N  ", "1/2", "1+2"},
		{"(N)", "5", "(5)"},
		{"N/N", "2/3", "2/3"},
		{"N/N", "18/17", "18/17"},
	} {
		r, err := panel.Parse(tc.rule)
		if err != nil {
			t.Errorf("%q: %v", tc.rule, err)
			continue
		}
		if got, err := r.Format(tc.position); err != nil || got != tc.want {
			t.Errorf("%q of %s: %q %v, want %q", tc.rule, tc.position, got, err, tc.want)
		}
		if r.IsZero() || r.String() != strings.TrimSpace(tc.rule) {
			t.Errorf("%q reads back as %q", tc.rule, r)
		}
	}
}

func TestFormatRefuses(t *testing.T) {
	for _, tc := range []struct{ rule, position, want string }{
		{"N/N", "5", "one port"},
		{"{second}", "5", "one port"},
		{"P", "5", "not a pair"},
		{"P", "2/3", "not a pair"},
		{"P", "18/17", "not a pair"},
		{"P", "17/19", "not a pair"},
		{"N", "17/18", "two ports"},
		{"{second}", "17/18", "two ports"},
		{"N", "", "is not a port"},
		{"N", "0", "is not a port"},
		{"N", "05", "is not a port"},
		{"N", "-5", "is not a port"},
		{"N", "+5", "is not a port"},
		{"N", "5a", "is not a port"},
		{"N", "1234567", "is not a port"},
		{"N", "٥", "is not a port"},
		{"N/N", "17/", "is not a port"},
		{"N/N", "/18", "is not a port"},
		{"N/N", "17/17", "is not a port"},
		{"N/N", "17/18/19", "is not a port"},
		{"N/N", "17 / 18", "is not a port"},
	} {
		r, err := panel.Parse(tc.rule)
		if err != nil {
			t.Fatalf("%q: %v", tc.rule, err)
		}
		if got, err := r.Format(tc.position); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q of %q: %q %v, want %q", tc.rule, tc.position, got, err, tc.want)
		}
		if got := r.Words(tc.position); got != tc.position {
			t.Errorf("%q of %q: words %q", tc.rule, tc.position, got)
		}
	}
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, tc := range []struct {
		rule string
		at   int
		want string
	}{
		{"{first", 1, "close the brace"},
		{"N/{second", 3, "close the brace"},
		{"端口 {third}", 4, "{first}, {second} or {pair}"},
		{"{}", 1, "{first}, {second} or {pair}"},
		{"N{:2}", 2, "{first}, {second} or {pair}"},
		{"{first:0}", 1, "1 to 6 digits"},
		{"{first:7}", 1, "1 to 6 digits"},
		{"{first:}", 1, "1 to 6 digits"},
		{"{first:-1}", 1, "1 to 6 digits"},
		{"{first:x}", 1, "1 to 6 digits"},
		{"N}", 2, "open the brace"},
		{`N "of`, 3, "quoted text"},
		{"N/N/N", 5, "at most twice"},
		{"NNNNNNN", 1, "at most 6 digits"},
		{"N PPPPPPP", 3, "at most 6 digits"},
		{"N\nN", 2, "cannot be printed"},
		{"N\u202eN", 2, "cannot be printed"},
		{"N\x00", 2, "cannot be printed"},
		{"Port", 0, "where the number goes"},
		{`"N"`, 0, "where the number goes"},
		{"ANNEX", 0, "where the number goes"},
		{"\xff N", 0, "cannot be read"},
		{strings.Repeat("N ", 33) + "x", 0, "at most 64"},
	} {
		r, err := panel.Parse(tc.rule)
		var e *panel.SyntaxError
		if !errors.As(err, &e) || e.At != tc.at || !strings.Contains(err.Error(), tc.want) || !r.IsZero() {
			t.Errorf("%q: %v, want %q at %d", tc.rule, err, tc.want, tc.at)
		}
		if e != nil && e.At > 0 && !strings.HasPrefix(err.Error(), "Character ") {
			t.Errorf("%q: %v does not say where", tc.rule, err)
		}
	}
}

func TestNoRule(t *testing.T) {
	for _, s := range []string{"", "  ", "\t"} {
		r, err := panel.Parse(s)
		if err != nil || !r.IsZero() {
			t.Errorf("%q: %v %v", s, r, err)
		}
		for _, position := range []string{"5", "17/18", "A-5", ""} {
			if got, err := r.Format(position); err != nil || got != position || r.Words(position) != position {
				t.Errorf("%q: %q %v", position, got, err)
			}
		}
	}
}

func TestWords(t *testing.T) {
	for _, tc := range []struct{ rule, position, want string }{
		{"N/N (P)", "17/18", "17/18 (9) [17/18]"},
		{"N+N", "17/18", "17+18 [17/18]"},
		{"N/N", "17/18", "17/18"}, // the same in both: said once
		{"N", "5", "5"},
		{"Port NN", "5", "Port 05 [5]"},
	} {
		r, err := panel.Parse(tc.rule)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Words(tc.position); got != tc.want {
			t.Errorf("%q of %s: %q, want %q", tc.rule, tc.position, got, tc.want)
		}
	}
}

func TestPositions(t *testing.T) {
	for n := 1; n <= 144; n++ {
		p := panel.Position{First: n, Second: n + 1}
		got, ok := panel.ParsePosition(p.String())
		if !ok || got != p {
			t.Errorf("%s reads back as %v %v", p, got, ok)
		}
		if k, ok := p.Pair(); ok != (n%2 == 1) || (ok && k != (n+1)/2) {
			t.Errorf("%s is pair %d %v", p, k, ok)
		}
	}
}

func FuzzRule(f *testing.F) {
	for _, s := range []string{"N", "N/N", "N+N", "N/N (P)", "Port N", "{first:3}", `"N" N`, "{", "}", `"`, "端口N", "NNNNNNN", "\xff", "N\u202e"} {
		f.Add(s, "17/18")
		f.Add(s, "5")
	}
	f.Fuzz(func(t *testing.T, rule, position string) {
		r, err := panel.Parse(rule)
		if err != nil {
			var e *panel.SyntaxError
			if !errors.As(err, &e) || e.At < 0 || e.At > utf8.RuneCountInString(rule) || e.Msg == "" || !r.IsZero() {
				t.Fatalf("%q: %#v %v", rule, err, r)
			}
			return
		}
		again, err := panel.Parse(r.String())
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q reads back as %q: %v", rule, again, err)
		}
		theirs, err := r.Format(position)
		words := r.Words(position)
		if err != nil {
			if words != position {
				t.Fatalf("%q of %q: %q although it does not fit: %v", rule, position, words, err)
			}
			return
		}
		if same, err := again.Format(position); err != nil || same != theirs {
			t.Fatalf("%q of %q: %q and %q, %v", rule, position, theirs, same, err)
		}
		if words != position && words != theirs+" ["+position+"]" {
			t.Fatalf("%q of %q: words %q", rule, position, words)
		}
		if !r.IsZero() {
			if _, ok := panel.ParsePosition(position); !ok {
				t.Fatalf("%q formats %q", rule, position)
			}
		}
	})
}
