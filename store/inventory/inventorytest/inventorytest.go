// Package inventorytest makes inventories for tests.
package inventorytest

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"demarc/store/catalog"
	"demarc/store/inventory"
)

// Invent makes an inventory out of random words: Chinese, quotes, line breaks
// where they may be, cells that a spreadsheet would run.
func Invent(r *rand.Rand) []inventory.Row {
	words := []string{"=SUM(A1)", "+86 571", "-1", "@home", "数据中心", "\"quoted\"", "a,b", ";", "'", "Zürich", "ODF 12", "line\nbreak", "\n", "x\n\ny", "😀", "#", "\t"}
	text := func(lines bool, limit int) string {
		var b strings.Builder
		for range 1 + r.IntN(4) {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteString([]string{"", " ", "-"}[r.IntN(3)])
		}
		s := strings.ReplaceAll(b.String(), "\t", " ")
		if !lines {
			s = strings.ReplaceAll(s, "\n", " ")
		}
		if cut := []rune(s); len(cut) > limit {
			s = string(cut[:limit])
		}
		if s = strings.TrimSpace(s); s == "" {
			return "x"
		}
		return s
	}
	var regions, aps, devices, panels, ports []inventory.Row
	zones := []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC"}
	types := catalog.PortTypes()
	for i := range 1 + r.IntN(3) {
		region := fmt.Sprintf("r%d", i)
		regions = append(regions, inventory.OfRegion(catalog.Region{ID: region, Name: text(false, 64), Zone: zones[r.IntN(4)], Mainland: r.IntN(2) == 0, Order: r.IntN(50)}))
		for j := range r.IntN(3) {
			ap := catalog.AccessPoint{ID: fmt.Sprintf("ap-%s-%d", region, j), Region: region, Name: text(false, 50) + strconv.Itoa(j), RunBy: text(false, 64), Status: catalog.Statuses()[r.IntN(5)], LOADays: 1 + r.IntN(366),
				Offers: map[catalog.SP][]catalog.PortType{}, Demo: r.IntN(2) == 0, Visitor: catalog.VisitorPolicy{Gender: r.IntN(2) == 0, IDType: r.IntN(2) == 0}}
			if r.IntN(3) > 0 {
				ap.FacilityName, ap.Address, ap.InstallerNotes = text(false, 128), text(false, 256), text(true, 1000)
			}
			for _, sp := range catalog.SPs() {
				if r.IntN(2) == 0 {
					ap.Offers[sp] = []catalog.PortType{}
					for _, n := range r.Perm(len(types))[:r.IntN(4)] {
						ap.Offers[sp] = append(ap.Offers[sp], types[n].Type)
					}
				}
			}
			aps = append(aps, inventory.OfAccessPoint(ap))
			rooms := map[string]bool{}
			for k := range r.IntN(3) {
				d := catalog.Device{ID: fmt.Sprintf("%s-d%d", ap.ID, k), AccessPoint: ap.ID, Name: text(false, 30) + strconv.Itoa(k), Room: text(false, 32), Cabinet: text(false, 32)}
				devices = append(devices, inventory.OfDevice(d))
				if !rooms[d.Room] && r.IntN(2) == 0 {
					rooms[d.Room] = true
					panels = append(panels, inventory.OfPanel(inventory.PanelRule{AccessPoint: ap.ID, Room: d.Room, Cabinet: d.Cabinet, Panel: "ODF 一", Rule: []string{"N/N", "N+N", "端口 N"}[r.IntN(3)]}))
				}
				for n := range r.IntN(6) {
					t := types[r.IntN(len(types))]
					p := catalog.Port{ID: fmt.Sprintf("%s-p%d", d.ID, n), Device: d.ID, Name: text(false, 30) + strconv.Itoa(n), Number: n + 1, Type: t.Type, Room: d.Room, Cabinet: d.Cabinet, Panel: "ODF " + strconv.Itoa(k), Position: fmt.Sprintf("%d/%d", 2*n+1, 2*n+2),
						Connector: t.Connector, Side: []string{"", "front", "rear"}[r.IntN(3)]}
					why := ""
					if r.IntN(4) == 0 {
						why = text(true, 200)
					}
					ports = append(ports, inventory.OfPort(p, why))
				}
			}
		}
	}
	return slices.Concat(regions, aps, panels, devices, ports)
}

// Rearrange writes a file once more as a spreadsheet might: with a byte order
// mark, other line ends, every cell in quotes, rows and columns in another order.
func Rearrange(r *rand.Rand, file string) (string, error) {
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	if err != nil || len(records) == 0 {
		return "", err
	}
	order, rest := r.Perm(len(records[0])), records[1:]
	r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	var b strings.Builder
	b.WriteString("\ufeff")
	for _, record := range records {
		for i, c := range order {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(strings.ReplaceAll(record[c], `"`, `""`), "\n", "\r\n") + `"`)
		}
		b.WriteString("\r\n")
	}
	return b.String(), nil
}
