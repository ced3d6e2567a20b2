package catalog

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// shippedNames is the provider's list, copied by hand and not derived from
// the table, so that a lost or renamed line is noticed.
var shippedNames = map[string][]string{
	"cn-qingdao":     {"Qingdao-Laoshan-A"},
	"cn-beijing":     {"Beijing-Daxing-A", "Beijing-Daxing-B", "Beijing-Changping-A", "Beijing-Yizhuang-A", "Beijing-Yizhuang-B", "Beijing-Yizhuang-C", "Beijing-Fengtai-A", "Beijing-Shunyi-A"},
	"cn-zhangjiakou": {"Zhangjiakou-Xiaoertai-A", "Zhangjiakou-Miaotan-A"},
	"cn-huhehaote":   {"Hohhot-Shengle-A", "Hohhot-Xincheng-A"},
	"cn-hangzhou":    {"Hangzhou-Yuhang-A", "Hangzhou-Linan-A", "Hangzhou-Xiaoshan-A", "Hangzhou-Xiaoshan-B", "Hangzhou-Xiaoshan-D", "Hangzhou-Jianggan-B", "Hangzhou-Deqing-A"},
	"cn-shanghai":    {"Shanghai-Baoshan-A", "Shanghai-Baoshan-B", "Shanghai-Baoshan-C", "Shanghai-Pudong-A", "Shanghai-Pudong-B", "Shanghai-Pudong-D", "Shanghai-Jiading-A"},
	"cn-shenzhen":    {"Shenzhen-Futian-A", "Shenzhen-Longhua-A", "Shenzhen-Yantian-A", "Shenzhen-Nanshan-A", "Shenzhen-Longgang-A"},
	"cn-hongkong":    {"HK-KwaiChung-A", "HK-ChaiWan-B", "HK-Fanling-C"},
	"ap-southeast-1": {"Singapore-A", "Singapore-B", "Singapore-C"},
	"ap-southeast-2": {"Australia-Sydney-A", "Australia-Sydney-B"},
	"ap-southeast-3": {"Malaysia-KualaLumpur-A", "Malaysia-KualaLumpur-B"},
	"ap-southeast-5": {"Indonesia-Jakarta-A", "Indonesia-Jakarta-B"},
	"ap-northeast-1": {"Japan-Tokyo-A", "Japan-Tokyo-B", "Japan-Tokyo-C"},
	"us-west-1":      {"USA-San Jose-A"},
	"us-east-1":      {"US-Ashburn-A", "US-Virginia-D"},
	"eu-central-1":   {"Germany-Frankfurt-A", "Germany-Frankfurt-B"},
	"eu-west-1":      {"UK-London-A", "UK-London-B", "UK-London-C", "UK-London-D"},
	"me-east-1":      {"UAE-Dubai-A", "UAE-Dubai-B"},
	"ap-south-1":     {"India-Mumbai-A", "India-Mumbai-B", "India-Mumbai-C"},
}

// runBy is who runs the sites with a carrier or the provider behind them.
var runBy = map[string][]string{
	"China Unicom":  {"Qingdao-Laoshan-A", "Beijing-Daxing-B", "Beijing-Yizhuang-B", "Hohhot-Xincheng-A", "Hangzhou-Xiaoshan-A", "Hangzhou-Deqing-A", "Shanghai-Baoshan-B", "Shanghai-Pudong-D", "Shenzhen-Yantian-A"},
	"China Telecom": {"Beijing-Changping-A", "Beijing-Shunyi-A", "Hohhot-Shengle-A", "Hangzhou-Xiaoshan-B", "Shanghai-Baoshan-A", "Shanghai-Pudong-B", "Shanghai-Jiading-A", "Shenzhen-Longhua-A"},
	"China Mobile":  {"Beijing-Yizhuang-C", "Hangzhou-Xiaoshan-D", "Shanghai-Pudong-A", "Shenzhen-Longgang-A"},
	RunByProvider:   {"Zhangjiakou-Xiaoertai-A", "Zhangjiakou-Miaotan-A", "Hangzhou-Yuhang-A"},
}

func shipped(t *testing.T) *Catalogue {
	t.Helper()
	regions, aps := Shipped()
	var devices []Device
	for _, ap := range aps {
		d, _ := DemoInventory(ap)
		devices = append(devices, d...)
	}
	c, err := New(regions, aps, devices)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func names(aps []AccessPoint) []string {
	var out []string
	for _, a := range aps {
		out = append(out, a.Name)
	}
	slices.Sort(out)
	return out
}

func TestShippedIsTheProvidersList(t *testing.T) {
	regions, aps := Shipped()
	got := make(map[string][]AccessPoint)
	for _, a := range aps {
		got[a.Region] = append(got[a.Region], a)
	}
	if len(regions) != len(shippedNames) {
		t.Errorf("%d regions, want %d", len(regions), len(shippedNames))
	}
	for region, want := range shippedNames {
		want = slices.Sorted(slices.Values(want))
		if n := names(got[region]); !slices.Equal(n, want) {
			t.Errorf("%s has %v, want %v", region, n, want)
		}
		delete(got, region)
	}
	for region := range got {
		t.Errorf("region %s is not on the list", region)
	}
	for operator, want := range runBy {
		var run []AccessPoint
		for _, a := range aps {
			if a.RunBy == operator {
				run = append(run, a)
			}
		}
		if n := names(run); !slices.Equal(n, slices.Sorted(slices.Values(want))) {
			t.Errorf("run by %s: %v, want %v", operator, n, want)
		}
	}
}

func TestShippedIDs(t *testing.T) {
	_, aps := Shipped()
	form := regexp.MustCompile(`^ap-[a-z]{2}-[a-z]+(-[a-z]{2,3})?-[A-Z]$`)
	ids, list := make(map[string]bool), make(map[string]bool)
	for _, a := range aps {
		if !form.MatchString(a.ID) {
			t.Errorf("%s: malformed ID %q", a.Name, a.ID)
		}
		if ids[a.ID] || list[a.Name] {
			t.Errorf("%s (%s) is there twice", a.Name, a.ID)
		}
		ids[a.ID], list[a.Name] = true, true
		if a.ID[len(a.ID)-1] != a.Name[len(a.Name)-1] {
			t.Errorf("%s: the letter of %q differs", a.Name, a.ID)
		}
		if strings.HasPrefix(a.Region, "cn-") && !strings.HasPrefix(a.ID, "ap-"+a.Region+"-") {
			t.Errorf("%s: ID %q does not carry region %s", a.Name, a.ID, a.Region)
		}
	}
	for id, name := range map[string]string{"ap-sg-singpore-A": "Singapore-A", "ap-cn-hangzhou-xs-B": "Hangzhou-Xiaoshan-B"} {
		if a, _ := shipped(t).AccessPoint(id); a.Name != name {
			t.Errorf("%s is %q, want %q", id, a.Name, name)
		}
	}
}

func TestShippedRegions(t *testing.T) {
	c := shipped(t)
	abroad := false
	for _, r := range c.Regions() {
		want := strings.HasPrefix(r.ID, "cn-") && r.ID != "cn-hongkong"
		if r.Mainland != want {
			t.Errorf("%s: mainland %v, want %v", r.ID, r.Mainland, want)
		}
		if r.Mainland && r.Zone != "Asia/Shanghai" {
			t.Errorf("%s: zone %s", r.ID, r.Zone)
		}
		if abroad && r.Mainland {
			t.Errorf("%s comes after a region outside the mainland", r.ID)
		}
		abroad = abroad || !r.Mainland
		if c.Zone(r.ID).String() != r.Zone {
			t.Errorf("%s: loaded zone %s, want %s", r.ID, c.Zone(r.ID), r.Zone)
		}
		// The source: several access points in each region but two.
		n, single := len(shippedNames[r.ID]), r.ID == "cn-qingdao" || r.ID == "us-west-1"
		if single != (n == 1) || len(c.AccessPointsIn(r.ID, "")) > n {
			t.Errorf("%s: %d access points, %d listed", r.ID, n, len(c.AccessPointsIn(r.ID, "")))
		}
	}
	for _, id := range []string{"cn-qingdao", "us-west-1"} {
		if n := len(c.AccessPointsIn(id, "")); n != 1 {
			t.Errorf("%s: %d access points, want 1", id, n)
		}
	}
	if c.Zone("nowhere") == nil || c.Zone("nowhere").String() != "UTC" {
		t.Error("an unknown region is not in UTC")
	}
}

func TestSPRules(t *testing.T) {
	c := shipped(t)
	carrier := map[string]SP{"China Telecom": ChinaTelecom, "China Unicom": ChinaUnicom, "China Mobile": ChinaMobile}
	for _, a := range c.AccessPoints() {
		region, _ := c.Region(a.Region)
		var want []SP
		switch sp, run := carrier[a.RunBy]; {
		case run:
			want = []SP{sp}
		case region.Mainland:
			want = []SP{ChinaTelecom, ChinaUnicom, ChinaMobile, OtherMainland}
		case a.Region == "cn-hongkong":
			want = []SP{OtherMainland, EquinixSP, OtherSP}
		default:
			want = []SP{EquinixSP, OtherSP}
		}
		if got := a.SPs(); !slices.Equal(got, want) {
			t.Errorf("%s (%s) accepts %v, want %v", a.Name, a.RunBy, got, want)
		}
		if !a.Accepts("") || len(c.PortTypesAt(a.ID, "", "")) == 0 {
			t.Errorf("%s offers nothing", a.Name)
		}
		if a.Accepts("SDH") {
			t.Errorf("%s accepts an operator that does not exist", a.Name)
		}
	}
}

func TestCascade(t *testing.T) {
	c := shipped(t)
	for _, r := range c.Regions() {
		for _, sp := range append(SPs(), "") {
			list := c.AccessPointsIn(r.ID, sp)
			if sp != "" && slices.Contains(c.SPsIn(r.ID), sp) != (len(list) > 0) {
				t.Errorf("%s: SPsIn and AccessPointsIn disagree about %s", r.ID, sp)
			}
			for i, a := range list {
				if a.Region != r.ID || !a.Accepts(sp) || a.Status == StatusDisabled {
					t.Errorf("AccessPointsIn(%s, %s) lists %s (%s, %s)", r.ID, sp, a.Name, a.Region, a.Status)
				}
				if i > 0 && list[i-1].Name >= a.Name {
					t.Errorf("%s, %s: %s before %s", r.ID, sp, list[i-1].Name, a.Name)
				}
			}
		}
	}
	for _, a := range c.AccessPoints() {
		for _, sp := range SPs() {
			total := 0
			for _, spec := range Specs() {
				types := c.PortTypesAt(a.ID, sp, spec)
				total += len(types)
				for _, info := range types {
					if info.Spec != spec || !slices.Contains(a.Offers[sp], info.Type) {
						t.Errorf("PortTypesAt(%s, %s, %s) has %s", a.ID, sp, spec, info.Type)
					}
				}
				if slices.Contains(c.SpecsAt(a.ID, sp), spec) != (len(types) > 0) {
					t.Errorf("%s, %s: SpecsAt and PortTypesAt disagree about %s", a.ID, sp, spec)
				}
			}
			if total != len(a.Offers[sp]) {
				t.Errorf("%s, %s: %d port types by specification, %d offered", a.ID, sp, total, len(a.Offers[sp]))
			}
		}
	}
	for _, got := range []int{
		len(c.AccessPointsIn("nowhere", "")), len(c.AccessPointsIn("us-west-1", ChinaMobile)), len(c.SPsIn("nowhere")),
		len(c.PortTypesAt("nowhere", ChinaTelecom, "")), len(c.SpecsAt("nowhere", "")), len(c.Devices("nowhere")),
		len(c.PortTypesAt("ap-cn-hangzhou-xs-B", ChinaUnicom, "")), len(c.PortTypesAt("ap-cn-hangzhou-yh-A", ChinaTelecom, "155M")),
	} {
		if got != 0 {
			t.Errorf("an impossible choice has %d answers", got)
		}
	}
}

func TestStatusInLists(t *testing.T) {
	offers := map[SP][]PortType{ChinaTelecom: {Type10GBaseLR}}
	regions := []Region{{ID: "r", Name: "R", Zone: "UTC"}}
	var aps []AccessPoint
	for i, s := range Statuses() {
		aps = append(aps, AccessPoint{ID: fmt.Sprint("ap-", i), Region: "r", Name: string(s), Status: s, Offers: offers})
	}
	aps = append(aps, AccessPoint{ID: "ap-only-mobile", Region: "r", Name: "mobile", Status: StatusDisabled, Offers: map[SP][]PortType{ChinaMobile: {Type10GBaseLR}}},
		AccessPoint{ID: "ap-none", Region: "r", Name: "none", Offers: map[SP][]PortType{ChinaMobile: {}}})
	c, err := New(regions, aps, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(c.AccessPointsIn("r", ChinaTelecom)), []string{"full", "hot", "open", "recommended"}; !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	if got := c.SPsIn("r"); !slices.Equal(got, []SP{ChinaTelecom}) {
		t.Errorf("SPs %v: a disabled access point or an empty offer counts", got)
	}
	if len(c.AccessPoints()) != len(aps) {
		t.Error("AccessPoints leaves some out")
	}
	takes := map[Status]bool{StatusOpen: true, StatusRecommended: true, StatusHot: true, StatusFull: false, StatusDisabled: false}
	for s, want := range takes {
		if s.TakesOrders() != want {
			t.Errorf("%s takes orders: %v", s, !want)
		}
	}
	if a, _ := c.AccessPoint("ap-none"); a.Status != StatusOpen || a.LOADays != DefaultLOADays {
		t.Errorf("defaults: status %q, %d days", a.Status, a.LOADays)
	}
}

func TestShippedVariety(t *testing.T) {
	c := shipped(t)
	status, days := map[Status]int{}, map[int]int{}
	gender := 0
	for _, a := range c.AccessPoints() {
		status[a.Status]++
		days[a.LOADays]++
		strict := slices.Contains([]string{"me-east-1", "ap-southeast-1", "ap-south-1", "cn-hongkong"}, a.Region)
		if a.Visitor.IDNumber != strict || a.Visitor.IDType != strict {
			t.Errorf("%s: visitor policy %+v", a.Name, a.Visitor)
		}
		if a.Visitor.Gender {
			gender++
		}
		if a.Status == StatusFull && (a.Region == "cn-hangzhou" || a.Region == "cn-shanghai") {
			t.Errorf("%s is full", a.Name)
		}
		if a.Demo || a.Address != "" || a.FacilityName != "" {
			t.Errorf("%s ships with an address", a.Name)
		}
	}
	if status[StatusHot] != 2 || status[StatusFull] != 1 || status[StatusDisabled] != 1 || status[StatusRecommended] != 5 {
		t.Errorf("statuses %v", status)
	}
	if len(days) != 2 || days[60] != 2 || gender != 1 {
		t.Errorf("validities %v, %d sites ask the gender", days, gender)
	}
	for _, info := range PortTypes() {
		n := 0
		for _, a := range c.AccessPoints() {
			if slices.ContainsFunc(c.PortTypesAt(a.ID, "", ""), func(i PortTypeInfo) bool { return i.Type == info.Type }) {
				n++
			}
		}
		// Gigabit fibre is everywhere; the others are a matter of the site.
		if n == 0 || (n == len(c.AccessPoints()) && info.Type != Type1000BaseLX) {
			t.Errorf("%s is offered at %d of %d access points", info.Type, n, len(c.AccessPoints()))
		}
	}
}

func TestNewRefuses(t *testing.T) {
	region := func() Region { return Region{ID: "r", Name: "R", Zone: "UTC"} }
	ap := func() AccessPoint {
		return AccessPoint{ID: "ap", Region: "r", Name: "A", Offers: map[SP][]PortType{ChinaTelecom: {Type10GBaseLR}}}
	}
	for name, tc := range map[string]struct {
		regions []Region
		aps     []AccessPoint
		devices []Device
		want    string
	}{
		"duplicate region":       {[]Region{region(), region()}, nil, nil, "duplicate ID"},
		"region without an ID":   {[]Region{{Name: "R", Zone: "UTC"}}, nil, nil, "required"},
		"region without a zone":  {[]Region{{ID: "r", Name: "R"}}, nil, nil, "unknown zone"},
		"unknown zone":           {[]Region{{ID: "r", Name: "R", Zone: "Asia/Atlantis"}}, nil, nil, "unknown zone"},
		"zone of the machine":    {[]Region{{ID: "r", Name: "R", Zone: "Local"}}, nil, nil, "unknown zone"},
		"unknown region":         {nil, []AccessPoint{ap()}, nil, "unknown region"},
		"duplicate access point": {[]Region{region()}, []AccessPoint{ap(), ap()}, nil, "duplicate ID"},
		"unknown SP":             {[]Region{region()}, []AccessPoint{{ID: "ap", Region: "r", Name: "A", Offers: map[SP][]PortType{"XX": {Type10GBaseLR}}}}, nil, "unknown SP"},
		"SDH port":               {[]Region{region()}, []AccessPoint{{ID: "ap", Region: "r", Name: "A", Offers: map[SP][]PortType{ChinaTelecom: {"155M CPOS"}}}}, nil, "unknown port type"},
		"port type twice":        {[]Region{region()}, []AccessPoint{{ID: "ap", Region: "r", Name: "A", Offers: map[SP][]PortType{ChinaTelecom: {Type10GBaseLR, Type10GBaseLR}}}}, nil, "twice"},
		"unknown status":         {[]Region{region()}, []AccessPoint{{ID: "ap", Region: "r", Name: "A", Status: "closed"}}, nil, "unknown status"},
		"negative validity":      {[]Region{region()}, []AccessPoint{{ID: "ap", Region: "r", Name: "A", LOADays: -1}}, nil, "-1 days"},
		"access point, no name":  {[]Region{region()}, []AccessPoint{{ID: "ap", Region: "r"}}, nil, "required"},
		"duplicate device":       {[]Region{region()}, []AccessPoint{ap()}, []Device{{ID: "d", Name: "D", AccessPoint: "ap"}, {ID: "d", Name: "D", AccessPoint: "ap"}}, "duplicate ID"},
		"device nowhere":         {[]Region{region()}, []AccessPoint{ap()}, []Device{{ID: "d", Name: "D", AccessPoint: "other"}}, "unknown access point"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := New(tc.regions, tc.aps, tc.devices)
			if err == nil || c != nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q does not say %q", err, tc.want)
			}
		})
	}
	if _, err := New([]Region{region()}, []AccessPoint{ap()}, []Device{{ID: "d", Name: "D", AccessPoint: "ap"}}); err != nil {
		t.Errorf("good rows refused: %v", err)
	}
}

// What a caller does to its rows, or to what it was given, must not show in
// the snapshot, and readers need no lock (the race detector watches).
func TestSnapshotIsImmutable(t *testing.T) {
	regions, aps := Shipped()
	c, err := New(regions, aps, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := aps[0].ID
	before := len(c.PortTypesAt(id, ChinaTelecom, ""))
	regions[0].Name = "changed"
	aps[0].Name = "changed"
	aps[0].Offers[ChinaTelecom][0] = "changed"
	delete(aps[0].Offers, ChinaTelecom)
	if a, _ := c.AccessPoint(id); a.Name == "changed" || len(c.PortTypesAt(id, ChinaTelecom, "")) != before {
		t.Error("the snapshot shares memory with New's arguments")
	}
	if _, again := Shipped(); !again[0].Accepts(ChinaTelecom) || again[0].Offers[ChinaTelecom][0] == "changed" {
		t.Error("Shipped gives out the table itself")
	}
	PortTypes()[0].Label = "changed"
	if Type100BaseT.Info().Label == "changed" {
		t.Error("PortTypes gives out the table itself")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, r := range c.Regions() {
				_ = append(c.AccessPointsIn(r.ID, ""), AccessPoint{})
				_ = append(c.SPsIn(r.ID), "XX")
				_ = append(c.Regions(), Region{})
				_ = append(c.AccessPoints(), AccessPoint{})
			}
			_ = c.PortTypesAt(id, ChinaTelecom, Spec10G)
		})
	}
	wg.Wait()
}

func TestTerms(t *testing.T) {
	for sp, want := range map[SP]string{ChinaTelecom: "China Telecom", ChinaUnicom: "China Unicom", ChinaMobile: "China Mobile", OtherMainland: "Other (Chinese Mainland)", EquinixSP: "Equinix", OtherSP: "Other"} {
		if sp.Label() != want || !slices.Contains(SPs(), sp) {
			t.Errorf("%s is labelled %q", sp, sp.Label())
		}
	}
	mbps := 0
	for _, s := range Specs() {
		if s.Mbps() <= mbps {
			t.Errorf("%s: %d Mbit/s", s, s.Mbps())
		}
		mbps = s.Mbps()
		if s.NeedsWhitelist() != (s == Spec40G || s == Spec100G) {
			t.Errorf("%s: whitelist %v", s, s.NeedsWhitelist())
		}
	}
	if Spec1G.Label() != "1G and below" || Spec10G.Label() != "10G" || mbps != 100000 {
		t.Error("specification labels or bounds")
	}
	for _, info := range PortTypes() {
		if info.Spec.Mbps() == 0 || info.Label == "" || info.Short == "" || info.Medium == "" || info.Reach == "" {
			t.Errorf("%s is incomplete: %+v", info.Type, info)
		}
		if info.Optical != (info.Optic != "") || info.Optical != (info.Connector == "LC/UPC duplex") || info.Optical == (info.Connector == "RJ45") {
			t.Errorf("%s: optic %q, connector %q", info.Type, info.Optic, info.Connector)
		}
		if got, ok := PortTypeOf(string(info.Type)); !ok || got != info || info.Type.Info() != info {
			t.Errorf("%s is not found by its name", info.Type)
		}
	}
	for _, bad := range []string{"", "155M CPOS", "V.35", "G.703", "10gbase-lr"} {
		if _, ok := PortTypeOf(bad); ok {
			t.Errorf("%q is a port type", bad)
		}
	}
	own := AccessPoint{RunBy: RunByProvider}
	if own.RunByName("Example Cloud") != "Example Cloud" || (AccessPoint{RunBy: "GDS"}).RunByName("Example Cloud") != "GDS" {
		t.Error("who runs the site")
	}
}

func TestDemoInventory(t *testing.T) {
	_, aps := Shipped()
	deviceIDs, portIDs := map[string]bool{}, map[string]bool{}
	deviceID := regexp.MustCompile(`^csw-[a-z]+(-[a-z]+)?-[a-z]-\d\d$`)
	big := []string{"Hangzhou-Yuhang-A", "Shanghai-Baoshan-C", "Singapore-A"}
	for _, ap := range aps {
		devices, ports := DemoInventory(ap)
		again, same := DemoInventory(ap)
		if !slices.Equal(devices, again) || !slices.Equal(ports, same) {
			t.Errorf("%s: another inventory at the second call", ap.Name)
		}
		want := 2
		if slices.Contains(big, ap.Name) {
			want = 3
		}
		if len(devices) != want {
			t.Errorf("%s: %d devices, want %d", ap.Name, len(devices), want)
		}
		cabinets, local, rooms := map[string]bool{}, map[string]Device{}, map[string]bool{}
		for _, d := range devices {
			if deviceIDs[d.ID] || cabinets[d.Cabinet] || !deviceID.MatchString(d.ID) || d.AccessPoint != ap.ID || d.Room == "" {
				t.Errorf("%s: device %+v", ap.Name, d)
			}
			deviceIDs[d.ID], cabinets[d.Cabinet], local[d.ID], rooms[d.Room] = true, true, d, true
		}
		spots, numbers, perDevice := map[string]bool{}, map[string]bool{}, map[string]int{}
		on := map[PortType]map[string]bool{}
		for _, p := range ports {
			d, ok := local[p.Device]
			if !ok || portIDs[p.ID] || !strings.HasPrefix(p.ID, p.Device+"-") {
				t.Fatalf("%s: port %+v", ap.Name, p)
			}
			portIDs[p.ID] = true
			// Each half of a fibre pair is a position of its own: "1/2" and
			// "2/3" would share one.
			for half := range strings.SplitSeq(p.Position, "/") {
				spot := p.Cabinet + "|" + p.Panel + "|" + half
				if spots[spot] {
					t.Errorf("%s: %s is at %s, which is taken", ap.Name, p.ID, spot)
				}
				spots[spot] = true
			}
			number := fmt.Sprint(p.Device, p.Number)
			if numbers[number] || p.Number < 1 {
				t.Errorf("%s: %s has number %d, which is taken", ap.Name, p.ID, p.Number)
			}
			numbers[number] = true
			perDevice[p.Device]++
			info := p.Type.Info()
			if p.Connector != info.Connector || strings.Contains(p.Position, "/") != info.Optical || strings.HasPrefix(p.Panel, "ODF ") != info.Optical || p.Room != d.Room || p.Cabinet != d.Cabinet {
				t.Errorf("%s: demarcation %+v", ap.Name, p)
			}
			if on[p.Type] == nil {
				on[p.Type] = map[string]bool{}
			}
			on[p.Type][p.Device] = true
		}
		for id, n := range perDevice {
			if n != 24 && n != 48 {
				t.Errorf("%s has %d ports", id, n)
			}
		}
		offered := map[PortType]bool{}
		for _, info := range ap.portTypes("") {
			offered[info.Type] = true
			want := len(devices)
			if ap.Name == "Hangzhou-Yuhang-A" && info.Type == Type100GBaseLR {
				want = 1 // the place where a redundant pair is impossible
			}
			if len(on[info.Type]) != want {
				t.Errorf("%s: %s is on %d devices, want %d", ap.Name, info.Type, len(on[info.Type]), want)
			}
		}
		for typ := range on {
			if !offered[typ] {
				t.Errorf("%s has %s ports and offers none", ap.Name, typ)
			}
		}
	}
	yuhang := slices.IndexFunc(aps, func(a AccessPoint) bool { return a.ID == "ap-cn-hangzhou-yh-A" })
	if d, _ := DemoInventory(aps[yuhang]); d[1].ID != "csw-hz-yh-a-02" || d[1].Name != "CSW-YH-A-02" {
		t.Errorf("second device of Hangzhou-Yuhang-A: %+v", d[1])
	}
	if !portIDs["csw-hz-yh-a-02-xge1-0-17"] {
		t.Error("port XGE1/0/17 of CSW-YH-A-02 is missing")
	}
}

// An operator may try the demo inventory on access points of its own.
func TestDemoOnUnknownAccessPoints(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{"x", "ap-fr-paris-A", "ap-fr-paris-B", "ap-fr-paris-la-A"} {
		ap := AccessPoint{ID: id, Name: id, Offers: map[SP][]PortType{OtherSP: {Type40GBaseLR}}}
		devices, ports := DemoInventory(ap)
		for _, d := range devices {
			if seen[d.ID] {
				t.Errorf("%s: device %s is another site's", id, d.ID)
			}
			seen[d.ID] = true
		}
		if len(ports) == 0 || DemoAddress(ap).Address == "" {
			t.Errorf("%s: nothing invented", id)
		}
	}
	if _, ports := DemoInventory(AccessPoint{ID: "ap-fr-paris-A"}); len(ports) != 0 {
		t.Error("ports of types that nobody is offered")
	}
}

func TestDemoAddress(t *testing.T) {
	_, aps := Shipped()
	facilities := map[string]string{}
	for _, ap := range aps {
		got := DemoAddress(ap)
		if again := DemoAddress(ap); again.Address != got.Address || again.InstallerNotes != got.InstallerNotes || again.FacilityName != got.FacilityName {
			t.Errorf("%s: another address at the second call", ap.Name)
		}
		if !got.Demo || !strings.HasSuffix(got.Address, "(demo address)") || !strings.HasPrefix(got.InstallerNotes, "Demo notes.") {
			t.Errorf("%s: invented text without its label: %q", ap.Name, got.Address)
		}
		if other, dup := facilities[got.FacilityName]; dup || strings.Contains(got.FacilityName, "  ") {
			t.Errorf("%s: facility %q, also at %s", ap.Name, got.FacilityName, other)
		}
		facilities[got.FacilityName] = ap.Name
		if strings.Contains(got.InstallerNotes, "ID named") != ap.Visitor.IDNumber {
			t.Errorf("%s: the notes and the visitor policy disagree", ap.Name)
		}
		if got.ID != ap.ID || got.Name != ap.Name || !maps.EqualFunc(got.Offers, ap.Offers, slices.Equal) {
			t.Errorf("%s: the rest changed", ap.Name)
		}
	}
}

func TestVisitorPolicyWords(t *testing.T) {
	for want, v := range map[string]VisitorPolicy{
		"Name, contact":                             {},
		"Name, contact, gender":                     {Gender: true},
		"Name, contact, ID type, ID number":         {IDType: true, IDNumber: true},
		"Name, contact, gender, ID type, ID number": {Gender: true, IDType: true, IDNumber: true},
	} {
		if got := v.Words(); got != want {
			t.Errorf("%+v: %q, want %q", v, got, want)
		}
	}
}
