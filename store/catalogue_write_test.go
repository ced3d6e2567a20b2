package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"

	"github.com/google/go-cmp/cmp"
)

const emptySite = "Shanghai-Baoshan-C" // neutral, without devices in storetest

func editOf(ap catalog.AccessPoint, change ...func(*store.AccessPointEdit)) store.AccessPointEdit {
	in := store.AccessPointEditOf(ap)
	for _, f := range change {
		f(&in)
	}
	return in
}

func TestUpdateAccessPoint(t *testing.T) {
	e := storetest.New(t)
	id := e.APID(t, "Hangzhou-Yuhang-A")
	before, _ := e.Catalogue().AccessPoint(id)
	in := editOf(before, func(in *store.AccessPointEdit) {
		in.Status, in.FacilityName, in.LOADays, in.Demo = "full", "余杭数据中心", "30", false
	})
	if err := e.UpdateAccessPoint(ctx, e.Admin, id, store.AccessPointRev(before), in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	after, _ := e.Catalogue().AccessPoint(id)
	want := before
	want.Status, want.FacilityName, want.LOADays, want.Demo = catalog.StatusFull, "余杭数据中心", 30, false
	if d := cmp.Diff(want, after); d != "" {
		t.Error("access point, -want +got:\n", d)
	}
	events, err := e.Timeline(ctx, store.AccessPointSubject(id))
	if err != nil || len(events) != 1 || events[0].Action != "update_access_point" || events[0].ActorName != e.Admin.Name ||
		!strings.Contains(events[0].Detail, "Status Open → Full") && !strings.Contains(events[0].Detail, "→ Full") {
		t.Errorf("events: %+v, %v", events, err)
	}
	// No order is taken from now on, and a restart knows it.
	if _, err := e.PlaceOrder(ctx, e.Owner, e.Choice(t)); store.KindOf(err) != store.Invalid {
		t.Errorf("an order at a full access point: %v", err)
	}
	e.Reopen(t)
	if kept, _ := e.Catalogue().AccessPoint(id); kept.FacilityName != "余杭数据中心" {
		t.Errorf("after a restart: %+v", kept)
	}

	// Saved twice is written once.
	again, _ := e.Catalogue().AccessPoint(id)
	if err := e.UpdateAccessPoint(ctx, e.Admin, id, store.AccessPointRev(again), editOf(again)); err != nil {
		t.Fatal(err)
	}
	if events, _ := e.Timeline(ctx, store.AccessPointSubject(id)); len(events) != 1 {
		t.Errorf("a form that changed nothing was recorded: %d events", len(events))
	}
	// Demo data is never marked as such by a form.
	if err := e.UpdateAccessPoint(ctx, e.Admin, id, 0, editOf(again, func(in *store.AccessPointEdit) { in.Demo = true })); err != nil {
		t.Fatal(err)
	}
	if kept, _ := e.Catalogue().AccessPoint(id); kept.Demo {
		t.Error("real data became demo data")
	}
	e.Sound(t)
}

func TestUpdateAccessPointRefuses(t *testing.T) {
	e := storetest.New(t)
	id := e.APID(t, "Hangzhou-Yuhang-A")
	ap, _ := e.Catalogue().AccessPoint(id)
	rev := store.AccessPointRev(ap)
	for name, tc := range map[string]struct {
		by    store.Actor
		id    string
		rev   int
		edit  func(*store.AccessPointEdit)
		kind  store.Kind
		field string
	}{
		"a reviewer":       {e.Reviewer, id, rev, nil, store.Forbidden, ""},
		"a customer":       {e.Owner, id, rev, nil, store.Forbidden, ""},
		"another place":    {e.Admin, "ap-none", rev, nil, store.NotFound, ""},
		"an old page":      {e.Admin, id, rev + 2, nil, store.Conflict, ""},
		"no such status":   {e.Admin, id, rev, func(in *store.AccessPointEdit) { in.Status = "gone" }, store.Invalid, "status"},
		"no days":          {e.Admin, id, rev, func(in *store.AccessPointEdit) { in.LOADays = "0" }, store.Invalid, "loa_days"},
		"days in words":    {e.Admin, id, rev, func(in *store.AccessPointEdit) { in.LOADays = "ninety" }, store.Invalid, "loa_days"},
		"a long name":      {e.Admin, id, rev, func(in *store.AccessPointEdit) { in.FacilityName = strings.Repeat("名", 129) }, store.Invalid, "facility_name"},
		"a long address":   {e.Admin, id, rev, func(in *store.AccessPointEdit) { in.Address = strings.Repeat("x", 257) }, store.Invalid, "address"},
		"long notes":       {e.Admin, id, rev, func(in *store.AccessPointEdit) { in.InstallerNotes = strings.Repeat("x", 1001) }, store.Invalid, "installer_notes"},
		"numbers of no ID": {e.Admin, id, rev, func(in *store.AccessPointEdit) { in.Visitor = catalog.VisitorPolicy{IDNumber: true} }, store.Invalid, "visitor_id_number"},
	} {
		in := editOf(ap, func(in *store.AccessPointEdit) { in.FacilityName = "Changed" })
		if tc.edit != nil {
			tc.edit(&in)
		}
		err := e.UpdateAccessPoint(ctx, tc.by, tc.id, tc.rev, in)
		if store.KindOf(err) != tc.kind || (tc.field != "" && store.FieldsOf(err)[tc.field] == "") {
			t.Errorf("%s: %v %v", name, err, store.FieldsOf(err))
		}
	}
	if after, _ := e.Catalogue().AccessPoint(id); !cmp.Equal(ap, after) {
		t.Error("something was changed:", cmp.Diff(ap, after))
	}
	if events, _ := e.Timeline(ctx, store.AccessPointSubject(id)); len(events) != 0 {
		t.Errorf("%d events", len(events))
	}
}

func TestPortNames(t *testing.T) {
	for pattern, want := range map[string]string{
		"XGE1/0/1-48":                   "XGE1/0/1 XGE1/0/48 48",
		"40GE1/0/1-4":                   "40GE1/0/1 40GE1/0/4 4",
		"XGE1/0/7":                      "XGE1/0/7 XGE1/0/7 1",
		"port-3-5":                      "port-3 port-5 3",
		"Eth1/9-10":                     "Eth1/9 Eth1/10 2",
		"GE0/0/5-5":                     "GE0/0/5 GE0/0/5 1",
		"GE1/0/1-128":                   "GE1/0/1 GE1/0/128 128",
		"GE1/0/1-129":                   "", // too many
		"GE1/0/9-3":                     "",
		"1-48":                          "",
		"":                              "",
		"XGE":                           "",
		"XGE1/0/x-9":                    "XGE1/0/x-9 XGE1/0/x-9 1",
		"GE 1/0/1-4":                    "",
		"<script>1-4":                   "",
		"GE1/0/1-4-8":                   "GE1/0/1-4 GE1/0/1-8 5",
		"接口1-4":                         "",
		"GE1/0/1-":                      "",
		"GE1/0/1-4 ":                    "",
		"GE1/0/-1":                      "GE1/0/-1 GE1/0/-1 1",
		"Gi1/0/0-23":                    "Gi1/0/0 Gi1/0/23 24",
		"GE01-12":                       "GE01 GE12 12",
		"GE08-0010":                     "GE08 GE10 3",
		"GE007":                         "GE007 GE007 1",
		"GE1/0/99999":                   "",
		"-/1":                           "",
		"GE1/0/1-9999":                  "",
		strings.Repeat("A", 25) + "1-2": "",
	} {
		names, problem := store.PortNames(pattern)
		got := ""
		if problem == "" {
			got = fmt.Sprint(names[0], " ", names[len(names)-1], " ", len(names))
		}
		if got != want {
			t.Errorf("%q: %q (%s), want %q", pattern, got, problem, want)
		}
	}
}

func newDevice(change ...func(*store.NewPorts)) store.NewPorts {
	in := store.NewPorts{Name: "CSW-01", Room: "2F-1", Cabinet: "B-03", Pattern: "XGE1/0/1-24", Type: string(catalog.Type10GBaseLR), Panel: "ODF 4", First: "1", Pairs: true}
	for _, f := range change {
		f(&in)
	}
	return in
}

// An installation without demo data takes its first order on devices that an
// administrator added.
func TestAddPortsUntilTheFirstOrder(t *testing.T) {
	e := storetest.New(t)
	ap := e.APID(t, emptySite)
	order := func(in *store.NewConnection) { in.Region, in.AccessPoint = "cn-shanghai", ap }
	if c, err := e.PortCounts(ctx, ap); err != nil || len(c) != 0 {
		t.Fatalf("%s is not empty: %v %v", emptySite, c, err)
	}
	device, err := e.AddPorts(ctx, e.Admin, ap, newDevice())
	if err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if _, err := e.AddPorts(ctx, e.Admin, ap, store.NewPorts{Device: device, Pattern: "GE2/0/1-8", Type: string(catalog.Type1000BaseT), Panel: "Patch panel 5", First: "9", Connector: "RJ45 shielded"}); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	ports, err := e.Ports(ctx, device)
	if err != nil || len(ports) != 32 {
		t.Fatal(len(ports), err)
	}
	first, last := ports[0], ports[31]
	if first.Number != 1 || first.Name != "XGE1/0/1" || first.Position != "1/2" || first.ConnectorWords() != "LC/UPC duplex" || first.Room != "2F-1" || first.Cabinet != "B-03" || first.Panel != "ODF 4" || first.State != store.PortFree {
		t.Errorf("first port: %+v", first)
	}
	if ports[23].Position != "47/48" || last.Number != 32 || last.Name != "GE2/0/8" || last.Position != "16" || last.Connector != "RJ45 shielded" {
		t.Errorf("last ports: %+v %+v", ports[23], last)
	}
	// A letter needs a place to go to.
	site, _ := e.Catalogue().AccessPoint(ap)
	if err := e.UpdateAccessPoint(ctx, e.Admin, ap, store.AccessPointRev(site), editOf(site, func(in *store.AccessPointEdit) {
		in.FacilityName, in.Address = "Baoshan Data Center C", "1 Example Road, Shanghai"
	})); err != nil {
		t.Fatal(err)
	}
	c := e.At(t, lifecycle.ApprovedLOA, order)
	p, err := e.PortOf(ctx, c.ID)
	if err != nil || p == nil || p.Device != device {
		t.Fatalf("port of the first order: %+v %v", p, err)
	}
	events, err := e.Timeline(ctx, store.AccessPointSubject(ap))
	if err != nil || len(events) != 3 || events[2].Action != "add_device" || events[1].Action != "add_ports" || events[2].Detail != "CSW-01, 24 ports XGE1/0/1-24: 10GBase-LR on ODF 4" {
		t.Errorf("events: %+v %v", events, err)
	}
	e.Sound(t)
}

func TestAddPortsRefuses(t *testing.T) {
	e := storetest.New(t)
	ap := e.APID(t, emptySite)
	device, err := e.AddPorts(ctx, e.Admin, ap, newDevice())
	if err != nil {
		t.Fatal(err)
	}
	other := e.APID(t, "Hangzhou-Yuhang-A")
	before, err := e.Ports(ctx, device)
	if err != nil {
		t.Fatal(err)
	}
	more := func(change func(*store.NewPorts)) store.NewPorts {
		in := store.NewPorts{Device: device, Pattern: "XGE1/0/25-26", Type: string(catalog.Type10GBaseLR), Panel: "ODF 4", First: "49", Pairs: true}
		change(&in)
		return in
	}
	for name, tc := range map[string]struct {
		by    store.Actor
		ap    string
		in    store.NewPorts
		kind  store.Kind
		field string
	}{
		"a technician":           {e.Technician, ap, newDevice(), store.Forbidden, ""},
		"another access point":   {e.Admin, "ap-none", newDevice(), store.NotFound, ""},
		"a device of elsewhere":  {e.Admin, other, more(func(*store.NewPorts) {}), store.NotFound, ""},
		"the same name":          {e.Admin, ap, newDevice(func(in *store.NewPorts) { in.Name = "csw-01" }), store.Invalid, "name"},
		"a name with a space":    {e.Admin, ap, newDevice(func(in *store.NewPorts) { in.Name = "CSW 02" }), store.Invalid, "name"},
		"no room":                {e.Admin, ap, newDevice(func(in *store.NewPorts) { in.Name, in.Room = "CSW-02", "" }), store.Invalid, "room"},
		"no cabinet":             {e.Admin, ap, newDevice(func(in *store.NewPorts) { in.Name, in.Cabinet = "CSW-02", "" }), store.Invalid, "cabinet"},
		"no pattern":             {e.Admin, ap, more(func(in *store.NewPorts) { in.Pattern = "" }), store.Invalid, "pattern"},
		"names that are there":   {e.Admin, ap, more(func(in *store.NewPorts) { in.Pattern = "XGE1/0/24-30" }), store.Invalid, "pattern"},
		"SDH":                    {e.Admin, ap, more(func(in *store.NewPorts) { in.Type = "155M CPOS" }), store.Invalid, "port_type"},
		"no panel":               {e.Admin, ap, more(func(in *store.NewPorts) { in.Panel = "" }), store.Invalid, "panel"},
		"position zero":          {e.Admin, ap, more(func(in *store.NewPorts) { in.First = "0" }), store.Invalid, "first"},
		"a position in a pair":   {e.Admin, ap, more(func(in *store.NewPorts) { in.First = "48" }), store.Invalid, "first"},
		"the same in lower case": {e.Admin, ap, more(func(in *store.NewPorts) { in.First, in.Panel, in.Pairs = "2", "odf 4", false }), store.Invalid, "first"},
		"a long connector":       {e.Admin, ap, more(func(in *store.NewPorts) { in.Connector = strings.Repeat("x", 33) }), store.Invalid, "connector"},
	} {
		if _, err := e.AddPorts(ctx, tc.by, tc.ap, tc.in); store.KindOf(err) != tc.kind || (tc.field != "" && store.FieldsOf(err)[tc.field] == "") {
			t.Errorf("%s: %v %v", name, err, store.FieldsOf(err))
		}
	}
	after, _ := e.Ports(ctx, device)
	if d := cmp.Diff(before, after); d != "" {
		t.Error("ports changed:", d)
	}
	if n := len(e.Catalogue().Devices(ap)); n != 1 {
		t.Errorf("%d devices", n)
	}
	e.Sound(t)
}

// The panel may stand in another room than the device, a meet-me room as a
// rule: its places are counted there.
func TestPortsOfAPanelInAnotherRoom(t *testing.T) {
	e := storetest.New(t)
	ap := e.APID(t, emptySite)
	mmr := func(in *store.NewPorts) { in.PanelRoom, in.PanelCabinet = "MMR 1", "M-02" }
	device, err := e.AddPorts(ctx, e.Admin, ap, newDevice(mmr))
	if err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	ports, err := e.Ports(ctx, device)
	if err != nil || len(ports) != 24 {
		t.Fatal(len(ports), err)
	}
	d, _ := e.Catalogue().Device(device)
	if d.Room != "2F-1" || d.Cabinet != "B-03" || ports[0].Room != "MMR 1" || ports[0].Cabinet != "M-02" {
		t.Errorf("device %+v, port %+v", d, ports[0])
	}
	// The same panel there is another one than that of the device's cabinet,
	// and one only for every device.
	second := func(in *store.NewPorts) { in.Name, in.Room, in.Cabinet = "CSW-02", "3F-1", "A-01" }
	if _, err := e.AddPorts(ctx, e.Admin, ap, newDevice(second, mmr)); store.KindOf(err) != store.Invalid || store.FieldsOf(err)["first"] != "Position 1 of ODF 4 belongs to CSW-01 XGE1/0/1 already" {
		t.Errorf("places given twice: %v %v", err, store.FieldsOf(err))
	}
	if _, err := e.AddPorts(ctx, e.Admin, ap, store.NewPorts{Device: device, Pattern: "XGE2/0/1-4", Type: string(catalog.Type10GBaseLR), Panel: "ODF 4", First: "1", Pairs: true}); err != nil {
		t.Errorf("a panel of the same name beside the device: %v %v", err, store.FieldsOf(err))
	}
	for field, change := range map[string]func(*store.NewPorts){
		"panel_room":    func(in *store.NewPorts) { in.PanelRoom = strings.Repeat("室", 33) },
		"panel_cabinet": func(in *store.NewPorts) { in.PanelCabinet = strings.Repeat("x", 33) },
	} {
		if _, err := e.AddPorts(ctx, e.Admin, ap, newDevice(second, change)); store.FieldsOf(err)[field] == "" || len(store.FieldsOf(err)) != 1 {
			t.Errorf("%s: %v %v", field, err, store.FieldsOf(err))
		}
	}
	e.Sound(t)
}

// Two administrators press the button at once, or one presses it twice.
func TestAddDeviceOnce(t *testing.T) {
	e := storetest.New(t)
	ap := e.APID(t, emptySite)
	by := e.Admin
	by.Key = "form-1"
	var wg sync.WaitGroup
	ids := make([]string, 40)
	for i := range ids {
		wg.Go(func() {
			id, err := e.AddPorts(ctx, by, ap, newDevice())
			if err != nil {
				t.Errorf("%v", err)
			}
			ids[i] = id
		})
	}
	wg.Wait()
	if slices.Sort(ids); ids[0] != ids[39] || ids[0] == "" {
		t.Errorf("ids: %v", ids)
	}
	if ports, err := e.Ports(ctx, ids[0]); err != nil || len(ports) != 24 {
		t.Errorf("%d ports, %v", len(ports), err)
	}
	if n := len(e.Catalogue().Devices(ap)); n != 1 {
		t.Errorf("the snapshot has %d devices", n)
	}
	e.Sound(t)
}

func TestOpenAccount(t *testing.T) {
	e := storetest.New(t)
	by := e.Admin
	by.Key = "form-1"
	id, token, err := e.OpenAccount(ctx, by, "Adatum 有限公司", "cn-hangzhou", store.FirstUser{Name: "Gu Xin", Email: "Owner@Adatum.example"})
	if err != nil || token == "" {
		t.Fatal(token, err, store.FieldsOf(err))
	}
	a, err := e.Account(ctx, e.Admin, id)
	if err != nil || a.Name != "Adatum 有限公司" || a.HomeRegion != "cn-hangzhou" || a.Balance.Minor != 0 {
		t.Errorf("account: %+v %v", a, err)
	}
	if same, second, err := e.OpenAccount(ctx, by, "Adatum 有限公司", "cn-hangzhou", store.FirstUser{Name: "Gu Xin", Email: "Owner@Adatum.example"}); err != nil || same != id || second != "" {
		t.Errorf("the same form again: %s %q %v", same, second, err)
	}
	u, err := e.AcceptInvitation(ctx, token, "REQ", "Gu Xin", "", "a-long-passphrase")
	if err != nil || u.AccountID != id || u.Role != lifecycle.Owner || u.Email != "owner@adatum.example" {
		t.Errorf("first person: %+v %v", u, err)
	}
	for name, tc := range map[string]struct {
		by                           store.Actor
		company, region, who, e_mail string
		kind                         store.Kind
		field                        string
	}{
		"finance":            {e.Finance, "Tailspin", "", "A", "a@tailspin.example", store.Forbidden, ""},
		"no company":         {e.Admin, "", "", "A", "a@tailspin.example", store.Invalid, "company"},
		"no such region":     {e.Admin, "Tailspin", "mars-1", "A", "a@tailspin.example", store.Invalid, "region"},
		"no person":          {e.Admin, "Tailspin", "", "", "a@tailspin.example", store.Invalid, "name"},
		"no address":         {e.Admin, "Tailspin", "", "A", "tailspin", store.Invalid, "email"},
		"somebody's address": {e.Admin, "Tailspin", "", "A", "owner@northwind.example", store.Invalid, "email"},
	} {
		if _, token, err := e.OpenAccount(ctx, tc.by, tc.company, tc.region, store.FirstUser{Name: tc.who, Email: tc.e_mail}); store.KindOf(err) != tc.kind || (tc.field != "" && store.FieldsOf(err)[tc.field] == "") || token != "" {
			t.Errorf("%s: %q %v %v", name, token, err, store.FieldsOf(err))
		}
	}
	// A refused person leaves no account behind.
	all, _, err := e.AccountPage(ctx, "tailspin", "", 10)
	if err != nil || len(all) != 0 {
		t.Errorf("accounts of refused forms: %v %v", all, err)
	}
}
