package handlers_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// sitePorts is a site with an interface that has a letter out, and a port of
// the same device that nobody has.
func sitePorts(t *testing.T) (s *site, c store.Connection, held, free store.Port) {
	t.Helper()
	s = newSite(t)
	ctx := context.Background()
	c = s.At(t, lifecycle.ApprovedLOA)
	p, err := s.PortOf(ctx, c.ID)
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	ports, err := s.Ports(ctx, p.Device)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ports, func(q store.Port) bool { return q.State == store.PortFree && q.Type == p.Type })
	if i < 0 {
		t.Fatal("no free port")
	}
	return s, c, *p, ports[i]
}

// with is a form with one field changed.
func with(form url.Values, name, value string) url.Values {
	out := maps.Clone(form)
	out[name] = []string{value}
	return out
}

func portNow(t *testing.T, s *site, id string) store.Port {
	t.Helper()
	p, err := s.Store.Port(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Administrators edit, the other people of the sites read, nobody else looks;
// what does not exist is 404.
func TestInventoryRoles(t *testing.T) {
	s, _, held, free := sitePorts(t)
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	panel := paths.With(paths.AdminPanel(ap), "room", held.Room, "cabinet", held.Cabinet, "panel", held.Panel)
	read := []string{paths.AdminDevice(held.Device), paths.AdminPort(held.ID), paths.AdminPort(free.ID)}
	edit := []string{paths.AdminDeviceEdit(held.Device), paths.AdminDeviceDeletion(held.Device), paths.AdminPortDemarcation(free.ID), paths.AdminPortOutage(free.ID), paths.AdminPortReturn(free.ID), paths.AdminPortDeletion(free.ID), panel}
	for mail, may := range map[string][2]bool{adminMail: {true, true}, reviewerMail: {true, false}, techMail: {true, false}, financeMail: {}, customerMail: {}} {
		who := s.as(mail)
		want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}
		for _, path := range read {
			a := who.get(path).want(want[may[0]])
			if a.status != http.StatusOK {
				continue
			}
			doc := a.doc()
			if n := doc.Find("main h1").Length(); n != 1 {
				t.Errorf("%s: %d headings", path, n)
			}
			if offered := doc.Find("main a[href$='/edit'], main a[href$='/deletion'], main a[href$='/outage'], main a[href$='/demarcation']").Length() > 0; offered && !may[1] {
				t.Errorf("%s is offered to change %s", mail, path)
			}
			if current := doc.Find("#nav a[aria-current='page']").AttrOr("href", ""); current != paths.AdminAccessPoints {
				t.Errorf("%s: the menu marks %q", path, current)
			}
		}
		for _, path := range edit {
			who.get(path).want(want[may[1]])
			if a := who.post(path, url.Values{}); !may[1] && a.status != http.StatusForbidden {
				t.Errorf("%s posts to %s: %d", mail, path, a.status)
			}
		}
	}
	admin := s.as(adminMail)
	for _, path := range []string{paths.AdminDevice("none"), paths.AdminDeviceEdit("none"), paths.AdminDeviceDeletion("none"), paths.AdminPort("none"), paths.AdminPortDemarcation("none"), paths.AdminPortOutage("none"),
		paths.AdminPortReturn("none"), paths.AdminPortDeletion("none"), paths.AdminPanel(ap), paths.AdminPanel("none"), paths.With(paths.AdminPanel(ap), "room", held.Room, "cabinet", held.Cabinet, "panel", "none")} {
		admin.get(path).want(http.StatusNotFound)
		if path == paths.AdminDevice("none") || path == paths.AdminPort("none") {
			continue // pages to read
		}
		admin.post(path, url.Values{"reason": {"a good reason"}, "room": {"r"}, "cabinet": {"c"}}).want(http.StatusNotFound)
	}
	if now := portNow(t, s, free.ID); now != free {
		t.Errorf("somebody changed the port: %+v", now)
	}
}

func TestPortOutageAndReturn(t *testing.T) {
	s, c, held, free := sitePorts(t)
	admin := s.as(adminMail)
	form := admin.get(paths.AdminPortOutage(free.ID)).want(http.StatusOK)
	key, rev := form.field("key"), form.field("rev")
	if rev != strconv.Itoa(free.Version) || key == "" {
		t.Fatalf("key %q, rev %q", key, rev)
	}
	refused := admin.post(paths.AdminPortOutage(free.ID), url.Values{"key": {key}, "rev": {rev}, "reason": {"<b>"}, "confirm": {""}})
	if refused.status != http.StatusSeeOther { // three characters are a reason
		t.Fatalf("%d %s", refused.status, refused.text())
	}
	if now := portNow(t, s, free.ID); now.State != store.PortOutOfService || now.Reason != "<b>" {
		t.Fatalf("%+v", now)
	}
	page := admin.get(paths.AdminPort(free.ID)).want(http.StatusOK)
	if page.doc().Find("main b").Length() != 0 || !strings.Contains(page.text(), "it is not allocated to anybody<b>") {
		t.Errorf("the reason on the page: %s", page.text())
	}
	// The same form sent again does nothing more; a form that is older than the port is refused with what was entered.
	admin.post(paths.AdminPortOutage(free.ID), url.Values{"key": {key}, "rev": {rev}, "reason": {"<b>"}}).want(http.StatusSeeOther)
	stale := admin.post(paths.AdminPortReturn(free.ID), url.Values{"key": {"k2"}, "rev": {rev}, "reason": {"Optic replaced"}}).want(http.StatusConflict)
	if got := stale.doc().Find("textarea[name=reason]").Text(); got != "Optic replaced" || !strings.Contains(stale.text(), "changed a moment ago") {
		t.Errorf("stale: %q %s", got, stale.text())
	}
	if stale.field("rev") != strconv.Itoa(free.Version+1) {
		t.Errorf("after a conflict the form carries rev %s", stale.field("rev"))
	}
	summaryHas(t, admin.post(paths.AdminPortReturn(free.ID), url.Values{"key": {"k3"}, "rev": {stale.field("rev")}, "reason": {"x"}}), "reason", "Say why the port can be used again")
	summaryHas(t, admin.post(paths.AdminPortReturn(free.ID), url.Values{"reason": {"bell \a rings"}}), "reason", "cannot be printed")
	admin.post(paths.AdminPortReturn(free.ID), url.Values{"key": {"k3"}, "rev": {stale.field("rev")}, "reason": {"Optic replaced"}}).want(http.StatusSeeOther)
	text := admin.get(paths.AdminPort(free.ID)).want(http.StatusOK).text()
	for _, want := range []string{"is free again", "Taken out of service", "Put back in service", "Optic replaced", "Sun Jia, administrator"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q: %s", want, text)
		}
	}

	// What an interface has: 409 with its name and what to do; the forms say so before.
	for _, path := range []string{paths.AdminPortOutage(held.ID), paths.AdminPortDeletion(held.ID)} {
		a := admin.post(path, url.Values{"reason": {"a good reason"}, "confirm": {held.Name}}).want(http.StatusConflict)
		b := admin.get(path).want(http.StatusOK)
		for _, a := range []*answer{a, b} {
			if text := a.text(); !strings.Contains(text, c.ID) || !strings.Contains(text, "Revoke the letter and move the interface to another port first") {
				t.Errorf("%s: %s", path, text)
			}
		}
		if b.doc().Find("main form").Length() != 0 {
			t.Errorf("%s shows a form that cannot work", path)
		}
	}
	if now := portNow(t, s, held.ID); now != held {
		t.Errorf("changed: %+v", now)
	}
	page = s.as(techMail).get(paths.AdminPort(held.ID)).want(http.StatusOK)
	if page.doc().Find("main a[href='"+paths.AdminInterface(c.ID)+"']").Length() < 2 { // fact and history
		t.Errorf("the holder is not linked: %s", page.text())
	}
	s.Sound(t)
}

func TestPortDeletionForm(t *testing.T) {
	s, _, _, free := sitePorts(t)
	admin := s.as(adminMail)
	a := admin.post(paths.AdminPortDeletion(free.ID), url.Values{"rev": {"1"}, "reason": {"Panel <gone>"}, "confirm": {"XGE"}})
	summaryHas(t, a, "confirm", "Type the name of the port "+free.Name)
	if doc := a.doc(); doc.Find("textarea[name=reason]").Text() != "Panel <gone>" || a.field("confirm") != "XGE" {
		t.Error("the input is lost")
	}
	summaryHas(t, admin.post(paths.AdminPortDeletion(free.ID), url.Values{"confirm": {free.Name}}), "reason", "Say why")
	a = admin.post(paths.AdminPortDeletion(free.ID), url.Values{"key": {"k"}, "rev": {"1"}, "reason": {"Panel gone"}, "confirm": {free.Name}}).want(http.StatusSeeOther)
	if to := a.header.Get("Location"); to != paths.AdminDevice(free.Device) {
		t.Errorf("goes to %s", to)
	}
	// Its history is still there, for those who could read it before.
	says(t, admin.get(paths.AdminPort(free.ID)).want(http.StatusOK), "Deleted port", "no longer in the inventory", "Panel gone", free.ID)
	s.as(techMail).get(paths.AdminPort(free.ID)).want(http.StatusOK)
	s.as(customerMail).get(paths.AdminPort(free.ID)).want(http.StatusForbidden)
	admin.get(paths.AdminPort("none")).want(http.StatusNotFound)
	if log := admin.get(paths.With(paths.AdminAudit, "action", store.PortDeleted)).want(http.StatusOK); log.doc().Find("tbody a[href='"+paths.AdminPort(free.ID)+"']").Length() != 1 {
		t.Error("the record does not lead to the history")
	}
	if text := admin.get(paths.AdminAudit).want(http.StatusOK).text(); !strings.Contains(text, "Port deleted") || !strings.Contains(text, "Panel gone") {
		t.Errorf("the record: %s", text)
	}
	s.Sound(t)
}

func TestDemarcationForm(t *testing.T) {
	s, c, held, free := sitePorts(t)
	admin := s.as(adminMail)
	doc := admin.get(paths.AdminPortDemarcation(free.ID)).want(http.StatusOK)
	if doc.field("connector") != "LC" || doc.doc().Find("select[name=polish] option[selected]").AttrOr("value", "") != "UPC" || doc.doc().Find("input[name=fibers][checked]").AttrOr("value", "") != "duplex" {
		t.Error("the form does not start with what is known")
	}
	good := url.Values{"rev": {"1"}, "room": {"MMR <1>"}, "cabinet": {free.Cabinet}, "panel": {"光纤配线架 9"}, "position": {"3/4"}, "connector": {"SC"}, "polish": {"APC"}, "fibers": {"duplex"}, "side": {"rear"}, "reason": {"Rewired"}}
	bad := with(with(good, "position", strings.Repeat("9", 40)), "polish", "shiny")
	a := admin.post(paths.AdminPortDemarcation(free.ID), bad)
	summaryHas(t, a, "position", "1 to 32 characters")
	summaryHas(t, a, "polish", "Select a polish")
	for _, name := range []string{"room", "panel", "position", "connector"} {
		if a.field(name) != bad.Get(name) {
			t.Errorf("%s became %q", name, a.field(name))
		}
	}
	if a.doc().Find("input[name=side][checked]").AttrOr("value", "") != "rear" || a.doc().Find("textarea[name=reason]").Text() != "Rewired" {
		t.Error("the input is lost")
	}
	clash := with(with(with(good, "room", held.Room), "panel", held.Panel), "position", held.Position)
	summaryHas(t, admin.post(paths.AdminPortDemarcation(free.ID), clash), "position", "belongs to")
	admin.post(paths.AdminPortDemarcation(free.ID), good).want(http.StatusSeeOther)
	if now := portNow(t, s, free.ID); now.Panel != "光纤配线架 9" || now.ConnectorWords() != "SC/APC duplex, rear" || now.Room != "MMR <1>" {
		t.Errorf("%+v", now)
	}
	stale := admin.post(paths.AdminPortDemarcation(free.ID), good).want(http.StatusConflict)
	if stale.field("room") != "MMR <1>" || !strings.Contains(stale.text(), "changed a moment ago") {
		t.Errorf("stale: %s", stale.text())
	}
	// A letter that is out names the place.
	for _, a := range []*answer{admin.get(paths.AdminPortDemarcation(held.ID)).want(http.StatusOK), admin.post(paths.AdminPortDemarcation(held.ID), with(good, "rev", "0")).want(http.StatusConflict)} {
		if !strings.Contains(a.text(), "Letter "+c.LOANo+" for "+c.ID) || !strings.Contains(a.text(), "Revoke the letter first") {
			t.Errorf("letter out: %s", a.text())
		}
	}
	s.Sound(t)
}

func TestDeviceForms(t *testing.T) {
	s, c, held, _ := sitePorts(t)
	admin := s.as(adminMail)
	other := s.Catalogue().Devices(s.APID(t, "Hangzhou-Xiaoshan-B"))[0]
	form := admin.get(paths.AdminDeviceEdit(other.ID)).want(http.StatusOK)
	good := url.Values{"key": {"k"}, "rev": {form.field("rev")}, "name": {other.Name}, "room": {other.Room}, "cabinet": {"Z-09"}, "reason": {"New rack"}}
	a := admin.post(paths.AdminDeviceEdit(other.ID), url.Values{"rev": {form.field("rev")}, "name": {"<i>"}, "room": {"Room 1"}, "cabinet": {"C"}, "reason": {""}})
	summaryHas(t, a, "name", "2 to 40 letters")
	summaryHas(t, a, "reason", "Say why the device changes")
	if a.field("name") != "<i>" || a.field("room") != "Room 1" || a.field("rev") != form.field("rev") {
		t.Error("the input is lost")
	}
	admin.post(paths.AdminDeviceEdit(other.ID), good).want(http.StatusSeeOther)
	if d, _ := s.Catalogue().Device(other.ID); d.Cabinet != "Z-09" {
		t.Errorf("%+v", d)
	}
	good.Set("key", "k2")
	good.Set("cabinet", "Y-01")
	stale := admin.post(paths.AdminDeviceEdit(other.ID), good).want(http.StatusConflict)
	if stale.field("cabinet") != "Y-01" || stale.field("rev") == form.field("rev") {
		t.Errorf("stale: %q", stale.field("cabinet"))
	}
	d, _ := s.Catalogue().Device(held.Device)
	if a := admin.post(paths.AdminDeviceEdit(d.ID), url.Values{"name": {"CSW-NEW"}, "room": {d.Room}, "cabinet": {d.Cabinet}, "reason": {"Relabelled"}}).want(http.StatusConflict); !strings.Contains(a.text(), c.LOANo+" ("+c.ID+")") || a.field("name") != "CSW-NEW" {
		t.Errorf("letters out: %s", a.text())
	}

	// Deletion.
	page := admin.get(paths.AdminDevice(d.ID)).want(http.StatusOK)
	if !strings.Contains(page.text(), "1 port of "+d.Name+" is held: "+held.Name+" by "+c.ID) {
		t.Errorf("page: %s", page.text())
	}
	admin.post(paths.AdminDeviceDeletion(d.ID), url.Values{"confirm": {d.Name}, "reason": {"Replaced"}}).want(http.StatusConflict)
	summaryHas(t, admin.post(paths.AdminDeviceDeletion(other.ID), url.Values{"confirm": {"x"}, "reason": {"Replaced"}}), "confirm", "Type the name of the device")
	admin.post(paths.AdminDeviceDeletion(other.ID), url.Values{"confirm": {other.Name}, "reason": {"Replaced"}, "rev": {"5"}}).want(http.StatusConflict)
	to := admin.post(paths.AdminDeviceDeletion(other.ID), url.Values{"confirm": {other.Name}, "reason": {"Replaced"}}).want(http.StatusSeeOther).header.Get("Location")
	if to != paths.AdminAccessPoint(other.AccessPoint) {
		t.Errorf("goes to %s", to)
	}
	admin.get(paths.AdminDevice(other.ID)).want(http.StatusNotFound)
	s.Sound(t)
}

func TestPanelForm(t *testing.T) {
	s, c, held, _ := sitePorts(t)
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	admin := s.as(adminMail)
	href := paths.With(paths.AdminPanel(ap), "room", held.Room, "cabinet", held.Cabinet, "panel", held.Panel)
	if admin.get(paths.AdminAccessPoint(ap)).want(http.StatusOK).doc().Find("main a[href='"+href+"']").Length() != 1 {
		t.Error("the page of the access point does not lead to the rule")
	}
	// The example comes from the server, without the rule being saved.
	if text := admin.get(href + "&rule=N%2BN+%28P%29").want(http.StatusOK).text(); !strings.Contains(text, "1+2 (1) [1/2]") {
		t.Errorf("example: %s", text)
	}
	if text := admin.get(href + "&rule=N%2FN%2FN").want(http.StatusOK).text(); !strings.Contains(text, "Character 5: use N at most twice") {
		t.Errorf("wrong rule: %s", text)
	}
	admin.get(href + "&rule=" + strings.Repeat("N%2B", 2000)).want(http.StatusOK)
	post := func(rule, rev string) *answer {
		return admin.post(paths.AdminPanel(ap), url.Values{"room": {held.Room}, "cabinet": {held.Cabinet}, "panel": {held.Panel}, "rule": {rule}, "rev": {rev}})
	}
	rev := admin.get(href).field("rev")
	a := post(`<script>alert("1")`, rev)
	summaryHas(t, a, "rule", "")
	if a.field("rule") != `<script>alert("1")` || a.doc().Find("main script").Length() != 0 {
		t.Errorf("the input became %q", a.field("rule"))
	}
	summaryHas(t, post("Port N", rev), "rule", "fits no position")
	post("N+N (P)", rev).want(http.StatusSeeOther)
	if stale := post("N-N", rev).want(http.StatusConflict); stale.field("rule") != "N-N" || stale.field("rev") == rev {
		t.Errorf("stale: %q", stale.field("rule"))
	}
	words := s.PositionWords(held)
	if !strings.HasSuffix(words, "["+held.Position+"]") || words == held.Position {
		t.Fatalf("words: %q", words)
	}
	// Where people look: the device, the port, the technician's page. The letter that is out keeps its words.
	for _, path := range []string{paths.AdminDevice(held.Device), paths.AdminPort(held.ID), paths.AdminAccessPoint(ap), paths.AdminInterface(c.ID)} {
		if text := admin.get(path).want(http.StatusOK).text(); !strings.Contains(text, words) {
			t.Errorf("%s lacks %q", path, words)
		}
	}
	s.Do(t, c.ID, lifecycle.ReportDelivery)
	if text := s.as(techMail).get(paths.AdminCablingJob(c.ID)).want(http.StatusOK).text(); !strings.Contains(text, words) {
		t.Errorf("the technician reads %s", text)
	}
	if text := s.as(customerMail).get(paths.Interface(c.ID)).want(http.StatusOK).text(); strings.Contains(text, words) {
		t.Error("the card of an issued letter changed its words")
	}
	// The next letter, and the card made of it, say the facility's words.
	panels, err := s.Panels(context.Background(), ap)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range panels {
		if strings.Contains(at.Ports[0].Position, "/") {
			if err := s.SetPanelRule(context.Background(), s.Admin, at.PanelPlace, 0, "N+N (P)"); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := s.At(t, lifecycle.ApprovedLOA)
	p, err := s.PortOf(context.Background(), next.ID)
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	for _, path := range []string{paths.Interface(next.ID), paths.LOA(next.ID)} {
		if text := s.as(customerMail).get(path).want(http.StatusOK).text(); !strings.Contains(text, s.PositionWords(*p)) {
			t.Errorf("%s lacks %q: %s", path, s.PositionWords(*p), text)
		}
	}
	s.Sound(t)
}

// The preview of new ports names their places as the facility does, and says
// where they are when that is not beside the device.
func TestPreviewOfNewPorts(t *testing.T) {
	s := newSite(t)
	admin := s.as(adminMail)
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	device := s.Catalogue().Devices(ap)[0]
	add := func(panel, room, first string) url.Values {
		return url.Values{"device": {device.ID}, "pattern": {"XGE9/0/01-02"}, "port_type": {"10GBase-LR"}, "panel": {panel}, "panel_room": {room}, "first": {first}, "layout": {"pairs"}, "key": {"p1"}}
	}
	form := add("ODF 77", "MMR 1", "17")
	shown := admin.post(paths.AdminPorts(ap), form).want(http.StatusOK)
	if d := shown.doc(); d.Find("#preview [autofocus]").Text() != "2 ports would be added" || shown.field("panel_room") != "MMR 1" {
		t.Errorf("the focus is not on the preview, or the form is not kept: %s", d.Find("#preview").Text())
	}
	if got := cells(shown.doc().Find("#preview tbody tr").First()); got[1] != "XGE9/0/01" || got[2] != "ODF 77, 17/18MMR 1, cabinet "+device.Cabinet {
		t.Errorf("preview: %q", got)
	}
	form.Set("seen", shown.field("seen"))
	form.Set("step", "add")
	admin.post(paths.AdminPorts(ap), form).want(http.StatusSeeOther)
	place := store.PanelPlace{AccessPoint: ap, Room: "MMR 1", Cabinet: device.Cabinet, Panel: "ODF 77"}
	if err := s.SetPanelRule(t.Context(), s.Admin, place, 0, "N/N (P)"); err != nil {
		t.Fatal(err)
	}
	form = add("ODF 77", "MMR 1", "21")
	form.Set("pattern", "XGE9/0/03")
	if got := cells(admin.post(paths.AdminPorts(ap), form).want(http.StatusOK).doc().Find("#preview tbody tr").First()); got[2] != "ODF 77, 21/22 (11) [21/22]MMR 1, cabinet "+device.Cabinet {
		t.Errorf("with a rule: %q", got)
	}
	form.Set("first", "17")
	summaryHas(t, admin.post(paths.AdminPorts(ap), form), "first", "Position 17 of ODF 77 belongs to "+device.Name+" XGE9/0/01 already")
	form.Set("panel_cabinet", strings.Repeat("x", 33))
	summaryHas(t, admin.post(paths.AdminPorts(ap), form), "panel_cabinet", "Use at most 32 characters")
}

// What a port went through says why, also where nobody had to give a reason.
func TestPortHistorySaysWhy(t *testing.T) {
	s := newSite(t)
	admin := s.as(adminMail)
	why := func(port string) (out []string) {
		admin.get(paths.AdminPort(port)).want(200).doc().Find("table[aria-labelledby=history-h] tbody tr").Each(func(_ int, row *goquery.Selection) {
			out = append([]string{cells(row)[1] + ": " + cells(row)[3]}, out...)
		})
		return out
	}
	port := func(id string) string {
		t.Helper()
		p, err := s.PortOf(t.Context(), id)
		if err != nil || p == nil {
			t.Fatal(p, err)
		}
		return p.ID
	}
	early := s.At(t, lifecycle.ToApplyForLOA)
	first := port(early.ID)
	s.Do(t, early.ID, lifecycle.Cancel)
	late := s.At(t, lifecycle.WaitingForPayment)
	second := port(late.ID)
	s.Do(t, late.ID, lifecycle.Cancel)
	s.Do(t, late.ID, lifecycle.ConfirmRemoval)
	chosen := s.At(t, lifecycle.InApplication)
	third := port(chosen.ID)
	at, err := s.Store.Port(t.Context(), third)
	if err != nil {
		t.Fatal(err)
	}
	ports, err := s.Ports(t.Context(), at.Device)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ports, func(p store.Port) bool {
		return p.ID != third && p.State == store.PortFree && p.Type == chosen.PortType
	})
	approval := untouched(t, admin.get(paths.AdminLOA(chosen.ID)), paths.AdminApproval(chosen.ID))
	admin.post(paths.AdminApproval(chosen.ID), with(approval, "port", ports[i].ID)).want(http.StatusSeeOther)
	for id, want := range map[string][]string{
		first:       {"Allocated: The initial installation fee was paid", "Released, free: The interface was canceled"},
		second:      {"Allocated: The initial installation fee was paid", "Cabled, in use: The cables were connected", "Quarantined: The interface was canceled; a cable may be in", "Released, free: A technician found nothing in it"},
		third:       {"Allocated: The initial installation fee was paid", "Released, free: The reviewer chose another port with the letter"},
		ports[i].ID: {"Allocated: The reviewer chose another port with the letter"},
	} {
		got := why(id)
		if len(got) > len(want) {
			got = got[len(got)-len(want):] // the same port had an interface before
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

// Staff find a port by what is written on it, from the list of access points,
// and come to it on the page of its device.
func TestFindPortPage(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication)
	held, err := s.PortOf(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := s.Catalogue().Device(held.Device)
	technician := s.as(asTechnician)
	list := technician.get(paths.AdminAccessPoints).want(200)
	if form := list.doc().Find("form[action='" + paths.AdminPortPages + "']"); form.Length() != 1 || form.Find("input[name=q]").Length() != 1 || form.AttrOr("method", "get") != "get" {
		t.Errorf("no form looks for a port: %d", form.Length())
	}
	says(t, technician.get(paths.AdminAccessPoints+"?q="+url.QueryEscape("no site is called so")).want(200), "No access point matches these filters", "Look for a port instead")
	// Nothing is asked yet.
	empty := technician.get(paths.AdminPortPages).want(200)
	says(t, empty, "Find a port", "Type what the label says")
	saysNot(t, empty, "No port matches", held.Name)
	row := func(a *answer) *goquery.Selection {
		t.Helper()
		rows := a.doc().Find("tbody tr")
		if rows.Length() != 1 {
			t.Fatalf("%d rows\n%s", rows.Length(), a.text())
		}
		return rows
	}
	ap, _ := s.Catalogue().AccessPoint(d.AccessPoint)
	for _, q := range []string{held.Panel + " / " + held.Position, d.Name + " " + held.Name, held.Name + " of " + d.Name} {
		page := technician.get(paths.With(paths.AdminPortPages, "q", q, "access_point", ap.ID)).want(200)
		found := row(page)
		for _, words := range []string{held.Name, d.Name, ap.Name, held.Panel + ", " + held.Position, "Allocated", c.ID} {
			if !strings.Contains(found.Text(), words) {
				t.Errorf("%q: the row does not say %q: %s", q, words, found.Text())
			}
		}
		says(t, page, "1 port", "Access Point: "+ap.Name)
		href := found.Find("th a").AttrOr("href", "")
		device, anchor, _ := strings.Cut(href, "#")
		if device != paths.AdminDevice(d.ID) || technician.get(device).want(200).doc().Find("tr[id='"+anchor+"']").Length() != 1 {
			t.Errorf("%q leads to %s, where the port is not", q, href)
		}
	}
	// A port of nobody says so; what was not asked for is not listed.
	free := technician.get(paths.With(paths.AdminPortPages, "q", d.Name+" "+"XGE1/0/2")).want(200)
	if text := row(free).Text(); !strings.Contains(text, "Free") || !strings.Contains(text, "None") || strings.Contains(text, c.ID) {
		t.Errorf("the row says %s", text)
	}
	// More match than are listed: it says so, and how to go on.
	many := technician.get(paths.AdminPortPages + "?q=CSW").want(200)
	says(t, many, "More than 100 ports match", "Narrow the search", "100+ ports")
	if n := many.doc().Find("tbody tr").Length(); n != 100 {
		t.Errorf("%d rows", n)
	}
	says(t, technician.get(paths.AdminPortPages+"?q="+url.QueryEscape("ODF 99 / 1")).want(200), "No port matches")
	elsewhere := technician.get(paths.With(paths.AdminPortPages, "q", d.Name+" "+held.Name, "access_point", s.APID(t, "Singapore-A"))).want(200)
	says(t, elsewhere, "No port matches")
	row(technician.get(hrefOf(t, elsewhere, "Search all access points")))
	// An access point that does not exist counts as not asked.
	row(technician.get(paths.With(paths.AdminPortPages, "q", d.Name+" "+held.Name, "access_point", "ap-none")).want(200))
	for who, want := range map[string]int{asReviewer: 200, asAdmin: 200, asFinance: 403, asOwner: 403} {
		if got := s.as(who).get(paths.AdminPortPages + "?q=CSW").status; got != want {
			t.Errorf("%s: %d, want %d", who, got, want)
		}
	}
}
