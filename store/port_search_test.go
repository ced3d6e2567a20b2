package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// A port is found by what is written on it, however it is typed, and nothing
// else is.
func TestFindPorts(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	yuhang, xiaoshan := e.APID(t, "Hangzhou-Yuhang-A"), e.APID(t, "Hangzhou-Xiaoshan-B")
	add := func(ap, device, pattern, panel string, pairs bool) {
		t.Helper()
		if _, err := e.AddPorts(ctx, e.Admin, ap, store.NewPorts{Name: device, Room: "3F-9", Cabinet: "Z-01", Pattern: pattern, Type: "10GBase-LR", Panel: panel, First: "1", Pairs: pairs}); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
	}
	add(yuhang, "FIND-01", "XGE1/0/1-8", "Odd 3", true)
	add(yuhang, "FIND-02", "XGE2/0/1-8", "Odd 31", true)
	add(xiaoshan, "FIND-03", "XGE1/0/1-4", "odd-3", false)
	add(xiaoshan, "FIND-04", "XGE4/0/1-2", "Other 12", true)
	rule := func(ap, panel, rule string) {
		t.Helper()
		place := store.PanelPlace{AccessPoint: ap, Room: "3F-9", Cabinet: "Z-01", Panel: panel}
		if err := e.SetPanelRule(ctx, e.Admin, place, store.PanelRev(e.PanelRule(place)), rule); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
	}
	rule(xiaoshan, "Other 12", `"Tray" P`)
	all := func(device, name string, numbers ...string) (out []string) {
		for _, n := range numbers {
			out = append(out, device+" "+name+n)
		}
		return out
	}
	upTo := func(n int) []string { return []string{"1", "2", "3", "4", "5", "6", "7", "8"}[:n] }
	odd3 := slices.Concat(all("FIND-03", "XGE1/0/", upTo(4)...), all("FIND-01", "XGE1/0/", upTo(8)...))
	for _, tc := range []struct {
		text string
		ap   string
		want []string
	}{
		// A panel, however it is written: all its ports, and not those of Odd 31.
		{"Odd 3", "", odd3}, {"ODD-3", "", odd3}, {"odd3", "", odd3}, {" odd  3 ", "", odd3},
		{"Odd 3", xiaoshan, odd3[:4]},
		{"Odd 31", "", all("FIND-02", "XGE2/0/", upTo(8)...)},
		// Its beginning, when no label is just that.
		{"Odd", "", slices.Concat(odd3[:4], odd3[4:], all("FIND-02", "XGE2/0/", upTo(8)...))},
		{"FIND-0", xiaoshan, slices.Concat(odd3[:4], all("FIND-04", "XGE4/0/", "1", "2"))},
		// A position is a port of the panel: half of a pair, or alone.
		{"Odd 3 / 4", "", []string{"FIND-03 XGE1/0/4", "FIND-01 XGE1/0/2"}},
		{"odd-3/04", "", []string{"FIND-03 XGE1/0/4", "FIND-01 XGE1/0/2"}},
		{"ODD 3, position 4", "", []string{"FIND-03 XGE1/0/4", "FIND-01 XGE1/0/2"}},
		{"odd 3 4", yuhang, []string{"FIND-01 XGE1/0/2"}},
		{"Odd 3 / 3/4", "", []string{"FIND-01 XGE1/0/2"}},
		{"Odd 3 15/16", "", []string{"FIND-01 XGE1/0/8"}},
		{"Odd 3 / 17", "", nil},
		{"Odd 3 / 4/5", "", nil}, // two ports' halves
		{"Odd / 3", "", nil},     // with a position the label is whole
		// As our pages write a place, also at one that it is not at.
		{"3F-9, cabinet Z-01, Odd 3, position 5/6", "", []string{"FIND-01 XGE1/0/3"}},
		{"Hangzhou-Xiaoshan-B, Odd 3, 2", "", []string{"FIND-03 XGE1/0/2"}},
		{"4F-1, cabinet Z-01, Odd 3, position 5/6", "", nil},
		// In the facility's words and in ours.
		{"Other 12 Tray 2", "", []string{"FIND-04 XGE4/0/2"}},
		{"Other 12 / tray2", "", []string{"FIND-04 XGE4/0/2"}},
		{"Other 12 / 4", "", []string{"FIND-04 XGE4/0/2"}},
		{"Other 12 Tray 3", "", nil},
		{"Odd 3 Tray 2", "", nil}, // has no such rule
		// A device, and a port of it by name or by number.
		{"FIND-01", "", odd3[4:]},
		{"find 01 xge1/0/5", "", []string{"FIND-01 XGE1/0/5"}},
		{"FIND-01 port 5", "", []string{"FIND-01 XGE1/0/5"}},
		{"FIND-01, XGE1/0/5", "", []string{"FIND-01 XGE1/0/5"}},
		{"XGE1/0/5 of FIND-01", "", []string{"FIND-01 XGE1/0/5"}},
		{"Port XGE4/0/1 of find-04", "", []string{"FIND-04 XGE4/0/1"}},
		{"FIND-01 XGE1/0/5", xiaoshan, nil},
		{"FIND-01 XGE1/0/55", "", nil},
		{"FIND-03 XGE1/0/5", "", nil},
		// What is no label finds nothing, and breaks nothing.
		{"", "", nil}, {" , / : ", "", nil}, {"-", "", nil}, {"%", "", nil}, {"' OR 1=1 --", "", nil}, {"nothing like this", "", nil}, {strings.Repeat("/ ", 64), "", nil}, {"中文 / 3", "", nil},
		{"Odd 3", "ap-none", nil},
	} {
		ports, more, err := e.FindPorts(ctx, tc.text, tc.ap, 100)
		if err != nil || more {
			t.Errorf("%q: more %v, %v", tc.text, more, err)
		}
		var got []string
		for _, p := range ports {
			d, _ := e.Catalogue().Device(p.Device)
			got = append(got, d.Name+" "+p.Name)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%q at %q finds %v, want %v", tc.text, tc.ap, got, tc.want)
		}
	}
	// Who has a port comes with it.
	c := e.At(t, lifecycle.InApplication)
	held, _ := e.PortOf(ctx, c.ID)
	d, _ := e.Catalogue().Device(held.Device)
	if ports, _, err := e.FindPorts(ctx, d.Name+" "+held.Name, "", 100); err != nil || len(ports) != 1 || ports[0] != *held || ports[0].ConnectionID != c.ID {
		t.Errorf("finds %+v, %v, want %+v", ports, err, held)
	}
	// More than are listed.
	for _, limit := range []int{1, 5, 11} {
		if ports, more, err := e.FindPorts(ctx, "Odd 3", "", limit); err != nil || len(ports) != limit || !more {
			t.Errorf("at most %d: %d, more %v, %v", limit, len(ports), more, err)
		}
	}
	if ports, more, err := e.FindPorts(ctx, "Odd 3", "", 12); err != nil || len(ports) != 12 || more {
		t.Errorf("just as many: %d, more %v, %v", len(ports), more, err)
	}
}

// A search is a bounded number of statements, none of which walks all ports.
func TestFindPortsPlans(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	counter := store.CountReads(e.Store)
	for _, text := range []string{"ODF 12", "ODF 12 / 5", "3F-2, cabinet C-07, ODF 12, position 25/26", "CSW", "CSW-01 XGE1/0/5", strings.Repeat("a/b c,", 20)} {
		for _, ap := range []string{"", e.APID(t, "Hangzhou-Yuhang-A")} {
			if n := counter.Count(func() {
				if _, _, err := e.FindPorts(ctx, text, ap, 100); err != nil {
					t.Fatal(err)
				}
			}); n > 40 {
				t.Errorf("%q: %d statements", text, n)
			}
		}
	}
	byPosition := false
	queries := store.Prepared(e.Store)
	if len(queries) < 5 {
		t.Fatalf("only %d statements were prepared", len(queries))
	}
	for _, q := range queries {
		plan, err := store.QueryPlan(e.Store, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range plan {
			byPosition = byPosition || strings.Contains(line, "ports_by_position (<expr>=? AND position=?)")
			if strings.Contains(line, "SCAN ports") || strings.Contains(line, "TEMP B-TREE") {
				t.Errorf("%s\n%s", line, q)
			}
		}
	}
	if !byPosition {
		t.Error("nothing goes by panel and position")
	}
}
