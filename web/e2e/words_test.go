package e2e

import (
	"slices"
	"testing"

	"demarc/store"
	"demarc/web/paths"
)

// The labels of the procedure as its source writes them. On their page they are
// accessible names, exactly, in the role that the source gives them.
func TestTheWordsOfTheSource(t *testing.T) {
	t.Parallel()
	p := startDemo(t)
	var line map[string]store.Connection
	p.quietly(func() { line = byName(t, p) })
	id := func(name string) string { return line[name].ID }
	northwindTab, southwindTab := signIn(t, p, northwind), signIn(t, p, southwind)

	const (
		link, button, radio, checkbox = "link", "button", "radio", "checkbox"
		group, field, column, heading = "radiogroup", "textbox", "columnheader", "heading"
		order                         = paths.NewInterface
		all                           = order + "?region=cn-hangzhou&sp=CT"
	)
	for _, page := range []struct {
		who   *Page
		path  string
		words map[string][]string
		texts []string // states, and words that are no control
	}{
		// Steps 2 and 3.
		{southwindTab, paths.Home, map[string][]string{link: {"Physical Connection Interfaces"}}, []string{"Physical Connections", "Express Connect"}},
		{southwindTab, paths.Interfaces, map[string][]string{heading: {"Physical Connection Interfaces"}, link: {"Apply for New Interface"}}, nil},
		{northwindTab, paths.Interfaces, map[string][]string{heading: {"Physical Connection Interfaces"}, link: {"Apply for New Interface"}, column: {"Actions"}}, nil},
		// Step 4.
		{southwindTab, order, map[string][]string{heading: {"Apply for New Interface"}, group: {"Region", "SP"}, "group": {"Access Point", "Port Specification", "Port Type", "Redundant Connection ID"}, button: {"Buy Now"}}, nil},
		{northwindTab, all, map[string][]string{group: {"Region", "SP", "Access Point"}}, []string{"China (Hangzhou)", "China Telecom"}},
		// Step 5 and 6.
		{northwindTab, paths.Interface(id("sha-finance-02")), map[string][]string{link: {"Apply for LOA"}}, []string{"To Apply for LOA"}},
		// Step 7.
		{northwindTab, paths.NewLOAApplication(id("sha-finance-02")), map[string][]string{
			heading: {"Apply for LOA"}, group: {"Construction Type"}, radio: {"MSTP", "FIBRE", "Others"},
			field: {"Company Name", "Construction Company", "Location", "Bandwidth"}, "DateTime": {"Scheduled Construction Time"}, button: {"Add Field Engineer", "OK"},
		}, []string{"SDH is not supported.", "Optional"}},
		// Step 8.
		{northwindTab, paths.Interface(id("mumbai-support")), nil, []string{"In Application"}},
		// Step 9.
		{northwindTab, paths.Interface(id("hz-branch-lab")), map[string][]string{link: {"View LOA", "Delivery Report"}}, []string{"Approved LOA"}},
		// Step 10.
		{northwindTab, paths.DeliveryReport(id("hz-branch-lab")), map[string][]string{heading: {"Delivery Report"}, field: {"Leased line code", "Cable 1"}, button: {"OK"}}, []string{"Label numbers of the cables"}},
		// Steps 10 and 11: both states carry the same word.
		{northwindTab, paths.Interface(id("hz-dc1-primary")), nil, []string{"Waiting"}},
		{northwindTab, paths.Interface(id("sg-core")), map[string][]string{link: {"Pay Resource Fee"}}, []string{"Waiting"}},
		// Steps 12 and 13.
		{northwindTab, paths.ResourceFee(id("sg-core")), map[string][]string{checkbox: {"I confirm that the physical connection interface is deployed"}, button: {"Pay and enable"}}, nil},
		{northwindTab, paths.Interface(id("bj-hq-1")), nil, []string{"Enabled"}},
	} {
		page.who.Goto(page.path)
		for role, names := range page.words {
			for _, name := range names {
				if !page.who.Has(role, name) {
					t.Errorf("%s: no %s is called exactly %q; there are %q", page.path, role, name, page.who.Names(role))
				}
			}
		}
		for _, text := range page.texts {
			page.who.See(text)
		}
	}

	// The Actions column: in a row, the name goes on with the interface it is
	// for, which the words come before.
	for name, action := range map[string]string{"sha-finance-02": "Apply for LOA", "hz-branch-lab": "Delivery Report", "hz-dc1-primary": "View LOA"} {
		northwindTab.Goto(paths.Interfaces + "?q=" + name)
		northwindTab.SeeIn(name, action)
		if want := action + " for " + id(name); !slices.Contains(northwindTab.Names(link), want) {
			t.Errorf("the row of %s has no link %q", name, want)
		}
	}

	// The options, with everything chosen: the radio buttons and specifications.
	southwindTab.Goto(order)
	southwindTab.Choose("China (Hangzhou)")
	southwindTab.Choose("China Telecom")
	southwindTab.Choose("Hangzhou-Yuhang-A")
	for _, spec := range []string{"1G and below", "10G", "40G", "100G"} {
		southwindTab.Chosen(spec) // fails when there is none
	}
	southwindTab.Choose("10G")
	for _, name := range []string{"Region", "SP", "Access Point", "Port Specification", "Port Type", "Redundant Connection ID"} {
		if !southwindTab.Has(group, name) && !southwindTab.Has("combobox", name) && !southwindTab.Has("group", name) {
			t.Errorf("nothing is called exactly %q", name)
		}
	}
	clean(t, northwindTab, southwindTab)
}
