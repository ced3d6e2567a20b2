// Package redundancy compares the places of two interfaces that back each
// other up and says in words which loss the pair survives. It is pure: the
// store reads the places, the pages print the report.
//
// The promise that it judges is the operator's: interfaces that are redundant
// at one access point are on different access devices, and interfaces at
// different access points are redundant by nature.
package redundancy

import (
	"strings"
	"unicode"
)

// Place is where one interface is. A field that is not known yet, such as the
// device before the port is allocated, is empty. Names count within what they
// stand in: the cabinets C-07 of two rooms are two cabinets.
type Place struct {
	Region      string
	AccessPoint string
	Building    string // the facility's name
	Address     string // of the facility: two names for one address are one building
	Room        string // of the device, or of the demarcation: see And
	Cabinet     string
	Panel       string
	Device      string // access device, unique within its access point
	SP          string // the line operator that brings the leased line
}

// State says whether the two interfaces have something in common.
type State int

// The states.
const (
	Unknown State = iota // one of the places is not known
	Shared               // one and the same for both
	Apart                // two different ones
)

// String is the state in a word.
func (s State) String() string {
	switch s {
	case Shared:
		return "Shared"
	case Apart:
		return "Apart"
	}
	return "Not known yet"
}

// Kind names an aspect of a place.
type Kind int

// The aspects, from the widest to the narrowest; the line operator comes last,
// since it is not a place.
const (
	Region Kind = iota
	AccessPoint
	Building
	Room
	Cabinet
	Panel
	Device
	SP
	kinds
)

// String is the aspect as a page names it.
func (k Kind) String() string {
	return [kinds]string{"Region", "Access Point", "Building", "Room", "Cabinet", "Panel", "Access device", "SP"}[k]
}

func (p Place) value(k Kind) string {
	return [kinds]string{p.Region, p.AccessPoint, p.Building, p.Room, p.Cabinet, p.Panel, p.Device, p.SP}[k]
}

// Aspect is one line of a report: what the first and the second interface have
// there, and whether it is the same thing.
type Aspect struct {
	Kind  Kind
	A, B  string // "" when not known
	State State
}

// Promise is what became of the operator's promise.
type Promise int

// The promise: different access points or different access devices.
const (
	Open   Promise = iota // it can be kept or broken by ports that are not allocated yet
	Kept                  // the access points or the devices differ
	Broken                // both are on one device
)

// Report says what two interfaces share and what they do not.
type Report struct {
	states [kinds]State
	a, b   Place
}

// Compare compares two places. Swapping them changes nothing but the sides of
// the aspects.
func Compare(a, b Place) Report {
	r := Report{a: a, b: b}
	r.states[Region] = r.within(Shared, Region)
	r.states[AccessPoint] = r.within(r.states[Region], AccessPoint)
	r.states[Building] = r.within(r.states[Region], Building)
	if r.states[AccessPoint] == Shared {
		// An access point is in one facility, whatever it is called.
		r.states[Building] = Shared
	} else if r.states[Region] == Shared && OneBuilding(a.Building, a.Address, b.Building, b.Address) {
		r.states[Building] = Shared
	}
	r.states[Room] = r.within(r.states[Building], Room)
	r.states[Cabinet] = r.within(r.states[Room], Cabinet)
	r.states[Panel] = r.within(r.states[Cabinet], Panel)
	r.states[Device] = r.within(r.states[AccessPoint], Device)
	r.states[SP] = r.within(Shared, SP)
	return r
}

// OneBuilding reports whether two access points of a region are in one
// building by what is said about them: one name of the facility or one street
// address, however it is written. What is not said is no building.
func OneBuilding(aName, aAddress, bName, bAddress string) bool {
	same := func(a, b string) bool {
		a, b = plain(a), plain(b)
		return a != "" && a == b
	}
	return same(aName, bName) || same(aAddress, bAddress)
}

// plain leaves of a name or an address what tells it from another: letters and
// digits, in one case.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// And joins what two comparisons of the same pair found, for a device whose
// demarcation is in another room or cabinet: what is one thing by either of
// them is shared, and only what is two things by both is apart. The names are
// those of r.
func (r Report) And(other Report) Report {
	for k := range kinds {
		switch {
		case r.states[k] == Shared || other.states[k] == Shared:
			r.states[k] = Shared
		case r.states[k] == Unknown || other.states[k] == Unknown:
			r.states[k] = Unknown
		}
	}
	return r
}

// within compares a name inside of what contains it. Equal names in different
// containers are different things; different names are different things even
// when nobody knows the container.
func (r Report) within(container State, k Kind) State {
	a, b := r.a.value(k), r.b.value(k)
	switch {
	case container == Apart:
		return Apart
	case a == "" || b == "":
		return Unknown
	case a != b:
		return Apart
	}
	return container
}

// State is whether the two share an aspect.
func (r Report) State(k Kind) State { return r.states[k] }

// Aspects are the lines of the report, from the widest to the narrowest.
func (r Report) Aspects() []Aspect {
	out := make([]Aspect, kinds)
	for k := range kinds {
		out[k] = Aspect{Kind: k, A: r.a.value(k), B: r.b.value(k), State: r.states[k]}
	}
	return out
}

// Promise says whether the promise is kept.
func (r Report) Promise() Promise {
	switch {
	case r.states[AccessPoint] == Apart || r.states[Device] == Apart:
		return Kept
	case r.states[Device] == Shared:
		return Broken
	}
	return Open
}

// Strength ranks what the pair survives: the loss of nothing (0), a device
// (1), a cabinet, a room, an access point, a building, a region (6). Two
// reports with a different rank are a change worth telling.
func (r Report) Strength() int {
	switch {
	case r.Promise() != Kept:
		return 0
	case r.states[Region] == Apart:
		return 6
	case r.states[AccessPoint] == Apart && r.states[Building] == Apart:
		return 5
	case r.states[AccessPoint] == Apart:
		return 4
	case r.states[Room] == Apart:
		return 3
	case r.states[Cabinet] == Apart:
		return 2
	}
	return 1
}

// Verdict says in one sentence, without a full stop, which loss the pair
// survives and what both still depend on.
func (r Report) Verdict() string {
	switch r.Promise() {
	case Broken:
		return "Does not survive the loss of the device"
	case Open:
		return "Not known before both ports are allocated"
	}
	loss := [...]string{1: "a device", 2: "a cabinet", 3: "a room", 4: "an access point", 5: "an access point", 6: "a region"}[r.Strength()]
	both := r.dependence()
	if r.states[SP] == Shared {
		both = append(both, "use one service provider")
	}
	if len(both) == 0 {
		return "Survives the loss of " + loss
	}
	return "Survives the loss of " + loss + "; both " + strings.Join(both, " and ")
}

// dependence is the narrowest place that both are in, if they are in one.
// Region and access point are left out where a narrower place says the same.
func (r Report) dependence() []string {
	for _, d := range []struct {
		kind  Kind
		words string
	}{{Panel, "end at one panel"}, {Cabinet, "stand in one cabinet"}, {Room, "enter one room"}, {Building, "are in one building"}} {
		if r.states[d.kind] == Shared {
			return []string{d.words}
		}
	}
	return nil
}

// Loses says what is lost when one of the pair ends, to go on a sentence that
// names the other one: "together they survive the loss of a device; both enter
// one room".
func (r Report) Loses() string {
	switch r.Promise() {
	case Broken:
		return "both are on one access device"
	case Open:
		return "different access devices are promised to the pair"
	}
	return "together they " + strings.Replace(r.Verdict(), "Survives", "survive", 1)
}
