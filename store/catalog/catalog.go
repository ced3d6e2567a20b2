// Package catalog holds what can be ordered where: regions, access points,
// the line operators that each accepts, port specifications and port types.
// It is pure: the store reads the rows, builds a Catalogue with New and
// replaces the whole snapshot when staff change something.
package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the zones of the regions must load on a machine without a zone database
)

// Region is a region of the cloud.
type Region struct {
	ID       string // "cn-hangzhou"
	Name     string // "China (Hangzhou)"
	Zone     string // IANA name, "Asia/Shanghai"
	Mainland bool   // fee group, and how many working days a step takes: cn-* but cn-hongkong
	Order    int    // place in lists, within its fee group
	Calendar string // ID of the working days that its sites keep; "" when nobody said
}

// VisitorPolicy says what a facility needs to know of a visiting engineer
// beyond name and contact. The zero value, nothing, is the default: the
// application asks for no more than the site needs.
type VisitorPolicy struct {
	Gender   bool
	IDType   bool
	IDNumber bool
}

// Words list what a visitor tells the facility, for people: "Name, contact, ID
// type".
func (v VisitorPolicy) Words() string {
	asked := "Name, contact"
	for _, part := range []struct {
		on   bool
		word string
	}{{v.Gender, "gender"}, {v.IDType, "ID type"}, {v.IDNumber, "ID number"}} {
		if part.on {
			asked += ", " + part.word
		}
	}
	return asked
}

// RunByProvider is the RunBy of an access point in the cloud's own facility.
// It reads well as it stands; AccessPoint.RunByName puts the provider's
// configured name in its place.
const RunByProvider = "the cloud provider"

// DefaultLOADays is the validity of a letter where an access point sets none.
const DefaultLOADays = 90

// AccessPoint is a facility in a region where the cloud accepts leased lines.
type AccessPoint struct {
	ID     string // "ap-cn-hangzhou-xs-B"
	Region string // region ID
	Name   string // "Hangzhou-Xiaoshan-B"
	RunBy  string // who runs the facility: "China Telecom", "Equinix", RunByProvider
	Status Status

	// Offers is, for each line operator accepted here, the port types it is
	// offered. An operator that is absent or has no type is not accepted.
	// Read-only on a value that came out of a Catalogue.
	Offers map[SP][]PortType

	FacilityName string
	Address      string // street address, one line
	LOADays      int    // validity of a letter in days
	Visitor      VisitorPolicy
	// InstallerNotes is what the installer must know before going there.
	InstallerNotes string

	// Demo says that address and devices are invented. Whatever prints them
	// must say so too.
	Demo bool
}

// Accepts reports whether lines of sp end here; "" asks for any operator.
func (a AccessPoint) Accepts(sp SP) bool {
	if sp != "" {
		return len(a.Offers[sp]) > 0
	}
	for _, types := range a.Offers {
		if len(types) > 0 {
			return true
		}
	}
	return false
}

// SPs returns the operators accepted here, in the order of SPs.
func (a AccessPoint) SPs() []SP {
	var out []SP
	for _, sp := range SPs() {
		if a.Accepts(sp) {
			out = append(out, sp)
		}
	}
	return out
}

// RunByName returns who runs the facility, with provider as the name of the
// cloud's own operator.
func (a AccessPoint) RunByName(provider string) string {
	if a.RunBy == RunByProvider && provider != "" {
		return provider
	}
	return a.RunBy
}

// portTypes returns what is offered to sp ("" = to anyone) in the order of
// the form.
func (a AccessPoint) portTypes(sp SP) []PortTypeInfo {
	var out []PortTypeInfo
	for _, info := range portTypes {
		offered := false
		if sp != "" {
			offered = slices.Contains(a.Offers[sp], info.Type)
		} else {
			for _, types := range a.Offers {
				offered = offered || slices.Contains(types, info.Type)
			}
		}
		if offered {
			out = append(out, info)
		}
	}
	return out
}

// Device is an access device (CSW) of an access point: the switch that holds
// the customer-facing ports.
type Device struct {
	ID          string // "csw-hz-yh-a-02"
	AccessPoint string // access point ID
	Name        string // "CSW-YH-A-02", unique within its access point
	Room        string // "3F-2"
	Cabinet     string // "C-07"
}

// Port is a customer-facing port with its demarcation: the patch panel
// position where the customer's line is handed over. Which connection holds
// it is the store's knowledge, not the catalogue's.
type Port struct {
	ID     string // "csw-hz-yh-a-02-xge1-0-17"
	Device string // device ID
	Name   string // "XGE1/0/17"
	Number int    // place on the front, from 1, unique on its device
	Type   PortType

	Room      string // building or room of the demarcation
	Cabinet   string
	Panel     string // "ODF 12", "Patch panel 13"
	Position  string // "17/18" for a fibre pair, "5" for copper
	Connector string // "LC", "RJ45", or with all that is known in one: "LC/UPC duplex"
	Polish    string // "UPC", "APC", "PC"; "" for copper or when Connector says it
	Fibers    string // "simplex", "duplex"; "" likewise
	Side      string // of the panel, "front" or "rear"; "" when nobody said
}

// Polishes are the ways a fibre's end is polished, as in Port.Polish.
func Polishes() []string { return []string{"UPC", "APC", "PC"} }

// ConnectorWords is the connector of the demarcation as a letter prints it:
// "LC/UPC duplex", "LC/UPC duplex, rear", "RJ45".
func (p Port) ConnectorWords() string {
	words := p.Connector
	if p.Polish != "" {
		words += "/" + p.Polish
	}
	if p.Fibers != "" {
		words += " " + p.Fibers
	}
	if p.Side != "" {
		words += ", " + p.Side
	}
	return words
}

// SplitConnector takes apart what ConnectorWords put together: the kind, the
// polish and the fibers of "LC/UPC duplex". What is not said is "".
func SplitConnector(words string) (connector, polish, fibers string) {
	connector = words
	for _, f := range []string{"simplex", "duplex"} {
		if rest, ok := strings.CutSuffix(connector, " "+f); ok {
			connector, fibers = rest, f
		}
	}
	for _, p := range Polishes() {
		if rest, ok := strings.CutSuffix(connector, "/"+p); ok && rest != "" {
			connector, polish = rest, p
		}
	}
	return connector, polish, fibers
}

// Catalogue is an immutable snapshot of regions, access points and devices,
// safe for concurrent use. The slices that it returns are shared: read them,
// copy them, append to them, but do not write to their elements.
type Catalogue struct {
	regions []Region
	aps     []AccessPoint
	region  map[string]Region
	ap      map[string]AccessPoint
	device  map[string]Device
	zones   map[string]*time.Location

	devices map[string][]Device       // by access point
	listed  map[listKey][]AccessPoint // not disabled, by region and SP
	sps     map[string][]SP           // by region
}

type listKey struct {
	region string
	sp     SP
}

// New checks the rows and builds the snapshot; it keeps no reference to its
// arguments. It refuses empty and duplicate IDs, a zone that does not load,
// an access point in an unknown region, an unknown SP, port type or status, a
// port type offered twice to one SP, a negative validity, and a device at an
// unknown access point. It reports every fault, joined. An empty status
// means open and a validity of 0 means DefaultLOADays.
func New(regions []Region, aps []AccessPoint, devices []Device) (*Catalogue, error) {
	c := &Catalogue{
		regions: slices.Clone(regions),
		region:  make(map[string]Region, len(regions)),
		ap:      make(map[string]AccessPoint, len(aps)),
		device:  make(map[string]Device, len(devices)),
		zones:   make(map[string]*time.Location, len(regions)),
		devices: make(map[string][]Device, len(aps)),
		listed:  make(map[listKey][]AccessPoint),
		sps:     make(map[string][]SP, len(regions)),
	}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	for _, r := range regions {
		if r.ID == "" || r.Name == "" {
			fault("region %q: ID and name are required", r.ID)
			continue
		}
		if _, dup := c.region[r.ID]; dup {
			fault("region %q: duplicate ID", r.ID)
			continue
		}
		c.region[r.ID] = r
		// LoadLocation takes "" for UTC and "Local" for this machine's zone;
		// neither is the zone of a place.
		loc, err := time.LoadLocation(r.Zone)
		if err != nil || r.Zone == "" || r.Zone == "Local" {
			fault("region %q: unknown zone %q", r.ID, r.Zone)
			continue
		}
		c.zones[r.ID] = loc
	}
	slices.SortStableFunc(c.regions, func(a, b Region) int {
		return cmp.Or(mainlandFirst(a, b), cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID))
	})

	for _, a := range aps {
		if a.ID == "" || a.Name == "" {
			fault("access point %q: ID and name are required", a.ID)
			continue
		}
		if _, dup := c.ap[a.ID]; dup {
			fault("access point %q: duplicate ID", a.ID)
			continue
		}
		if _, ok := c.region[a.Region]; !ok {
			fault("access point %q: unknown region %q", a.ID, a.Region)
		}
		a.Status = cmp.Or(a.Status, StatusOpen)
		if !a.Status.known() {
			fault("access point %q: unknown status %q", a.ID, a.Status)
		}
		a.LOADays = cmp.Or(a.LOADays, DefaultLOADays)
		if a.LOADays < 0 {
			fault("access point %q: letters valid for %d days", a.ID, a.LOADays)
		}
		a.Offers = maps.Clone(a.Offers)
		for sp, types := range a.Offers {
			if !sp.known() {
				fault("access point %q: unknown SP %q", a.ID, sp)
			}
			seen := make(map[PortType]bool, len(types))
			for _, t := range types {
				if _, ok := PortTypeOf(string(t)); !ok {
					fault("access point %q: unknown port type %q for SP %q", a.ID, t, sp)
				}
				if seen[t] {
					fault("access point %q: port type %q twice for SP %q", a.ID, t, sp)
				}
				seen[t] = true
			}
			a.Offers[sp] = slices.Clone(types)
		}
		c.ap[a.ID] = a
		c.aps = append(c.aps, a)
	}

	for _, d := range devices {
		if d.ID == "" || d.Name == "" {
			fault("device %q: ID and name are required", d.ID)
			continue
		}
		if _, dup := c.device[d.ID]; dup {
			fault("device %q: duplicate ID", d.ID)
			continue
		}
		if _, ok := c.ap[d.AccessPoint]; !ok {
			fault("device %q: unknown access point %q", d.ID, d.AccessPoint)
		}
		c.device[d.ID] = d
		c.devices[d.AccessPoint] = append(c.devices[d.AccessPoint], d)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	c.index()
	return c, nil
}

func mainlandFirst(a, b Region) int {
	switch {
	case a.Mainland == b.Mainland:
		return 0
	case a.Mainland:
		return -1
	}
	return 1
}

// index builds the answers that every page asks for. Each slice is clipped,
// so that a caller's append never reaches a shared array.
func (c *Catalogue) index() {
	place := make(map[string]int, len(c.regions))
	for i, r := range c.regions {
		place[r.ID] = i
	}
	slices.SortStableFunc(c.aps, func(a, b AccessPoint) int {
		return cmp.Or(cmp.Compare(place[a.Region], place[b.Region]), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for _, a := range c.aps {
		if a.Status == StatusDisabled {
			continue
		}
		anySP := listKey{a.Region, ""}
		c.listed[anySP] = append(c.listed[anySP], a)
		for _, sp := range a.SPs() {
			k := listKey{a.Region, sp}
			c.listed[k] = append(c.listed[k], a)
		}
	}
	for k, list := range c.listed {
		c.listed[k] = slices.Clip(list)
	}
	for _, r := range c.regions {
		for _, sp := range SPs() {
			if len(c.listed[listKey{r.ID, sp}]) > 0 {
				c.sps[r.ID] = append(c.sps[r.ID], sp)
			}
		}
		c.sps[r.ID] = slices.Clip(c.sps[r.ID])
	}
	for ap, list := range c.devices {
		slices.SortFunc(list, func(a, b Device) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
		c.devices[ap] = slices.Clip(list)
	}
	c.regions, c.aps = slices.Clip(c.regions), slices.Clip(c.aps)
}

// Regions returns every region, the Chinese mainland first. Read-only.
func (c *Catalogue) Regions() []Region { return c.regions }

// Region returns the region with this ID.
func (c *Catalogue) Region(id string) (Region, bool) { r, ok := c.region[id]; return r, ok }

// AccessPoint returns the access point with this ID, whatever its status.
func (c *Catalogue) AccessPoint(id string) (AccessPoint, bool) { a, ok := c.ap[id]; return a, ok }

// Device returns the access device with this ID.
func (c *Catalogue) Device(id string) (Device, bool) { d, ok := c.device[id]; return d, ok }

// AccessPoints returns every access point, disabled ones included, in region
// order and then by name. Read-only.
func (c *Catalogue) AccessPoints() []AccessPoint { return c.aps }

// AccessPointsIn returns the access points of a region that accept lines of
// sp ("" = any, and then also one that accepts none yet), by name. Hot and
// full ones are included, because a form shows them, a full one with the
// reason why it cannot be chosen (Status.TakesOrders); disabled ones are not.
// Read-only.
func (c *Catalogue) AccessPointsIn(region string, sp SP) []AccessPoint {
	return c.listed[listKey{region, sp}]
}

// SPsIn returns the operators that any access point of the region accepts,
// disabled ones aside, in the order of SPs. Read-only.
func (c *Catalogue) SPsIn(region string) []SP { return c.sps[region] }

// Devices returns the access devices of an access point by name. Read-only.
func (c *Catalogue) Devices(ap string) []Device { return c.devices[ap] }

// PortTypesAt returns the port types of spec ("" = every specification) that
// the access point offers to sp ("" = to anyone), in the order of the form.
// The access point's status does not matter. The slice is the caller's.
func (c *Catalogue) PortTypesAt(ap string, sp SP, spec Spec) []PortTypeInfo {
	out := c.ap[ap].portTypes(sp)
	if spec == "" {
		return out
	}
	return slices.DeleteFunc(out, func(i PortTypeInfo) bool { return i.Spec != spec })
}

// SpecsAt returns the specifications of which the access point offers at
// least one port type to sp ("" = to anyone), slowest first. The slice is the
// caller's.
func (c *Catalogue) SpecsAt(ap string, sp SP) []Spec {
	var out []Spec
	for _, info := range c.ap[ap].portTypes(sp) {
		if !slices.Contains(out, info.Spec) {
			out = append(out, info.Spec)
		}
	}
	return out
}

// Zone returns the zone of a region, UTC for an unknown one.
func (c *Catalogue) Zone(region string) *time.Location {
	if loc, ok := c.zones[region]; ok {
		return loc
	}
	return time.UTC
}
