package redundancy

import (
	"strings"
	"testing"
)

// base is a place that is known in full.
var base = Place{Region: "China (Hangzhou)", AccessPoint: "Hangzhou-Yuhang-A", Building: "华通机房", Room: "3F-2", Cabinet: "C-07", Panel: "ODF 12", Device: "CSW-01", SP: "China Telecom"}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*Place)
		verdict string
		promise Promise
		rank    int
	}{
		{"another region", func(p *Place) {
			p.Region, p.AccessPoint, p.Building, p.SP = "Singapore", "Singapore-A", "SG1", "Equinix"
		},
			"Survives the loss of a region", Kept, 6},
		{"another region, one operator", func(p *Place) { p.Region, p.AccessPoint, p.Building = "Singapore", "Singapore-A", "SG1" },
			"Survives the loss of a region; both use one service provider", Kept, 6},
		{"another access point", func(p *Place) { p.AccessPoint, p.Building = "Hangzhou-Xiaoshan-B", "萧山机房" },
			"Survives the loss of an access point; both use one service provider", Kept, 5},
		{"another access point, other operator", func(p *Place) {
			p.AccessPoint, p.Building, p.SP = "Hangzhou-Xiaoshan-B", "萧山机房", "China Unicom"
		},
			"Survives the loss of an access point", Kept, 5},
		{"another access point in the same building", func(p *Place) { p.AccessPoint, p.Room = "Hangzhou-Yuhang-B", "5F-1" },
			"Survives the loss of an access point; both are in one building and use one service provider", Kept, 4},
		{"another access point, building not known", func(p *Place) { p.AccessPoint, p.Building = "Hangzhou-Yuhang-B", "" },
			"Survives the loss of an access point; both use one service provider", Kept, 4},
		{"another access point before the ports", func(p *Place) {
			*p = Place{Region: p.Region, AccessPoint: "Hangzhou-Xiaoshan-B", Building: "萧山机房", SP: "China Unicom"}
		}, "Survives the loss of an access point", Kept, 5},
		{"another room", func(p *Place) { p.Room, p.Device, p.SP = "4F-1", "CSW-02", "China Mobile" },
			"Survives the loss of a room; both are in one building", Kept, 3},
		{"another cabinet", func(p *Place) { p.Cabinet, p.Device, p.SP = "C-08", "CSW-02", "China Mobile" },
			"Survives the loss of a cabinet; both enter one room", Kept, 2},
		{"another device, cabinet not known", func(p *Place) { p.Cabinet, p.Panel, p.Device, p.SP = "", "", "CSW-02", "China Mobile" },
			"Survives the loss of a device; both enter one room", Kept, 1},
		{"another device in the cabinet", func(p *Place) { p.Panel, p.Device, p.SP = "ODF 13", "CSW-02", "China Mobile" },
			"Survives the loss of a device; both stand in one cabinet", Kept, 1},
		{"another device on the panel", func(p *Place) { p.Device = "CSW-02" },
			"Survives the loss of a device; both end at one panel and use one service provider", Kept, 1},
		{"the device", func(p *Place) { p.SP = "China Mobile" },
			"Does not survive the loss of the device", Broken, 0},
		{"the device, another panel", func(p *Place) { p.Room, p.Cabinet, p.Panel = "4F-1", "C-01", "ODF 1" },
			"Does not survive the loss of the device", Broken, 0},
		{"no port yet", func(p *Place) { p.Room, p.Cabinet, p.Panel, p.Device = "", "", "", "" },
			"Not known before both ports are allocated", Open, 0},
	} {
		other := base
		c.change(&other)
		r := Compare(base, other)
		if r.Verdict() != c.verdict || r.Promise() != c.promise || r.Strength() != c.rank {
			t.Errorf("%s: %q, promise %d, rank %d; want %q, %d, %d", c.name, r.Verdict(), r.Promise(), r.Strength(), c.verdict, c.promise, c.rank)
		}
	}
}

func TestLoses(t *testing.T) {
	other := base
	other.Device, other.Cabinet, other.SP = "CSW-02", "C-08", "China Mobile"
	for want, p := range map[string]Place{
		"together they survive the loss of a cabinet; both enter one room": other,
		"both are on one access device":                                    base,
		"different access devices are promised to the pair":                {Region: base.Region, AccessPoint: base.AccessPoint},
	} {
		if got := Compare(base, p).Loses(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestEveryCombination compares places whose aspects are each the same, other,
// or missing on one side or on both: 4 to the power of 8 pairs.
func TestEveryCombination(t *testing.T) {
	// contains is what an aspect's name counts within; -1 is the whole world.
	contains := [kinds]Kind{Region: -1, AccessPoint: Region, Building: Region, Room: Building, Cabinet: Room, Panel: Cabinet, Device: AccessPoint, SP: -1}
	pairs := [4][2]string{{"x", "x"}, {"x", "y"}, {"x", ""}, {"", ""}}
	for n := range 1 << (2 * int(kinds)) {
		var sides [2][kinds]string
		for k := range kinds {
			p := pairs[n>>(2*k)&3]
			sides[0][k], sides[1][k] = p[0], p[1]
		}
		a, b := placeOf(sides[0]), placeOf(sides[1])
		r, back := Compare(a, b), Compare(b, a)
		for k := range kinds {
			got := r.State(k)
			if back.State(k) != got {
				t.Fatalf("%+v %+v: %v is %v, and %v the other way round", a, b, k, got, back.State(k))
			}
			outer := Shared
			if contains[k] >= 0 {
				outer = r.State(contains[k])
			}
			known, same := sides[0][k] != "" && sides[1][k] != "", sides[0][k] == sides[1][k]
			oneFacility := k == Building && r.State(AccessPoint) == Shared
			switch {
			case oneFacility && got != Shared,
				!oneFacility && got == Shared && !(known && same && outer == Shared),
				!oneFacility && got == Apart && outer != Apart && !(known && !same),
				!oneFacility && outer == Apart && got != Apart,
				!oneFacility && known && !same && got != Apart,
				!oneFacility && known && same && outer == Shared && got != Shared:
				t.Fatalf("%+v %+v: %v is %v within %v", a, b, k, got, outer)
			}
		}
		checkVerdict(t, a, b, r)
		if back.Verdict() != r.Verdict() || back.Strength() != r.Strength() || back.Promise() != r.Promise() {
			t.Fatalf("%+v %+v: %q one way, %q the other", a, b, r.Verdict(), back.Verdict())
		}
	}
}

func placeOf(v [kinds]string) Place {
	return Place{Region: v[Region], AccessPoint: v[AccessPoint], Building: v[Building], Room: v[Room], Cabinet: v[Cabinet], Panel: v[Panel], Device: v[Device], SP: v[SP]}
}

// checkVerdict holds the words to the states: nothing is said to survive what
// both depend on.
func checkVerdict(t *testing.T, a, b Place, r Report) {
	t.Helper()
	v := r.Verdict()
	says := func(s string) bool { return strings.Contains(v, s) }
	bad := ""
	switch {
	case (r.Promise() == Broken) != (r.State(AccessPoint) == Shared && r.State(Device) == Shared):
		bad = "the promise is broken exactly by one device"
	case (r.Promise() == Kept) != (r.State(AccessPoint) == Apart || r.State(Device) == Apart):
		bad = "the promise is kept exactly by two access points or two devices"
	case r.Promise() == Broken && v != "Does not survive the loss of the device":
		bad = "one device survives nothing"
	case r.Promise() == Open && says("urvives"):
		bad = "nothing is known to survive"
	case r.Promise() == Kept && !strings.HasPrefix(v, "Survives the loss of a"):
		bad = "a kept promise survives something"
	case says("of a region") != (r.State(Region) == Apart && r.Promise() == Kept):
		bad = "region"
	case says("of an access point") && r.State(AccessPoint) != Apart,
		says("of a room") && r.State(Room) != Apart,
		says("of a cabinet") && r.State(Cabinet) != Apart,
		says("of a device") && r.State(Device) != Apart:
		bad = "survives what is not known to be two"
	case says("one building") && r.State(Building) != Shared,
		says("one room") && r.State(Room) != Shared,
		says("one cabinet") && r.State(Cabinet) != Shared,
		says("one panel") && r.State(Panel) != Shared:
		bad = "names something shared that is not"
	case r.Promise() == Kept && says("one service provider") != (r.State(SP) == Shared):
		bad = "service provider"
	case r.Promise() == Kept && r.State(Building) == Shared && !says("; both "):
		bad = "hides what both depend on"
	case (r.Strength() == 0) != (r.Promise() != Kept):
		bad = "rank"
	}
	if bad != "" {
		t.Fatalf("%+v %+v: %q: %s", a, b, v, bad)
	}
}

func TestAspects(t *testing.T) {
	other := base
	other.Device = "CSW-02"
	lines := Compare(base, other).Aspects()
	if len(lines) != int(kinds) {
		t.Fatalf("%d lines", len(lines))
	}
	for i, l := range lines {
		if l.Kind != Kind(i) || l.Kind.String() == "" || l.A == "" || l.B == "" {
			t.Errorf("line %d is %+v", i, l)
		}
		if (l.State == Apart) != (l.Kind == Device) {
			t.Errorf("%v is %v", l.Kind, l.State)
		}
	}
}

func TestAndKeepsWhatEitherFound(t *testing.T) {
	// The devices stand in two cabinets, their demarcations in one.
	a, b := base, base
	b.Device, b.Cabinet, b.Panel = "CSW-02", "C-08", "ODF 13"
	a2, b2 := a, b
	a2.Cabinet, b2.Cabinet = "C-01", "C-01"
	devices, demarcations := Compare(a, b), Compare(a2, b2)
	r := devices.And(demarcations)
	if devices.State(Cabinet) != Apart || r.State(Cabinet) != Shared || r.State(Device) != Apart || r.Strength() != 1 {
		t.Errorf("cabinet %v, then %v; device %v; rank %d", devices.State(Cabinet), r.State(Cabinet), r.State(Device), r.Strength())
	}
	if want := "Survives the loss of a device; both stand in one cabinet and use one service provider"; r.Verdict() != want {
		t.Errorf("%q", r.Verdict())
	}
	if got := r.Aspects()[Cabinet]; got.A != "C-07" || got.B != "C-08" {
		t.Errorf("names %+v", got)
	}
	if back := demarcations.And(devices); back.Verdict() != r.Verdict() {
		t.Errorf("%q the other way round", back.Verdict())
	}
	b3 := b
	b3.Cabinet = ""
	if got := devices.And(Compare(a, b3)).State(Cabinet); got != Unknown {
		t.Errorf("two apart and one unknown are %v", got)
	}
	for k := range kinds {
		if got := devices.And(devices).State(k); got != devices.State(k) {
			t.Errorf("%v with itself is %v", k, got)
		}
	}
}

// One building is one building however it is written; what is not said is none.
func TestOneBuilding(t *testing.T) {
	for _, tt := range []struct {
		aName, aAddress, bName, bAddress string
		want                             bool
	}{
		{"Equinix SG1", "20 Ayer Rajah Crescent", "Equinix SG1", "Another road", true},
		{"Equinix SG1", "20 Ayer Rajah Crescent", "SG One", "20 Ayer Rajah Crescent", true},
		{"Equinix SG1", "", "EQUINIX  sg-1", "", true},
		{"", "No. 88, Wenyi Road", "", "no 88 wenyi road", true},
		{"余杭机房", "", " 余杭 机房 ", "", true},
		{"Équinix", "", "équinix", "", true},
		{"Equinix SG1", "20 Ayer Rajah Crescent", "Equinix SG2", "15 Pioneer Walk", false},
		{"Equinix SG1", "", "Equinix SG11", "", false},
		{"SG1", "88 Road", "88 Road", "SG1", false}, // a name is no address
		{"", "", "", "", false},
		{"-", "…", "/", "(", false}, // nothing is said with these either
		{"余杭机房", "", "萧山机房", "", false},
	} {
		for _, swap := range []bool{false, true} {
			got := OneBuilding(tt.aName, tt.aAddress, tt.bName, tt.bAddress)
			if swap {
				got = OneBuilding(tt.bName, tt.bAddress, tt.aName, tt.aAddress)
			}
			if got != tt.want {
				t.Errorf("%+v: %t, swapped %t", tt, got, swap)
			}
		}
	}
	// Two access points of one region whose facility is written in two ways; in two
	// regions one name is a coincidence.
	other := base
	other.AccessPoint, other.Building, other.Room = "Hangzhou-Yuhang-B", " "+base.Building+"。", "5F-1"
	if got, want := Compare(base, other).Verdict(), "Survives the loss of an access point; both are in one building and use one service provider"; got != want {
		t.Errorf("written in two ways: %q, want %q", got, want)
	}
	other.Region = "Singapore"
	if got, want := Compare(base, other).Verdict(), "Survives the loss of a region; both use one service provider"; got != want {
		t.Errorf("in another region: %q, want %q", got, want)
	}
}
