package demo

import (
	"fmt"
	"slices"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/money"
	"demarc/store/ticket"
)

// openingTransfer is what Northwind paid in first, wantedBalance what is left
// in the end.
const openingTransfer = "61,000.00"

var wantedBalance = money.Amount{Minor: 20_000_00, Currency: "USD"}

// story is one interface and how far it got. days are how many days ago each
// step of the procedure happened, in the order order, pay, apply, decide,
// report, finish, enable; as many as were reached.
type story struct {
	name        string
	ap          string
	sp          catalog.SP
	spec        catalog.Spec
	kind        catalog.PortType
	redundant   string // name of the story it backs up
	description string
	days        []int
	company     string // of construction
	how         string // construction type
	months      int
	autoRenew   bool   // the resource fee is paid with Auto Renew
	invoice     bool   // its fees are on the monthly invoice
	end         string // "", withdrawn, rejected, resubmitted, returned, canceled, canceled-late, terminating, terminated, revoked
	endDays     int
}

// method is how the fees of the story are paid.
func (st story) method() string {
	if st.invoice {
		return store.MethodInvoice
	}
	return store.MethodBalance
}

const (
	lr10 = catalog.Type10GBaseLR
	lx1  = catalog.Type1000BaseLX
)

// stories are Northwind's interfaces.
func stories() []story {
	return []story{
		{name: "hz-dc1-redundant", ap: "Hangzhou-Yuhang-A", sp: catalog.ChinaUnicom, spec: catalog.Spec10G, kind: lr10, description: "Second line of data center 1", days: []int{76, 76, 74, 72, 60, 58, 40}, company: "Zhejiang Hualin Cabling Co., Ltd.", how: "FIBRE", months: 3, autoRenew: true},
		{name: "hz-dc1-primary", ap: "Hangzhou-Yuhang-A", sp: catalog.ChinaTelecom, spec: catalog.Spec10G, kind: lr10, redundant: "hz-dc1-redundant", description: "First line of data center 1", days: []int{21, 21, 19, 14, 3}, company: "浙江华临布线有限公司", how: "MSTP"},
		{name: "hz-branch-lab", ap: "Hangzhou-Xiaoshan-D", sp: catalog.ChinaMobile, spec: catalog.Spec1G, kind: lx1, days: []int{18, 18, 17, 12}, company: "Hangzhou Qiantang Networks", how: "FIBRE"},
		{name: "sha-finance-02", ap: "Shanghai-Baoshan-C", sp: catalog.ChinaUnicom, spec: catalog.Spec40G, kind: catalog.Type40GBaseLR, description: "Settlement traffic, second path", days: []int{9, 8}},
		{name: "sha-finance-01", ap: "Shanghai-Baoshan-A", sp: catalog.ChinaTelecom, spec: catalog.Spec10G, kind: lr10, redundant: "sha-finance-02", description: "Settlement traffic, first path", days: []int{7, 7, 3}, company: "Shanghai Beiyuan Network Engineering", how: "MSTP"},
		{name: "qd-warehouse", ap: "Qingdao-Laoshan-A", sp: catalog.ChinaUnicom, spec: catalog.Spec1G, kind: lx1, days: []int{15, 15, 12, 6}, company: "Qingdao Harbour Cabling", how: "Others", end: "rejected"},
		{name: "sg-core", ap: "Singapore-A", sp: catalog.EquinixSP, spec: catalog.Spec10G, kind: lr10, description: "Core of the Singapore office", days: []int{38, 38, 36, 31, 12, 4}, company: "Lion City Structured Cabling Pte. Ltd.", how: "FIBRE"},
		{name: "sg-core-b", ap: "Singapore-B", sp: catalog.OtherSP, spec: catalog.Spec10G, kind: lr10, redundant: "sg-core", days: []int{34, 33, 30, 26, 5}, company: "Lion City Structured Cabling Pte. Ltd.", how: "FIBRE"},
		{name: "bj-hq-1", ap: "Beijing-Daxing-A", sp: catalog.ChinaTelecom, spec: catalog.Spec10G, kind: lr10, days: []int{90, 90, 88, 86, 80, 78, 77}, company: "北京京网通信工程有限公司", how: "FIBRE", months: 6},
		{name: "bj-hq-2", ap: "Beijing-Daxing-A", sp: catalog.ChinaUnicom, spec: catalog.Spec10G, kind: lr10, redundant: "bj-hq-1", days: []int{88, 88, 85, 83, 76, 74, 72}, company: "北京京网通信工程有限公司", how: "FIBRE", months: 6},
		{name: "sz-factory", ap: "Shenzhen-Futian-A", sp: catalog.ChinaMobile, spec: catalog.Spec1G, kind: lx1, days: []int{70, 70, 68, 66, 57, 55, 53}, company: "Shenzhen Pengcheng Optical", how: "MSTP", months: 1, invoice: true},
		{name: "hk-trading", ap: "HK-KwaiChung-A", sp: catalog.EquinixSP, spec: catalog.Spec10G, kind: lr10, days: []int{66, 65, 63, 60, 50, 47, 46}, company: "Harbour Fibre Services Ltd.", how: "FIBRE", months: 1, autoRenew: true},
		{name: "fra-europe", ap: "Germany-Frankfurt-B", sp: catalog.EquinixSP, spec: catalog.Spec1G, kind: lx1, days: []int{62, 62, 60, 57, 48, 45, 44}, company: "Mainlicht Netzbau GmbH", how: "FIBRE", months: 3},
		{name: "sv-analytics", ap: "USA-San Jose-A", sp: catalog.EquinixSP, spec: catalog.Spec1G, kind: lx1, days: []int{26, 26, 24, 20}, company: "Bay Crossconnect Inc.", how: "FIBRE", end: "revoked", endDays: 7},
		{name: "tokyo-edge", ap: "Japan-Tokyo-B", sp: catalog.EquinixSP, spec: catalog.Spec1G, kind: lx1, days: []int{2}},
		{name: "ldn-market-data", ap: "UK-London-D", sp: catalog.EquinixSP, spec: catalog.Spec10G, kind: lr10, days: []int{29, 28, 27, 22, 9, 6}, company: "Thames Structured Cabling Ltd", how: "FIBRE", end: "returned", endDays: 6, invoice: true},
		{name: "syd-archive", ap: "Australia-Sydney-B", sp: catalog.EquinixSP, spec: catalog.Spec1G, kind: lx1, days: []int{13, 13, 6}, company: "Harbour Bridge Data Pty Ltd", how: "FIBRE", end: "withdrawn", endDays: 5},
		{name: "hz-dc2-trial", ap: "Hangzhou-Linan-A", sp: catalog.ChinaTelecom, spec: catalog.Spec1G, kind: lx1, days: []int{45, 44}, end: "canceled", endDays: 40},
		{name: "dubai-branch", ap: "UAE-Dubai-A", sp: catalog.OtherSP, spec: catalog.Spec1G, kind: lx1, days: []int{33, 32, 30, 25}, company: "Gulf Optic Contracting LLC", how: "FIBRE", end: "canceled", endDays: 4},
		{name: "sha-old-office", ap: "Shanghai-Pudong-B", sp: catalog.ChinaTelecom, spec: catalog.Spec1G, kind: lx1, days: []int{92, 92, 90, 88, 79, 77, 76}, company: "Shanghai Beiyuan Network Engineering", how: "MSTP", months: 2, end: "terminating", endDays: 2},
		{name: "hohhot-render", ap: "Hohhot-Shengle-A", sp: catalog.ChinaTelecom, spec: catalog.Spec1G, kind: lx1, days: []int{91, 91, 89, 87, 78, 76, 75}, company: "Hohhot Grassland Telecom Works", how: "MSTP", months: 1, end: "terminated", endDays: 37},
		{name: "mumbai-support", ap: "India-Mumbai-A", sp: catalog.OtherSP, spec: catalog.Spec1G, kind: lx1, days: []int{5, 5, 4}, company: "Konkan Fibre Works Pvt. Ltd.", how: "FIBRE"},
		{name: "hz-dc2-primary", ap: "Hangzhou-Linan-A", sp: catalog.ChinaUnicom, spec: catalog.Spec10G, kind: lr10, description: "First line of data center 2", days: []int{1, 1}},
		// Fees that nobody renewed: due soon, overdue, and locked for so long that
		// finance may free the port.
		{name: "sha-pudong-lab", ap: "Shanghai-Pudong-D", sp: catalog.ChinaUnicom, spec: catalog.Spec1G, kind: lx1, days: []int{42, 42, 40, 38, 29, 27, 24}, company: "Shanghai Beiyuan Network Engineering", how: "FIBRE", months: 1, invoice: true},
		{name: "zjk-archive", ap: "Zhangjiakou-Miaotan-A", sp: catalog.ChinaTelecom, spec: catalog.Spec1G, kind: lx1, days: []int{60, 60, 58, 54, 45, 42, 38}, company: "Hebei Zhangbei Telecom Works", how: "MSTP", months: 1},
		{name: "hohhot-render-2", ap: "Hohhot-Xincheng-A", sp: catalog.ChinaUnicom, spec: catalog.Spec1G, kind: lx1, days: []int{94, 93, 92, 90, 86, 84, 82}, company: "Hohhot Grassland Telecom Works", how: "MSTP", months: 1, invoice: true},
	}
}

// freePort is the last free port that fits an interface, far from where it is.
func (l *loader) freePort(c store.Connection) (id string, err error) {
	for _, d := range l.s.Catalogue().Devices(c.AccessPointID) {
		ports, err := l.s.Ports(l.ctx, d.ID)
		if err != nil {
			return "", err
		}
		for _, p := range ports {
			if p.State == store.PortFree && p.Type == c.PortType {
				id = p.ID
			}
		}
	}
	return id, nil
}

// plan turns a story into steps.
func (l *loader) plan(st story) {
	s := l.s
	act := func(day, hour int, what string, do func(id string, c store.Connection) error) {
		l.at(l.ago(day, hour), st.name+": "+what, func() error {
			id := l.ids[st.name]
			c, err := s.Connection(l.ctx, l.actors[lifecycle.Administrator], id)
			if err != nil {
				return err
			}
			return do(id, c)
		})
	}
	customer := func() store.Actor { return l.as(lifecycle.Owner) }
	l.at(l.ago(st.days[0], 2), st.name+": order", func() error {
		ap, err := l.accessPoint(st.ap)
		if err != nil {
			return err
		}
		in := store.NewConnection{Region: ap.Region, SP: st.sp, AccessPoint: ap.ID, Spec: st.spec, PortType: st.kind, Redundant: store.NotRedundant, Name: st.name, Description: st.description, Terms: true}
		if st.redundant != "" {
			in.Redundant = l.ids[st.redundant]
		}
		no, err := s.PlaceOrder(l.ctx, customer(), in)
		if err != nil {
			return err
		}
		o, err := s.Order(l.ctx, customer(), no)
		l.ids[st.name] = o.ConnectionID
		return err
	})
	reached := len(st.days)
	if reached > 1 {
		act(st.days[1], 3, "pay", func(id string, _ store.Connection) error {
			orders, err := s.OrdersOf(l.ctx, id)
			if err != nil {
				return err
			}
			return s.PayOrder(l.ctx, customer(), orders[0].No, st.method())
		})
	}
	if reached > 2 {
		act(st.days[2], 1, "apply for LOA", func(id string, c store.Connection) error {
			return s.ApplyForLOA(l.ctx, customer(), id, c.Version, l.application(st, c))
		})
	}
	if st.end == "withdrawn" {
		act(st.endDays, 4, "withdraw", func(id string, c store.Connection) error {
			return s.WithdrawApplication(l.ctx, customer(), id, c.Version)
		})
	}
	if reached > 3 && st.end == "rejected" {
		act(st.days[3], 6, "reject", func(id string, c store.Connection) error {
			return s.RejectLOA(l.ctx, l.as(lifecycle.Reviewer), id, c.Version, map[string]string{"construction_company": "Enter the full legal name as on the business license"})
		})
		return
	}
	if reached > 3 {
		act(st.days[3], 6, "approve", func(id string, c store.Connection) error {
			d, err := s.PrepareLOA(l.ctx, l.as(lifecycle.Reviewer), id, c.Version, store.Approval{})
			if err != nil {
				return err
			}
			pdf, err := l.render(d.Snapshot, s.LetterKeys())
			if err != nil {
				return err
			}
			_, err = s.IssueLOA(l.ctx, l.as(lifecycle.Reviewer), d, pdf)
			return err
		})
	}
	if reached > 3 {
		l.takeLetter(st)
	}
	if reached > 4 {
		act(st.days[4], 7, "report delivery", func(id string, c store.Connection) error {
			return s.ReportDelivery(l.ctx, customer(), id, c.Version, l.report(st))
		})
	}
	if reached > 5 && st.end == "returned" {
		act(st.days[5], 8, "return report", func(id string, c store.Connection) error {
			return s.ReturnReport(l.ctx, l.as(lifecycle.Technician), id, c.Version, "label_not_found", "Label "+l.report(st).Labels[0]+" is not on any cable at the patch panel")
		})
		return
	}
	if reached > 5 {
		act(st.days[5], 8, "finish cabling", func(id string, c store.Connection) error {
			return s.CompleteCabling(l.ctx, l.as(lifecycle.Technician), id, c.Version, store.Cabling{LabelFound: l.report(st).Labels[0], Light: "-6.8", Found: true, Connected: true, LinkUp: true})
		})
	}
	if reached > 6 {
		act(st.days[6], 9, "pay resource fee", func(id string, c store.Connection) error {
			_, err := s.PayResourceFee(l.ctx, customer(), id, c.Version, store.NewResourceFee{Months: st.months, AutoRenew: st.autoRenew, Confirmed: true, Method: st.method()})
			return err
		})
	}
	switch st.end {
	case "canceled":
		act(st.endDays, 4, "cancel", func(id string, c store.Connection) error { return s.Cancel(l.ctx, customer(), id, c.Version, true) })
	case "revoked":
		act(st.endDays, 16, "revoke", func(id string, c store.Connection) error {
			return s.RevokeLOA(l.ctx, l.as(lifecycle.Reviewer), id, c.Version, "The cabinet moves to another room. Apply again: the new letter names the new place")
		})
		act(st.endDays, 17, "move", func(id string, c store.Connection) error {
			port, err := l.freePort(c)
			if err != nil {
				return err
			}
			return s.MovePort(l.ctx, l.as(lifecycle.Reviewer), id, c.Version, port, "The old cabinet moves to another room")
		})
	case "terminating", "terminated":
		act(st.endDays, 4, "terminate", func(id string, c store.Connection) error { return s.Terminate(l.ctx, customer(), id, c.Version, id) })
		if st.end == "terminated" {
			act(st.endDays-2, 5, "remove cable", func(id string, c store.Connection) error {
				return s.ConfirmRemoval(l.ctx, l.as(lifecycle.Technician), id, c.Version, true, "")
			})
		}
	}
}

// reissued is the story whose letter has a second version, on another port.
const reissued = "hz-branch-lab"

// takeLetter has the customer and the facility use a letter on the day after it
// was issued; the letter of one story is then replaced.
func (l *loader) takeLetter(st story) {
	day := st.days[3] - 1
	note := func(hour int, by func() store.Actor, version int, kind store.AccessKind) {
		l.at(l.ago(day, hour), st.name+": "+string(kind), func() error { return l.s.NoteLOAAccess(l.ctx, by(), l.ids[st.name], version, kind) })
	}
	note(1, func() store.Actor { return l.as(lifecycle.Owner) }, 1, store.AccessDownload)
	note(2, func() store.Actor { return store.Actor{} }, 1, store.AccessCheck)
	if st.name != reissued {
		return
	}
	note(3, func() store.Actor { return l.as(lifecycle.Administrator) }, 1, store.AccessDownload)
	l.at(l.ago(day-1, 4), st.name+": reissue", func() error {
		id, by := l.ids[st.name], l.as(lifecycle.Reviewer)
		c, err := l.s.Connection(l.ctx, by, id)
		if err != nil {
			return err
		}
		port, err := l.freePort(c)
		if err != nil {
			return err
		}
		zone := l.s.Catalogue().Zone(c.Region)
		work := l.now.In(zone).AddDate(0, 0, 6)
		d, err := l.s.PrepareReissue(l.ctx, by, id, c.Version, store.NewVersion{Approval: store.Approval{PortID: port}, Reason: "The data center found another line on the position.",
			ScheduledAt: time.Date(work.Year(), work.Month(), work.Day(), 14, 0, 0, 0, zone).Format(store.SiteTimeLayout)})
		if err != nil {
			return err
		}
		pdf, err := l.render(d.Snapshot, l.s.LetterKeys())
		if err != nil {
			return err
		}
		_, err = l.s.IssueLOA(l.ctx, by, d, pdf)
		return err
	})
}

// invoices lets Northwind pay by monthly invoice. The invoice of the last month is
// open; the one before it was paid in part from the balance and is overdue at the
// end of its month; earlier ones were paid by transfer.
func (l *loader) invoices() {
	l.at(l.ago(94, 4), "credit limit", func() error {
		return l.s.SetInvoiceLimit(l.ctx, l.as(lifecycle.Finance), l.northwind, "12,000.00", "Framework contract, pays by monthly invoice")
	})
	newest := time.Date(l.now.Year(), l.now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for back := 0; ; back++ {
		made := newest.AddDate(0, -back, 0)
		if made.Before(l.ago(historyDays-2, 0)) {
			return
		}
		l.at(made, "invoice", func() error {
			_, err := l.s.RunDue(l.ctx)
			return err
		})
		if back == 0 {
			continue
		}
		l.at(made.AddDate(0, 0, 20).Add(9*time.Hour), "payment of an invoice", func() error {
			all, err := l.s.InvoicesOf(l.ctx, l.northwind, 1)
			if err != nil || len(all) == 0 {
				return err
			}
			if i := all[0]; back > 1 {
				return l.s.RecordInvoicePayment(l.ctx, l.as(lifecycle.Finance), l.northwind, i.No, i.Open().Decimal(), "NW-"+i.Month+"-INV")
			}
			return l.s.PayInvoice(l.ctx, l.as(lifecycle.Owner), all[0].No, 0, "1,000.00")
		})
	}
}

// playbooks says how some facilities want to receive letters.
func (l *loader) playbooks() {
	for name, book := range map[string]store.Playbook{
		"Hangzhou-Xiaoshan-D": {Email: "letters@xiaoshan-d.example", Phone: "+86 571 5550 0140", LeadTime: "2 working days before the visit", Hours: "Mon to Fri, 9:00 to 17:30", Words: "施工入室申请 / Request for access, carrier hall D"},
		"Hangzhou-Yuhang-A":   {Portal: "https://portal.yuhang-a.example/access", Phone: "+86 571 5550 0110", LeadTime: "1 working day before the visit", Hours: "Every day, 0:00 to 24:00"},
		"Singapore-A":         {Portal: "https://portal.singapore-a.example/crossconnect", Email: "loa@singapore-a.example", LeadTime: "3 working days before the visit", Hours: "Mon to Sat, 8:00 to 20:00", Words: "Ref: inbound LOA, meet-me room 2"},
	} {
		l.at(l.ago(historyDays-1, 5), "playbook of "+name, func() error {
			ap, err := l.accessPoint(name)
			if err != nil {
				return err
			}
			return l.s.SavePlaybook(l.ctx, l.as(lifecycle.Administrator), ap.ID, 0, book)
		})
	}
}

func (l *loader) accessPoint(name string) (catalog.AccessPoint, error) {
	for _, ap := range l.s.Catalogue().AccessPoints() {
		if ap.Name == name {
			return ap, nil
		}
	}
	return catalog.AccessPoint{}, fmt.Errorf("no access point %q", name)
}

func (l *loader) application(st story, c store.Connection) store.NewLOAApplication {
	zone := l.s.Catalogue().Zone(c.Region)
	day := l.clock.Now().In(zone).AddDate(0, 0, 12)
	in := store.NewLOAApplication{CompanyName: "Northwind Trading", ConstructionCompany: st.company, ConstructionType: st.how,
		ScheduledAt: time.Date(day.Year(), day.Month(), day.Day(), 9, 30, 0, 0, zone).Format(store.SiteTimeLayout)}
	if st.how == "Others" {
		in.OtherType = "Dark fibre"
	}
	if st.name == "sha-finance-01" {
		in.CompanyName, in.Location = "Northwind Trading (Shanghai) Co., Ltd.", "Zhangjiang, Building 8"
	}
	if st.redundant == "hz-dc1-redundant" || st.name == "hz-dc1-redundant" {
		in.Location, in.Bandwidth = "Binjiang IDC 2", "10000"
	}
	if st.name == "sg-core-b" {
		in.RemoteHands = true
		return in
	}
	ap, _ := l.s.Catalogue().AccessPoint(c.AccessPointID)
	for i, name := range []string{"Zhou Ming", "Chen Yu"} {
		e := store.Engineer{Name: name, Contact: fmt.Sprintf("+86 571 5550 01%02d", 10+i)}
		if ap.Visitor.IDType {
			e.IDType = "passport"
		}
		if ap.Visitor.IDNumber {
			e.IDNumber = fmt.Sprintf("EDEMO%04d", 1000+i)
		}
		if ap.Visitor.Gender {
			e.Gender = "male"
		}
		in.Engineers = append(in.Engineers, e)
	}
	return in
}

// report makes up a line code and labels that are the story's own.
func (l *loader) report(st story) store.NewDeliveryReport {
	n := 2 * slices.IndexFunc(stories(), func(o story) bool { return o.name == st.name })
	return store.NewDeliveryReport{LineCode: fmt.Sprintf("%s-%07d", st.sp, 98000+37*n), Labels: []string{fmt.Sprintf("A-%04d", 2291+n), fmt.Sprintf("A-%04d", 2292+n)}}
}

// whitelist plans Northwind's requests: one granted before the 40G interface
// is ordered, one still open.
func (l *loader) whitelist() {
	request := func(days int, in store.NewWhitelistRequest) {
		l.at(l.ago(days, 5), "whitelist request", func() error { return l.s.RequestWhitelist(l.ctx, l.as(lifecycle.Owner), in) })
	}
	request(30, store.NewWhitelistRequest{Region: "cn-shanghai", Spec: catalog.Spec40G, Reason: "Settlement systems replicate at 25 Gbit/s in the night window", Ports: 2})
	l.at(l.ago(28, 6), "whitelist grant", func() error {
		w, err := l.s.WhitelistQueue(l.ctx, "requested", 1)
		if err != nil || len(w) == 0 {
			return fmt.Errorf("no request to grant: %w", err)
		}
		return l.s.DecideWhitelist(l.ctx, l.as(lifecycle.Reviewer), w[0].ID, "granted", l.now.AddDate(0, 6, 0), "")
	})
	request(2, store.NewWhitelistRequest{Region: "cn-hangzhou", Spec: catalog.Spec100G, Reason: "Move of the backup archive to Hangzhou, four weeks at full rate", Ports: 1})
}

// tickets plans what Northwind asks: one ticket that waits for the technicians,
// one that waits for Northwind, one that is closed; and one that staff opened.
func (l *loader) tickets() {
	var closed, answered, asked string
	open := func(days, hour int, id *string, who lifecycle.Role, line string, in store.NewTicket) {
		l.at(l.ago(days, hour), "ticket: "+in.Title, func() (err error) {
			if in.ConnectionID = l.ids[line]; in.ConnectionID == "" && in.AccessPointID == "" {
				return fmt.Errorf("there is no interface %s to ask about", line)
			}
			*id, err = l.s.OpenTicket(l.ctx, l.as(who), in)
			return err
		})
	}
	write := func(days, hour int, id *string, who lifecycle.Role, body string, closes bool) {
		l.at(l.ago(days, hour), "message in a ticket", func() error {
			return l.s.WriteTicket(l.ctx, l.as(who), *id, 0, body, closes)
		})
	}
	ap, err := l.accessPoint("USA-San Jose-A")
	if err != nil {
		l.at(l.now, "the site of a ticket", func() error { return err })
		return
	}
	open(27, 7, &closed, lifecycle.Owner, "", store.NewTicket{Topic: ticket.Location, AccessPointID: ap.ID, Title: "Loading dock and opening hours",
		Body: "Our installer comes with a van.\nIs there a loading dock, and until when can it be used?"})
	write(26, 17, &closed, lifecycle.Reviewer, "There is one at the back of the building, open from 07:00 to 19:00 on working days.\nName the company at the gate.", false)
	write(26, 18, &closed, lifecycle.Owner, "", true)
	open(5, 6, &answered, lifecycle.Owner, "sha-finance-02", store.NewTicket{Topic: ticket.Letter, Title: "Two construction companies on one letter?",
		Body: "The fiber is laid by one company and spliced by another. Can both be named in the application?"})
	write(4, 9, &answered, lifecycle.Reviewer, "The letter names one. Tick that it may pass the work on: then the second company comes with the same letter.", false)
	open(2, 8, &asked, lifecycle.Technician, "ldn-market-data", store.NewTicket{Topic: ticket.Cabling, Title: "Which of the two cables is the working one?",
		Body: "Two cables with the same label hang at the panel.\nAsk your installer which one is spliced through, and send a new delivery report with its label."})
	var waiting string
	open(1, 8, &waiting, lifecycle.Owner, "hz-dc1-primary", store.NewTicket{Topic: ticket.Cabling, Title: "Light level at the panel",
		Body: "Our installer measured -4.1 dBm at the patch panel.\nWhich level do you need at the port?"})
}

// notes plans what staff remark about interfaces, for each other: beside a
// decision that is due, and one that was taken back.
func (l *loader) notes() {
	write := func(days, hour int, line string, who lifecycle.Role, body string) {
		l.at(l.ago(days, hour), "note about "+line, func() error {
			if l.ids[line] == "" {
				return fmt.Errorf("there is no interface %s to write about", line)
			}
			return l.s.WriteNote(l.ctx, l.as(who), l.ids[line], body)
		})
	}
	write(1, 5, "hz-dc1-primary", lifecycle.Reviewer, "Their installer came without badges the last time and was sent away. Names are checked at the gate.")
	write(1, 4, "hz-dc1-primary", lifecycle.Technician, "The cable tray behind the cabinet is nearly full.\nBring short patch cords, and do the lower row first.")
	write(2, 6, "sha-finance-01", lifecycle.Reviewer, "Called about the company name: it is the registered one, the sign at the door is not.")
	write(2, 7, "mumbai-support", lifecycle.Reviewer, "Their construction company is new to us. The facility asked to be told a day before the visit.")
	write(1, 3, "mumbai-support", lifecycle.Finance, "Their bank takes three days for a transfer.")
	write(6, 4, "hohhot-render-2", lifecycle.Finance, "Said on the phone that the warehouse is given up. They do not answer mails about the fee.")
	write(1, 6, "sha-old-office", lifecycle.Technician, "The room is being renovated: entrance from the yard, and ask for the key at the office.")
	l.at(l.ago(1, 7), "note taken back", func() error {
		return l.s.TakeBackNote(l.ctx, l.as(lifecycle.Finance), l.ids["mumbai-support"], 2)
	})
}
