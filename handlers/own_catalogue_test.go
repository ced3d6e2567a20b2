package handlers_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/inventory"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web"
	"demarc/web/paths"
)

// ownFile is the inventory of an operator who has nothing in common with what
// is shipped: two regions, three access points, four devices, a panel with a
// rule, 24 ports.
func ownFile(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := inventory.NewWriter(&b)
	put := func(r inventory.Row) {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	put(inventory.OfRegion(catalog.Region{ID: "eu-north-1", Name: "Norway (Oslo)", Zone: "Europe/Oslo", Order: 1}))
	put(inventory.OfRegion(catalog.Region{ID: "cn-suzhou", Name: "China (苏州)", Zone: "Asia/Shanghai", Mainland: true, Order: 2}))
	lr := map[catalog.SP][]catalog.PortType{catalog.OtherSP: {catalog.Type10GBaseLR}}
	for _, ap := range []catalog.AccessPoint{
		{ID: "ap-oslo-A", Region: "eu-north-1", Name: "Oslo-A", FacilityName: "Fjord \"One\" AS", Address: "Havnegata 1, Oslo", InstallerNotes: "Ring twice\nAsk for Kari", Status: catalog.StatusOpen, LOADays: 45, Offers: lr},
		{ID: "ap-oslo-B", Region: "eu-north-1", Name: "Oslo-B", FacilityName: "Fjord Two AS", Address: "Havnegata 9, Oslo", Status: catalog.StatusOpen, LOADays: 45, Offers: lr},
		{ID: "ap-suzhou-A", Region: "cn-suzhou", Name: "Suzhou-A", FacilityName: "苏州数据中心", Address: "1 Example Road, Suzhou", Status: catalog.StatusHot, LOADays: 60, Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaTelecom: {catalog.Type10GBaseLR, catalog.Type1000BaseT}}},
	} {
		ap.RunBy = "Fjord"
		put(inventory.OfAccessPoint(ap))
	}
	put(inventory.OfPanel(inventory.PanelRule{AccessPoint: "ap-oslo-A", Room: "MMR", Cabinet: "R-07", Panel: "ODF 3", Rule: "F-N+N"}))
	for _, d := range []catalog.Device{
		{ID: "osl-a-1", AccessPoint: "ap-oslo-A", Name: "OSL-A-1", Room: "MMR", Cabinet: "R-07"}, {ID: "osl-a-2", AccessPoint: "ap-oslo-A", Name: "OSL-A-2", Room: "MMR", Cabinet: "R-08"},
		{ID: "osl-b-1", AccessPoint: "ap-oslo-B", Name: "OSL-B-1", Room: "Hall 2", Cabinet: "R-01"}, {ID: "suz-a-1", AccessPoint: "ap-suzhou-A", Name: "SUZ-A-1", Room: "2F", Cabinet: "K-11"},
	} {
		put(inventory.OfDevice(d))
		for n := 1; n <= 6; n++ {
			put(inventory.OfPort(catalog.Port{ID: d.ID + "-" + string(rune('0'+n)), Device: d.ID, Name: "et-0/0/" + string(rune('0'+n)), Number: n, Type: catalog.Type10GBaseLR, Room: d.Room, Cabinet: d.Cabinet, Panel: "ODF 3",
				Position: string(rune('0'+2*n-1)) + "/" + []string{"2", "4", "6", "8", "10", "12"}[n-1], Connector: "LC", Polish: "UPC", Fibers: "duplex"}, ""))
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return "\ufeff" + strings.ReplaceAll(b.String(), "\n", "\r\n")
}

// The operator's own catalogue replaces the demo one entirely: a new
// installation knows the shipped regions and access points; its administrator,
// with a second factor, imports a file that has none of them, and from then on
// nothing shipped is left anywhere. A customer orders there, pays, and gets a
// port.
func TestTheOperatorsOwnCatalogueReplacesTheDemo(t *testing.T) {
	s, admin := newInstallation(t)
	shipped := s.Catalogue().AccessPoints()
	if len(shipped) < 20 || len(s.Catalogue().Regions()) < 10 {
		t.Fatalf("only %d access points are shipped", len(shipped))
	}

	// The import, by the form: a dry run, then the confirmation.
	file := ownFile(t)
	admin.upload(admin.get(paths.AdminInventory).want(http.StatusOK).field("key"), "replace", strings.NewReader(file)).want(http.StatusSeeOther)
	page := admin.settled()
	if !strings.Contains(page.text(), "The file can be imported") {
		t.Fatalf("the dry run: %s", page.text())
	}
	confirm := untouched(t, page, paths.AdminInventoryConfirmation)
	admin.post(paths.AdminInventoryConfirmation, confirm).want(http.StatusSeeOther)
	if page = admin.settled(); !strings.Contains(page.text(), "Imported") {
		t.Fatalf("the import: %s", page.text())
	}
	names := func() (out []string) {
		for _, ap := range s.Catalogue().AccessPoints() {
			out = append(out, ap.Name)
		}
		slices.Sort(out)
		return out
	}
	check := func(when string) {
		t.Helper()
		if got := strings.Join(names(), " "); got != "Oslo-A Oslo-B Suzhou-A" || len(s.Catalogue().Regions()) != 2 {
			t.Fatalf("%s: %s, %d regions", when, got, len(s.Catalogue().Regions()))
		}
	}
	check("after the import")

	// An account in one of the new regions, its owner, and money.
	opened := admin.post(paths.AdminNewCustomer, url.Values{"company": {"Adatum AS"}, "region": {"eu-north-1"}, "name": {"Ola Nordmann"}, "email": {"owner@adatum.example"}, "key": {"k1"}}).want(http.StatusSeeOther)
	link, ok := admin.get(opened.header.Get("Location")).want(http.StatusOK).doc().Find("a[href*='/setup/']").Attr("href")
	if !ok {
		t.Fatal("no one-time link")
	}
	customer := s.anyone()
	customer.post(link[strings.Index(link, "/setup/"):], url.Values{"name": {"Ola Nordmann"}, "password": {"a-long-passphrase"}, "again": {"a-long-passphrase"}}).want(http.StatusSeeOther)
	account := opened.header.Get("Location")[strings.LastIndex(opened.header.Get("Location"), "/")+1:]
	if err := s.RecordTransfer(t.Context(), s.Finance, account, "5,000.00", "opening balance"); err != nil {
		t.Fatal(err)
	}

	// Nothing shipped is on any page that lists places, for either of them.
	for _, c := range []*client{customer, admin} {
		for _, path := range []string{paths.AccessPoints, paths.NewInterface, paths.Interfaces, paths.Home, paths.AdminAccessPoints, paths.AdminRegions, paths.AdminNewRegion, paths.AdminNewSite, paths.AdminNewCustomer, paths.AdminInterfaces, paths.AdminCalendar} {
			a := c.get(path)
			if a.status == http.StatusForbidden || a.status == http.StatusSeeOther {
				continue // the other side's page
			}
			doc := a.want(http.StatusOK).doc()
			doc.Find("select[name=calendar]").Remove() // whose holidays a region keeps is no place
			text := doc.Text()
			for _, old := range shipped {
				if strings.Contains(text, old.Name) {
					t.Errorf("%s still shows %s", path, old.Name)
				}
			}
			if strings.Contains(text, "Hangzhou") || strings.Contains(text, "Singapore") {
				t.Errorf("%s still shows a region that is gone: %s", path, text)
			}
		}
	}
	for _, old := range shipped[:3] {
		customer.get(paths.AccessPoint(old.ID)).want(http.StatusNotFound)
		admin.get(paths.AdminAccessPoint(old.ID)).want(http.StatusNotFound)
	}

	// Ordered, paid, allocated.
	form := customer.get(paths.NewInterface).want(http.StatusOK)
	if got := form.doc().Find("[name=region][checked]").AttrOr("value", ""); got != "eu-north-1" {
		t.Errorf("the form starts in %q", got)
	}
	customer.post(paths.Interfaces, choicesAt("cn-hangzhou", "CT", shipped[0].ID)).want(http.StatusUnprocessableEntity)
	order := customer.post(paths.Interfaces, choicesAt("eu-north-1", string(catalog.OtherSP), "ap-oslo-A")).want(http.StatusSeeOther).header.Get("Location")
	no := order[strings.LastIndex(order, "/")+1:]
	pay := untouched(t, customer.get(order).want(http.StatusOK), paths.OrderPayment(no))
	pay.Set("method", "balance")
	if to := customer.post(paths.OrderPayment(no), pay).want(http.StatusSeeOther).header.Get("Location"); to != paths.OrderDone(no) {
		t.Errorf("paid, and then %s", to)
	}
	o := s.orders(account)
	if len(o) != 1 {
		t.Fatalf("%d orders", len(o))
	}
	c := s.Get(t, o[0].ConnectionID)
	port, err := s.PortOf(t.Context(), c.ID)
	if err != nil || port == nil || !strings.HasPrefix(port.ID, "osl-a-") || c.Stage != lifecycle.ToApplyForLOA || port.State != store.PortAllocated {
		t.Fatalf("%s holds %+v, %v", c.Stage, port, err)
	}
	if text := customer.get(paths.Interface(c.ID)).want(http.StatusOK).text(); !strings.Contains(text, "Oslo-A") || !strings.Contains(text, "UTC+01:00") {
		t.Errorf("the interface: %s", text)
	}
	if text := admin.get(paths.AdminAccessPoint("ap-oslo-A")).want(http.StatusOK).text(); !strings.Contains(text, "Fjord \"One\" AS") {
		t.Errorf("the access point: %s", text)
	}

	// What the file replaced does not come back with the next start.
	s.Sound(t)
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open(t.Context(), store.Options{Dir: s.Dir, Now: s.Clock.Now, Operator: "Fjord Cloud", Issuer: storetest.Issuer})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	s.Store = again
	check("after a restart")
}

// newInstallation is a site as it starts on an empty folder, without the people
// and ports of storetest, and the browser of its first administrator, who set a
// password by the link that the start prints and an authenticator app up.
func newInstallation(t *testing.T) (*site, *client) {
	t.Helper()
	clock := &storetest.Clock{}
	clock.Set(storetest.Start)
	dir := t.TempDir()
	db, err := store.Open(t.Context(), store.Options{Dir: dir, Now: clock.Now, Operator: "Fjord Cloud", Issuer: storetest.Issuer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	edge, err := web.New(context.Background(), web.Config{Operator: "Fjord Cloud", RequireSecondFactor: true, Now: clock.Now, Log: slog.New(slog.DiscardHandler)}, db)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(edge)
	t.Cleanup(server.Close)
	s := &site{Env: &storetest.Env{Store: db, Dir: dir, Clock: clock, Admin: store.Actor{UserID: "a", Role: lifecycle.Administrator}, Finance: store.Actor{UserID: "f", Role: lifecycle.Finance}}, t: t, base: server.URL}
	token, needed, err := db.FirstAdministratorLink(t.Context())
	if err != nil || !needed {
		t.Fatal(needed, err)
	}
	admin := s.anyone()
	admin.post(paths.Setup(token), url.Values{"name": {"Kari Nordmann"}, "email": {adminMail}, "password": {storetest.Password}, "again": {storetest.Password}}).want(http.StatusSeeOther)
	if a := admin.get(paths.AdminInventory).want(http.StatusSeeOther); a.header.Get("Location") != paths.Security {
		t.Errorf("without a second factor the inventory leads to %s", a.header.Get("Location"))
	}
	admin.addApp(clock)
	return s, admin
}

// choicesAt is a complete form: 10G there.
func choicesAt(region, sp, ap string) url.Values {
	return url.Values{"region": {region}, "sp": {sp}, "ap": {ap}, "spec": {"10G"}, "ptype": {"10GBase-LR"}, "redundant": {store.NotRedundant}, "name": {"osl-primary"}, "terms": {"on"}, "key": {"o-" + ap}}
}
