package note

import "testing"

func TestWithout(t *testing.T) {
	for _, tt := range []struct{ text, person, want string }{
		{"Call Lin Wei first.", "Lin Wei", "Call [-] first."},
		{"LIN  WEI and lin\nwei's badge", "Lin Wei", "[-] and [-]'s badge"},
		{"The line was weighed, Collin Weiss says", "Lin Wei", "The line was weighed, Collin Weiss says"},
		{"Lin Weimar, not he; (Lin Wei)", "Lin Wei", "Lin Weimar, not he; ([-])"},
		{"请联系李娜处理", "李娜", "请联系[-]处理"},
		{"ÉMILE CÔTÉ, émile côté", "Émile Côté", "[-], [-]"},
		{"A. (B)", "A. (B)", "[-]"},
		{"anybody", "", "anybody"},
		{"anybody", "  ", "anybody"},
		{"", "Lin Wei", ""},
	} {
		if got := Without(tt.text, tt.person, "[-]"); got != tt.want {
			t.Errorf("%q without %q: %q, want %q", tt.text, tt.person, got, tt.want)
		}
		if Names(tt.text, tt.person) != (tt.text != tt.want) {
			t.Errorf("%q names %q: %t", tt.text, tt.person, tt.text == tt.want)
		}
	}
}

func TestMayTakeBack(t *testing.T) {
	for _, tt := range []struct {
		author, reader string
		want           bool
	}{{"a", "a", true}, {"a", "b", false}, {"", "", false}, {"", "b", false}} {
		if got := MayTakeBack(tt.author, tt.reader); got != tt.want {
			t.Errorf("%q takes back what %q wrote: %t", tt.reader, tt.author, got)
		}
	}
}

func TestWholeName(t *testing.T) {
	for text, want := range map[string]bool{"Lin Wei": true, "lin@cloud.example": true, "李娜": true, "李": false, "the": false, "": false, " a ": false} {
		if got := WholeName(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
