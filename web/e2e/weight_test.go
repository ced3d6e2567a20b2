package e2e

import (
	"os"
	"testing"

	"demarc/web/paths"
)

// What the list of a customer takes over the network, for somebody who was
// never here and for somebody who was. The times that it takes are told and
// never checked: DEMARC_MEASURE=1 tells those of a slow phone too.
func TestWeightOfTheList(t *testing.T) {
	p := startDemo(t)
	tab := signIn(t, p, "owner@northwind.example")

	tab.ForgetFiles()
	tab.Goto(paths.Interfaces)
	first := tab.Weight()
	tab.Goto(paths.Interfaces)
	again := tab.Weight()
	t.Logf("first: %d requests, %d bytes, seen after %.0f ms; again: %d requests, %d bytes, %.0f ms", first.Requests, first.Bytes, first.Seen, again.Requests, again.Bytes, again.Seen)
	if first.Requests < 2 || first.Requests > 4 || first.Bytes > 40<<10 {
		t.Errorf("the first visit takes %d requests and %d bytes, want at most 4 and 40 KB", first.Requests, first.Bytes)
	}
	if again.Requests != 1 || again.Bytes > 8<<10 {
		t.Errorf("another visit takes %d requests and %d bytes, want at most 1 and 8 KB", again.Requests, again.Bytes)
	}
	for what, w := range map[string]Weight{"first": first, "again": again} {
		if w.Shift > 0 {
			t.Errorf("%s: the page moved by %g after it was shown", what, w.Shift)
		}
	}
	if os.Getenv("DEMARC_MEASURE") == "" {
		return
	}
	tab.Slow()
	tab.ForgetFiles()
	tab.Goto(paths.Interfaces)
	first = tab.Weight()
	tab.Goto(paths.Interfaces)
	t.Logf("slow phone: seen after %.0f ms, again after %.0f ms", first.Seen, tab.Weight().Seen)
}
