package views

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"demarc/store/lifecycle"
	"demarc/views/ui"
)

// inventoryPages are the pages of devices, ports and panels with s wherever
// people write.
func inventoryPages(s string) map[string]templ.Component {
	p := samplePage(AreaStaff)
	ports := []StaffPort{{ID: "p1", Number: 1, Name: s, Type: s, Panel: s, Position: s, Elsewhere: s, Connector: s, State: PortInUse, HolderID: s, HolderHref: "/admin/interfaces/x"}, {ID: "p2", Number: 2, Name: s}}
	device := DeviceShow{Device: StaffDevice{ID: "d1", Name: s, Room: s, Cabinet: s, Ports: ports, Tally: PortTally{1, 0, 1}}, AccessPointID: "ap", AccessPoint: s, Demo: true, MayEdit: true, Held: s, Facts: []ui.Pair{{Term: s, Value: s}}}
	bare := DeviceShow{Device: StaffDevice{ID: "d1", Name: s}, MayEdit: true}
	port := PortShow{ID: "p1", Name: s, Device: s, DeviceID: "d1", State: PortAllocated, Facts: []ui.Pair{{Term: s, Value: s}}, Demarcation: []ui.Pair{{Term: s, Value: s}}, Held: s, WhyFixed: s, Zone: time.UTC, MayEdit: true,
		History: []PortChange{{At: staffNow, What: s, Detail: s, Who: s, Reason: s}, {At: staffNow, What: s, HolderID: s, HolderHref: "/admin/interfaces/x", Who: s}, {At: staffNow, What: s, HolderID: s}}}
	step := StepForm{About: []ui.Pair{{Term: s, Value: s}}, Text: s, Action: "/x", Back: "/y", Label: s, Danger: true, Hint: s, Expect: s, Typed: s, Reason: s, Conflict: s, Key: s, Rev: 3, Errors: map[string]string{"reason": s, "confirm": s}, BackLabel: s, What: s}
	blocked := step
	blocked.Blocked = s
	demarcation := DemarcationForm{ID: "p1", Port: s, Room: s, Cabinet: s, Panel: s, Position: s, Connector: s, Polish: "UPC", Fibers: "duplex", Side: "rear", Polishes: []string{"UPC"}, Reason: s, Holder: s, Conflict: s, Key: s,
		Errors: map[string]string{"room": s, "cabinet": s, "panel": s, "position": s, "connector": s, "polish": s, "fibers": s, "side": s, "reason": s}}
	fixed := demarcation
	fixed.Blocked = s
	panel := PanelForm{AccessPointID: "ap", AccessPoint: s, Panel: s, Room: s, Cabinet: s, Rule: s, Examples: []PanelExample{{Port: s, Ours: s, Theirs: s, Problem: s}}, Unfit: 1, Ports: 2, Conflict: s, Key: s, Errors: map[string]string{"rule": s}}
	wrong := panel
	wrong.Problem = s
	return map[string]templ.Component{
		"device": DevicePage(p, device), "device, bare": DevicePage(p, bare), "port": PortPage(p, port), "port, new": PortPage(p, PortShow{ID: "p", Name: s, MayEdit: true, Out: true}),
		"step": StepPage(p, step), "step, blocked": StepPage(p, blocked), "demarcation": DemarcationPage(p, demarcation), "demarcation, fixed": DemarcationPage(p, fixed),
		"device form": DeviceFormPage(p, DeviceForm{ID: "d1", Device: s, Name: s, Room: s, Cabinet: s, Reason: s, Effect: s, Conflict: s, Key: s, Errors: map[string]string{"name": s, "room": s, "cabinet": s, "reason": s}}),
		"panel":       PanelFormPage(p, panel), "panel, wrong": PanelFormPage(p, wrong),
		"site": StaffAccessPointPage(p, StaffAccessPoint{ID: s, Name: s, Panels: []PanelRow{{Panel: s, Room: s, Cabinet: s, Ports: 2, Rule: s, Ours: s, Theirs: s, Href: "/x"}, {Panel: s, Ours: s, Theirs: s}}}),
	}
}

// What people write is text and nothing else.
func TestInventoryPagesWithHostileWords(t *testing.T) {
	for _, s := range []string{`<script>alert(1)</script>"'&`, strings.Repeat("x", 200), "光纤配线架第十七端口", "CSW-01"} {
		for name, page := range inventoryPages(s) {
			doc := renderPage(t, page)
			if doc.Find("main script, main style, [style], [onclick], [onerror]").Length() != 0 {
				t.Errorf("%s with %q: something inline", name, s)
			}
			if !strings.Contains(doc.Find("main").Text(), s) {
				t.Errorf("%s lacks %q", name, s)
			}
			if doc.Find("main h1").Length() != 1 {
				t.Errorf("%s: %d headings", name, doc.Find("main h1").Length())
			}
			doc.Find("[aria-describedby], [aria-labelledby]").Each(func(_ int, n *goquery.Selection) {
				for _, attr := range []string{"aria-describedby", "aria-labelledby"} {
					for _, id := range strings.Fields(n.AttrOr(attr, "")) {
						if doc.Find("[id='"+id+"']").Length() != 1 {
							t.Errorf("%s: %s %q leads nowhere or to two places", name, attr, id)
						}
					}
				}
			})
		}
	}
}

// A port's step reads as a step between states of a port, not of an interface.
func TestAuditOfPorts(t *testing.T) {
	for _, tc := range []struct{ action, from, to, want string }{
		{"allocate_port", "free", "allocated", "Free → Allocated"},
		{"cable_port", "allocated", "in_use", "Allocated → In use"},
		{"delete_port", "out_of_service", "", "Out of service → None"},
		{"edit_port", "free", "free", ""},
		{"quarantine_port", "allocated", "quarantined", "Allocated → Quarantined"},
	} {
		r := AuditRow{Action: tc.action, From: lifecycle.Stage(tc.from), To: lifecycle.Stage(tc.to)}
		if got := r.change(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.action, got, tc.want)
		}
	}
	for action := range portEventWords {
		if AuditWords(action) == action || AuditWords(action) == "" {
			t.Errorf("%s has no words in the record", action)
		}
	}
	if kind, id := AboutWords("port:csw-1-xge1"); kind != "Port" || id != "csw-1-xge1" {
		t.Errorf("%s %s", kind, id)
	}
}
