// Package inventory is the operator's inventory as one CSV file: what its rows
// say, and what an import of it would do. It is pure: the store brings the
// present and carries out the plan.
//
// # The file
//
// One header, one row for each thing, UTF-8. The column kind says what a row
// is: region, access_point, panel, device or port. A row is found again by its
// id, a panel by its access point, room, cabinet and name; the other columns
// belong to the kinds that Fields lists, and are empty in the rows of other
// kinds. Rows may stand
// in any order, and so may columns; a column may be missing, which leaves what
// is there as it is. Cells hold the text itself: one that begins with =, +, -
// or @ is written as it is, with nothing before it, so a spreadsheet that runs
// formulas must import the file as text.
//
//	kind               what the row is
//	id                 the ID; for devices and ports it may be left out in new rows
//	region             of an access point
//	access_point       of a device, of a panel: ID
//	device             of a port: ID
//	name               region, access point, device, port
//	number             place of a port on its device's front, from 1
//	port_type          of a port: 10GBase-LR …
//	room, cabinet      of a device, of a panel, and of a port's demarcation
//	panel, position    of a port's demarcation: "ODF 12", "17/18"
//	rule               of a panel: how the facility names a position, "N/N (P)"; see package panel
//	connector          of a port: "LC", "RJ45"; empty: the usual one of its type
//	polish, fibers, side
//	                   of a port: UPC, APC or PC; simplex or duplex; front or rear
//	out_of_service     of a port: why it is out of service; empty when it is in service
//	zone               of a region: an IANA name, Asia/Shanghai
//	mainland           of a region: yes for the Chinese mainland's fees and deadlines
//	order              of a region: its place in lists
//	calendar           of a region: ID of the calendar whose working days it keeps
//	status             of an access point: open, recommended, hot, full, disabled
//	run_by             of an access point: who runs the facility
//	offers             of an access point: port types by SP, "CT=1000Base-LX 10GBase-LR; CU=10GBase-LR"
//	facility_name, address, loa_days, installer_notes
//	                   of an access point, as printed in the letter; loa_days from 1 to 366
//	visitor_gender, visitor_id_type, visitor_id_number
//	                   of an access point: yes when the facility needs to know it of a visitor
//	demo               of an access point: yes when address and devices are invented
//
// White space around a cell is dropped, CR LF inside a cell is read as LF.
// Which interface holds a port is not in the file: an import neither takes a
// port away nor gives one.
package inventory

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"demarc/store/catalog"
	"demarc/store/panel"
)

// Kind is what a row describes.
type Kind string

// The kinds, parents first.
const (
	Region      Kind = "region"
	AccessPoint Kind = "access_point"
	Panel       Kind = "panel"
	Device      Kind = "device"
	Port        Kind = "port"
)

// Words is the kind in a sentence: "access point".
func (k Kind) Words() string { return strings.ReplaceAll(string(k), "_", " ") }

// column is a column of a kind of row.
type column struct {
	name     string
	required bool   // never empty
	ref      Kind   // the ID of a row of this kind
	fixed    string // why it never changes; "" when it may
	printed  bool   // in a letter: fixed while one names the row
	held     bool   // fixed while something holds the row: the change needs a reason
	lines    bool   // may have several lines
	made     bool   // always what usual makes of the others; not in the file
	limit    int    // characters
	// read makes the cell canonical, or says what is wrong with it. nil takes
	// every text.
	read func(string) (cell, problem string)
	// usual is what a new row gets that does not say it.
	usual func(Row) string
}

// kind is one entry of the table that the whole package works from.
type kind struct {
	kind    Kind
	columns []column
	// claims appends what the row has for itself alone.
	claims func(p *planner, r Row, out []claim) []claim
}

// claim is something that only one row of a kind may have.
type claim struct {
	scope          int32  // among what: the ports of a device, the places of a panel
	name           string // "17"
	what, says, of string // "Position", "17", "ODF 12"
}

func (c claim) words() string {
	if c.of != "" {
		return c.what + " " + c.says + " of " + c.of
	}
	return c.what + " " + c.says
}

var kinds = []kind{
	{kind: Region, columns: []column{
		{name: "id", required: true, limit: 64, read: identifier},
		{name: "name", required: true, limit: 64},
		{name: "zone", required: true, limit: 64, read: zone},
		{name: "mainland", read: yesNo, usual: always("no")},
		{name: "order", read: number(0, 99_999), usual: always("0")},
		{name: "calendar", limit: 64, read: identifier},
	}},
	{kind: AccessPoint, columns: []column{
		{name: "id", required: true, limit: 64, read: identifier},
		{name: "region", required: true, ref: Region, fixed: "An access point stays in its region. Add another one instead."},
		{name: "name", required: true, limit: 64},
		{name: "run_by", limit: 64, usual: always(catalog.RunByProvider)},
		{name: "status", read: status, usual: always(string(catalog.StatusOpen))},
		{name: "offers", read: offers},
		{name: "facility_name", limit: 128},
		{name: "address", limit: 256},
		{name: "loa_days", read: number(1, 366), usual: always(strconv.Itoa(catalog.DefaultLOADays))},
		{name: "visitor_gender", read: yesNo, usual: always("no")},
		{name: "visitor_id_type", read: yesNo, usual: always("no")},
		{name: "visitor_id_number", read: yesNo, usual: always("no")},
		{name: "installer_notes", limit: 1000, lines: true},
		{name: "demo", read: yesNo, usual: always("no")},
	}, claims: func(p *planner, r Row, out []claim) []claim {
		return append(out, claim{p.scope("access point", r.Get("region")), r.Get("name"), "The name", r.Get("name"), ""})
	}},
	{kind: Panel, columns: []column{
		{name: "id", made: true, usual: func(r Row) string {
			return r.Get("access_point") + ", " + r.Get("room") + ", " + r.Get("cabinet") + ", " + r.Get("panel")
		}},
		{name: "access_point", required: true, ref: AccessPoint},
		{name: "room", required: true, limit: 32},
		{name: "cabinet", required: true, limit: 32},
		{name: "panel", required: true, limit: 32},
		{name: "rule", required: true, limit: panel.MaxRule, read: rule},
	}},
	{kind: Device, columns: []column{
		{name: "id", required: true, limit: 64, read: identifier, usual: func(r Row) string {
			return strings.TrimPrefix(strings.ToLower(r.Get("access_point")), "ap-") + "-" + strings.ToLower(r.Get("name"))
		}},
		{name: "access_point", required: true, ref: AccessPoint, fixed: "A device stays at its access point. Add another one instead."},
		{name: "name", required: true, limit: 40, printed: true},
		{name: "room", required: true, limit: 32, printed: true, held: true},
		{name: "cabinet", required: true, limit: 32, printed: true, held: true},
	}, claims: func(p *planner, r Row, out []claim) []claim {
		return append(out, claim{p.scope("device", r.Get("access_point")), strings.ToLower(r.Get("name")), "The name", r.Get("name"), ""})
	}},
	{kind: Port, columns: []column{
		{name: "id", required: true, limit: 128, read: identifier, usual: func(r Row) string {
			return r.Get("device") + "-" + strings.ReplaceAll(strings.ToLower(r.Get("name")), "/", "-")
		}},
		{name: "device", required: true, ref: Device, fixed: "A port stays on its device. Add another one instead."},
		{name: "name", required: true, limit: 40, printed: true},
		{name: "number", required: true, read: number(1, 99_999)},
		{name: "port_type", required: true, read: portType, held: true},
		{name: "room", required: true, limit: 32, printed: true, held: true},
		{name: "cabinet", required: true, limit: 32, printed: true, held: true},
		{name: "panel", required: true, limit: 32, printed: true, held: true},
		{name: "position", required: true, limit: 32, printed: true},
		{name: "connector", limit: 32, printed: true, usual: usualConnector},
		{name: "polish", read: oneOf(catalog.Polishes()...), printed: true},
		{name: "fibers", read: oneOf("simplex", "duplex"), printed: true},
		{name: "side", read: oneOf("front", "rear"), printed: true},
		{name: "out_of_service", limit: 500, lines: true, held: true},
	}, claims: portClaims},
}

// portClaims are a port's number and name on its device and its places on the
// panel: a fibre pair has two.
func portClaims(p *planner, r Row, out []claim) []claim {
	device, number, name, on := r.Get("device"), r.Get("number"), r.Get("name"), r.Get("panel")
	out = append(out, claim{p.scope("number", device), number, "Number", number, ""}, claim{p.scope("port", device), strings.ToLower(name), "The name", name, ""})
	d, _ := p.find(Device, device)
	scope := p.scope("panel", d.Get("access_point"), r.Get("room"), r.Get("cabinet"), strings.ToLower(on))
	for place := range strings.SplitSeq(r.Get("position"), "/") {
		place = strings.TrimSpace(place)
		out = append(out, claim{scope, place, "Position", place, on})
	}
	return out
}

var (
	header  []string                    // every column once, in the order of the file
	columns = map[Kind]*kind{}          // the table by kind
	places  = map[Kind]map[string]int{} // where a column is in a kind's cells
)

func init() {
	for _, c := range columnWords {
		header = append(header, c.name)
	}
	for i := range kinds {
		k := &kinds[i]
		columns[k.kind], places[k.kind] = k, map[string]int{}
		for j, c := range k.columns {
			places[k.kind][c.name] = j
		}
	}
}

// Kinds returns every kind, parents first.
func Kinds() []Kind {
	out := make([]Kind, len(kinds))
	for i, k := range kinds {
		out[i] = k.kind
	}
	return out
}

// Header returns the columns in the order of an exported file.
func Header() []string { return slices.Clone(header) }

// Fields returns the columns that rows of a kind have, "id" first, without the
// column kind itself.
func Fields(k Kind) []string {
	var out []string
	if d := columns[k]; d != nil {
		for _, c := range d.columns {
			out = append(out, c.name)
		}
	}
	return out
}

// id is the ID of a row, made of its other cells where the kind has one that is
// made, or where the cell is empty.
func (k *kind) id(r Row) string {
	if c := k.columns[0]; c.usual != nil && (c.made || r.Cells[0] == "") {
		return c.usual(r)
	}
	return r.Cells[0]
}

// Column is what the page about the file says of a column.
type Column struct {
	Name  string
	Kinds []Kind // that have it
	Words string
}

// columnWords is in the order of the file: what says where a row belongs stands
// first.
var columnWords = []struct{ name, words string }{
	{"kind", "What the row is: region, access_point, panel, device or port."},
	{"id", "The ID. New devices and ports may leave it out."},
	{"region", "ID of the region."},
	{"access_point", "ID of the access point."},
	{"device", "ID of the device."},
	{"name", "The name. Unique among the ports of a device and the devices of an access point."},
	{"number", "Place of the port on the front of its device, from 1."},
	{"port_type", "10GBase-LR and so on, as in the order form."},
	{"room", "Room of the device, or of the panel where the port is handed over."},
	{"cabinet", "Cabinet of the device or of the panel."},
	{"panel", "The panel: ODF 12."},
	{"position", "Where on the panel: 5, or 17/18 for a pair. Each place belongs to one port."},
	{"rule", "How the facility names a position: N/N (P)."},
	{"connector", "LC, RJ45 and so on. Empty: the usual one of the port type."},
	{"polish", "UPC, APC or PC; empty for copper."},
	{"fibers", "simplex or duplex; empty for copper."},
	{"side", "front or rear; empty when nobody said."},
	{"out_of_service", "Why the port is out of service. Empty: it is in service."},
	{"zone", "Time zone by its IANA name: Asia/Shanghai."},
	{"mainland", "yes for the fees and deadlines of the Chinese mainland."},
	{"order", "Place of the region in lists."},
	{"calendar", "ID of the calendar that the region keeps, as under Working days. Empty: nothing there has a due time."},
	{"run_by", "Who runs the facility. Empty: the provider."},
	{"status", "open, recommended, hot, full or disabled."},
	{"offers", "Port types by SP: CT=1000Base-LX 10GBase-LR; CU=10GBase-LR."},
	{"facility_name", "As the facility calls itself. Printed in the letter."},
	{"address", "Street address in one line. Printed in the letter."},
	{"loa_days", "How long a letter is valid, from 1 to 366 days."},
	{"visitor_gender", "yes when the facility needs to know it of a visitor."},
	{"visitor_id_type", "Likewise."},
	{"visitor_id_number", "Likewise."},
	{"installer_notes", "What the installer must know. May have several lines."},
	{"demo", "yes when address and devices are invented."},
}

// Columns returns the columns in the order of an exported file, with what a
// page says of them.
func Columns() []Column {
	out := make([]Column, len(columnWords))
	for i, c := range columnWords {
		out[i] = Column{Name: c.name, Words: c.words}
		for _, k := range kinds {
			if at, ok := places[k.kind][c.name]; c.name == "kind" || ok && !k.columns[at].made {
				out[i].Kinds = append(out[i].Kinds, k.kind)
			}
		}
	}
	return out
}

// Row is one row of the file, or what the store has in its place.
type Row struct {
	Line  int // in the file, from 1; 0 when it is not from a file
	Kind  Kind
	Cells []string // in the order of Fields(Kind)
}

// NewRow returns a row of the kind with these cells, in the order of Fields.
func NewRow(k Kind, cells ...string) Row { return Row{Kind: k, Cells: cells} }

// Get returns the cell of a column, "" when the kind has no such column.
func (r Row) Get(column string) string {
	if i, ok := places[r.Kind][column]; ok && i < len(r.Cells) {
		return r.Cells[i]
	}
	return ""
}

// Set puts a cell into a column of the row's kind.
func (r Row) Set(column, cell string) {
	if i, ok := places[r.Kind][column]; ok && i < len(r.Cells) {
		r.Cells[i] = cell
	}
}

// Check holds the cells of one row to the rules of the file and makes them
// canonical. It returns what is wrong, by column; references to other rows and
// what only one row may have are not looked at.
func Check(r Row) map[string]string {
	bad := map[string]string{}
	k := columns[r.Kind]
	for i := range k.columns {
		c := &k.columns[i]
		switch {
		case c.made:
		case r.Cells[i] != "":
			cell, problem := c.check(r.Cells[i])
			if r.Cells[i] = cell; problem != "" {
				bad[c.name] = problem
			}
		case c.required && c.usual == nil:
			noun := strings.ReplaceAll(c.name, "_", " ")
			switch c.name {
			case "id":
				noun = "ID"
			case "zone":
				noun = "time zone"
			}
			bad[c.name] = "Enter the " + noun
		}
	}
	return bad
}

// cell is Get for the file: what is made of other cells is not in it.
func (r Row) cell(column string) string {
	if i, ok := places[r.Kind][column]; ok && !columns[r.Kind].columns[i].made {
		return r.Cells[i]
	}
	return ""
}

// ID returns the row's ID.
func (r Row) ID() string {
	if len(r.Cells) == 0 {
		return ""
	}
	return r.Cells[0]
}

// label is what people call a row.
func (p *planner) label(r Row) string {
	switch r.Kind {
	case Port:
		if d, ok := p.find(Device, r.Get("device")); ok {
			return d.Get("name") + " " + r.Get("name")
		}
	case Panel:
		return r.Get("panel")
	}
	return cmp.Or(r.Get("name"), r.ID())
}

// Int returns a cell that was read as a number.
func (r Row) Int(column string) int {
	n, err := strconv.Atoi(r.Get(column))
	if err != nil {
		return 0 // empty: a column that was read holds digits or nothing
	}
	return n
}

// Yes returns a cell that was read as yes or no.
func (r Row) Yes(column string) bool { return r.Get(column) == "yes" }

func yesNoOf(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// OfRegion is the row of a region.
func OfRegion(v catalog.Region) Row {
	return NewRow(Region, v.ID, v.Name, v.Zone, yesNoOf(v.Mainland), strconv.Itoa(v.Order), v.Calendar)
}

// RegionOf is the region of a row.
func RegionOf(r Row) catalog.Region {
	return catalog.Region{ID: r.ID(), Name: r.Get("name"), Zone: r.Get("zone"), Mainland: r.Yes("mainland"), Order: r.Int("order"), Calendar: r.Get("calendar")}
}

// OfAccessPoint is the row of an access point.
func OfAccessPoint(v catalog.AccessPoint) Row {
	return NewRow(AccessPoint, v.ID, v.Region, v.Name, v.RunBy, string(v.Status), offersText(v.Offers), v.FacilityName, v.Address, strconv.Itoa(v.LOADays),
		yesNoOf(v.Visitor.Gender), yesNoOf(v.Visitor.IDType), yesNoOf(v.Visitor.IDNumber), v.InstallerNotes, yesNoOf(v.Demo))
}

// AccessPointOf is the access point of a row.
func AccessPointOf(r Row) catalog.AccessPoint {
	return catalog.AccessPoint{ID: r.ID(), Region: r.Get("region"), Name: r.Get("name"), RunBy: r.Get("run_by"), Status: catalog.Status(r.Get("status")), Offers: offersOf(r.Get("offers")),
		FacilityName: r.Get("facility_name"), Address: r.Get("address"), LOADays: r.Int("loa_days"), InstallerNotes: r.Get("installer_notes"), Demo: r.Yes("demo"),
		Visitor: catalog.VisitorPolicy{Gender: r.Yes("visitor_gender"), IDType: r.Yes("visitor_id_type"), IDNumber: r.Yes("visitor_id_number")}}
}

// OfDevice is the row of a device.
func OfDevice(v catalog.Device) Row {
	return NewRow(Device, v.ID, v.AccessPoint, v.Name, v.Room, v.Cabinet)
}

// DeviceOf is the device of a row.
func DeviceOf(r Row) catalog.Device {
	return catalog.Device{ID: r.ID(), AccessPoint: r.Get("access_point"), Name: r.Get("name"), Room: r.Get("room"), Cabinet: r.Get("cabinet")}
}

// PanelRule is how a facility names the positions of one of its panels.
type PanelRule struct{ AccessPoint, Room, Cabinet, Panel, Rule string }

// OfPanel is the row of a panel.
func OfPanel(v PanelRule) Row {
	r := NewRow(Panel, "", v.AccessPoint, v.Room, v.Cabinet, v.Panel, v.Rule)
	r.Cells[0] = columns[Panel].columns[0].usual(r)
	return r
}

// PanelOf is the panel of a row.
func PanelOf(r Row) PanelRule {
	return PanelRule{r.Get("access_point"), r.Get("room"), r.Get("cabinet"), r.Get("panel"), r.Get("rule")}
}

// OfPort is the row of a port. outOfService is why it is out of service, ""
// when it is in service.
func OfPort(v catalog.Port, outOfService string) Row {
	return NewRow(Port, v.ID, v.Device, v.Name, strconv.Itoa(v.Number), string(v.Type), v.Room, v.Cabinet, v.Panel, v.Position, v.Connector, v.Polish, v.Fibers, v.Side, outOfService)
}

// PortOf is the port of a row.
func PortOf(r Row) catalog.Port {
	return catalog.Port{ID: r.ID(), Device: r.Get("device"), Name: r.Get("name"), Number: r.Int("number"), Type: catalog.PortType(r.Get("port_type")),
		Room: r.Get("room"), Cabinet: r.Get("cabinet"), Panel: r.Get("panel"), Position: r.Get("position"), Connector: r.Get("connector"),
		Polish: r.Get("polish"), Fibers: r.Get("fibers"), Side: r.Get("side")}
}

// usualConnector is the connector of the port's type; its kind alone where the
// row says the polish or the fibers in columns of their own.
func usualConnector(r Row) string {
	words := catalog.PortType(r.Get("port_type")).Info().Connector
	if r.Get("polish") != "" || r.Get("fibers") != "" {
		words, _, _ = catalog.SplitConnector(words)
	}
	return words
}

func always(cell string) func(Row) string { return func(Row) string { return cell } }

func identifier(s string) (string, string) {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("-_.:", rune(c))) {
			return s, "Use letters a to z, digits, hyphens, underscores, colons and dots in an ID, and begin with a letter or a digit"
		}
	}
	return s, ""
}

func zone(s string) (string, string) {
	// LoadLocation takes "Local" for this machine's zone, which is no place's.
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		return s, "Enter the time zone by its IANA name, for example Asia/Shanghai: " + quoted(s) + " is unknown"
	}
	return s, ""
}

func yesNo(s string) (string, string) {
	switch strings.ToLower(s) {
	case "", "yes", "no":
		return strings.ToLower(s), ""
	case "y", "true", "1":
		return "yes", ""
	case "n", "false", "0":
		return "no", ""
	}
	return s, "Enter yes or no, not " + quoted(s)
}

func number(least, most int) func(string) (string, string) {
	return func(s string) (string, string) {
		if s == "" {
			return "", ""
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return s, "Enter a number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most) + ", not " + quoted(s)
		}
		return strconv.Itoa(n), ""
	}
}

func status(s string) (string, string) {
	s = strings.ToLower(s)
	if s == "" || slices.Contains(catalog.Statuses(), catalog.Status(s)) {
		return s, ""
	}
	var all []string
	for _, known := range catalog.Statuses() {
		all = append(all, string(known))
	}
	return s, "Enter a status: " + strings.Join(all, ", ") + "; " + quoted(s) + " is unknown"
}

func portType(s string) (string, string) {
	if info, ok := catalog.PortTypeOf(s); ok {
		return string(info.Type), ""
	}
	for _, info := range catalog.PortTypes() {
		if strings.EqualFold(string(info.Type), s) {
			return string(info.Type), ""
		}
	}
	return s, "The port type " + quoted(s) + " is unknown"
}

// oneOf takes these words in any case, and nothing.
func oneOf(words ...string) func(string) (string, string) {
	return func(s string) (string, string) {
		for _, w := range words {
			if strings.EqualFold(w, s) {
				return w, ""
			}
		}
		return s, "Enter " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1] + ", or leave it empty: " + quoted(s) + " is unknown"
	}
}

func rule(s string) (string, string) {
	if _, err := panel.Parse(s); err != nil {
		return s, strings.TrimSuffix(err.Error(), ".")
	}
	return s, ""
}

// offers reads "CT=1000Base-LX 10GBase-LR; CU=10GBase-LR".
func offers(s string) (string, string) {
	if s == "" {
		return "", ""
	}
	out := map[catalog.SP][]catalog.PortType{}
	for part := range strings.SplitSeq(s, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, types, ok := strings.Cut(part, "=")
		sp := catalog.SP(strings.TrimSpace(name))
		if !ok {
			return s, "Write what an SP is offered as CT=10GBase-LR 1000Base-LX, with a semicolon between SPs"
		}
		if !slices.Contains(catalog.SPs(), sp) {
			return s, "The SP " + quoted(string(sp)) + " is unknown: use CT, CU, CM, CO, Equinix or Other"
		}
		if _, twice := out[sp]; twice {
			return s, "The SP " + string(sp) + " is named twice"
		}
		out[sp] = []catalog.PortType{}
		for t := range strings.FieldsSeq(types) {
			canonical, problem := portType(t)
			if problem != "" {
				return s, problem
			}
			if slices.Contains(out[sp], catalog.PortType(canonical)) {
				return s, canonical + " is named twice for " + string(sp)
			}
			out[sp] = append(out[sp], catalog.PortType(canonical))
		}
	}
	return offersText(out), ""
}

func offersText(o map[catalog.SP][]catalog.PortType) string {
	var out []string
	for _, sp := range catalog.SPs() {
		types, ok := o[sp]
		if !ok {
			continue
		}
		words := make([]string, len(types))
		for i, t := range types {
			words[i] = string(t)
		}
		out = append(out, string(sp)+"="+strings.Join(words, " "))
	}
	return strings.Join(out, "; ")
}

// offersOf reads a canonical cell back.
func offersOf(s string) map[catalog.SP][]catalog.PortType {
	out := map[catalog.SP][]catalog.PortType{}
	if s == "" {
		return out
	}
	for part := range strings.SplitSeq(s, "; ") {
		name, types, _ := strings.Cut(part, "=")
		list := []catalog.PortType{}
		for t := range strings.FieldsSeq(types) {
			list = append(list, catalog.PortType(t))
		}
		out[catalog.SP(name)] = list
	}
	return out
}

// quoted shows a cell inside a sentence, cut to a length that can be read.
func quoted(s string) string {
	if utf8.RuneCountInString(s) > 40 {
		s = string([]rune(s)[:40]) + "…"
	}
	return "“" + s + "”"
}

// printable reports whether a cell holds only characters that people see: no
// control characters, and none that turn the direction of text around, which
// make one name read as another.
func printable(s string, lines bool) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		switch {
		case r == '\n' && lines:
		case unicode.IsControl(r), r == unicode.ReplacementChar, r == '\u2028', r == '\u2029', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufeff':
			return false
		}
	}
	return true
}
