package handlers

import (
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/views"
)

func TestPager(t *testing.T) {
	page := func(n, total int, more bool, next string) store.Paging {
		return store.Paging{Total: total, TotalMore: more, Page: n, Limit: 20, Next: next}
	}
	for _, c := range []struct {
		name                         string
		page                         store.Paging
		summary, numbers, prev, next string
	}{
		{"one page", page(1, 20, false, ""), "1–20 of 20", "", "", ""},
		{"first", page(1, 200, false, "k"), "1–20 of 200", "[1] 2 3 4 5 … 10", "", "/interfaces?page=2"},
		{"third", page(3, 200, false, "k"), "41–60 of 200", "1 2 [3] 4 5 … 10", "/interfaces?page=2", "/interfaces?page=4"},
		{"middle", page(5, 200, false, "k"), "81–100 of 200", "1 … 3 4 [5] 6 7 … 10", "/interfaces?page=4", "/interfaces?page=6"},
		{"last", page(10, 200, false, ""), "181–200 of 200", "1 … 6 7 8 9 [10]", "/interfaces?page=9", ""},
		{"capped count", page(1, 1000, true, "k"), "1–20 of 1,000+", "[1] 2 3 4 5 … 50", "", "/interfaces?page=2"},
		{"last number", page(50, 9000, false, "k~pc-1"), "981–1,000 of 9,000", "1 … 46 47 48 49 [50]", "/interfaces?page=49", "/interfaces?after=k~pc-1"},
		{"by cursor", page(0, 9000, false, "k~pc-2"), "Of 9,000, continued", "", "", "/interfaces?after=k~pc-2"},
		{"end of the cursor", page(0, 9000, false, ""), "Of 9,000, continued", "", "", ""},
	} {
		p := pager(listQuery{size: defaultRows}, c.page, 20)
		var numbers []string
		for _, n := range p.Numbers {
			switch {
			case n.Gap:
				numbers = append(numbers, "…")
			case n.Current:
				numbers = append(numbers, "["+n.Label+"]")
			default:
				numbers = append(numbers, n.Label)
			}
		}
		if got := strings.Join(numbers, " "); p.Summary != c.summary || got != c.numbers || p.Prev != c.prev || strings.ReplaceAll(p.Next, "%7E", "~") != c.next {
			t.Errorf("%s: %q, numbers %q, prev %q, next %q", c.name, p.Summary, got, p.Prev, p.Next)
		}
		if (c.page.Page == 0) != (p.First == "/interfaces") {
			t.Errorf("%s: first page %q", c.name, p.First)
		}
	}
	if p := pager(listQuery{}, store.Paging{}, 0); p.Summary != "" || len(p.Sizes) != 0 {
		t.Errorf("an empty list has a pager: %+v", p)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d became %q", n, got)
		}
	}
	for want, got := range map[string]string{"1 interface": countInterfaces(1, false), "0 interfaces": countInterfaces(0, false), "1,000+ interfaces": countInterfaces(1000, true)} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFreeWord(t *testing.T) {
	counts := func(free, used int) []store.PortCount {
		return []store.PortCount{{Device: "a", Type: catalog.Type10GBaseLR, State: store.PortFree, N: free}, {Device: "a", Type: catalog.Type10GBaseLR, State: store.PortInUse, N: used},
			{Device: "b", Type: catalog.Type1000BaseT, State: store.PortFree, N: 40}}
	}
	for _, c := range []struct {
		status     catalog.Status
		free, used int
		want       string
	}{
		{catalog.StatusOpen, 40, 8, views.PortsAvailable}, {catalog.StatusOpen, 4, 44, views.PortsAvailable}, {catalog.StatusOpen, 3, 45, views.PortsFewLeft},
		{catalog.StatusOpen, 1, 0, views.PortsFewLeft}, {catalog.StatusOpen, 0, 48, views.PortsNone}, {catalog.StatusRecommended, 9, 0, views.PortsAvailable},
		{catalog.StatusHot, 9, 0, views.PortsFewLeft}, {catalog.StatusHot, 0, 9, views.PortsNone}, {catalog.StatusFull, 9, 0, views.PortsNone}, {catalog.StatusDisabled, 9, 0, views.PortsNone},
	} {
		if got := freeWord(catalog.AccessPoint{Status: c.status}, counts(c.free, c.used), catalog.Type10GBaseLR); got != c.want {
			t.Errorf("%s with %d free: %q, want %q", c.status, c.free, got, c.want)
		}
	}
}
