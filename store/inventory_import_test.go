package store_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/inventory"
	"demarc/store/inventory/inventorytest"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// dump is every row of every table, and what SQLite itself says about the file.
func dump(t testing.TB, dir string) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "demarc.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	for _, pragma := range []string{"user_version", "schema_version", "page_count", "freelist_count", "integrity_check"} {
		var v string
		if err := db.QueryRow("PRAGMA " + pragma).Scan(&v); err != nil {
			t.Fatal(err)
		}
		out.WriteString(pragma + " " + v + "\n")
	}
	var tables []string
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	rows.Close()
	for _, table := range tables {
		rows, err := db.Query("SELECT * FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			cells, refs := make([]any, len(columns)), make([]any, len(columns))
			for i := range cells {
				refs[i] = &cells[i]
			}
			if err := rows.Scan(refs...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s %q\n", table, cells)
		}
		rows.Close()
	}
	return out.String()
}

func export(t testing.TB, e *storetest.Env) string {
	t.Helper()
	var b bytes.Buffer
	if err := e.ExportInventory(context.Background(), e.Admin, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func dryRun(t testing.TB, e *storetest.Env, mode inventory.Mode, file string) *inventory.Plan {
	t.Helper()
	p, err := e.PlanInventory(context.Background(), e.Admin, mode, strings.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func imported(t testing.TB, e *storetest.Env, mode inventory.Mode, file string) inventory.Counts {
	t.Helper()
	p := dryRun(t, e, mode, file)
	for _, l := range p.Select(inventory.Refused, 5) {
		t.Errorf("line %d refused: %s %s %s", l.Line, l.Kind, l.ID, l.Reason)
	}
	c, err := e.ApplyInventory(context.Background(), e.Admin, mode, strings.NewReader(file), p.Hash, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// countsHold compares the counters with the ports.
func countsHold(t testing.TB, e *storetest.Env) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(e.Dir, "demarc.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow(`SELECT COUNT(*) FROM (
		SELECT device_id, port_type, state, n FROM port_counts WHERE n > 0 EXCEPT SELECT device_id, port_type, state, COUNT(*) FROM ports GROUP BY 1, 2, 3
		UNION ALL SELECT device_id, port_type, state, COUNT(*) FROM ports GROUP BY 1, 2, 3 EXCEPT SELECT device_id, port_type, state, n FROM port_counts)`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 0 {
		t.Errorf("%d counters differ from the ports", n)
	}
	var broken int
	if err := db.QueryRow("SELECT COUNT(*) FROM pragma_foreign_key_check").Scan(&broken); err != nil || broken != 0 {
		t.Errorf("%d references lead nowhere (%v)", broken, err)
	}
}

// TestExportAndImportAgain: the whole inventory goes out and comes back, over
// itself without a change, and into an empty store as the same.
func TestExportAndImportAgain(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	e.At(t, lifecycle.Enabled)
	ports, err := e.Ports(ctx, e.Catalogue().Devices(e.APID(t, "Hangzhou-Yuhang-A"))[2].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.TakePortOutOfService(ctx, e.Admin, ports[3].ID, 0, "=Cracked, \"dirty\"\n换"); err != nil {
		t.Fatal(err)
	}
	ap := e.APID(t, "Singapore-A")
	if err := e.UpdateAccessPoint(ctx, e.Admin, ap, 0, store.AccessPointEdit{Name: "Singapore-A", FacilityName: "@新加坡 \"A\"", Address: "+65, Road; 1", Status: "hot", LOADays: "31", InstallerNotes: "-1\nline, two"}); err != nil {
		t.Fatal(err)
	}
	file := export(t, e)
	if strings.Contains(file, "\r") || !strings.Contains(file, "\"@新加坡 \"\"A\"\"\"") {
		t.Error("cells must be written as they are, with LF")
	}
	before := dump(t, e.Dir)
	for _, mode := range inventory.Modes() {
		if p := dryRun(t, e, mode, file); p.Total.Does() || p.Total.Refused > 0 {
			t.Errorf("%s: %+v %v", mode, p.Total, p.Lines[:min(3, len(p.Lines))])
		}
	}
	if diff := cmp.Diff(before, dump(t, e.Dir)); diff != "" {
		t.Errorf("a dry run wrote: %s", diff)
	}
	if again := export(t, e); again != file {
		t.Error("two exports differ")
	}

	// Into a store that knows only the shipped catalogue.
	other, err := store.Open(ctx, store.Options{Dir: t.TempDir(), Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	p, err := other.PlanInventory(ctx, e.Admin, inventory.ReplaceAll, strings.NewReader("\ufeff"+strings.ReplaceAll(file, "\n", "\r\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ApplyInventory(ctx, e.Admin, inventory.ReplaceAll, strings.NewReader(file), p.Hash, nil); err != nil {
		t.Fatal(err, p.Lines)
	}
	var b bytes.Buffer
	if err := other.ExportInventory(ctx, e.Admin, &b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(file, b.String()); diff != "" {
		t.Error(diff)
	}
	// The snapshot is the new one.
	if got, _ := other.Catalogue().AccessPoint(ap); got.FacilityName != "@新加坡 \"A\"" || got.LOADays != 31 {
		t.Errorf("%+v", got)
	}
}

// ownCatalogue is an operator's own inventory of n ports. outOfService says why
// port i of them, counted from 0, is out of service, if it is.
func ownCatalogue(n int, outOfService ...func(i int) string) string {
	var b bytes.Buffer
	w := inventory.NewWriter(&b)
	put := func(r inventory.Row) {
		if err := w.Write(r); err != nil {
			panic(err)
		}
	}
	put(inventory.OfRegion(catalog.Region{ID: "nl-1", Name: "Netherlands (阿姆斯特丹)", Zone: "Europe/Amsterdam", Order: 1}))
	const perDevice, perSite = 48, 50
	for i := range n {
		site, device := i/(perDevice*perSite), i/perDevice
		ap, dev := fmt.Sprintf("ap-nl-1-%d", site), fmt.Sprintf("nl-1-%d-csw-%d", site, device)
		if i%(perDevice*perSite) == 0 {
			put(inventory.OfAccessPoint(catalog.AccessPoint{ID: ap, Region: "nl-1", Name: fmt.Sprintf("Amsterdam-%d", site), RunBy: "Equinix", Status: catalog.StatusOpen, LOADays: 60, FacilityName: fmt.Sprintf("Data hall %d", site), Address: "Science Park 1",
				InstallerNotes: "Line one\nline \"two\"", Offers: map[catalog.SP][]catalog.PortType{catalog.EquinixSP: {catalog.Type10GBaseLR}}}))
		}
		if i%perDevice == 0 {
			put(inventory.OfDevice(catalog.Device{ID: dev, AccessPoint: ap, Name: fmt.Sprintf("CSW-%d", device), Room: "1F", Cabinet: fmt.Sprintf("C-%d", device)}))
		}
		k, why := i%perDevice, ""
		for _, f := range outOfService {
			why = f(i)
		}
		put(inventory.OfPort(catalog.Port{ID: fmt.Sprintf("%s-xge1-0-%d", dev, k+1), Device: dev, Name: fmt.Sprintf("XGE1/0/%d", k+1), Number: k + 1, Type: catalog.Type10GBaseLR, Room: "1F", Cabinet: fmt.Sprintf("C-%d", device), Panel: "ODF 一", Position: fmt.Sprintf("%d/%d", 2*k+1, 2*k+2),
			Connector: "LC", Polish: "UPC", Fibers: "duplex"}, why))
	}
	if err := w.Flush(); err != nil {
		panic(err)
	}
	return b.String()
}

// records are the rows of a file whose ID holds a text, in a stable order.
func records(t testing.TB, file, id string) []string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range rows[1:] {
		if strings.Contains(row[1], id) {
			out = append(out, fmt.Sprintf("%q", row))
		}
	}
	slices.Sort(out)
	return out
}

// TestGeneratedInventoriesComeBack: random inventories of Chinese, quotes, line
// breaks and formulas replace each other in one store, each from a file in any
// order with a byte order mark; what went in comes out, and goes in again
// without a change.
func TestGeneratedInventoriesComeBack(t *testing.T) {
	s, err := store.Open(ctx, store.Options{Dir: t.TempDir(), Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	admin := store.Actor{UserID: "u", Role: lifecycle.Administrator}
	apply := func(seed int, mode inventory.Mode, file string) inventory.Counts {
		t.Helper()
		p, err := s.PlanInventory(ctx, admin, mode, strings.NewReader(file), nil)
		if err != nil || p.Total.Refused > 0 {
			t.Fatalf("seed %d: %v %v", seed, err, p.Select(inventory.Refused, 3))
		}
		if _, err := s.ApplyInventory(ctx, admin, mode, strings.NewReader(file), p.Hash, nil); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		return p.Total
	}
	for seed := range 25 {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		var b bytes.Buffer
		w := inventory.NewWriter(&b)
		for _, row := range inventorytest.Invent(r) {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		file, err := inventorytest.Rearrange(r, b.String())
		if err != nil {
			t.Fatal(err)
		}
		apply(seed, inventory.ReplaceAll, file)
		var out bytes.Buffer
		if err := s.ExportInventory(ctx, admin, &out); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(records(t, b.String(), ""), records(t, out.String(), "")); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		again, err := inventorytest.Rearrange(r, out.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range inventory.Modes() {
			if c := apply(seed, mode, again); c.Does() {
				t.Fatalf("seed %d: the same again did %+v", seed, c)
			}
		}
	}
}

// TestTheOperatorsOwnCatalogueReplacesTheDemo entirely, and what an interface
// holds is refused.
func TestTheOperatorsOwnCatalogueReplacesTheDemo(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	file := ownCatalogue(200)
	// The account's home region is in the demo: it holds that region.
	if p := dryRun(t, e, inventory.ReplaceAll, file); p.Total.Refused != 1 || p.Select(inventory.Refused, 1)[0].ID != "cn-hangzhou" {
		t.Fatalf("%+v %v", p.Total, p.Select(inventory.Refused, 3))
	}
	head, _, _ := strings.Cut(file, "\n")
	at := map[string]int{}
	for i, name := range strings.Split(head, ",") {
		at[name] = i
	}
	cells := make([]string, len(at))
	cells[0], cells[at["id"]], cells[at["name"]], cells[at["zone"]], cells[at["mainland"]] = "region", "cn-hangzhou", "China (Hangzhou)", "Asia/Shanghai", "yes"
	file = ownCatalogue(200) + strings.Join(cells, ",") + "\n"
	c := imported(t, e, inventory.ReplaceAll, file)
	if c.Added == 0 || c.Removed == 0 {
		t.Errorf("%+v", c)
	}
	if n := len(e.Catalogue().AccessPoints()); n != 1 {
		t.Errorf("%d access points are left", n)
	}
	countsHold(t, e)
	if counts, err := e.PortCounts(ctx, "ap-nl-1-0"); err != nil || store.Free(counts, catalog.Type10GBaseLR) != 200 {
		t.Errorf("%v %v", counts, err)
	}
	events, err := e.Audit(ctx, e.Admin, store.EventFilter{Actions: []string{"import_inventory"}})
	if err != nil || len(events.Events) != 1 || !strings.Contains(events.Events[0].Detail, "200 ports added") {
		t.Errorf("%+v %v", events, err)
	}
	e.Reopen(t)
	if n := len(e.Catalogue().AccessPoints()); n != 1 {
		t.Errorf("after a restart %d access points", n)
	}
}

// TestARefusedImportLeavesTheFileAlone: byte for byte, whatever is refused.
func TestARefusedImportLeavesTheFileAlone(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	inUse := e.At(t, lifecycle.Enabled)
	allocated := e.At(t, lifecycle.ToApplyForLOA)
	lettered := e.At(t, lifecycle.ApprovedLOA)
	port := func(c store.Connection) string {
		p, err := e.PortOf(ctx, c.ID)
		if err != nil || p == nil {
			t.Fatal(p, err)
		}
		return p.ID
	}
	before := dump(t, e.Dir)
	for name, c := range map[string]struct {
		mode inventory.Mode
		file string
		want string
	}{
		"a port in use that a letter names": {inventory.AddAndChange, "kind,id,position\nport," + port(inUse) + ",99/100\n", "Letter LOA-2026-"},
		"a port that a letter names":        {inventory.AddAndChange, "kind,id,connector\nport," + port(lettered) + ",SC\n", "Letter LOA-2026-"},
		"the type of an allocated port":     {inventory.AddAndChange, "kind,id,port_type\nport," + port(allocated) + ",1000Base-LX\n", "Interface " + allocated.ID + " holds this port"},
		"the place of an allocated port":    {inventory.AddAndChange, "kind,id,room\nport," + port(allocated) + ",9F\n", "Interface " + allocated.ID + " holds this port"},
		"an allocated port out of service":  {inventory.AddAndChange, "kind,id,out_of_service\nport," + port(allocated) + ",broken\n", "Interface " + allocated.ID + " holds this port"},
		"one bad line behind a good one":    {inventory.AddAndChange, "kind,id,name,zone\nregion,new,N,UTC\nregion,bad,B,Nowhere\n", "Nowhere"},
		"removal of what is held":           {inventory.ReplaceAll, ownCatalogue(10), "cannot be removed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := dryRun(t, e, c.mode, c.file)
			var reasons []string
			for _, l := range p.Select(inventory.Refused, 100) {
				reasons = append(reasons, l.Reason)
			}
			if !strings.Contains(strings.Join(reasons, "\n"), c.want) {
				t.Errorf("want %q in %q", c.want, reasons)
			}
			if _, err := e.ApplyInventory(ctx, e.Admin, c.mode, strings.NewReader(c.file), p.Hash, nil); store.KindOf(err) != store.Invalid {
				t.Errorf("apply: %v", err)
			}
			if diff := cmp.Diff(before, dump(t, e.Dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, by := range []store.Actor{e.Owner, e.Reviewer, e.Technician, e.Finance} {
		_, err := e.ApplyInventory(ctx, by, inventory.AddAndChange, strings.NewReader("kind,id\n"), "", nil)
		_, perr := e.PlanInventory(ctx, by, inventory.AddAndChange, strings.NewReader("kind,id\n"), nil)
		if store.KindOf(err) != store.Forbidden || store.KindOf(perr) != store.Forbidden || store.KindOf(e.ExportInventory(ctx, by, io.Discard)) != store.Forbidden ||
			store.KindOf(e.UploadInventory(ctx, by, inventory.AddAndChange, strings.NewReader("x"))) != store.Forbidden || store.KindOf(e.ConfirmImport(ctx, by, "x")) != store.Forbidden {
			t.Errorf("%s may import or export", by.Role)
		}
	}
}

// TestAnImportOfAnotherPresentIsAConflict: the plan that was agreed to is the
// plan that is carried out, or none.
func TestAnImportOfAnotherPresentIsAConflict(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	device := e.Catalogue().Devices(e.APID(t, "Hangzhou-Yuhang-A"))[0]
	file := "kind,id,cabinet\ndevice," + device.ID + ",Z-99\n"
	p := dryRun(t, e, inventory.AddAndChange, file)
	if err := e.UpdateAccessPoint(ctx, e.Admin, e.APID(t, "Singapore-A"), 0, store.AccessPointEdit{Name: "Singapore-A", FacilityName: "F", Status: "hot", LOADays: "31"}); err != nil {
		t.Fatal(err)
	}
	before := dump(t, e.Dir)
	if _, err := e.ApplyInventory(ctx, e.Admin, inventory.AddAndChange, strings.NewReader(file), p.Hash, nil); store.KindOf(err) != store.Conflict {
		t.Errorf("another access point: %v", err)
	}
	if diff := cmp.Diff(before, dump(t, e.Dir)); diff != "" {
		t.Error(diff)
	}
	// An order elsewhere is none of its business …
	p = dryRun(t, e, inventory.AddAndChange, file)
	e.At(t, lifecycle.ToApplyForLOA, func(in *store.NewConnection) {
		in.AccessPoint, in.SP = e.APID(t, "Hangzhou-Xiaoshan-B"), catalog.ChinaTelecom
	})
	if _, err := e.ApplyInventory(ctx, e.Admin, inventory.AddAndChange, strings.NewReader(file), p.Hash, nil); err != nil {
		t.Errorf("an order elsewhere: %v", err)
	}
	// … but one that takes what would be changed is.
	file = strings.Replace(file, "Z-99", "Z-100", 1)
	p = dryRun(t, e, inventory.AddAndChange, file)
	for range 3 {
		e.At(t, lifecycle.ToApplyForLOA)
	}
	if _, err := e.ApplyInventory(ctx, e.Admin, inventory.AddAndChange, strings.NewReader(file), p.Hash, nil); store.KindOf(err) != store.Invalid {
		t.Errorf("an order on this device: %v", err)
	}
}

// TestImportedChangesOfPorts: types, numbers that two ports exchange, out of
// service and back, history and counters.
func TestImportedChangesOfPorts(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	imported(t, e, inventory.AddAndChange, ownCatalogue(3))
	const a, b, c = "nl-1-0-csw-0-xge1-0-1", "nl-1-0-csw-0-xge1-0-2", "nl-1-0-csw-0-xge1-0-3"
	imported(t, e, inventory.AddAndChange, "kind,id,number,port_type,out_of_service\nport,"+a+",2,10GBase-LR,dirty\nport,"+b+",1,1000Base-LX,\n")
	countsHold(t, e)
	p, err := e.Port(ctx, a)
	if err != nil || p.Number != 2 || p.State != store.PortOutOfService || p.Reason != "dirty" {
		t.Errorf("%+v %v", p, err)
	}
	if p, err = e.Port(ctx, b); err != nil || p.Number != 1 || p.Type != catalog.Type1000BaseLX || p.State != store.PortFree || p.Version != 2 {
		t.Errorf("%+v %v", p, err)
	}
	imported(t, e, inventory.AddAndChange, "kind,id,out_of_service\nport,"+a+",\n")
	if p, err = e.Port(ctx, a); err != nil || p.State != store.PortFree || p.Reason != "" {
		t.Errorf("%+v %v", p, err)
	}
	// A port that goes and comes back keeps its history.
	all := export(t, e)
	var without []string
	for _, l := range strings.SplitAfter(all, "\n") {
		if !strings.HasPrefix(l, "port,"+c+",") {
			without = append(without, l)
		}
	}
	if counts := imported(t, e, inventory.ReplaceAll, strings.Join(without, "")); counts.Removed != 1 {
		t.Errorf("%+v", counts)
	}
	imported(t, e, inventory.AddAndChange, all)
	countsHold(t, e)
	for id, want := range map[string][]string{
		// newest first
		a: {store.PortPutBack, store.PortTakenOut}, b: {store.PortEdited}, c: {store.PortAdded, store.PortDeleted},
	} {
		events, err := e.Timeline(ctx, store.PortSubject(id))
		var got []string
		for _, ev := range events {
			got = append(got, ev.Action)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", id, err, diff)
		}
	}
}

// wait waits until the import is in one of the states.
func wait(t testing.TB, e *storetest.Env, states ...store.ImportState) store.Import {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		i, _ := e.Import(e.Admin)
		for _, s := range states {
			if i.State == s {
				return i
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the import is %+v", i)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// TestTwoSteps: upload, dry run, confirmation; each sent many times at once,
// done once; the file is deleted.
func TestTwoSteps(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	file := ownCatalogue(500)
	by := e.Admin
	by.Key = "form-1"
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := e.UploadInventory(ctx, by, inventory.AddAndChange, strings.NewReader(file)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	i := wait(t, e, store.ImportReady)
	if !i.Confirmable() || i.Counts.Added != 500+11+1+1 || i.Rows != 513 || i.Bytes != int64(len(file)) {
		t.Fatalf("%+v", i)
	}
	if _, ok := e.Import(e.Reviewer); ok {
		t.Error("another person has an import")
	}
	var report bytes.Buffer
	if err := e.ImportReport(e.Admin, &report); err != nil || strings.Count(report.String(), "\n") != 514 {
		t.Errorf("%v %d lines", err, strings.Count(report.String(), "\n"))
	}
	if err := e.ConfirmImport(ctx, by, "another"); store.KindOf(err) != store.Conflict {
		t.Error(err)
	}
	by.Key = "form-2"
	for range 20 {
		wg.Go(func() {
			if err := e.ConfirmImport(ctx, by, i.Hash); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	i = wait(t, e, store.ImportDone)
	if i.Done != 513 || i.Total != 513 {
		t.Errorf("%+v", i)
	}
	events, err := e.Audit(ctx, e.Admin, store.EventFilter{Actions: []string{"import_inventory"}})
	if err != nil || len(events.Events) != 1 {
		t.Errorf("%d events, %v", len(events.Events), err)
	}
	if _, err := os.Stat(filepath.Join(e.Dir, "imports", e.Admin.UserID+".csv")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the imported file is still there: %v", err)
	}
	if err := e.DropImport(e.Admin); err != nil {
		t.Error(err)
	}
	if err := e.ImportReport(e.Admin, io.Discard); store.KindOf(err) != store.NotFound {
		t.Error(err)
	}
}

// While an import of somebody is under way, theirs is the only one; others have their own.
func TestOneImportAtATime(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	second, err := e.CreateUser(ctx, store.NewUser{Email: "second@cloud.example", Name: "Second", Role: lifecycle.Administrator}, "")
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	ended := make(chan error)
	go func() { ended <- e.UploadInventory(ctx, e.Admin, inventory.AddAndChange, r) }()
	if _, err := io.WriteString(w, "kind"); err != nil { // once it is read, the import is under way
		t.Fatal(err)
	}
	file := ownCatalogue(10)
	if err := e.UploadInventory(ctx, e.Admin, inventory.AddAndChange, strings.NewReader(file)); store.KindOf(err) != store.Conflict {
		t.Errorf("a second import of the same person: %v", err)
	}
	if err := e.UploadInventory(ctx, store.Actor{UserID: second.ID, Role: second.Role}, inventory.AddAndChange, strings.NewReader(file)); err != nil {
		t.Errorf("an import of another person: %v", err)
	}
	w.CloseWithError(io.ErrUnexpectedEOF)
	if err := <-ended; store.KindOf(err) != store.Unavailable {
		t.Errorf("an upload that broke off: %v", err)
	}
	if err := e.UploadInventory(ctx, e.Admin, inventory.AddAndChange, strings.NewReader(file)); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// TestUploads: what is refused at once, what waits too long, what a restart
// forgets, and a present that changed.
func TestUploads(t *testing.T) {
	e := storetest.New(t)
	ctx := context.Background()
	by := e.Admin
	for name, c := range map[string]struct {
		mode  inventory.Mode
		file  io.Reader
		field string
	}{
		"no file":  {inventory.AddAndChange, strings.NewReader(""), "file"},
		"too much": {inventory.AddAndChange, io.LimitReader(endless{}, inventory.MaxBytes+5), "file"},
		"no mode":  {"", strings.NewReader("kind,id\n"), "mode"},
	} {
		if err := e.UploadInventory(ctx, by, c.mode, c.file); store.FieldsOf(err)[c.field] == "" {
			t.Errorf("%s: %v", name, err)
		}
		if _, ok := e.Import(by); ok {
			t.Errorf("%s: something is left", name)
		}
	}
	broken := io.MultiReader(strings.NewReader("kind"), failing{})
	if err := e.UploadInventory(ctx, by, inventory.AddAndChange, broken); store.KindOf(err) != store.Unavailable {
		t.Error(err)
	}
	file := ownCatalogue(10)
	send := func() store.Import {
		if err := e.UploadInventory(ctx, by, inventory.AddAndChange, strings.NewReader(file)); err != nil {
			t.Fatal(err)
		}
		return wait(t, e, store.ImportReady)
	}
	folder := filepath.Join(e.Dir, "imports")
	files := func() int {
		names, _ := os.ReadDir(folder) // no folder, no files
		return len(names)
	}
	send()
	e.Clock.Advance(store.ImportLimit - time.Minute)
	if _, err := e.RunDue(ctx); err != nil || files() != 2 {
		t.Errorf("%v, %d files", err, files())
	}
	e.Clock.Advance(time.Minute)
	if _, err := e.RunDue(ctx); err != nil || files() != 0 {
		t.Errorf("%v, %d files are left after their time", err, files())
	}
	send()
	e.Reopen(t)
	if _, ok := e.Import(by); ok || files() != 0 {
		t.Errorf("a restart keeps %d files", files())
	}
	i := send()
	if err := e.UpdateAccessPoint(ctx, e.Admin, e.APID(t, "Singapore-A"), 0, store.AccessPointEdit{Name: "Singapore-A", FacilityName: "F", Status: "hot", LOADays: "31"}); err != nil {
		t.Fatal(err)
	}
	if err := e.ConfirmImport(ctx, by, i.Hash); err != nil {
		t.Fatal(err)
	}
	i = wait(t, e, store.ImportReady)
	if !i.Confirmable() || !strings.Contains(i.Notice, "changed after the dry run") {
		t.Errorf("%+v", i)
	}
	if _, ok := e.Catalogue().AccessPoint("ap-nl-1-0"); ok {
		t.Error("imported over another inventory")
	}
	if err := e.ConfirmImport(ctx, by, i.Hash); err != nil {
		t.Fatal(err)
	}
	wait(t, e, store.ImportDone)
	if _, ok := e.Catalogue().AccessPoint("ap-nl-1-0"); !ok {
		t.Error("not imported")
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the line is dead") }

// TestFiftyThousandPorts imports and exports 50,000 ports, some with reasons in
// Chinese, with quotes and line breaks, from a file with a byte order mark and
// the line ends of a spreadsheet, and says what it took. What went in comes out.
func TestFiftyThousandPorts(t *testing.T) {
	n := 50_000
	if testing.Short() {
		n = 3_000
	}
	e := storetest.New(t)
	written := ownCatalogue(n, func(i int) string {
		if i%97 > 0 {
			return ""
		}
		return fmt.Sprintf("=第%d个端口: \"dirty\", see\nticket; %d", i, i)
	})
	file := "\ufeff" + strings.ReplaceAll(written, "\n", "\r\n")
	var peak uint64
	stop := make(chan struct{})
	var watch sync.WaitGroup
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
	})
	start := time.Now()
	p := dryRun(t, e, inventory.AddAndChange, file)
	dry := time.Since(start)
	start = time.Now()
	told := 0
	if _, err := e.ApplyInventory(context.Background(), e.Admin, inventory.AddAndChange, strings.NewReader(file), p.Hash, func(done, total int) { told++ }); err != nil {
		t.Fatal(err)
	}
	apply := time.Since(start)
	start = time.Now()
	again := dryRun(t, e, inventory.AddAndChange, file)
	second := time.Since(start)
	close(stop)
	watch.Wait()
	t.Logf("%d ports, %.1f MB: dry run %v, apply %v, dry run over itself %v, heap grew by at most %.1f MB", n, float64(len(file))/1e6, dry, apply, second, float64(peak-before.HeapAlloc)/1e6)
	if told < n/1000 {
		t.Errorf("progress was told %d times", told)
	}
	if again.Total.Does() || again.Total.Refused > 0 || again.Total.Unchanged < n {
		t.Errorf("the second dry run: %+v", again.Total)
	}
	countsHold(t, e)
	want, got := records(t, written, "nl-1"), records(t, export(t, e), "nl-1")
	if len(want) < n+n/48 {
		t.Fatalf("%d rows were written", len(want))
	}
	if !slices.Equal(want, got) {
		t.Errorf("%d rows went in and %d came out, or others", len(want), len(got))
	}
}

// TestKilledInTheMiddle: kill -9 while an import writes leaves the old
// inventory whole. The import runs in a process of its own.
func TestKilledInTheMiddle(t *testing.T) {
	if dir := os.Getenv("DEMARC_TEST_IMPORT_DIR"); dir != "" {
		importUntilKilled(t, dir)
		return
	}
	e := storetest.New(t)
	if err := e.Store.Close(); err != nil {
		t.Fatal(err)
	}
	before := dump(t, e.Dir)
	child := exec.Command(os.Args[0], "-test.run=^TestKilledInTheMiddle$")
	child.Env = append(os.Environ(), "DEMARC_TEST_IMPORT_DIR="+e.Dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines, killed := bufio.NewScanner(out), false
	for lines.Scan() {
		if lines.Text() == "half way" {
			killed = true
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || !killed {
		t.Fatalf("the import was not killed half way: %v", err)
	}
	s, err := store.Open(context.Background(), store.Options{Dir: e.Dir, Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if diff := cmp.Diff(before, dump(t, e.Dir)); diff != "" {
		t.Error(diff)
	}
	if _, ok := s.Catalogue().Region("nl-1"); ok {
		t.Error("half of the import is there")
	}
}

// importUntilKilled imports and stops half way, inside the transaction.
func importUntilKilled(t *testing.T, dir string) {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Dir: dir, Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	admin := store.Actor{UserID: "u", Role: lifecycle.Administrator}
	file := ownCatalogue(4_000)
	p, err := s.PlanInventory(ctx, admin, inventory.AddAndChange, strings.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.ApplyInventory(ctx, admin, inventory.AddAndChange, strings.NewReader(file), p.Hash, func(done, total int) {
		if done >= total/2 {
			fmt.Println("half way")
			select {} // until it is killed
		}
	})
	t.Fatal("not killed")
}
