package inventory_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"demarc/store/catalog"
	"demarc/store/inventory"
	"demarc/store/inventory/inventorytest"
)

// world is an inventory in memory.
type world struct {
	rows []inventory.Row
	hold map[string]string // "port csw-1-1": why it is held
	loa  map[string]string // likewise: the letter that names it
}

func (w world) visit(f func(inventory.Present) error) error {
	for _, r := range w.rows {
		name := string(r.Kind) + " " + r.ID()
		if err := f(inventory.Present{Row: inventory.NewRow(r.Kind, slices.Clone(r.Cells)...), Hold: w.hold[name], Letter: w.loa[name], State: "free"}); err != nil {
			return err
		}
	}
	return nil
}

func (w world) file(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	out := inventory.NewWriter(&b)
	for _, r := range w.rows {
		if err := out.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func plan(t testing.TB, w world, mode inventory.Mode, file string) *inventory.Plan {
	t.Helper()
	f, err := inventory.Read(strings.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Plan(mode, w.visit)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// small is two regions, two access points, two devices, a panel, four ports.
func small() world {
	w := world{hold: map[string]string{}, loa: map[string]string{}}
	w.rows = append(w.rows,
		inventory.OfRegion(catalog.Region{ID: "cn-hangzhou", Name: "China (Hangzhou)", Zone: "Asia/Shanghai", Mainland: true, Order: 1}),
		inventory.OfRegion(catalog.Region{ID: "eu-central-1", Name: "Germany (Frankfurt)", Zone: "Europe/Berlin", Order: 2}),
		inventory.OfAccessPoint(catalog.AccessPoint{ID: "ap-a", Region: "cn-hangzhou", Name: "Hangzhou-A", RunBy: "China Telecom", Status: catalog.StatusHot, LOADays: 30, FacilityName: "余杭数据中心", Address: "No. 8, “Fibre” Road",
			InstallerNotes: "=1+1\nRing \"twice\", then wait", Visitor: catalog.VisitorPolicy{IDType: true, IDNumber: true},
			Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaTelecom: {catalog.Type10GBaseLR, catalog.Type1000BaseLX}, catalog.OtherSP: {}}}),
		inventory.OfAccessPoint(catalog.AccessPoint{ID: "ap-b", Region: "eu-central-1", Name: "Frankfurt-B", RunBy: catalog.RunByProvider, Status: catalog.StatusOpen, LOADays: 90, Demo: true, Offers: map[catalog.SP][]catalog.PortType{}}),
		inventory.OfPanel(inventory.PanelRule{AccessPoint: "ap-a", Room: "3F-2", Cabinet: "C-07", Panel: "ODF 12", Rule: "N/N (P)"}),
		inventory.OfDevice(catalog.Device{ID: "a-csw-01", AccessPoint: "ap-a", Name: "CSW-01", Room: "3F-2", Cabinet: "C-07"}),
		inventory.OfDevice(catalog.Device{ID: "a-csw-02", AccessPoint: "ap-a", Name: "CSW-02", Room: "3F-2", Cabinet: "C-07"}),
	)
	for i := 1; i <= 4; i++ {
		device := "a-csw-01"
		if i > 2 {
			device = "a-csw-02"
		}
		w.rows = append(w.rows, inventory.OfPort(catalog.Port{ID: fmt.Sprintf("%s-xge1-0-%d", device, i), Device: device, Name: fmt.Sprintf("XGE1/0/%d", i), Number: i, Type: catalog.Type10GBaseLR,
			Room: "3F-2", Cabinet: "C-07", Panel: "ODF 12", Position: fmt.Sprintf("%d/%d", 2*i-1, 2*i), Connector: "LC", Polish: "UPC", Fibers: "duplex", Side: "front"}, ""))
	}
	return w
}

func reasons(p *inventory.Plan, o inventory.Outcome) []string {
	var out []string
	for _, l := range p.Select(o, 1000) {
		out = append(out, fmt.Sprintf("%d %s %s: %s", l.Line, l.Kind, l.ID, l.Reason))
	}
	return out
}

// TestRoundTrip: what was exported, imported again, changes nothing, in either
// mode; imported into nothing it adds exactly the same.
func TestRoundTrip(t *testing.T) {
	w := small()
	text := w.file(t)
	for _, mode := range inventory.Modes() {
		p := plan(t, w, mode, text)
		if p.Total != (inventory.Counts{Unchanged: len(w.rows)}) || len(p.Lines) != 0 {
			t.Errorf("%s: %+v %v", mode, p.Total, p.Lines)
		}
		if p = plan(t, world{}, mode, text); p.Total != (inventory.Counts{Added: len(w.rows)}) {
			t.Errorf("%s into nothing: %+v %v", mode, p.Total, p.Lines)
		}
		if diff := cmp.Diff(cells(w.rows), cells(p.Add)); diff != "" {
			t.Error(diff)
		}
	}
	if strings.Contains(text, "\r") || strings.HasPrefix(text, "\ufeff") || !strings.HasPrefix(text, "kind,id,") {
		t.Errorf("an export has LF, no mark, and begins with the header: %q", text[:40])
	}
	if !strings.Contains(text, "\"=1+1\nRing \"\"twice\"\", then wait\"") {
		t.Errorf("the cell that begins with = must stay as it is:\n%s", text)
	}
}

func cells(rows []inventory.Row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, string(r.Kind)+"|"+strings.Join(r.Cells, "|"))
	}
	return out
}

// TestColumnsAreExplained: every column of every kind is in the file, once, and
// has words; no other is.
func TestColumnsAreExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range inventory.Columns() {
		if c.Words == "" || len(c.Kinds) == 0 || seen[c.Name] {
			t.Errorf("%+v", c)
		}
		seen[c.Name] = true
	}
	for _, k := range inventory.Kinds() {
		for _, f := range inventory.Fields(k) {
			if !seen[f] {
				t.Errorf("%s of %s is not explained", f, k)
			}
		}
	}
}

// TestRowsAndValues: every field of a value is in its row, and comes back.
func TestRowsAndValues(t *testing.T) {
	ap := catalog.AccessPoint{ID: "x", Region: "r", Name: "N", RunBy: "B", Status: "hot", Offers: map[catalog.SP][]catalog.PortType{catalog.ChinaUnicom: {catalog.Type10GBaseLR}}, FacilityName: "F", Address: "A", LOADays: 12,
		Visitor: catalog.VisitorPolicy{Gender: true, IDType: true, IDNumber: true}, InstallerNotes: "I", Demo: true}
	if diff := cmp.Diff(ap, inventory.AccessPointOf(inventory.OfAccessPoint(ap))); diff != "" {
		t.Error(diff)
	}
	r := catalog.Region{ID: "x", Name: "N", Zone: "Z", Mainland: true, Order: 7}
	if diff := cmp.Diff(r, inventory.RegionOf(inventory.OfRegion(r))); diff != "" {
		t.Error(diff)
	}
	d := catalog.Device{ID: "x", AccessPoint: "a", Name: "N", Room: "R", Cabinet: "C"}
	if diff := cmp.Diff(d, inventory.DeviceOf(inventory.OfDevice(d))); diff != "" {
		t.Error(diff)
	}
	n := inventory.PanelRule{AccessPoint: "a", Room: "R", Cabinet: "C", Panel: "P", Rule: "N"}
	if diff := cmp.Diff(n, inventory.PanelOf(inventory.OfPanel(n))); diff != "" {
		t.Error(diff)
	}
	p := catalog.Port{ID: "x", Device: "d", Name: "N", Number: 3, Type: "T", Room: "R", Cabinet: "C", Panel: "P", Position: "1/2", Connector: "LC", Polish: "APC", Fibers: "simplex", Side: "rear"}
	if diff := cmp.Diff(p, inventory.PortOf(inventory.OfPort(p, "broken"))); diff != "" {
		t.Error(diff)
	}
	for _, k := range inventory.Kinds() {
		for _, f := range inventory.Fields(k) {
			if f != "id" && !slices.Contains(inventory.Header(), f) {
				t.Errorf("column %s of %s is not in the header", f, k)
			}
		}
	}
}

func TestRefusedLines(t *testing.T) {
	const portHead = "kind,id,device,name,number,port_type,room,cabinet,panel,position\n"
	for name, c := range map[string]struct {
		mode inventory.Mode
		file string
		edit func(*world)
		want []string
	}{
		"unknown column":  {file: "kind,id,colour\nregion,x,red\n", want: []string{"1  : The column “colour” is unknown."}},
		"column twice":    {file: "kind,id,id\n", want: []string{"1  : The column id stands twice in the header."}},
		"no kind":         {file: "id,name\n", want: []string{"1  : The column kind is missing."}},
		"empty file":      {file: "", want: []string{"1  : The file is empty. Its first line names the columns."}},
		"semicolons":      {file: "kind;id\nregion;x\n", want: []string{"1  : The columns must be separated by commas."}},
		"UTF-16":          {file: "\xff\xfek\x00", want: []string{"1  : The file is in UTF-16. Save it as CSV in UTF-8."}},
		"unknown kind":    {file: "kind,id\nrouter,x\n,y\n", want: []string{"2  : The kind “router” is unknown.", "3  : The kind is missing."}},
		"cells":           {file: "kind,id,name\nregion,x\n", want: []string{"2  : The line has 2 cells, the header 3."}},
		"open quote":      {file: "kind,id,name\nregion,x,\"abc\n", want: []string{"2  : A quotation mark is not closed or stands inside a cell without a second one. The rest of the file was not read."}},
		"foreign cell":    {file: "kind,id,address\nregion,cn-hangzhou,Road\n", want: []string{"2 region cn-hangzhou: The column address does not belong to the kind region."}},
		"twice":           {file: "kind,id,name\nregion,cn-hangzhou,A\nregion,cn-hangzhou,B\n", want: []string{"3 region cn-hangzhou: The region cn-hangzhou is in line 2 already."}},
		"zone":            {file: "kind,id,zone\nregion,cn-hangzhou,Asia/Hangzhou\n", want: []string{"2 region cn-hangzhou: zone: Enter the time zone by its IANA name, for example Asia/Shanghai: “Asia/Hangzhou” is unknown."}},
		"SP":              {file: "kind,id,offers\naccess_point,ap-a,CX=10GBase-LR\n", want: []string{"2 access_point ap-a: offers: The SP “CX” is unknown: use CT, CU, CM, CO, Equinix or Other."}},
		"port type":       {file: "kind,id,port_type\nport,a-csw-01-xge1-0-1,155M\n", want: []string{"2 port a-csw-01-xge1-0-1: port_type: The port type “155M” is unknown."}},
		"offered type":    {file: "kind,id,offers\naccess_point,ap-a,CT=STM-1\n", want: []string{"2 access_point ap-a: offers: The port type “STM-1” is unknown."}},
		"rule":            {file: "kind,access_point,room,cabinet,panel,rule\npanel,ap-a,3F-2,C-07,ODF 12,{first\n", want: []string{"2 panel ap-a, 3F-2, C-07, ODF 12: rule: Character 1: close the brace with }."}},
		"reference":       {file: "kind,id,access_point,name,room,cabinet\ndevice,x,ap-z,X,R,C\n", want: []string{"2 device x: The access point “ap-z” is neither in the file nor in the inventory."}},
		"new, too little": {file: "kind,id,device\nport,x,a-csw-01\n", want: []string{"2 port x: The column name is missing; a new port needs it."}},
		"emptied":         {file: "kind,id,name\nport,a-csw-01-xge1-0-1,\n", want: []string{"2 port a-csw-01-xge1-0-1: The cell name is empty."}},
		"unprintable":     {file: "kind,id,name\nport,a-csw-01-xge1-0-1,a\u202eb\n", want: []string{"2 port a-csw-01-xge1-0-1: name: Remove the characters that cannot be printed."}},
		"two lines":       {file: "kind,id,name\nport,a-csw-01-xge1-0-1,\"a\nb\"\n", want: []string{"2 port a-csw-01-xge1-0-1: name: Use one line."}},
		"long":            {file: "kind,id,name\nport,a-csw-01-xge1-0-1," + strings.Repeat("长", 41) + "\n", want: []string{"2 port a-csw-01-xge1-0-1: name: Use at most 40 characters."}},
		"other device":    {file: "kind,id,device\nport,a-csw-01-xge1-0-1,a-csw-02\n", want: []string{"2 port a-csw-01-xge1-0-1: device: A port stays on its device. Add another one instead."}},
		"position of another": {file: portHead + "port,,a-csw-02,XGE1/0/9,9,10GBase-LR,3F-2,C-07,odf 12,2/9\n",
			want: []string{"2 port a-csw-02-xge1-0-9: Position 2 of odf 12 belongs to CSW-01 XGE1/0/1 already."}},
		"position twice in the file": {file: portHead + "port,,a-csw-02,XGE1/0/8,8,10GBase-LR,3F-2,C-07,ODF 13,1/2\nport,,a-csw-02,XGE1/0/9,9,10GBase-LR,3F-2,C-07,ODF 13,2/3\n",
			want: []string{"3 port a-csw-02-xge1-0-9: Position 2 of ODF 13 belongs to CSW-02 XGE1/0/8 in line 2."}},
		"number twice": {file: portHead + "port,,a-csw-02,XGE1/0/8,3,10GBase-LR,3F-2,C-07,ODF 13,1/2\n",
			want: []string{"2 port a-csw-02-xge1-0-8: Number 3 belongs to CSW-02 XGE1/0/3 already."}},
		"name twice": {file: "kind,access_point,name,room,cabinet,id\ndevice,ap-a,csw-01,R,C,other\n",
			want: []string{"2 device other: The name csw-01 belongs to CSW-01 already."}},
		"named by a letter": {file: "kind,id,panel\nport,a-csw-01-xge1-0-1,ODF 99\n", edit: func(w *world) { w.loa["port a-csw-01-xge1-0-1"] = "LOA-2026-000001" },
			want: []string{"2 port a-csw-01-xge1-0-1: panel: Letter LOA-2026-000001 says “ODF 12”. Change it on the page of the port."}},
		"held": {file: "kind,id,port_type,out_of_service\nport,a-csw-01-xge1-0-1,1000Base-LX,\nport,a-csw-01-xge1-0-2,10GBase-LR,dirty\n", edit: func(w *world) {
			w.hold["port a-csw-01-xge1-0-1"], w.hold["port a-csw-01-xge1-0-2"] = "Interface pc-1 holds this port.", "Interface pc-2 holds this port."
		}, want: []string{"2 port a-csw-01-xge1-0-1: port_type: It cannot change by an import while the port is held. Interface pc-1 holds this port.",
			"3 port a-csw-01-xge1-0-2: out_of_service: It cannot change by an import while the port is held. Interface pc-2 holds this port."}},
		"removal of what is held": {mode: inventory.ReplaceAll, file: "kind,id,name,zone\nregion,cn-hangzhou,H,Asia/Shanghai\n", edit: func(w *world) {
			w.hold["port a-csw-01-xge1-0-1"] = "Interface pc-1 holds this port."
		}, want: []string{"0 port a-csw-01-xge1-0-1: It is not in the file, and cannot be removed: Interface pc-1 holds this port."}},
		"a row below what is removed": {mode: inventory.ReplaceAll, file: "kind,id,access_point,name,room,cabinet\ndevice,a-csw-01,ap-a,CSW-01,R,C\n",
			want: []string{"2 device a-csw-01: The access point “ap-a” is not in the file."}},
	} {
		t.Run(name, func(t *testing.T) {
			w := small()
			if c.edit != nil {
				c.edit(&w)
			}
			mode := c.mode
			if mode == "" {
				mode = inventory.AddAndChange
			}
			if diff := cmp.Diff(c.want, reasons(plan(t, w, mode, c.file), inventory.Refused)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTooManyRowsAreRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("kind,id\n")
	for i := range inventory.MaxRows + 10 {
		b.WriteString("region,r" + strconv.Itoa(i) + "\n")
	}
	p := plan(t, world{}, inventory.AddAndChange, b.String())
	last := p.Lines[len(p.Lines)-1]
	if last.Line != inventory.MaxRows+2 || !strings.Contains(last.Reason, "more than 100000 rows") {
		t.Errorf("%+v", last)
	}
}

// TestWhatIsTaken: other orders of columns and rows, a mark, CR LF, missing
// columns, IDs that are made, and both modes.
func TestWhatIsTaken(t *testing.T) {
	w := small()
	file := "\ufeffName,KIND,Device,number,port type,room,cabinet,panel,position\r\n" +
		"XGE1/0/9,port,new-sw,9,10gbase-lr,R,C,ODF 1,1/2\r\n" + // before its device
		"SW,device,,,,R,C,,\r\n"
	p := plan(t, w, inventory.AddAndChange, strings.Replace(file, "KIND,", "KIND,access_point,id,", 1))
	if p.Total.Refused == 0 {
		t.Fatal("rows shorter than their header must be refused")
	}
	file = "\ufeffName,KIND,id,access_point,Device,number,port type,room,cabinet,panel,position\r\n" +
		"XGE1/0/9,port,,,new-sw,9,10gbase-lr,R,C,ODF 1,1/2\r\n" +
		"SW,device,new-sw,ap-b,,,,R,C,,\r\n" +
		"CSW-01,device,a-csw-01,ap-a,,,,4F-1,C-07,,,\r\n"
	p = plan(t, w, inventory.AddAndChange, file)
	if want := (inventory.Counts{Added: 2, Changed: 1, Unchanged: len(w.rows) - 1}); p.Total != want {
		t.Fatalf("%+v, want %+v: %v", p.Total, want, p.Lines)
	}
	if diff := cmp.Diff([]string{"device|new-sw|ap-b|SW|R|C", "port|new-sw-xge1-0-9|new-sw|XGE1/0/9|9|10GBase-LR|R|C|ODF 1|1/2|LC/UPC duplex||||"}, cells(p.Add)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"4 device a-csw-01: room 3F-2 → 4F-1"}, reasons(p, inventory.Changed)); diff != "" {
		t.Error(diff)
	}
	// The columns that the file lacks keep what they hold.
	p = plan(t, w, inventory.AddAndChange, "kind,id,name\naccess_point,ap-a,Hangzhou-Z\n")
	if want := inventory.AccessPointOf(w.rows[2]); len(p.Change) != 1 {
		t.Fatal(p.Lines)
	} else if want.Name = "Hangzhou-Z"; cmp.Diff(want, inventory.AccessPointOf(p.Change[0].Is)) != "" {
		t.Error(cmp.Diff(want, inventory.AccessPointOf(p.Change[0].Is)))
	}
	// Two ports may exchange their positions.
	p = plan(t, w, inventory.AddAndChange, "kind,id,position\nport,a-csw-01-xge1-0-1,3/4\nport,a-csw-01-xge1-0-2,1/2\n")
	if p.Total.Changed != 2 || p.Total.Refused != 0 {
		t.Errorf("%+v %v", p.Total, p.Lines)
	}
	// Replacing everything removes children before their parents.
	p = plan(t, w, inventory.ReplaceAll, "kind,id,name,zone\nregion,eu-central-1,Germany (Frankfurt),Europe/Berlin\n")
	if want := (inventory.Counts{Removed: len(w.rows) - 1, Unchanged: 1}); p.Total != want {
		t.Fatalf("%+v: %v", p.Total, p.Lines)
	}
	if p.Remove[0].Kind != inventory.Port || p.Remove[len(p.Remove)-1].ID() != "cn-hangzhou" {
		t.Errorf("order of removal: %v", cellsOf(p.Remove))
	}
}

func cellsOf(rows []inventory.Present) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.ID())
	}
	return out
}

// TestHash: the hash is another one as soon as the present or the plan is.
func TestHash(t *testing.T) {
	file := "kind,id,name\nregion,cn-hangzhou,Hangzhou\n"
	seen := map[string]string{}
	note := func(what string, p *inventory.Plan) {
		if other, ok := seen[p.Hash]; ok {
			t.Errorf("%s and %s have one hash", what, other)
		}
		seen[p.Hash] = what
	}
	w := small()
	note("the plan", plan(t, w, inventory.AddAndChange, file))
	if again := plan(t, w, inventory.AddAndChange, file); seen[again.Hash] == "" {
		t.Error("the same plan twice has two hashes")
	}
	note("another file", plan(t, w, inventory.AddAndChange, strings.Replace(file, "Hangzhou\n", "Hangzhou 2\n", 1)))
	note("another mode", plan(t, w, inventory.ReplaceAll, w.file(t)))
	w.rows[5].Cells[3] = "4F"
	note("another present", plan(t, w, inventory.AddAndChange, file))
	w.loa["region cn-hangzhou"] = "LOA-1" // names no column of a region
	if again := plan(t, w, inventory.AddAndChange, file); seen[again.Hash] == "" {
		t.Error("a letter that touches nothing changes the hash")
	}
}

func TestReport(t *testing.T) {
	w := small()
	p := plan(t, w, inventory.AddAndChange, "kind,id,name,zone\nregion,cn-hangzhou,\"=H, \"\"x\"\"\",\nregion,new,N,UTC\nregion,bad,B,Mars/Olympus\n")
	var b bytes.Buffer
	if err := p.WriteReport(&b); err != nil {
		t.Fatal(err)
	}
	want := "line,kind,id,outcome,reason\n" +
		"2,region,cn-hangzhou,refused,The cell zone is empty.\n" +
		"4,region,bad,refused,\"zone: Enter the time zone by its IANA name, for example Asia/Shanghai: “Mars/Olympus” is unknown.\"\n" +
		"3,region,new,added,name N; zone UTC\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	// The file may come from anybody; its report is opened in a spreadsheet.
	p = plan(t, w, inventory.AddAndChange, "kind,id,access_point,name\nport,\"=HYPERLINK(\"\"http://evil.example\"\")\",x,y\ndevice,+1,@x,-2\n=1+1,@SUM(A1),,\n")
	b.Reset()
	if err := p.WriteReport(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) < 3 {
		t.Fatal(rows, err)
	}
	quoted := 0
	for _, row := range rows {
		for _, cell := range row {
			if strings.IndexAny(cell, "=+-@") == 0 {
				t.Errorf("the cell %q is a formula", cell)
			}
			if strings.HasPrefix(cell, "'=") || strings.HasPrefix(cell, "'+") {
				quoted++
			}
		}
	}
	if quoted < 2 {
		t.Errorf("the report quotes nothing of it: %q", rows)
	}
}

// TestPropertyRoundTrip: whatever is exported, however the file is then
// rearranged, it adds the same to nothing and changes nothing where it came
// from.
func TestPropertyRoundTrip(t *testing.T) {
	runs := 300
	if testing.Short() {
		runs = 40
	}
	for seed := range runs {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		w := world{rows: inventorytest.Invent(r)}
		text := w.file(t)
		rearranged, err := inventorytest.Rearrange(r, text)
		if err != nil {
			t.Fatal(err)
		}
		for name, file := range map[string]string{"as exported": text, "rearranged": rearranged} {
			p := plan(t, world{}, inventory.ReplaceAll, file)
			if p.Total.Refused > 0 {
				t.Fatalf("seed %d, %s: %v", seed, name, reasons(p, inventory.Refused))
			}
			got, want := cells(p.Add), cells(w.rows)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, %s: %s", seed, name, diff)
			}
			if p = plan(t, w, inventory.ReplaceAll, file); p.Total != (inventory.Counts{Unchanged: len(w.rows)}) {
				t.Fatalf("seed %d, %s: %+v %v", seed, name, p.Total, p.Lines)
			}
		}
	}
}

// TestPropertyPlan: from any inventory to any other one, the plan carried out
// on the one gives the other.
func TestPropertyPlan(t *testing.T) {
	runs := 200
	if testing.Short() {
		runs = 30
	}
	for seed := range runs {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		from, to := world{rows: inventorytest.Invent(r)}, world{rows: inventorytest.Invent(r)}
		p := plan(t, from, inventory.ReplaceAll, to.file(t))
		if p.Total.Refused > 0 {
			t.Fatalf("seed %d: %v", seed, reasons(p, inventory.Refused))
		}
		have := map[string]inventory.Row{}
		for _, row := range from.rows {
			have[string(row.Kind)+row.ID()] = row
		}
		for _, gone := range p.Remove {
			delete(have, string(gone.Kind)+gone.ID())
		}
		for _, c := range p.Change {
			have[string(c.Is.Kind)+c.Is.ID()] = c.Is
		}
		for _, row := range p.Add {
			have[string(row.Kind)+row.ID()] = row
		}
		got, want := cells(slices.Collect(maps.Values(have))), cells(to.rows)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// FuzzRead: no file makes the reader fall over, and what it takes, written
// again, it takes again as the same.
func FuzzRead(f *testing.F) {
	f.Add(small().file(f))
	f.Add("\ufeffkind,id\r\nregion,\"a\r\nb\"\r\n")
	f.Add("kind;id\n")
	f.Add("kind,id,name,zone\nregion,x,\"un\"closed\",UTC\n")
	f.Add("kind,id,offers\naccess_point,a,CT=10GBase-LR;;CU=\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			t.Skip()
		}
		p := plan(t, small(), inventory.AddAndChange, text)
		if p.Total.Refused > 0 {
			return
		}
		w := world{rows: p.Add}
		for _, c := range p.Change {
			w.rows = append(w.rows, c.Is)
		}
		again := plan(t, small(), inventory.AddAndChange, w.file(t))
		if again.Total.Refused > 0 || again.Total.Added != p.Total.Added || again.Total.Changed != p.Total.Changed {
			t.Errorf("%+v %v became %+v %v", p.Total, p.Lines, again.Total, again.Lines)
		}
	})
}
