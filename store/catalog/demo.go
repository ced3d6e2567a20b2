package catalog

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
)

// Everything in this file is invented: streets, facilities, rooms, cabinets,
// devices, panels and ports. The real ones are not public. AccessPoint.Demo
// marks it, and the address says so in words, because a letter that carries
// it could otherwise send somebody to a place that does not exist.

// place is the city of an access point, by the third part of its ID.
type place struct {
	short   string // in device IDs
	city    string // with the country, as an address ends
	streets [3]string
}

var (
	streetsCN = [3]string{"Guangxian Road", "Yunlan Middle Road", "Xinguang Avenue"}
	streetsEN = [3]string{"Patchfield Road", "Lambda Way", "Cable Yard Drive"}
)

var places = map[string]place{
	"hangzhou":    {"hz", "Hangzhou, China", streetsCN},
	"shanghai":    {"sh", "Shanghai, China", streetsCN},
	"beijing":     {"bj", "Beijing, China", streetsCN},
	"shenzhen":    {"sz", "Shenzhen, China", streetsCN},
	"qingdao":     {"qd", "Qingdao, China", streetsCN},
	"zhangjiakou": {"zjk", "Zhangjiakou, China", streetsCN},
	"huhehaote":   {"hhht", "Hohhot, China", streetsCN},
	"hongkong":    {"hk", "Hong Kong, China", [3]string{"Fibre Wharf Road", "Lantern Quay Street", "Cable Bay Road"}},
	"singpore":    {"sin", "Singapore", [3]string{"Jalan Kabel", "Lambda Crescent", "Patchfield Drive"}},
	"singapore":   {"sin", "Singapore", [3]string{"Jalan Kabel", "Lambda Crescent", "Patchfield Drive"}},
	"sydney":      {"syd", "Sydney, NSW, Australia", streetsEN},
	"kualalumpur": {"kul", "Kuala Lumpur, Malaysia", [3]string{"Jalan Gentian Kaca", "Jalan Kabel", "Persiaran Cahaya Baru"}},
	"jakarta":     {"jkt", "Jakarta, Indonesia", [3]string{"Jalan Serat Kaca", "Jalan Kabel Raya", "Jalan Cahaya Baru"}},
	"tokyo":       {"tyo", "Tokyo, Japan", [3]string{"Hikari-dori", "Keburu-dori", "Shinsen-dori"}},
	"sanjose":     {"sjc", "San Jose, CA, USA", streetsEN},
	"ashburn":     {"iad", "Ashburn, VA, USA", streetsEN},
	"virginia":    {"vir", "Reston, VA, USA", streetsEN},
	"frankfurt":   {"fra", "Frankfurt am Main, Germany", [3]string{"Glasfaserring", "Kabelhofweg", "Lichtleiterallee"}},
	"london":      {"lon", "London, United Kingdom", streetsEN},
	"dubai":       {"dxb", "Dubai, United Arab Emirates", streetsEN},
	"mumbai":      {"bom", "Mumbai, India", [3]string{"Fibre Park Road", "Lambda Marg", "Cable Depot Road"}},
}

// placeOf splits an access point's ID into its city and the words that tell
// the sites of the city apart ("yh", "A"). A city that is not listed is its
// own short name, so that an operator's own access points work too.
func placeOf(ap AccessPoint) (place, []string) {
	parts := strings.Split(ap.ID, "-")
	if len(parts) < 4 {
		return place{ap.ID, ap.Name, streetsEN}, nil
	}
	if p, ok := places[parts[2]]; ok {
		return p, parts[3:]
	}
	return place{parts[2], ap.Name, streetsEN}, parts[3:]
}

// dice is a stream of small numbers that depends on the access point only, so
// that every start invents the same site.
type dice uint64

func diceFor(ap AccessPoint, salt string) *dice {
	h := fnv.New64a()
	h.Write([]byte(salt))
	h.Write([]byte(ap.ID))
	d := dice(h.Sum64())
	return &d
}

// roll returns a number from 0 to n-1 (the xorshift64* generator).
func (d *dice) roll(n int) int {
	x := uint64(*d)
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	*d = dice(x)
	return int((x * 0x2545F4914F6CDD1D) >> 33 % uint64(n))
}

// DemoAddress returns the access point with an invented facility name, street
// address and notes for the installer, and Demo set. The same access point
// always gets the same ones.
func DemoAddress(ap AccessPoint) AccessPoint {
	p, _ := placeOf(ap)
	d := diceFor(ap, "address ")
	city, _, _ := strings.Cut(p.city, ",")
	words := strings.Split(ap.Name, "-")
	letter := words[len(words)-1]
	district := ""
	if len(words) > 2 {
		district = spaced(words[1])
	}
	area := city
	if district != "" && !strings.HasPrefix(city, district) && district != "Virginia" {
		area = city + " " + district
	}
	number := 2 + 2*d.roll(140)
	street := p.streets[d.roll(len(p.streets))]
	where := p.city
	if area != city {
		where = district + ", " + p.city
	}
	ap.FacilityName = fmt.Sprintf("%s Data Center %s", area, letter)
	if strings.HasSuffix(p.city, ", China") {
		ap.Address = fmt.Sprintf("No. %d %s, %s (demo address)", number, street, where)
	} else {
		ap.Address = fmt.Sprintf("%d %s, %s (demo address)", number, street, where)
	}

	notes := []string{
		[]string{
			"Report to the security desk at the goods entrance 30 minutes before the scheduled time.",
			"Sign in at the main reception; escorts to the rooms leave every full hour.",
			"Parking for installers is behind the building; the loading bay needs a booking.",
		}[d.roll(3)],
	}
	if ap.Visitor.IDNumber {
		notes = append(notes, "Bring the ID named in the application; nobody else is admitted.")
	} else {
		notes = append(notes, "Bring the letter on paper or on a phone.")
	}
	notes = append(notes, []string{
		"Safety shoes are required in the rooms.",
		"Deliveries are accepted on working days, 09:00 to 17:00.",
		"No drilling and no cardboard in the rooms.",
	}[d.roll(3)])
	ap.InstallerNotes = "Demo notes. " + strings.Join(notes, " ")
	ap.Demo = true
	return ap
}

// spaced puts the spaces back into a name such as KwaiChung.
func spaced(s string) string {
	var b strings.Builder
	previous := ' '
	for _, r := range s {
		if unicode.IsUpper(r) && unicode.IsLower(previous) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		previous = r
	}
	return b.String()
}

// demoBlock is how a port type sits on an invented device.
type demoBlock struct {
	t      PortType
	prefix string
	fixed  int // this many on each device; 0 = a share by weight
	weight int
}

// demoBlocks is in the order of the front panel. 10G fibre comes first: most
// lines are that, and its names then agree with the port numbers.
var demoBlocks = [...]demoBlock{
	{Type10GBaseLR, "XGE1/0/", 0, 8},
	{Type1000BaseLX, "GE1/0/", 0, 6},
	{Type1000BaseT, "GE2/0/", 0, 3},
	{Type10GBaseT, "XGE2/0/", 0, 3},
	{Type100BaseT, "FE1/0/", 0, 2},
	{Type40GBaseLR, "40GE1/0/", 4, 0},
	{Type100GBaseLR, "100GE1/0/", 2, 0},
}

// demoBig are the sites with three devices instead of two.
var demoBig = map[string]bool{"ap-cn-hangzhou-yh-A": true, "ap-cn-shanghai-bs-C": true, "ap-sg-singpore-A": true}

// demoSingleSite has its 100G ports on the last device only, so that there is
// one place where a redundant pair is impossible and must be refused.
const demoSingleSite = "ap-cn-hangzhou-yh-A"

// DemoInventory invents the access devices of an access point and their
// ports, each port with its demarcation. The same access point always gets
// the same ones, and every port type that it offers has ports on each of its
// devices, but for 100GBase-LR at Hangzhou-Yuhang-A, which has one device.
//
// A site has two devices (three at the big ones) in different cabinets, with
// 24 or 48 ports each. Fibre ends on the cabinet's ODF in duplex pairs
// ("1/2", "3/4"), copper on its patch panel one by one.
func DemoInventory(ap AccessPoint) ([]Device, []Port) {
	d := diceFor(ap, "inventory ")
	p, words := placeOf(ap)
	tail := strings.Join(words, "-")
	name := strings.ToUpper(tail)
	if len(words) < 2 { // "A" alone says too little on a label
		name = strings.ToUpper(strings.Trim(p.short+"-"+tail, "-"))
	}
	offered := make(map[PortType]bool)
	for _, info := range ap.portTypes("") {
		offered[info.Type] = true
	}
	count, size := 2, 24
	if len(offered) >= 5 {
		size = 48
	}
	if demoBig[ap.ID] {
		count, size = 3, 48
	}

	floor, room, row := 2+d.roll(3), 1+d.roll(3), d.roll(6)
	sameRoom := d.roll(3) == 0
	var devices []Device
	var ports []Port
	for i := range count {
		dev := Device{
			ID:          strings.ToLower(strings.Trim(fmt.Sprintf("csw-%s-%s", p.short, tail), "-")) + fmt.Sprintf("-%02d", i+1),
			AccessPoint: ap.ID,
			Name:        fmt.Sprintf("CSW-%s-%02d", name, i+1),
			Room:        fmt.Sprintf("%dF-%d", floor, room),
			Cabinet:     fmt.Sprintf("%c-%02d", 'A'+row+2*i, 1+d.roll(16)), // another row for each device
		}
		if !sameRoom {
			dev.Room = fmt.Sprintf("%dF-%d", floor, room+i)
		}
		devices = append(devices, dev)
		panel := 1 + d.roll(19)
		here := func(b demoBlock) bool {
			return offered[b.t] && (ap.ID != demoSingleSite || b.t != Type100GBaseLR || i == count-1)
		}
		ports = append(ports, demoPorts(dev, size, panel, here)...)
	}
	return devices, ports
}

// demoPorts fills a device of size ports with the blocks that are here.
func demoPorts(dev Device, size, panel int, here func(demoBlock) bool) []Port {
	left, weights := size, 0
	for _, b := range demoBlocks {
		if here(b) {
			left -= b.fixed
			weights += b.weight
		}
	}
	counts, spare, first := [len(demoBlocks)]int{}, left, -1
	for i, b := range demoBlocks {
		switch {
		case !here(b):
		case b.fixed > 0:
			counts[i] = b.fixed
		default:
			counts[i] = left * b.weight / weights
			spare -= counts[i]
			if first < 0 {
				first = i
			}
		}
	}
	if first >= 0 {
		counts[first] += spare
	}

	var ports []Port
	fibre, copper := 1, 1
	for i, b := range demoBlocks {
		info := b.t.Info()
		for n := 1; n <= counts[i]; n++ {
			port := Port{
				Device: dev.ID, Name: fmt.Sprintf("%s%d", b.prefix, n), Number: len(ports) + 1, Type: b.t,
				Room: dev.Room, Cabinet: dev.Cabinet, Connector: info.Connector,
			}
			port.ID = dev.ID + "-" + strings.ReplaceAll(strings.ToLower(port.Name), "/", "-")
			if info.Optical {
				port.Panel, port.Position = fmt.Sprintf("ODF %d", panel), fmt.Sprintf("%d/%d", fibre, fibre+1)
				fibre += 2
			} else {
				port.Panel, port.Position = fmt.Sprintf("Patch panel %d", panel+1), fmt.Sprint(copper)
				copper++
			}
			ports = append(ports, port)
		}
	}
	return ports
}
