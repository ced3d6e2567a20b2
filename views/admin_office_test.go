package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/views/ui"
)

// officePages are the pages about accounts, sites and the record, with s
// wherever people write.
func officePages(s string) map[string]templ.Component {
	p := samplePage(AreaStaff)
	i := staffInterface(s, lifecycle.WaitingForCabling)
	wl := StaffWhitelistRow{ID: "wl-" + s, AccountID: s, Account: s, AccountHref: "/admin/accounts/a", By: s, DecidedBy: s,
		WhitelistEntry: WhitelistEntry{Spec: s, Region: s, Ports: 2, Status: "requested", Reason: s, Answer: s, CreatedAt: staffNow, DecidedAt: staffNow, Now: staffNow}}
	granted := wl
	granted.Status, granted.Until, granted.AccountHref = "granted", staffNow.AddDate(0, 1, 0), ""
	pages := ui.Pages{First: "/x", Next: "/x?after=y", Summary: s}
	decision := WhitelistDecision{Row: wl, To: WhitelistRevoked, Action: "/admin/whitelist/x/revocation", Possible: true, Conflict: s, Reason: s, Confirm: s, Key: s,
		Errors: map[string]string{"reason": s, "confirm": s}}
	grant := decision
	grant.To, grant.Errors = WhitelistGranted, map[string]string{"until": s}
	audit := []AuditRow{
		{At: staffNow, Who: s, Role: s, Action: "approve", About: s, AboutHref: "/admin/interfaces/x", Account: s, From: lifecycle.InApplication, To: lifecycle.ApprovedLOA, Reason: s, Detail: s, RequestID: s},
		{At: staffNow, Who: s, Role: s, Action: s, About: s, Account: s, RequestID: s},
	}
	row := StaffInterfaceRow{Interface: i, AccountHref: "/a", Device: s, Port: s, Actions: []ui.Action{{Label: s, Href: "/x", Lead: true}}}
	list := StaffInterfaceList{Rows: []StaffInterfaceRow{row}, Caption: s, Count: s, Views: []ui.ViewTab{{Label: s, Href: "/x", Count: 1, Current: true}},
		Filter: ui.Control{Name: "by", Label: "Filter by", Options: []ui.Option{{Label: s}}}, Query: ui.Control{Name: "q", Value: s}, Status: ui.Control{Name: "status", Label: "Status"},
		Region: ui.Control{Name: "region", Label: "Region"}, AccessPoint: ui.Control{Name: "ap", Label: "Access Point", Options: []ui.Option{{Label: s, Value: s, Group: s}}},
		Columns: ListColumns{SP: true, Region: true, Redundant: true, Port: true, Fee: true, Created: true}, Choice: []ui.Control{{ID: "column-sp", Name: "column", Value: s, Label: s}}, CSV: "/x.csv", Here: "/x",
		Kept: []ui.Hidden{{Name: "account", Value: s}}, Tokens: []ui.Token{{Text: s, Href: "/x"}}, Clear: "/x", Pages: pages}
	orders := StaffOrderList{Number: ui.Control{Name: "q", Label: s, Value: s}, Account: ui.Control{ID: "order-account", Name: "account", Label: s, Value: s}, State: ui.Control{Name: "state", Label: s}, Kind: ui.Control{Name: "type", Label: s},
		Tokens: []ui.Token{{Text: s, Href: "/x"}}, Clear: "/x", Here: "/x", CSV: "/x.csv", Pages: pages,
		Rows: []StaffOrderRow{{Account: s, AccountHref: "/a", OrderRow: OrderRow{No: s, Kind: s, Period: s, InterfaceID: s, Name: s, Amount: s, Refunded: s, State: "unpaid", ValidUntil: staffNow, CreatedAt: staffNow, Zone: time.UTC,
			Documents: []OrderDocument{{Title: s, No: s, Href: "/x"}}}}}}
	noOrders := orders
	noOrders.Rows = nil
	nothing, noMatch := list, list
	nothing.Nothing, nothing.Rows = true, nil
	noMatch.Rows = nil
	whichAccount := noMatch
	whichAccount.Problem = &FilterProblem{Text: s, Means: []ui.Action{{Label: s, Href: "/x"}}}
	detail := StaffInterface{InterfaceDetail: InterfaceDetail{Progress: Progress{Interface: i, Operator: s}, Basic: []ui.Pair{{Term: s, Value: s}}}, AccountHref: "/a", Role: lifecycle.Technician,
		Port: []ui.Pair{{Term: "Port", Value: s, Mono: true}}, LastChange: LastChange{At: staffNow, Now: staffNow, Who: s, Zone: time.UTC}, Audit: audit}
	ports := []StaffPort{
		{ID: "p1", Number: 1, Name: s, Type: s, Panel: s, Position: s, Connector: s, State: PortInUse, HolderID: s, HolderHref: "/admin/interfaces/x"},
		{ID: "p2", Number: 2, Name: s, Type: s, Panel: s, Position: s, Connector: s, Elsewhere: s}, {ID: "p3", Number: 3, Name: s, State: PortQuarantined}, {ID: "p4", Number: 4, Name: s, State: PortOutOfService},
	}
	tally := PortTally{PortFree: 2, PortInUse: 1, PortQuarantined: 1}
	site := StaffAccessPoint{ID: s, Name: s, Status: catalog.StatusFull, Demo: true, NoLetter: true, Facts: []ui.Pair{{Term: s, Value: s}}, Ports: tally, MayEdit: true,
		Matrix: OfferMatrix{SPs: []string{s}, Rows: []OfferMatrixRow{{Type: s, Offered: []bool{true}}}}, Types: []TypeTally{{Type: s, Ports: tally}},
		Devices: []StaffDevice{{ID: "d1", Name: s, Room: s, Cabinet: s, Ports: ports, Tally: tally}}}
	account := AccountShow{ID: s, Name: s, Facts: []ui.Pair{{Term: s, Value: s}}, Interfaces: []ui.ViewTab{{Label: s, Href: "/x", Count: 3}}, People: []Person{{ID: s, Name: s, Email: s}}, Whitelist: []StaffWhitelistRow{granted},
		WithMoney: true, Balance: s, Statement: []StatementRow{{At: staffNow, What: s, Reference: s, Amount: s, Balance: s}}, Pages: pages, ViewAs: "/admin/accounts/x/customer-view", Conflict: s,
		Transfer: &TransferForm{Amount: s, Reference: s, Key: s, Errors: map[string]string{"amount": s, "reference": s}},
		Quotas:   &QuotaForm{PerAccessPoint: s, NotEnabled: s, Reason: s, Key: s, Errors: map[string]string{"per_access_point": s, "not_enabled": s, "reason": s}},
		Member:   &MemberForm{Name: s, Email: s, Errors: map[string]string{"name": s, "email": s}}}
	country := Country{ID: "1", Name: s, Regions: s, Weekend: s, Effects: []Effect{{Where: s, Days: 2, Due: staffNow}, {Where: s, Days: 3, NoTable: 2027}},
		Years: []CalendarYear{{Year: 2026, Source: s, Entered: true, Replaces: true, Enter: "/x", Remove: "/y", Days: []DayRange{{First: staffNow, Last: staffNow.AddDate(0, 0, 2), Name: s}}, MakeUp: []DayRange{{First: staffNow, Last: staffNow, Name: s}}}, {Year: 2027, Missing: true, Enter: "/x"}}}
	return map[string]templ.Component{
		"whitelist":          StaffWhitelistPage(p, StaffWhitelist{View: WhitelistOpen, Tabs: []ui.ViewTab{{Label: s, Href: "/x"}}, Rows: []StaffWhitelistRow{wl}, Pages: pages}),
		"whitelist, granted": StaffWhitelistPage(p, StaffWhitelist{View: WhitelistGranted, Rows: []StaffWhitelistRow{granted}}),
		"revoke":             WhitelistDecisionPage(p, false, decision), "grant": WhitelistDecisionPage(p, false, grant),
		"too late":   WhitelistDecisionPage(p, false, WhitelistDecision{Row: wl, Conflict: s}),
		"interfaces": StaffInterfacesPage(p, list), "no match": StaffInterfacesPage(p, noMatch), "orders": StaffOrdersPage(p, orders), "no orders": StaffOrdersPage(p, noOrders), "which account": StaffInterfacesPage(p, whichAccount),
		"interface":        StaffInterfacePage(p, detail),
		"audit":            AuditPage(p, Audit{Rows: audit, EventList: eventList(s)}),
		"audit, not clear": AuditPage(p, Audit{EventList: unclear(s)}),
		"sites": StaffAccessPointsPage(p, StaffAccessPoints{Query: ui.Control{ID: "site-q", Name: "q", Label: s, Value: s}, Port: ui.Control{ID: "port-q", Name: "q", Label: s}, Rows: []StaffAccessPointRow{{ID: s, Name: s, Region: s, Status: catalog.StatusHot, Demo: true, SPs: []string{s}, Devices: 1, Ports: tally, NoLetter: true}},
			Region: ui.Control{Name: "region", Label: "Region"}, Status: ui.Control{Name: "status", Label: "Status"}, Tokens: []ui.Token{{Text: s, Href: "/x"}}, Clear: "/x", Count: s, Ports: tally}),
		"ports found": PortSearchPage(p, PortSearch{Query: ui.Control{ID: "port-q", Name: "q", Label: s, Value: s, Hint: s}, AccessPoint: ui.Control{Name: "access_point", Label: s, Options: []ui.Option{{Label: s}}}, Asked: true, More: true, Most: 100, Tokens: []ui.Token{{Text: s, Href: "/x"}},
			Rows: []FoundPort{{ID: "p1", Name: s, Type: s, Device: s, DeviceID: s, AccessPoint: s, AccessPointID: s, Panel: s, Position: s, Where: s, State: PortInUse, HolderID: s, HolderHref: "/admin/interfaces/x"}, {ID: "p2", Name: s, State: PortOutOfService}}}),
		"no port found": PortSearchPage(p, PortSearch{Query: ui.Control{ID: "port-q", Name: "q", Label: s, Value: s, Hint: s}, AccessPoint: ui.Control{Name: "access_point", Label: s}, Asked: true}),
		"site":          StaffAccessPointPage(p, site), "site, empty": StaffAccessPointPage(p, StaffAccessPoint{ID: s, Name: s, MayEdit: true}),
		"site form": AccessPointFormPage(p, AccessPointForm{ID: s, FacilityName: s, Address: s, Status: "open", LOADays: s, Notes: s, WasDemo: true, Demo: true, Effect: s, Key: s, Conflict: s,
			Errors: map[string]string{"facility_name": s, "address": s, "status": s, "loa_days": s, "visitor_id_number": s, "installer_notes": s}}),
		"ports form": PortsFormPage(p, PortsForm{AccessPointID: s, AccessPoint: s, Name: s, Room: s, Cabinet: s, Pattern: s, Panel: s, First: s, Position: "pairs", Connector: s, Types: []ui.Option{{Value: s, Label: s}}, Most: 128, Key: s,
			Errors: map[string]string{"name": s, "room": s, "cabinet": s, "pattern": s, "port_type": s, "panel": s, "first": s, "layout": s, "connector": s}}),
		"accounts": AccountsPage(p, AccountList{Rows: []AccountRow{{ID: s, Name: s, HomeRegion: s, Balance: s, Open: 1, Enabled: 2}, {ID: s, Name: s, Balance: s}}, Query: ui.Control{ID: "account-q", Name: "q", Value: s}, Tokens: []ui.Token{{Text: s, Href: "/x"}}, Pages: pages, MayOpen: true}),
		"account":  AccountPage(p, account),
		"customer": NewCustomerPage(p, CustomerForm{Company: s, Name: s, Email: s, Regions: []ui.Option{{Label: s}}, Key: s, Errors: map[string]string{"company": s, "region": s, "name": s, "email": s}}),
		"people": PeoplePage(p, People{Title: s, People: []Person{{ID: s, Name: s, Email: s, RoleLabel: s, CanSignIn: true, Actions: ui.Actions{For: s, MenuID: "m-1", Links: []ui.Action{{Label: s, Href: "/x"}}}}}, MayManage: true,
			Form: PersonForm{Name: s, Email: s, Role: s, Errors: map[string]string{"name": s, "email": s, "role": s}}, Action: "/admin/people", Roles: []ui.Option{{Value: s, Label: s, Sub: s}}, Operator: s, Looks: []Visit{{At: staffNow, Who: s}}}),
		"role":   RolePage(p, false, RoleForm{Name: s, Role: s, Roles: []ui.Option{{Value: s, Label: s, Sub: s}}, Action: "/x", Back: "/y", Errors: map[string]string{"role": s}, Conflict: s}),
		"remove": PersonRemovalPage(p, false, PersonRemoval{Name: s, Email: s, Action: "/x", Back: "/y", Conflict: s}),
		"mail":   MailStatusPage(p, MailPage{Configured: true, Facts: []ui.Pair{{Term: s, Value: s}}, MayManage: true, Address: s, Key: s, Conflict: s, Rows: []MailRow{{ID: s, Kind: s, To: s, Problem: s, Attempts: 2, CreatedAt: staffNow, At: staffNow, Failed: true, Resend: "/x"}}}),
		"calendar": CalendarPage(p, Calendar{Countries: []Country{country, {ID: "2", Name: s, Own: true, Weekend: s, Edit: "/x", Delete: "/y"}}, New: "/n", Conflict: s,
			Missing: []MissingYear{{Calendar: s, Year: 2026, Begun: true, Href: "/x"}, {Calendar: s, Year: 2027}}, Without: []RegionCalendarForm{{ID: "r1", Name: s, Calendars: []ui.Option{{Value: s, Label: s}}, Key: s, Error: s}, {ID: "r2", Name: s}}}),
		"year": YearPage(p, YearForm{Calendar: s, Year: 2027, Weekend: s, Source: s, Days: s, Save: "/x", PreviewAt: "/y", CopyFrom: 2026, CopyAt: "/z", Key: s, Conflict: s,
			Faults: []LineFault{{Line: 3, Text: s, Msg: s}}, Errors: map[string]string{"source": s, "days": s}}),
		"year, copied": YearPage(p, YearForm{Calendar: s, Year: 2027, Weekend: s, Days: s, Copied: 2026, Save: "/x", PreviewAt: "/y"}),
		"year, preview": YearPage(p, YearForm{Calendar: s, Year: 2027, Weekend: s, Source: s, Days: s, Save: "/x", PreviewAt: "/y", Key: s, Conflict: s, Preview: &YearPreview{Holidays: 3, MakeUp: 1, Had: true, Workdays: 250, WorkdaysWere: 251, More: true, Now: staffNow,
			Changes: []DayChange{{DayRange{First: staffNow, Last: staffNow.AddDate(0, 0, 2)}, DayMark{Name: s}, DayMark{}}, {DayRange{First: staffNow, Last: staffNow}, DayMark{}, DayMark{Name: s, Worked: true}}},
			Known:   []ClockRow{{ID: "pc-1", Name: s, Href: "/x", Since: staffNow, Would: staffNow}}, KnownCount: 30, Kept: []ClockRow{{ID: "pc-2", Name: s, Href: "/x", Since: staffNow, Due: staffNow, Would: staffNow.AddDate(0, 0, 1)}}, KeptCount: 1}}),
		"calendar form": CalendarFormPage(p, CalendarForm{NewID: s, Name: s, Weekend: []string{"Friday"}, Action: "/x", Key: s, Conflict: s, Errors: map[string]string{"id": s, "name": s, "weekend": s}}),
		"own calendar":  CalendarFormPage(p, CalendarForm{ID: s, Name: s, Action: "/x", Key: s}),
	}
}

func TestOfficePagesStandHostileText(t *testing.T) {
	for _, s := range hostileTexts() {
		for name, page := range officePages(s) {
			doc := renderPage(t, page)
			checkSafe(t, name, doc)
			if !strings.Contains(doc.Find("main").Text(), s) {
				t.Errorf("%s: %q is not on the page as it was written", name, s)
			}
			if n := doc.Find("h1").Length(); n != 1 {
				t.Errorf("%s: %d headings of the first level", name, n)
			}
			doc.Find(".error-summary a[href^='#']").Each(func(_ int, a *goquery.Selection) {
				id := strings.TrimPrefix(a.AttrOr("href", ""), "#")
				if doc.Find("[id='"+id+"']").Length() != 1 {
					t.Errorf("%s: the summary leads to %q, which is not on the page", name, id)
				}
			})
			doc.Find("[aria-describedby], [aria-labelledby]").Each(func(_ int, n *goquery.Selection) {
				for _, id := range strings.Fields(n.AttrOr("aria-describedby", "") + " " + n.AttrOr("aria-labelledby", "")) {
					if !strings.ContainsAny(id, `"'<`) && doc.Find("[id='"+id+"']").Length() == 0 {
						t.Errorf("%s: %q is named and not on the page", name, id)
					}
				}
			})
			doc.Find("form[method=post]").Each(func(_ int, f *goquery.Selection) {
				f.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, in *goquery.Selection) {
					id := in.AttrOr("id", "")
					if f.Find("label[for='"+id+"']").Length() == 0 && in.ParentsFiltered("label").Length() == 0 {
						t.Errorf("%s: field %q has no label", name, id)
					}
				})
			})
		}
	}
}

// Every state of a port has a letter, a colour and words of its own: colour
// never stands alone.
func TestFrontPanel(t *testing.T) {
	doc := renderPage(t, officePages("CSW-01")["site"])
	panel := doc.Find("ul[aria-label='Front panel of CSW-01'] > li")
	want := []struct{ letter, words, href string }{
		{"U", "Port 1, CSW-01, CSW-01, in use by CSW-01", "/admin/ports/p1"},
		{"F", "Port 2, CSW-01, CSW-01, free", "/admin/ports/p2"},
		{"Q", "Port 3, CSW-01, , quarantined", "/admin/ports/p3"},
		{"X", "Port 4, CSW-01, , out of service", "/admin/ports/p4"},
	}
	if panel.Length() != len(want) {
		t.Fatalf("%d ports", panel.Length())
	}
	for i, w := range want {
		li := panel.Eq(i)
		if got := li.Find("b").Text(); got != w.letter {
			t.Errorf("port %d: letter %q", i+1, got)
		}
		if got := li.Find(".vh").Text(); got != w.words {
			t.Errorf("port %d: %q", i+1, got)
		}
		if got := li.Find("a").AttrOr("href", ""); got != w.href {
			t.Errorf("port %d leads to %q", i+1, got)
		}
	}
	letters := map[string]bool{}
	for s, l := range portLooks {
		if l.letter == "" || l.words == "" || l.tone == "" || letters[l.letter] {
			t.Errorf("state %d: %+v", s, l)
		}
		letters[l.letter] = true
	}
}

func TestPortTally(t *testing.T) {
	tally := PortTally{PortFree: 1, PortAllocated: 1, PortInUse: 1, PortOutOfService: 0}
	if tally.Total() != 3 || tally.Used() != 2 || tally.Held() != 2 {
		t.Errorf("%d %d %d", tally.Total(), tally.Used(), tally.Held())
	}
	// The parts lie side by side, without a gap, whatever the rounding.
	got := tally.segments()
	if len(got) != 2 || got[0] != (segment{"0", "333", "on tone-info"}) || got[1] != (segment{"333", "333", "on tone-idle"}) {
		t.Errorf("segments: %+v", got)
	}
	if none := (PortTally{}).segments(); len(none) != 0 {
		t.Errorf("of nothing: %+v", none)
	}
}

// Buttons come from the lifecycle's table: whoever may do an action finds its
// link, nobody else does, and a state itself is never one.
func TestStaffActionsFollowTheTable(t *testing.T) {
	page := map[string]lifecycle.Action{"Review": lifecycle.Approve, "Move to another port": lifecycle.MovePort, "Cabling": lifecycle.CompleteCabling, "Removal": lifecycle.CompleteTermination, "Revoke LOA": lifecycle.RevokeLOA}
	for _, stage := range lifecycle.Stages() {
		for _, role := range lifecycle.StaffRoles() {
			got := map[string]bool{}
			for _, b := range StaffActions(Interface{ID: "pc-1", Stage: stage, LOANo: "LOA-1"}, role) {
				a, known := page[b.Label]
				if !known || !lifecycle.Can(stage, a, role) {
					t.Errorf("%s sees %q at %s", role, b.Label, stage)
				}
				got[b.Label] = true
			}
			for label, a := range page {
				if label != "Move to another port" && lifecycle.Can(stage, a, role) != got[label] {
					t.Errorf("%s at %s: %q shown %v", role, stage, label, got[label])
				}
			}
		}
	}
	closed := Interface{ID: "pc-1", Stage: lifecycle.Canceled}
	if len(StaffActions(closed, lifecycle.Technician)) != 0 {
		t.Error("a removal without a cable")
	}
	closed.RemovalDue = true
	if got := StaffActions(closed, lifecycle.Technician); len(got) != 1 || got[0].Label != "Removal" {
		t.Errorf("a cable to remove: %+v", got)
	}
	if got := StaffActions(closed, lifecycle.Finance); len(got) != 0 {
		t.Errorf("finance: %+v", got)
	}
}

// The banner says to staff whose turn it is, in every stage.
func TestStaffBanner(t *testing.T) {
	for _, stage := range lifecycle.Stages() {
		for _, role := range lifecycle.StaffRoles() {
			i := staffInterface("x", stage)
			i.Problem = ""
			n := StaffInterface{InterfaceDetail: InterfaceDetail{Progress: Progress{Interface: i}}, Role: role}.Banner()
			if n.Title == "" || n.Icon == "" || !ui.HasIcon(n.Icon) {
				t.Errorf("%s: %+v", stage, n)
			}
			if strings.Contains(n.Title+n.Text, "You") || strings.Contains(n.Title+n.Text, "your") {
				t.Errorf("%s speaks to a customer: %+v", stage, n)
			}
			mine := lifecycle.Can(stage, lifecycle.Approve, role) || lifecycle.Can(stage, lifecycle.CompleteCabling, role) || lifecycle.Can(stage, lifecycle.CompleteTermination, role)
			if stage.Turn() == lifecycle.TurnStaff {
				if !strings.Contains(n.DueLabel, "late") {
					t.Errorf("%s is late and does not say so: %+v", stage, n)
				}
				if mine == strings.Contains(n.Text, "It is the turn of a ") {
					t.Errorf("%s for %s: %q", stage, role, n.Text)
				}
			}
		}
	}
	i := staffInterface("x", lifecycle.InApplication)
	i.DueAt = time.Time{}
	if n := (StaffInterface{InterfaceDetail: InterfaceDetail{Progress: Progress{Interface: i}}, Role: lifecycle.Reviewer}).Banner(); !strings.Contains(n.Text, "no working-day table") || n.DueDay != "" {
		t.Errorf("without a due time: %+v", n)
	}
}

// eventList is a filter with something in each field, and more to come.
func eventList(s string) EventList {
	return EventList{Fields: []ui.Control{{Name: "action", Label: "Action", Options: []ui.Option{{Label: s}}}, {Name: "who", Label: "Person", Value: s, Placeholder: s}, {Name: "from", Type: "date", Label: "From (UTC)", Value: s}},
		Tokens: []ui.Token{{Text: s, Href: "/x"}}, Clear: "/x", SearchedTo: staffNow, Onward: "/x", Exports: []ui.Action{{Label: s, Href: "/x"}, {Label: s, Href: "/y"}}, Pages: ui.Pages{First: "/x", Next: "/x"}}
}

// unclear is a filter that may mean one thing or another.
func unclear(s string) EventList {
	l := eventList(s)
	l.Problems = []FilterProblem{{Text: s}, {Text: s, Means: []ui.Action{{Label: s, Href: "/x"}}}}
	l.SearchedTo, l.Onward, l.Exports = time.Time{}, "", nil
	return l
}

// TestEveryActionHasAGroup looks at the choices of both filters.
func TestEveryActionHasAGroup(t *testing.T) {
	all := 0
	for _, g := range auditGroups() {
		if len(g.Actions) == 0 || g.Key == "" || g.Label == "" {
			t.Errorf("an empty group: %+v", g)
		}
		all += len(g.Actions)
		if actions, words := ActionsOf(g.Key); !slices.Equal(actions, g.Names()) || words != g.Label {
			t.Errorf("%s stands for %v, %q", g.Key, actions, words)
		}
	}
	if want := len(lifecycle.Actions()) + len(recordedActions); all != want {
		t.Errorf("%d actions in groups, want %d", all, want)
	}
	if actions, words := ActionsOf("reject"); len(actions) != 1 || words != "LOA application rejected" {
		t.Errorf("one action: %v %q", actions, words)
	}
	if actions, _ := ActionsOf("nothing"); actions != nil {
		t.Errorf("what is not offered: %v", actions)
	}
	for _, k := range ActivityKinds("Example Cloud") {
		for _, a := range k.Names() {
			if strings.HasSuffix(a, "_port") && a != "move_port" || strings.Contains(a, "prices") {
				t.Errorf("%s is no account's business and is under %s", a, k.Label)
			}
		}
	}
}

func TestAuditWords(t *testing.T) {
	for _, a := range lifecycle.Actions() {
		if w := AuditWords(string(a)); w == string(a) || w == "" {
			t.Errorf("%s has no words", a)
		}
	}
	for action, want := range map[string]string{"set_quotas": "Quotas changed", "update_access_point": "Access point changed", "something_new": "something_new"} {
		if got := AuditWords(action); got != want {
			t.Errorf("%s: %q", action, got)
		}
	}
	seen := map[string]bool{}
	for _, o := range AuditActions() {
		if seen[o.Value] {
			t.Errorf("%q is offered twice", o.Value)
		}
		seen[o.Value] = true
	}
	for subject, want := range map[string][2]string{
		"pc-1": {"Interface", "pc-1"}, "account:acc-1": {"Account", "acc-1"}, "user:us-1": {"Person", "us-1"}, "whitelist:wl-1": {"Whitelist", "wl-1"},
		"access-point:ap-1": {"Access point", "ap-1"}, "catalogue": {"Access points", ""}, "personal-data": {"Personal data", ""}, "books": {"Books", ""}, "database": {"Database", ""}, ":": {"", ""},
	} {
		if kind, id := AboutWords(subject); kind != want[0] || id != want[1] {
			t.Errorf("%s: %q %q", subject, kind, id)
		}
	}
	if got := (AuditRow{From: lifecycle.WaitingForCabling, To: lifecycle.WaitingForPayment}).change(); got != "Waiting (cabling) → Waiting (payment)" {
		t.Errorf("the two called Waiting: %q", got)
	}
}

func TestCalendarWords(t *testing.T) {
	day := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, time.UTC) }
	y := CalendarYear{Year: 2026, Days: []DayRange{{day(10, 1), day(10, 7), "National Day"}, {day(12, 25), day(12, 25), "Christmas"}}, MakeUp: []DayRange{{day(10, 10), day(10, 10), "Instead of National Day"}}}
	if got := y.title(); got != "2026: 8 holidays, 1 make-up day" {
		t.Error(got)
	}
	all := y.all()
	if len(all) != 3 || all[0].words() != "Thu 1 Oct – Wed 7 Oct" || !all[1].worked || all[1].words() != "Sat 10 Oct" || all[2].worked {
		t.Errorf("%+v", all)
	}
	hz := time.FixedZone("", 8*3600)
	if got := (Effect{Days: 2, Due: time.Date(2026, 11, 24, 7, 12, 0, 0, time.UTC), Zone: hz}).sentence(); got != "A report sent now is due Tue 24 Nov 2026, 15:12 (UTC+08:00), after 2 working days." {
		t.Error(got)
	}
	if got := (Effect{Days: 2, NoTable: 2027}).sentence(); !strings.Contains(got, "no due time") || !strings.Contains(got, "2027") {
		t.Error(got)
	}
}
