package views

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"golang.org/x/text/width"

	"demarc/views/ui"
)

// PieceState says how far one piece of a connection path has come.
// The drawing turns it into a line: dotted (unknown, planned), dashed and
// moving (work), solid (done).
type PieceState int

const (
	// PieceUnknown: nothing is arranged yet, or the interface is closed.
	PieceUnknown PieceState = iota
	// PiecePlanned: it is known what the piece will be, nobody works on it yet.
	PiecePlanned
	// PieceWork: somebody works on the piece now.
	PieceWork
	// PieceDone: the piece is in place.
	PieceDone
)

// PathLink is one interface's way from the customer's location to the region.
// A text that is not known yet stays empty; the drawing then says so.
type PathLink struct {
	// Role is "Primary" or "Redundant" of two links, empty when alone.
	Role string
	// ID and Name of the interface; shown in the text version only.
	ID, Name string
	// SP is the service provider of the leased line, LineCode the code that it gave the line.
	SP, ConstructionType, LineCode string
	// LeasedLine, Port, Patch and ToRegion are the states of the four pieces, see [PathStates].
	LeasedLine, Port, Patch, ToRegion PieceState
	// Device, Room, Cabinet and PortName stay empty until the LOA is approved:
	// before that the customer must not know the port. CableLabel is the label,
	// or the labels, of the delivery report.
	Device, Room, Cabinet, PortName, CableLabel, PortTypeShort string
	// AccessPoint is the name that people read, AccessPointID the one of the API.
	AccessPoint, AccessPointID string
}

// PathDiagram is what [ConnectionPath] draws.
type PathDiagram struct {
	// DataCenter is the customer's location; empty draws "Your data center" only.
	DataCenter string
	// Region is the region's name, such as "China (Hangzhou)".
	Region string
	// Links holds one link, or two. The first is the interface whose page it is.
	Links []PathLink
	// SameAccessPoint says that both links end at one access point.
	SameAccessPoint bool
	// ApartWords says what keeps the two links apart: "Different access devices"
	// or "Different access points". Empty while that is not known.
	ApartWords string
	// Closed is set for a canceled or terminated interface: every piece is
	// dotted, whatever its state says.
	Closed bool
}

// PathStates gives the state of the four pieces of a path in a lifecycle
// stage. Before the LOA is approved the allocated port is not shown, so nothing
// is known; a stage that it does not know counts as that, too.
func PathStates(stage string) (leasedLine, port, patch, toRegion PieceState) {
	switch stage {
	case "approved_loa":
		return PieceWork, PieceDone, PiecePlanned, PiecePlanned
	case "waiting_for_cabling":
		return PieceDone, PieceDone, PieceWork, PiecePlanned
	case "waiting_for_payment":
		return PieceDone, PieceDone, PieceDone, PiecePlanned
	case "enabled":
		return PieceDone, PieceDone, PieceDone, PieceDone
	case "terminating":
		return PieceDone, PieceDone, PieceWork, PieceDone
	default:
		return PieceUnknown, PieceUnknown, PieceUnknown, PieceUnknown
	}
}

// Cells that a text may take in the drawing, by place. SVG text does not wrap,
// so each budget is the room of its box divided by the mean advance of its font.
const (
	cellsPlace        = 20
	cellsPlaceTall    = 44
	cellsCarrier      = 26
	cellsCarrierTall  = 20
	cellsLineCode     = 24
	cellsLineCodeTall = 18
	cellsSite         = 30
	cellsSiteTall     = 20
	cellsSiteID       = 24
	cellsDevice       = 18
	cellsDeviceTall   = 16
	cellsCabinet      = 30
	cellsCabinetTall  = 22
	cellsPort         = 14
	cellsPortLine     = 23
	cellsPortLineTall = 22
	cellsRegion       = 16
	cellsRegionTall   = 38
	cellsApartTall    = 14
)

// regionLines is how many lines the region's name may take in the wide drawing.
const regionLines = 3

// cells is how much room a text takes: wide characters (Chinese, Japanese,
// Korean, emoji) take two cells, all others one.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// fit cuts s to at most n cells, the ellipsis included, and leaves a text that
// fits alone. It never cuts inside a character; n below 1 gives nothing.
func fit(s string, n int) string {
	if n < 1 {
		return ""
	}
	if cells(s) <= n {
		return s
	}
	used, end := 0, 0
	for i, r := range s {
		c := runeCells(r)
		if used+c > n-1 {
			end = i
			break
		}
		used += c
	}
	return strings.TrimRight(s[:end], " ,") + "…"
}

// fitted is a text as drawn and, when it had to be cut, the whole of it.
type fitted struct{ short, whole string }

func fitText(s string, n int) fitted {
	short := fit(s, n)
	if short == s {
		return fitted{short: s}
	}
	return fitted{short: short, whole: s}
}

// pathLine is a link with what both drawings derive from it.
type pathLine struct {
	PathLink
	n      int // 1 is this interface, 2 the other one; also the colour
	closed bool
}

// lines gives the links to draw: at most two, all pieces unknown when closed.
func (d PathDiagram) lines() []pathLine {
	links := d.Links[:min(len(d.Links), 2)]
	out := make([]pathLine, len(links))
	for i, l := range links {
		if d.Closed {
			l.LeasedLine, l.Port, l.Patch, l.ToRegion = PieceUnknown, PieceUnknown, PieceUnknown, PieceUnknown
		}
		out[i] = pathLine{PathLink: l, n: i + 1, closed: d.Closed}
	}
	return out
}

func (d PathDiagram) pair() bool { return len(d.Links) > 1 }

// twoSites says that the drawing needs two access points.
func (d PathDiagram) twoSites() bool { return d.pair() && !d.SameAccessPoint }

// apart is the rule between the two links; a closed pair keeps none.
func (d PathDiagram) apart() string {
	if !d.pair() || d.Closed {
		return ""
	}
	return d.ApartWords
}

// wire gives the classes of a line in a state.
func (l pathLine) wire(s PieceState) string {
	switch s {
	case PieceWork:
		return "wire wire--" + l.digit() + " wire--todo"
	case PieceDone:
		return "wire wire--" + l.digit()
	default:
		return "wire wire--plan"
	}
}

func (l pathLine) digit() string {
	if l.n == 2 {
		return "2"
	}
	return "1"
}

func (l pathLine) boxClass() string {
	if l.Port == PieceDone {
		return "box box--" + l.digit()
	}
	return "box"
}

func (l pathLine) glyphClass() string {
	if l.Port == PieceDone {
		return "glyph glyph--" + l.digit()
	}
	return "glyph"
}

// carrier is the text on the leased line.
func (l pathLine) carrier() string {
	switch {
	case l.SP == "":
		return "Leased line"
	case l.ConstructionType == "":
		return l.SP
	}
	return l.SP + " · " + l.ConstructionType
}

// drawnLineCode leaves the code out while the line is being installed: then it
// comes from a report that was returned, and the place says "Installing".
func (l pathLine) drawnLineCode() string {
	if l.LeasedLine == PieceWork {
		return ""
	}
	return l.LineCode
}

// cabinet joins room and cabinet, whichever is known.
func (l pathLine) cabinet() string {
	switch {
	case l.Cabinet == "":
		return l.Room
	case l.Room == "":
		return "Cabinet " + l.Cabinet
	}
	return l.Room + ", cabinet " + l.Cabinet
}

// patchWord names the work on the patch cable, or its end; empty before it.
// Work on the patch of a path that already leads to the region is its removal.
func (l pathLine) patchWord() string {
	switch {
	case l.Patch == PieceWork && l.ToRegion == PieceDone:
		return "Removing"
	case l.Patch == PieceWork:
		return "Cabling"
	case l.Patch == PieceDone:
		return "Cabled"
	}
	return ""
}

// allocation stands where the device and the port will be.
func (l pathLine) allocation() string {
	if l.closed {
		return "Not allocated"
	}
	return "Allocated with the LOA"
}

// deviceLines are the small lines in the device's box, without gaps.
func (l pathLine) deviceLines() []string {
	switch {
	case l.Device == "":
		return []string{l.allocation()}
	case l.cabinet() == "":
		return []string{"Access device (CSW)"}
	}
	return []string{l.cabinet(), "Access device (CSW)"}
}

// portLines are the small lines in the port's box, without gaps.
func (l pathLine) portLines() []string {
	var out []string
	switch {
	case l.PortName == "":
		out = append(out, l.allocation())
	case l.CableLabel != "":
		out = append(out, "Cable "+l.CableLabel)
	}
	if l.PortTypeShort != "" {
		out = append(out, l.PortTypeShort)
	}
	return out
}

// status is how far the link has come, in words.
func (l pathLine) status() string {
	switch {
	case l.closed:
		return "not connected"
	case l.ToRegion == PieceDone && l.Patch == PieceWork:
		return "cable removal in progress"
	case l.ToRegion == PieceDone:
		return "connected"
	case l.Patch == PieceDone:
		return "cabled, connected after payment"
	case l.Patch == PieceWork:
		return "cabling in progress"
	case l.LeasedLine == PieceDone:
		return "leased line installed"
	case l.LeasedLine == PieceWork:
		return "installation in progress"
	case l.LeasedLine == PiecePlanned:
		return "installation planned"
	}
	return "not installed yet"
}

// sentence is the description of the drawing for those who do not see it.
func (d PathDiagram) sentence() string {
	var b strings.Builder
	b.WriteString("From your data center")
	if d.DataCenter != "" {
		b.WriteString(" " + d.DataCenter)
	}
	b.WriteString(" to ")
	if d.Region != "" {
		b.WriteString(d.Region)
	} else {
		b.WriteString("the region")
	}
	for i, l := range d.lines() {
		b.WriteString([]string{": ", "; "}[i])
		if l.Role != "" {
			b.WriteString(strings.ToLower(l.Role) + " ")
		}
		b.WriteString("over ")
		if l.SP != "" {
			b.WriteString(l.SP)
		} else {
			b.WriteString("a leased line")
		}
		if l.AccessPoint != "" {
			b.WriteString(", access point " + l.AccessPoint)
		}
		if l.Device != "" {
			b.WriteString(", access device " + l.Device)
		}
		if l.PortName != "" {
			b.WriteString(", port " + l.PortName)
		}
		b.WriteString(", " + l.status())
	}
	if w := d.apart(); w != "" {
		b.WriteString("; " + strings.ToLower(w))
	}
	b.WriteString(".")
	return b.String()
}

// pathPart is a piece of a line of the text version. A code is an identifier,
// which a translation of the page must leave alone.
type pathPart struct {
	before, text string
	code         bool
}

// pathFact is one line of the text version.
type pathFact struct {
	label string
	parts []pathPart
}

// add appends a part unless its text is empty.
func (f *pathFact) add(before, text string, code bool) {
	if text != "" {
		f.parts = append(f.parts, pathPart{before, text, code})
	}
}

// comma stands after the part i, but not after the last one.
func (f pathFact) comma(i int) string {
	if i == len(f.parts)-1 {
		return ""
	}
	return ","
}

// facts is the path of one link as text, in the order of the drawing. Nothing
// is cut here.
func (d PathDiagram) facts(l pathLine) []pathFact {
	self := pathFact{label: "Interface"}
	if l.Role != "" {
		self.label = l.Role + " interface"
	}
	self.add("", l.Name, true)
	self.add("", l.ID, true)

	center := pathFact{label: "Your data center"}
	center.add("", d.DataCenter, false)

	leased := pathFact{label: "Leased line"}
	leased.add("", l.SP, false)
	leased.add("", l.ConstructionType, false)
	leased.add("line code", l.LineCode, true)
	switch {
	case l.closed:
		leased.add("", "not connected", false)
	case l.LeasedLine == PieceWork:
		leased.add("", "installation in progress", false)
	case l.LeasedLine == PieceDone:
		leased.add("", "installed", false)
	case l.LeasedLine == PiecePlanned:
		leased.add("", "installation planned", false)
	default:
		leased.add("", "not installed yet", false)
	}

	site := pathFact{label: "Access point"}
	site.add("", l.AccessPoint, false)
	site.add("", l.AccessPointID, true)

	device := pathFact{label: "Access device"}
	if l.Device == "" {
		device.add("", strings.ToLower(l.allocation()[:1])+l.allocation()[1:], false)
	}
	device.add("", l.Device, true)
	device.add("room", l.Room, true)
	device.add("cabinet", l.Cabinet, true)

	port := pathFact{label: "Port"}
	if l.PortName == "" {
		port.add("", strings.ToLower(l.allocation()[:1])+l.allocation()[1:], false)
	}
	port.add("", l.PortName, true)
	port.add("", l.PortTypeShort, false)
	port.add("cable", l.CableLabel, true)
	switch l.patchWord() {
	case "Removing":
		port.add("", "cable removal in progress", false)
	case "Cabling":
		port.add("", "cabling in progress", false)
	case "Cabled":
		port.add("", "cabled", false)
	default:
		if l.PortName != "" {
			port.add("", "not cabled", false)
		}
	}

	region := pathFact{label: "Region"}
	region.add("", d.Region, false)
	switch {
	case l.closed:
		region.add("", "not connected", false)
	case l.ToRegion == PieceDone:
		region.add("", "connected", false)
	default:
		region.add("", "connected after payment", false)
	}
	out := make([]pathFact, 0, 7)
	for _, f := range []pathFact{self, center, leased, site, device, port, region} {
		if len(f.parts) > 0 || f.label == "Your data center" {
			out = append(out, f)
		}
	}
	return out
}

// legend lists the kinds of line that the drawing holds.
func (d PathDiagram) legend() []pathKey {
	var first, second, work, dotted, dottedEarly bool
	for _, l := range d.lines() {
		for _, s := range []PieceState{l.LeasedLine, l.Patch, l.ToRegion} {
			switch s {
			case PieceWork:
				work = true
			case PieceDone:
			default:
				dotted = true
				continue
			}
			first, second = first || l.n == 1, second || l.n == 2
		}
		// The port's box has the colour of its link, too.
		if l.Port == PieceDone {
			first, second = first || l.n == 1, second || l.n == 2
		}
		dottedEarly = dottedEarly || l.LeasedLine < PieceWork || l.Patch < PieceWork
	}
	var keys []pathKey
	if first {
		keys = append(keys, pathKey{"wire wire--1", "This interface"})
	}
	if second {
		other := "Redundant interface"
		if d.Links[1].Role == "Primary" {
			other = "Primary interface"
		}
		keys = append(keys, pathKey{"wire wire--2", other})
	}
	if work {
		keys = append(keys, pathKey{"wire wire--1 wire--todo", "Work in progress"})
	}
	if dotted {
		words := "After payment"
		switch {
		case d.Closed:
			words = "Not connected"
		case dottedEarly:
			words = "Not in place yet"
		}
		keys = append(keys, pathKey{"wire wire--plan", words})
	}
	return keys
}

// pathKey is one entry of the legend.
type pathKey struct{ wire, words string }

// wrapRegion breaks a region's name into lines of the narrow region box: first
// before the place in parentheses, then between words. What does not fit ends in
// an ellipsis.
func wrapRegion(s string) []string {
	var out []string
	head, place, found := strings.Cut(s, " (")
	parts := []string{head}
	if found {
		parts = append(parts, "("+place)
	}
	for _, part := range parts {
		line := ""
		for _, word := range strings.Fields(part) {
			switch {
			case line == "":
				line = word
			case cells(line)+1+cells(word) <= cellsRegion:
				line += " " + word
			default:
				out = append(out, line)
				line = word
			}
		}
		if line != "" {
			out = append(out, line)
		}
	}
	if len(out) > regionLines {
		out = append(out[:regionLines-1], strings.Join(out[regionLines-1:], " "))
	}
	for i := range out {
		out[i] = fit(out[i], cellsRegion)
	}
	return out
}

// regionClass sets a name with a long line one size smaller: the box is narrow.
func regionClass(lines []string) string {
	for _, s := range lines {
		if cells(s) > cellsRegion-4 {
			return "t2 ta tb"
		}
	}
	return "ta tb"
}

// Geometry of the wide drawing, viewBox 0 0 1120 318 (200 high for one link):
// each link is a row, and its parts hang on the row's y.

// rowY is the y of a link's line.
func (l pathLine) rowY() int { return 110 + 122*(l.n-1) }

func (d PathDiagram) wideBox() string {
	if d.pair() {
		return "0 0 1120 318"
	}
	return "0 0 1120 200"
}

// wideEndsHeight is the height of the data center's and the region's box.
func (d PathDiagram) wideEndsHeight() int {
	if d.pair() {
		return 252
	}
	return 128
}

// wideRegionY is where the region's cloud stands: its block is centred on its box.
func (d PathDiagram) wideRegionY() int {
	if d.pair() {
		return 140
	}
	return 78
}

// pathSite is one access point as drawn: its dashed frame and its name.
type pathSite struct {
	x, y, w, h int
	titleY     int
	line       pathLine
}

func (d PathDiagram) wideSites() []pathSite {
	lines := d.lines()
	switch {
	case !d.pair():
		return []pathSite{{x: 452, y: 20, w: 516, h: 170, titleY: 42, line: lines[0]}}
	case d.SameAccessPoint:
		return []pathSite{{x: 452, y: 20, w: 516, h: 290, titleY: 42, line: lines[0]}}
	}
	// The second name stands below its device: above it there is no room.
	return []pathSite{
		{x: 452, y: 20, w: 516, h: 140, titleY: 42, line: lines[0]},
		{x: 452, y: 172, w: 516, h: 138, titleY: 294, line: lines[1]},
	}
}

// Geometry of the tall drawing, viewBox 0 0 360 572: each link is a column.

// tallColumn is a link's column: its left edge, its width and its axis.
type tallColumn struct {
	pathLine
	x, w, axis int
}

func (d PathDiagram) tallColumns() []tallColumn {
	lines := d.lines()
	if !d.pair() {
		return []tallColumn{{lines[0], 12, 336, 180}}
	}
	return []tallColumn{{lines[0], 12, 160, 92}, {lines[1], 188, 160, 268}}
}

// narrow says that the column shares the width with another one.
func (c tallColumn) narrow() bool { return c.w < 200 }

// pick chooses a budget by the column's width.
func (c tallColumn) pick(narrow, full int) int {
	if c.narrow() {
		return narrow
	}
	return full
}

// tallRegionX moves the cloud and the name to the left when the name is long.
func (d PathDiagram) tallRegionX() int {
	if cells(d.Region) > 24 {
		return 28
	}
	return 120
}

// splitApart breaks the rule after its first word, for the gap between columns.
func splitApart(s string) (string, string) {
	first, rest, _ := strings.Cut(s, " ")
	return fit(first, cellsApartTall), fit(rest, cellsApartTall)
}

// at places a glyph, which is drawn around its own origin.
// pathText is one line of text; a text that was cut carries the whole as its title.
func pathText(class string, x, y int, t fitted) templ.Component {
	return ui.DrawnText(class, x, y, t.short, t.whole)
}

// pathRect is a box that may be dotted: the dots say that it is not allocated yet.
func pathRect(l pathLine, x, y, w, h int) templ.Component {
	return ui.DrawnBox(l.boxClass(), x, y, w, h, 6, l.Port != PieceDone)
}

func pathPill(class string, x, y, w, h int) templ.Component {
	return ui.DrawnBox(class, x, y, w, h, h/2, false)
}

func at(x, y int) string {
	return "translate(" + strconv.Itoa(x) + " " + strconv.Itoa(y) + ")"
}

// prefixed fits s alone, so that a fixed word before it takes nothing of its room.
func prefixed(prefix, s string, n int) fitted {
	t := fitText(s, n)
	t.short = prefix + t.short
	return t
}

// siteTitle names an access point in the wide drawing.
func siteTitle(name string) fitted {
	if name == "" {
		return fitted{short: "Access point"}
	}
	return prefixed("Access point ", name, cellsSite)
}

// cut says that the lines do not hold the whole text.
func cut(s string, lines []string) bool {
	return strings.Join(strings.Fields(s), " ") != strings.TrimSpace(strings.Join(lines, " "))
}
