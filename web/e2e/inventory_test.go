package e2e

import (
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
)

func signInAsAdmin(t *testing.T, base string) *Page {
	p := newPerson(t, "administrator", base)
	p.Goto(paths.Login)
	p.Fill("Account name", "admin@cloud.example")
	p.Fill("Password", storetest.Password)
	p.Click("Sign in")
	p.SeeURL("^/admin$")
	return p
}

// A front panel without a mouse: the arrow keys go from port to port, Enter
// opens one, and its life is led to the end from there.
func TestFrontPanelByKeyboard(t *testing.T) {
	env, base := loaSite(t)
	held := env.At(t, lifecycle.Enabled)
	at, err := env.PortOf(t.Context(), held.ID)
	if err != nil || at == nil {
		t.Fatal(at, err)
	}
	ports, err := env.Ports(t.Context(), at.Device)
	if err != nil {
		t.Fatal(err)
	}
	device, _ := env.Catalogue().Device(at.Device)
	p := signInAsAdmin(t, base)
	p.Goto(paths.AdminDevice(at.Device))
	p.SeeHeading(device.Name)
	p.Keyboard()
	focus := func(port store.Port) {
		t.Helper()
		if role, name := p.Focused(); role != "link" || !strings.Contains(name, ", "+port.Name+", ") {
			t.Fatalf("the focus is on %s %q, want port %s", role, name, port.Name)
		}
	}
	if ports[0].ID != at.ID {
		t.Fatalf("the first order got %s", at.ID)
	}
	p.TabTo("Port 1, " + ports[0].Name + ", " + string(ports[0].Type) + ", in use by " + held.ID)
	focus(ports[0])
	p.Press("ArrowLeft")
	focus(ports[0])
	p.Press("ArrowRight")
	focus(ports[1])
	p.Press("End")
	focus(ports[len(ports)-1])
	p.Press("ArrowRight")
	focus(ports[len(ports)-1])
	p.Press("Home")
	focus(ports[0])
	p.Press("ArrowDown")
	if _, name := p.Focused(); strings.Contains(name, ports[0].Name+",") || strings.Contains(name, ports[1].Name+",") {
		t.Errorf("the arrow down leads to %s", name)
	}
	p.Press("ArrowUp")
	focus(ports[0])
	p.Press("End")
	last := ports[len(ports)-1]
	p.Press("Enter")
	p.SeeHeading(last.Name + " of " + device.Name)

	p.Click("Take out of service")
	p.Click("Take out of service")
	p.See("Correct 1 item to continue")
	p.Fill("Reason", "Panel position is cracked")
	p.Click("Take out of service")
	p.See("Port " + last.Name + " of " + device.Name + " is out of service.")
	p.SeeIn("History", "Panel position is cracked")
	p.Accessible("port out of service")
	p.Click("Put back in service")
	p.Fill("Reason", "Replaced")
	p.Click("Put back in service")
	p.See("is free again")

	p.Goto(paths.AdminPort(at.ID))
	p.See("Ask for the termination of the interface first")
	p.SeeDisabled("Delete port")
	if got := p.ConsoleErrors(); len(got) > 0 {
		t.Errorf("console: %q", got)
	}
}

// The example of a naming rule follows while somebody types; without scripts
// there is a button.
func TestNamingRuleShowsAnExample(t *testing.T) {
	for name, script := range map[string]bool{"script": true, "no script": false} {
		t.Run(name, func(t *testing.T) {
			env, base := loaSite(t)
			p := newPerson(t, "administrator", base)
			if !script {
				p.NoScript()
			}
			p.Goto(paths.Login)
			p.Fill("Account name", "admin@cloud.example")
			p.Fill("Password", storetest.Password)
			p.Click("Sign in")
			p.SeeURL("^/admin$")
			ap := env.APID(t, "Hangzhou-Yuhang-A")
			panels, err := env.Panels(t.Context(), ap)
			if err != nil {
				t.Fatal(err)
			}
			var odf store.PanelAt
			for _, at := range panels {
				if strings.Contains(at.Ports[0].Position, "/") {
					odf = at
				}
			}
			first := odf.Ports[0].Position
			a, b, _ := strings.Cut(first, "/")
			p.Goto(paths.With(paths.AdminPanel(ap), "room", odf.Room, "cabinet", odf.Cabinet, "panel", odf.Panel))
			example := func(want string) {
				t.Helper()
				if !script {
					p.Click("Show example")
				}
				p.See(want)
			}
			p.Fill("Rule", "{first")
			example("Character 1: close the brace with }")
			p.Fill("Rule", "N+N (P)")
			example(a + "+" + b + " (")
			p.See("[" + first + "]")
			if got := p.Value("Rule"); got != "N+N (P)" {
				t.Errorf("the rule became %q", got)
			}
			p.Accessible("rule with an example")
			p.Click("Save")
			p.See("is now printed as " + a + "+" + b + " (")
			if got := env.PanelRule(odf.PanelPlace).String(); got != "N+N (P)" {
				t.Errorf("saved rule %q", got)
			}
			if got := p.ConsoleErrors(); len(got) > 0 {
				t.Errorf("console: %q", got)
			}
		})
	}
}

// Every page of the inventory, wide and narrow, light and dark.
func TestInventoryPagesInBothThemesAndWidths(t *testing.T) {
	env, base := loaSite(t)
	held := env.At(t, lifecycle.ApprovedLOA)
	env.At(t, lifecycle.Enabled)
	quarantined := env.At(t, lifecycle.WaitingForCabling)
	env.Do(t, quarantined.ID, lifecycle.Cancel)
	at, err := env.PortOf(t.Context(), held.ID)
	if err != nil || at == nil {
		t.Fatal(at, err)
	}
	ports, err := env.Ports(t.Context(), at.Device)
	if err != nil {
		t.Fatal(err)
	}
	out, free := ports[len(ports)-1], ports[len(ports)-2]
	if err := env.TakePortOutOfService(t.Context(), env.Admin, out.ID, 0, "光模块损坏, "+strings.Repeat("waiting for a spare ", 8)); err != nil {
		t.Fatal(err)
	}
	if err := env.SetPanelRule(t.Context(), env.Admin, env.PanelPlaceOf(*at), 0, "N+N (P)"); err != nil {
		t.Fatal(err)
	}
	ap := env.APID(t, "Hangzhou-Yuhang-A")
	gone := ports[len(ports)-3]
	if err := env.DeletePort(t.Context(), env.Admin, gone.ID, 0, gone.Name, "Counted twice"); err != nil {
		t.Fatal(err)
	}
	panelForm := paths.With(paths.AdminPanel(ap), "room", at.Room, "cabinet", at.Cabinet, "panel", at.Panel)
	p := signInAsAdmin(t, base)
	for name, path := range map[string]string{
		"access point": paths.AdminAccessPoint(ap), "device": paths.AdminDevice(at.Device), "device form": paths.AdminDeviceEdit(at.Device), "device deletion": paths.AdminDeviceDeletion(at.Device),
		"port held": paths.AdminPort(at.ID), "port out": paths.AdminPort(out.ID), "port free": paths.AdminPort(free.ID), "demarcation": paths.AdminPortDemarcation(free.ID), "demarcation held": paths.AdminPortDemarcation(at.ID),
		"outage": paths.AdminPortOutage(free.ID), "return": paths.AdminPortReturn(out.ID), "deletion": paths.AdminPortDeletion(free.ID), "panel": panelForm, "panel wrong": panelForm + "&rule=N%2FN%2FN",
		"port deleted": paths.AdminPort(gone.ID), "regions": paths.AdminRegions, "region": paths.AdminRegion("cn-hangzhou"), "region deletion": paths.AdminRegionDeletion("cn-hangzhou"),
		"access point form": paths.AdminAccessPointEdit(ap), "access point deletion": paths.AdminAccessPointDeletion(ap), "playbook": paths.AdminPlaybook(ap),
		"new ports, form": paths.With(paths.AdminPorts(ap), "device", at.Device), "new ports, preview": paths.With(paths.AdminPorts(ap), "device", at.Device),
	} {
		p.Viewport(1440, 900)
		p.Theme("light")
		p.Goto(path)
		if p.Status() != 200 {
			t.Errorf("%s: %d", name, p.Status())
		}
		if name == "new ports, preview" {
			p.Fill("Port names", "XGE9/0/1-48")
			p.Select("Port Type", "10GBase-LR (10GE single-mode optical port)")
			p.Fill("Panel", "光纤配线架 9")
			p.Fill("Room of the panel", "MMR 1")
			p.Fill("First position", "17")
			p.Click("Preview")
			p.SeeHeading("48 ports would be added")
			p.SeeFocus("the heading, after Preview", func(_, name string) bool { return name == "48 ports would be added" })
		}
		p.AccessibleInBothThemes(name)
		for _, width := range []int{1440, 390} {
			p.Viewport(width, map[int]int{1440: 900, 390: 844}[width])
			if n := p.SidewaysScroll(); n != 0 {
				t.Errorf("%s at %d: %d pixels too wide", name, width, n)
			}
			for _, theme := range []string{"light", "dark"} {
				p.Theme(theme)
				p.Screenshot(name + " " + theme + " " + map[int]string{1440: "wide", 390: "narrow"}[width])
			}
		}
		p.Accessible(name + ", narrow")
	}
	if got := p.ConsoleErrors(); len(got) > 0 {
		t.Errorf("console: %q", got)
	}
}
