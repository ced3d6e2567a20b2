package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"demarc/store/catalog"
	"demarc/store/panel"
)

// portReading is one way to understand what somebody typed to find a port: a
// panel or a device, and a position or a port of it. The latter is "" for all.
type portReading struct {
	around []string // what stood before: a site, a room, a cabinet
	where  string
	what   string
}

// maxReadings bounds how many cuts of a text are tried; the last ones are.
const maxReadings = 8

// portReadings are the ways to understand text. A label may have spaces and
// slashes itself, so the text is read as a whole and cut at every place where a
// position could begin: "ODF 12 / 25/26", "CSW-01 XGE1/0/5", and what our pages
// say, "3F-2, cabinet C-07, ODF 12, position 25/26" and "XGE1/0/5 of CSW-01".
func portReadings(text string) []portReading {
	text = strings.Join(strings.Fields(text), " ")
	var out []portReading
	add := func(where, what string) {
		parts := strings.Split(where, ",")
		for i, p := range parts {
			parts[i] = strings.Trim(p, " /:")
		}
		parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
		if len(parts) == 0 {
			return
		}
		r := portReading{around: parts[:len(parts)-1], where: parts[len(parts)-1], what: what}
		if !slices.ContainsFunc(out, func(o portReading) bool { return o.where == r.where && o.what == r.what }) {
			out = append(out, r)
		}
	}
	add(text, "")
	if port, device, ok := strings.Cut(text, " of "); ok {
		add(device, withoutWord(port, "port"))
	}
	for i := len(text) - 1; i > 0 && len(out) < maxReadings; i-- {
		if !strings.ContainsRune(" ,/:", rune(text[i])) {
			continue
		}
		what := strings.Trim(text[i:], " ,/:")
		for _, word := range []string{"position", "port"} {
			what = withoutWord(what, word)
		}
		where := strings.TrimRight(text[:i], " ,/:")
		for _, word := range []string{" position", " port", ",position", ",port"} {
			if n := len(where) - len(word); n > 0 && strings.EqualFold(where[n:], word) {
				where = strings.TrimRight(where[:n], " ,/:")
			}
		}
		if where != "" && what != "" {
			add(where, what)
		}
	}
	return out
}

// withoutWord is s without a word at its beginning.
func withoutWord(s, word string) string {
	if n := len(word) + 1; len(s) > n && strings.EqualFold(s[:n], word+" ") {
		return s[n:]
	}
	return s
}

// labelKey is a label as it is compared: people write ODF 12, ODF-12 and odf12
// for the same panel. panelKey is the same in SQL, and what ports_by_position is
// made of.
func labelKey(s string) string {
	return foldASCII(strings.NewReplacer(" ", "", "-", "").Replace(s))
}

const panelKey = "lower(replace(replace(panel, ' ', ''), '-', ''))"

// ourPositions are the positions in our own form that a typed one may be: the
// port of a panel is half of a pair where ports take two.
func ourPositions(typed string) []any {
	typed = strings.ReplaceAll(typed, " ", "")
	out := []any{typed}
	trimmed := strings.TrimLeft(typed, "0")
	p, ok := panel.ParsePosition(trimmed)
	if !ok {
		return out
	}
	out = append(out, p.String())
	if p.Second == 0 {
		n := strconv.Itoa(p.First)
		out = append(out, strconv.Itoa(p.First-1)+"/"+n, n+"/"+strconv.Itoa(p.First+1))
	}
	return out
}

// FindPorts finds the ports that somebody means with text: a panel with or
// without a position, in our words or the facility's, or a device with or
// without a port; at accessPoint, or "" for all. At most limit ports are found,
// by access point, device and number; more says that others match too.
func (s *Store) FindPorts(ctx context.Context, text, accessPoint string, limit int) (ports []Port, more bool, err error) {
	cat := s.Catalogue()
	var devices []catalog.Device
	for _, ap := range cat.AccessPoints() {
		if accessPoint == "" || ap.ID == accessPoint {
			devices = append(devices, cat.Devices(ap.ID)...)
		}
	}
	seen := map[string]bool{}
	found := func(r portReading, some []Port, keep func(Port) bool) {
		more = more || len(some) > limit
		for _, p := range some {
			if !seen[p.ID] && s.isAround(p, r.around) && (keep == nil || keep(p)) {
				seen[p.ID] = true
				ports = append(ports, p)
			}
		}
	}
	readings := portReadings(text)
	for _, r := range readings {
		some, err := s.portsOfPanel(ctx, r, accessPoint, devices, limit+1)
		if err != nil {
			return nil, false, err
		}
		found(r, some, nil)
		if some, err = s.portsInTheirWords(ctx, r, accessPoint, limit+1); err != nil {
			return nil, false, err
		}
		found(r, some, nil)
		if some, err = s.portsOfDevices(ctx, r, devicesCalled(devices, r.where, false), limit+1); err != nil {
			return nil, false, err
		}
		found(r, some, nil)
	}
	if len(ports) == 0 && len(readings) > 0 { // the beginning of a label
		r := readings[0]
		some, err := s.panelsBeginning(ctx, labelKey(r.where), accessPoint, devices, limit+1)
		if err != nil {
			return nil, false, err
		}
		found(r, some, nil)
		if some, err = s.portsOfDevices(ctx, r, devicesCalled(devices, r.where, true), limit+1); err != nil {
			return nil, false, err
		}
		found(r, some, nil)
	}
	siteOf := func(p Port) string {
		d, _ := cat.Device(p.Device)
		ap, _ := cat.AccessPoint(d.AccessPoint)
		return ap.Name + "\x00" + d.Name
	}
	slices.SortFunc(ports, func(a, b Port) int {
		return cmp.Or(cmp.Compare(siteOf(a), siteOf(b)), cmp.Compare(a.Device, b.Device), cmp.Compare(a.Number, b.Number))
	})
	if len(ports) > limit {
		ports, more = ports[:limit], true
	}
	return ports, more, nil
}

// isAround reports whether a port is at each of the places that were named.
func (s *Store) isAround(p Port, around []string) bool {
	d, _ := s.Catalogue().Device(p.Device)
	ap, _ := s.Catalogue().AccessPoint(d.AccessPoint)
	for _, place := range around {
		key := labelKey(withoutWord(withoutWord(place, "cabinet"), "room"))
		if !slices.ContainsFunc([]string{p.Room, p.Cabinet, d.Name, ap.Name, ap.FacilityName}, func(name string) bool { return labelKey(name) == key }) {
			return false
		}
	}
	return true
}

// How many devices, and panels with rules of their own, one search looks at.
const (
	devicesSearched = 160
	panelsSearched  = 40
	panelPorts      = 1000 // of one panel; the widest have a few hundred
)

// devicesCalled are the devices with a label, or whose label begins so.
func devicesCalled(devices []catalog.Device, label string, beginning bool) []catalog.Device {
	key := labelKey(label)
	var out []catalog.Device
	for _, d := range devices {
		name := labelKey(d.Name)
		if key != "" && len(out) <= devicesSearched && (name == key || labelKey(d.ID) == key || beginning && strings.HasPrefix(name, key)) {
			out = append(out, d)
		}
	}
	return out
}

// onDevices is the condition that a port is on one of devices.
func onDevices(devices []catalog.Device) (cond string, args []any) {
	for _, d := range devices {
		args = append(args, d.ID)
	}
	marks, args := inList(args)
	return "device_id IN (" + marks + ")", args
}

// atSite is onDevices for a statement that need not be narrowed when no access
// point is asked for.
func atSite(accessPoint string, devices []catalog.Device) (cond string, args []any) {
	if accessPoint == "" {
		return "", nil
	}
	cond, args = onDevices(devices)
	return " AND " + cond, args
}

func (s *Store) portsOfPanel(ctx context.Context, r portReading, accessPoint string, devices []catalog.Device, limit int) ([]Port, error) {
	key := labelKey(r.where)
	if key == "" || len(devices) == 0 {
		return nil, nil
	}
	query, args := "SELECT "+portColumns+" FROM ports WHERE "+panelKey+" = ?", []any{key}
	if r.what != "" {
		marks, positions := inList(ourPositions(r.what))
		query, args = query+" AND position IN ("+marks+")", append(args, positions...)
	}
	here, more := atSite(accessPoint, devices)
	return list(ctx, s, scanPort, query+here+" LIMIT ?", append(append(args, more...), limit)...)
}

func (s *Store) panelsBeginning(ctx context.Context, key, accessPoint string, devices []catalog.Device, limit int) ([]Port, error) {
	if key == "" || len(devices) == 0 {
		return nil, nil
	}
	here, more := atSite(accessPoint, devices)
	return list(ctx, s, scanPort, "SELECT "+portColumns+" FROM ports WHERE "+panelKey+" >= ? AND "+panelKey+" < ?"+here+" LIMIT ?",
		append(append([]any{key, key + "\U0010FFFF"}, more...), limit)...)
}

// portsInTheirWords are the ports whose position the facility calls so. A rule
// cannot be turned around, so the ports of the panels with such a label that
// have a rule are read and named.
func (s *Store) portsInTheirWords(ctx context.Context, r portReading, accessPoint string, limit int) ([]Port, error) {
	rules := s.panels.Load()
	if rules == nil || r.what == "" {
		return nil, nil
	}
	key := labelKey(r.where)
	var places []PanelPlace
	for place := range *rules {
		if labelKey(place.Panel) == key && (accessPoint == "" || place.AccessPoint == accessPoint) {
			places = append(places, place)
		}
	}
	slices.SortFunc(places, func(a, b PanelPlace) int {
		return cmp.Or(cmp.Compare(a.AccessPoint, b.AccessPoint), cmp.Compare(a.Room, b.Room), cmp.Compare(a.Cabinet, b.Cabinet), cmp.Compare(a.Panel, b.Panel))
	})
	typed := labelKey(r.what)
	var out []Port
	for _, place := range places[:min(len(places), panelsSearched)] {
		ports, err := list(ctx, s, scanPort, "SELECT "+portColumns+" FROM ports WHERE cabinet = ? AND panel = ? AND room = ? LIMIT ?", place.Cabinet, place.Panel, place.Room, panelPorts)
		if err != nil {
			return nil, err
		}
		for _, p := range ports {
			if s.PanelPlaceOf(p) != place {
				continue // a cabinet of the same name elsewhere
			}
			words, err := (*rules)[place].Format(p.Position)
			if theirs := labelKey(words); err == nil && (theirs == typed || theirs == "port"+typed || theirs == "position"+typed) {
				out = append(out, p)
			}
		}
		if len(out) >= limit {
			break
		}
	}
	return out, nil
}

// portsOfDevices are the ports of devices: all, or those with a name or a
// number.
func (s *Store) portsOfDevices(ctx context.Context, r portReading, devices []catalog.Device, limit int) ([]Port, error) {
	if len(devices) == 0 {
		return nil, nil
	}
	cond, args := onDevices(devices)
	query := "SELECT " + portColumns + " FROM ports WHERE " + cond
	if r.what != "" {
		number, err := strconv.Atoi(r.what)
		if err != nil {
			number = -1 // no port has it
		}
		query, args = query+" AND (number = ? OR lower(name) = ?)", append(args, number, foldASCII(r.what))
	}
	return list(ctx, s, scanPort, query+" LIMIT ?", append(args, limit)...)
}
