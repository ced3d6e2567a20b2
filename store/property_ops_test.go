package store_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/fees"
	"demarc/store/inventory"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
)

// siteOf is a site of the world by number, with an operator and what can be
// ordered there.
func (w *world) siteOf(n int) (ap catalog.AccessPoint, sp catalog.SP, kinds []catalog.PortType) {
	names := []string{siteA, siteA, siteA, siteB, siteC, "Hangzhou-Yuhang-A"}
	name := names[n%len(names)]
	sp, kinds = catalog.ChinaTelecom, []catalog.PortType{catalog.Type10GBaseLR}
	switch name {
	case siteA:
		kinds = []catalog.PortType{catalog.Type10GBaseLR, catalog.Type10GBaseLR, catalog.Type40GBaseLR, catalog.Type40GBaseLR, catalog.Type1000BaseT}
	case siteC:
		sp, kinds = catalog.OtherSP, []catalog.PortType{catalog.Type10GBaseLR, catalog.Type1000BaseLX, catalog.Type40GBaseLR}
	}
	for _, a := range w.e.Catalogue().AccessPoints() {
		if a.Name == name {
			return a, sp, kinds
		}
	}
	return
}

func (w *world) order(before rows, d *did) {
	usual := w.e.Owner
	if d.a%4 == 0 {
		usual = w.e.OtherOwner
	}
	by := w.act(before, d, usual)
	ap, sp, kinds := w.siteOf(d.b)
	kind := kinds[d.c%len(kinds)]
	in := store.NewConnection{Region: ap.Region, SP: sp, AccessPoint: ap.ID, Spec: specOf(kind), PortType: kind, Redundant: store.NotRedundant, Terms: d.c%25 != 0}
	switch d.c / 7 % 5 {
	case 0:
		in.Redundant = ""
	case 1, 2, 3:
		all := slices.DeleteFunc(slices.Clone(w.ids), func(id string) bool {
			c, _ := before.connection(id)
			return d.aim && (c.str("account_id") != by.AccountID || c.str("region") != ap.Region || !c.stage("stage").PastPayment() || (d.c%2 == 0 && c.str("access_point_id") != ap.ID))
		})
		if len(all) > 0 {
			in.Redundant = all[d.a%len(all)]
		}
	}
	if d.c%3 == 0 {
		in.Name = fmt.Sprintf("line-%d", d.a%9)
	}
	d.moves = true
	d.want = -1
	if by.Role == lifecycle.Owner && in.Terms && w.mayOrder(before, by.AccountID, in) {
		d.want = +1
	}
	d.value, d.err = w.e.PlaceOrder(ctx, by, in)
	d.check = func(after rows) error {
		o, ok := after.where("orders", func(r record) bool { return r.str("no") == d.value })
		c, _ := after.connection(o.textOf("connection_id"))
		if !ok || o.str("state") != "unpaid" || c.vals == nil || c.str("port_type") != string(kind) || c.str("account_id") != by.AccountID || c.int("installation_fee") != o.int("amount") {
			return fmt.Errorf("order %q is %v, its interface %v", d.value, o.vals, c.vals)
		}
		return nil
	}
}

// textOf is str, but "" for a row that is not there.
func (r record) textOf(col string) string {
	if r.vals == nil {
		return ""
	}
	return r.str(col)
}

// mayOrder is what the rules say about an order.
func (w *world) mayOrder(d rows, account string, in store.NewConnection) bool {
	ap, _ := d.where("access_points", func(r record) bool { return r.str("id") == in.AccessPoint })
	if s := ap.str("status"); s == "full" || s == "disabled" {
		return false
	}
	now := w.e.Now().Format(rowTime)
	if in.Spec == catalog.Spec40G || in.Spec == catalog.Spec100G {
		_, granted := d.where("whitelist_requests", func(r record) bool {
			return r.str("account_id") == account && r.str("port_spec") == string(in.Spec) && (r.str("region") == "" || r.str("region") == in.Region) &&
				r.str("status") == "granted" && (r.str("until") == "" || r.str("until") > now)
		})
		if !granted {
			return false
		}
	}
	a := d.account(account)
	used := living(d, account)
	open := 0
	for _, u := range used {
		open += u.open
	}
	if int64(used[in.AccessPoint].all) >= a.int("quota_per_access_point") || int64(open) >= a.int("quota_not_enabled") {
		return false
	}
	avoid := map[string]bool{}
	switch in.Redundant {
	case store.NotRedundant:
	case "":
		if _, here := d.where("connections", func(c record) bool {
			return c.str("account_id") == account && c.str("access_point_id") == in.AccessPoint && c.stage("stage").PastPayment()
		}); here {
			return false
		}
	default:
		o, ok := d.connection(in.Redundant)
		if !ok || o.str("account_id") != account || o.str("region") != in.Region || !o.stage("stage").PastPayment() || o.stage("stage") == lifecycle.Terminating {
			return false
		}
		if _, paired := d.where("connections", func(c record) bool {
			return !c.stage("stage").Ended() && (c.str("redundant_id") == o.str("id") || c.str("id") == o.str("redundant_id"))
		}); paired {
			return false
		}
		if o.str("access_point_id") == in.AccessPoint {
			if p, ok := d.portOf(o.str("id")); ok {
				avoid[p.str("device_id")] = true
			}
		}
	}
	return len(d.freePorts(in.AccessPoint, string(in.PortType), avoid)) > 0
}

func (w *world) pay(before rows, d *did) {
	c, by, _, ok := w.on(before, d, lifecycle.PayInstallationFee)
	if !ok {
		return
	}
	o, _ := before.where("orders", func(r record) bool { return r.str("connection_id") == c.str("id") && r.str("kind") == "installation" })
	d.moves, d.want = false, -1
	free := before.freePorts(c.str("access_point_id"), c.str("port_type"), before.apart(c))
	if by.Role == lifecycle.Owner && by.AccountID == c.str("account_id") {
		switch o.str("state") {
		case "paid":
			d.want = +1 // told so, and not done again
		case "unpaid":
			if len(free) > 0 && o.str("expires_at") > w.e.Now().Format(rowTime) && before.account(by.AccountID).int("balance_minor") >= o.int("amount") {
				d.want, d.moves = +1, true
			}
		}
	}
	d.err = w.e.PayOrder(ctx, by, o.str("no"), store.MethodBalance)
	if !d.moves {
		return
	}
	d.check = func(after rows) error {
		// The device with most free ports of the type, its lowest number.
		p, _ := after.portOf(c.str("id"))
		most := 0
		for _, ports := range free {
			most = max(most, len(ports))
		}
		if on := free[p.textOf("device_id")]; len(on) != most || on[0].str("id") != p.str("id") {
			return fmt.Errorf("got %s of %d free ports on its device, another has %d", p.textOf("id"), len(on), most)
		}
		if paid := before.account(by.AccountID).int("balance_minor") - after.account(by.AccountID).int("balance_minor"); paid != o.int("amount") {
			return fmt.Errorf("charged %d, the order is %d", paid, o.int("amount"))
		}
		return nil
	}
}

func (w *world) apply(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.ApplyForLOA)
	if !ok {
		return
	}
	zone := w.e.Catalogue().Zone(c.str("region"))
	in := store.NewLOAApplication{CompanyName: "Northwind Trading", ConstructionCompany: "浙江华临布线有限公司", ConstructionType: "MSTP",
		ScheduledAt: w.e.Now().In(zone).AddDate(0, 0, 15+d.b%60).Format(store.SiteTimeLayout)}
	for i := range 1 + d.b%3 {
		e := store.Engineer{Name: "Zhou Ming", Contact: "+86 137 0000 4410"}
		if strings.HasPrefix(c.str("region"), "ap-") {
			e.IDType, e.IDNumber, e.Gender = "passport", fmt.Sprintf("E9911%04d%d", d.b, i), "other"
		}
		in.Engineers = append(in.Engineers, e)
	}
	if d.bad(9) {
		switch d.b % 4 {
		case 0:
			in.CompanyName = ""
		case 1:
			in.Engineers = nil
		case 2:
			in.ScheduledAt = w.e.Now().In(zone).Add(-time.Hour).Format(store.SiteTimeLayout)
		default:
			in.ConstructionType = "SDH"
		}
	} else if d.c%5 == 0 {
		in.RemoteHands, in.Engineers = true, nil
	}
	d.err = w.e.ApplyForLOA(ctx, by, c.str("id"), rev, in)
}

func (w *world) withdraw(before rows, d *did) {
	if c, by, rev, ok := w.on(before, d, lifecycle.WithdrawApplication); ok {
		d.err = w.e.WithdrawApplication(ctx, by, c.str("id"), rev)
	}
}

func (w *world) reject(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.Reject)
	if !ok {
		return
	}
	reasons := map[string]string{"construction_company": "Enter the full legal name", "scheduled_at": "The site is closed on that day"}
	if d.bad(6) {
		reasons = []map[string]string{nil, {"construction_company": " "}, {"elsewhere": "no such field"}}[d.b%3]
	}
	d.err = w.e.RejectLOA(ctx, by, c.str("id"), rev, reasons)
}

// somePort picks a port for an interface to go to, with aim a free one that
// fits, and says whether it may.
func (w *world) somePort(before rows, d *did, c record) (id string, may bool) {
	fits := before.freePorts(c.str("access_point_id"), c.str("port_type"), before.apart(c))
	var all []string
	for p := range before.of("ports") {
		good := slices.ContainsFunc(fits[p.str("device_id")], func(q record) bool { return q.str("id") == p.str("id") })
		here := before.device(p.str("device_id")).str("access_point_id") == c.str("access_point_id")
		if good || (!d.aim && (here || d.c%4 == 0)) {
			all = append(all, p.str("id"))
		}
	}
	if own, ok := before.portOf(c.str("id")); ok && !d.aim && d.c%5 == 0 {
		return own.str("id"), false // where it is already
	}
	if len(all) == 0 {
		return "no-such-port", false
	}
	id = all[d.b%len(all)]
	for _, ports := range fits {
		for _, p := range ports {
			may = may || p.str("id") == id
		}
	}
	return id, may
}

func (w *world) move(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.MovePort)
	if !ok {
		return
	}
	port, may := w.somePort(before, d, c)
	if !may {
		d.want = -1
	}
	reason := "The panel position is damaged"
	if d.bad(13) {
		reason = ""
	}
	d.err = w.e.MovePort(ctx, by, c.str("id"), rev, port, reason)
	d.check = func(after rows) error {
		was, _ := before.portOf(c.str("id"))
		old, _ := after.where("ports", func(p record) bool { return p.str("id") == was.str("id") })
		want := "free"
		if was.str("letter") != "" {
			want = "quarantined" // a letter named it: somebody may have brought a cable
		}
		if is, _ := after.portOf(c.str("id")); is.textOf("id") != port || old.textOf("state") != want {
			return fmt.Errorf("moved to %s, holds %s; the old one is %s", port, is.textOf("id"), old.textOf("state"))
		}
		return nil
	}
}

func (w *world) approve(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.Approve)
	if !ok {
		return
	}
	in := store.Approval{}
	own, _ := before.portOf(c.str("id"))
	if d.b%2 == 0 {
		var may bool
		if in.PortID, may = w.somePort(before, d, c); !may && in.PortID != own.textOf("id") {
			d.want = -1
		} else if d.want > 0 && in.PortID != own.textOf("id") && len(before.apart(c)) > 0 {
			d.want = 0 // a pair may share more afterwards, which needs a reason
		}
	}
	draft, err := w.e.PrepareLOA(ctx, by, c.str("id"), rev, in)
	if err != nil {
		d.err = err
		return
	}
	d.value, d.err = w.e.IssueLOA(ctx, by, draft, letterBytes(draft.Snapshot.Number, d.request))
	d.check = func(after rows) error {
		l, ok := after.where("loas", func(r record) bool { return r.str("no") == d.value && r.str("status") == "issued" })
		p, _ := after.portOf(c.str("id"))
		if !ok || l.str("connection_id") != c.str("id") || p.textOf("id") != cmp.Or(in.PortID, own.textOf("id")) {
			return fmt.Errorf("letter %q of %s, port %s, wanted %q", d.value, l.textOf("connection_id"), p.textOf("id"), in.PortID)
		}
		if string(l.get("pdf").([]byte)) != string(letterBytes(d.value, d.request)) {
			return fmt.Errorf("letter %s has other bytes than were sent", d.value)
		}
		return nil
	}
}

func letterBytes(no, request string) []byte { return []byte("%PDF-1.7 " + no + " " + request + "\n") }

// prepare drafts a letter and leaves it lying.
func (w *world) prepare(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.Approve)
	if !ok {
		return
	}
	d.moves, d.want = false, min(d.want, 0)
	port, _ := w.somePort(before, d, c)
	l, err := w.e.PrepareLOA(ctx, by, c.str("id"), rev, store.Approval{PortID: port})
	if err != nil {
		d.err = err
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drafts = append(w.drafts, draft{l, c.str("id"), c.int("version")})
}

// issue issues a draft that has been lying, or was issued already.
func (w *world) issue(before rows, d *did) {
	w.mu.Lock()
	drafts := slices.DeleteFunc(slices.Clone(w.drafts), func(l draft) bool {
		c, _ := before.connection(l.id)
		return d.aim && (c.vals == nil || c.int("version") != l.version)
	})
	w.mu.Unlock()
	if len(drafts) == 0 {
		d.nothing = true
		return
	}
	l := drafts[d.a%len(drafts)]
	by := w.act(before, d, w.e.Reviewer)
	c, ok := before.connection(l.id)
	d.moves = l.Issued() == ""
	if d.known = d.known || l.Issued() != ""; l.Issued() != "" {
		d.answer = l.Issued()
	}
	if !ok || c.int("version") != l.version || !lifecycle.Can(c.stage("stage"), lifecycle.Approve, by.Role) {
		d.want = -1
	}
	d.value, d.err = w.e.IssueLOA(ctx, by, l.Draft, letterBytes(l.Snapshot.Number, d.request))
}

func (w *world) report(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.ReportDelivery)
	if !ok {
		return
	}
	in := store.NewDeliveryReport{LineCode: fmt.Sprintf("HZ-CTC-%d", d.b)}
	for i := range 1 + d.b%3 {
		label := fmt.Sprintf("A-%d", (d.c+i*7)%40) // few, so that they meet
		in.Labels = append(in.Labels, label)
		if _, taken := before.where("cable_labels", func(l record) bool {
			return l.yes("live") && l.str("label") == label && l.str("access_point_id") == c.str("access_point_id") && l.str("connection_id") != c.str("id")
		}); taken {
			d.want = -1
		}
	}
	if d.c%11 == 0 {
		d.want = -1
		switch d.b % 3 {
		case 0:
			in.LineCode = ""
		case 1:
			in.Labels = append(in.Labels, in.Labels[0])
		default:
			in.Labels = nil
		}
	}
	d.err = w.e.ReportDelivery(ctx, by, c.str("id"), rev, in)
}

func (w *world) giveBack(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.ReturnReport)
	if !ok {
		return
	}
	kind, reason := store.ProblemKinds()[d.b%len(store.ProblemKinds())], "Label A-2291 is not on site"
	if d.bad(6) {
		kind = "elsewhere"
	}
	d.err = w.e.ReturnReport(ctx, by, c.str("id"), rev, kind, reason)
}

func (w *world) complete(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.CompleteCabling)
	if !ok {
		return
	}
	in := store.Cabling{Light: "-7.2", Found: true, Connected: true, LinkUp: true}
	if l, ok := before.where("cable_labels", func(l record) bool { return l.yes("live") && l.str("connection_id") == c.str("id") }); ok {
		in.LabelFound = strings.ToLower(l.str("label"))
	}
	if d.bad(8) {
		switch d.b % 3 {
		case 0:
			in.LinkUp = false
		case 1:
			in.LabelFound = "Z-1"
		default:
			in.LabelFound = ""
		}
	}
	d.err = w.e.CompleteCabling(ctx, by, c.str("id"), rev, in)
}

func (w *world) resourceFee(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.PayResourceFee)
	if !ok {
		return
	}
	months := pricing.Periods()[d.b%len(pricing.Periods())]
	if months > 9 && d.c%3 > 0 || months > 3 && w.till != nil && d.c%4 > 0 {
		months = 1
	}
	in := store.NewResourceFee{Months: months, AutoRenew: d.a%3 == 0, Confirmed: true, Method: methodOf(d)}
	due := c.int("monthly_fee")*int64(months) - c.int("late_credit")
	if !canPay(before, c.str("account_id"), due, in.Method) {
		d.want = -1
	}
	switch {
	case d.c%13 == 0:
		d.want, in.Confirmed = -1, false
	case d.c%13 == 1:
		d.want, in.Months = -1, 11
	}
	now := w.e.Now()
	d.value, d.err = w.e.PayResourceFee(ctx, by, c.str("id"), rev, in)
	d.check = func(after rows) error {
		if err := charged(before, after, c.str("account_id"), due, in.Method); err != nil {
			return err
		}
		a, _ := after.connection(c.str("id"))
		if ends := monthsAfter(now, months, w.termOf(c).Zone); a.str("paid_from") != now.Format(rowTime) || !slices.ContainsFunc(ends, a.time("paid_through").Equal) || (a.int("auto_renew") == int64(months)) != in.AutoRenew {
			return fmt.Errorf("paid at %v for %d months: from %s until %s, want %v; Auto Renew %d", now, months, a.str("paid_from"), a.str("paid_through"), ends, a.int("auto_renew"))
		}
		return nil
	}
}

// methodOf is how somebody pays at once.
func methodOf(d *did) string {
	if d.c%4 == 3 {
		return store.MethodInvoice
	}
	return store.MethodBalance
}

// owes is what an account owes on invoices by the books.
func owes(d rows, account string) (sum int64) {
	for e := range d.of("ledger_entries") {
		if e.str("book") == "receivable:"+account {
			sum += e.int("amount")
		}
	}
	return sum
}

// canPay is what the rules say about paying an amount at once.
func canPay(d rows, account string, amount int64, method string) bool {
	a := d.account(account)
	if method == store.MethodInvoice {
		limit := a.int("invoice_limit")
		return limit > 0 && max(0, limit-owes(d, account)) >= amount
	}
	return a.int("balance_minor") >= amount
}

// charged compares what a payment took, and from where, with what was due.
func charged(before, after rows, account string, due int64, method string) error {
	fromBalance := before.account(account).int("balance_minor") - after.account(account).int("balance_minor")
	onInvoice := owes(after, account) - owes(before, account)
	want := [2]int64{due, 0}
	if method == store.MethodInvoice {
		want = [2]int64{0, due}
	}
	if got := [2]int64{fromBalance, onInvoice}; got != want {
		return fmt.Errorf("charged %v from the balance and on the invoice, want %v", got, want)
	}
	return nil
}

// termOf is the paid time of an interface, from its row.
func (w *world) termOf(c record) fees.Term {
	return fees.Term{From: c.time("paid_from"), Months: int(c.int("paid_months")), Zone: w.e.Catalogue().Zone(c.str("region"))}
}

func (w *world) orderRenewal(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.Renew)
	if !ok {
		return
	}
	d.moves = false // an order is no step of the interface
	months := []int{1, 1, 2, 3, 12}[d.b%5]
	if d.c%3 == 0 {
		months = pricing.Periods()[d.b%len(pricing.Periods())]
	}
	now := w.e.Now()
	if d.c%13 == 0 {
		months = 11
		d.want = -1
	} else if c.str("paid_from") != "" {
		until := monthsAfter(c.time("paid_from"), int(c.int("paid_months"))+months, w.termOf(c).Zone)[0]
		if !until.After(now) || until.After(monthsAfter(now, 120, w.termOf(c).Zone)[0]) {
			d.want = -1
		}
	}
	d.value, d.err = w.e.OrderRenewal(ctx, by, c.str("id"), rev, months, d.c%4 == 0)
	d.check = func(after rows) error {
		o, ok := after.where("orders", func(r record) bool { return r.str("no") == d.value })
		if !ok || o.str("state") != "unpaid" || o.str("period_from") != c.str("paid_through") || o.int("amount") != o.int("unit_amount")*int64(months) {
			return fmt.Errorf("order %q is %v", d.value, o.vals)
		}
		if _, monthly := priceOf(before, now, c.str("region"), c.str("port_spec")); o.int("unit_amount") != monthly || o.str("refund_rule") != rulesOf(before).ResourceRule() {
			return fmt.Errorf("order %q is for %d a month, refunds %q; in force are %d and %q", d.value, o.int("unit_amount"), o.str("refund_rule"), monthly, rulesOf(before).ResourceRule())
		}
		return nil
	}
}

func (w *world) payRenewal(before rows, d *did) {
	var all []record
	for o := range before.of("orders") {
		if o.str("kind") == "renewal" && (!d.aim || o.str("state") == "unpaid") {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		d.nothing = true
		return
	}
	slices.SortFunc(all, func(a, b record) int { return strings.Compare(a.str("no"), b.str("no")) })
	o := all[d.a%len(all)]
	c, _ := before.connection(o.str("connection_id"))
	by := w.act(before, d, w.ownerOf(o.str("account_id")))
	now := w.e.Now()
	due := o.int("amount")
	d.want = +1
	switch {
	case by.AccountID != o.str("account_id"):
		d.want = -1
	case o.str("state") == "paid":
		due = 0 // answered like the first time
	case o.str("state") != "unpaid", !o.time("expires_at").After(now), c.stage("stage") != lifecycle.Enabled, o.str("period_from") != c.str("paid_through"),
		!o.time("period_to").After(now), !canPay(before, by.AccountID, due, methodOf(d)):
		d.want = -1
	}
	d.moves = due > 0
	d.err = w.e.PayOrder(ctx, by, o.str("no"), methodOf(d))
	d.check = func(after rows) error {
		if err := charged(before, after, by.AccountID, due, methodOf(d)); err != nil {
			return err
		}
		if a, _ := after.connection(c.str("id")); due > 0 && a.str("paid_through") != o.str("period_to") {
			return fmt.Errorf("paid until %s, quoted was %s", a.str("paid_through"), o.str("period_to"))
		}
		return nil
	}
}

func (w *world) autoRenew(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.SwitchAutoRenew)
	if !ok {
		return
	}
	months := []int{1, 1, 3, 0, 11}[d.b%5]
	if months == 11 {
		d.want = -1
	}
	d.err = w.e.SwitchAutoRenew(ctx, by, c.str("id"), rev, months)
}

func (w *world) free(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.Free)
	if !ok {
		return
	}
	if c.str("paid_through") == "" || w.e.Now().Before(fees.FreeableAt(c.time("paid_through"), w.termOf(c).Zone)) {
		d.want = -1
	}
	reason := "Nobody answered"
	if d.bad(9) {
		reason = ""
	}
	d.err = w.e.FreeUnpaid(ctx, by, c.str("id"), rev, reason, true)
}

func (w *world) cancel(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.Cancel)
	if !ok {
		return
	}
	d.err = w.e.Cancel(ctx, by, c.str("id"), rev, !d.bad(7))
	d.check = func(after rows) error {
		o, _ := before.where("orders", func(o record) bool { return o.str("connection_id") == c.str("id") && o.str("kind") == "installation" })
		rule := fees.InstallationRefund(o.str("refund_rule"))
		want := map[string]int64{}
		if o.str("state") == "paid" && (rule == fees.UntilEnabled || rule == fees.UntilLetter && c.str("loa_no") == "") {
			want[o.str("no")] = o.int("amount")
		}
		return refunded(before, after, c.str("id"), want)
	}
}

// refunded compares what went back for the orders of an interface, and where to,
// with what should have: by order.
func refunded(before, after rows, id string, want map[string]int64) error {
	more, _ := added(before, after, "ledger_transactions")
	for o := range before.of("orders") {
		if o.str("connection_id") != id {
			continue
		}
		no, to := o.str("no"), "balance:"
		now, _ := after.where("orders", func(n record) bool { return n.str("no") == no })
		if got := now.int("refunded") - o.int("refunded"); got != want[no] {
			return fmt.Errorf("of order %s (%s, %d at %d a month, refunds %q) %d went back, want %d", no, o.str("state"), o.int("amount"), o.int("unit_amount"), o.str("refund_rule"), got, want[no])
		}
		if _, invoiced := before.where("invoice_orders", func(i record) bool { return i.str("order_no") == no }); o.str("method") == store.MethodInvoice && !invoiced {
			to = "receivable:" // it was not asked for yet
		}
		back := int64(0)
		for _, t := range more {
			if t.str("kind") == "refund" && t.str("order_no") == no {
				for e := range after.of("ledger_entries") {
					if e.str("transaction_id") == t.str("id") && e.str("book") == to+o.str("account_id") {
						back -= e.int("amount")
					}
				}
			}
		}
		if back != want[no] {
			return fmt.Errorf("of order %s %d went to %s, want %d", no, back, to, want[no])
		}
	}
	return nil
}

func (w *world) terminate(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.Terminate)
	if !ok {
		return
	}
	typed := c.str("id")
	if d.bad(7) {
		typed = "pc-"
	}
	d.err = w.e.Terminate(ctx, by, c.str("id"), rev, typed)
	d.check = func(after rows) error {
		// What comes back are whole months that have not begun, each at the
		// price that was paid for it and as its order says, and never more
		// than was paid.
		unused, want := w.unusedMonths(c), map[string]int64{}
		var paid []record
		for o := range before.of("orders") {
			if o.str("connection_id") == c.str("id") && o.str("kind") != "installation" && o.str("state") == "paid" {
				paid = append(paid, o)
			}
		}
		slices.SortFunc(paid, func(a, b record) int { return strings.Compare(b.str("period_from"), a.str("period_from")) })
		for _, o := range paid {
			n := min(unused, o.int("months"))
			if o.str("refund_rule") == fees.UnusedBack {
				want[o.str("no")] = min(n*o.int("unit_amount"), o.int("amount")-o.int("refunded"))
			}
			unused -= n
		}
		return refunded(before, after, c.str("id"), want)
	}
}

// unusedMonths are the months of an interface's paid time that have not begun.
func (w *world) unusedMonths(c record) (n int64) {
	total := int(c.int("paid_months"))
	for int(n) < total && monthsAfter(c.time("paid_from"), total-int(n)-1, w.termOf(c).Zone)[0].After(w.e.Now()) {
		n++
	}
	return n
}

func (w *world) remove(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.ConfirmRemoval)
	if !ok {
		return
	}
	if !c.yes("removal_due") {
		d.want = -1
	}
	d.err = w.e.ConfirmRemoval(ctx, by, c.str("id"), rev, !d.bad(7), "")
}

func (w *world) checkPort(before rows, d *did) {
	p, by, rev, ok := w.portFor(before, d, func(p record) bool { return p.str("left_by") != "" })
	if !ok {
		return
	}
	if d.who == 0 {
		by = w.act(before, d, w.e.Technician)
	}
	d.want = -1
	if p.str("left_by") != "" && d.rev < 2 && lifecycle.MayDo(lifecycle.ConfirmRemoval, by.Role) {
		d.want = +1
	}
	empty := true
	if d.c%7 == 0 {
		empty, d.want = false, -1
	}
	d.err = w.e.ConfirmPortEmpty(ctx, by, p.str("id"), rev, empty, "")
	d.check = func(after rows) error {
		now, _ := after.where("ports", func(r record) bool { return r.str("id") == p.str("id") })
		if now.textOf("state") != "free" || now.textOf("left_by") != "" || now.textOf("letter") != "" {
			return fmt.Errorf("port %s is %s, left by %q, letter %q", p.str("id"), now.textOf("state"), now.textOf("left_by"), now.textOf("letter"))
		}
		return nil
	}
}

func (w *world) revoke(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.RevokeLOA)
	if !ok {
		return
	}
	reason := "The panel is being rebuilt"
	if d.bad(7) {
		reason = " "
	}
	d.err = w.e.RevokeLOA(ctx, by, c.str("id"), rev, reason)
}

func (w *world) reissue(before rows, d *did) { w.newVersion(before, d, lifecycle.ReissueLOA) }

func (w *world) renew(before rows, d *did) { w.newVersion(before, d, lifecycle.RenewLOA) }

// newVersion replaces a letter, now and then on another port.
func (w *world) newVersion(before rows, d *did, action lifecycle.Action) {
	c, by, rev, ok := w.on(before, d, action)
	if !ok {
		return
	}
	id := c.str("id")
	last := lastOf(before, "loas", id)
	if action == lifecycle.RenewLOA && (last.textOf("status") != "expired" || lastOf(before, "loa_applications", id).int("version") != last.int("application_version")) {
		d.want = -1
	}
	own, _ := before.portOf(id)
	in := store.NewVersion{Reason: "The position is occupied"}
	if d.b%3 == 0 {
		var may bool
		if in.PortID, may = w.somePort(before, d, c); !may && in.PortID != own.textOf("id") {
			d.want = -1
		}
	}
	if d.bad(9) {
		in.Reason = " "
	}
	prepare := w.e.PrepareReissue
	if action == lifecycle.RenewLOA {
		prepare = w.e.PrepareRenewal
	}
	draft, err := prepare(ctx, by, id, rev, in)
	if err != nil {
		d.err = err
		return
	}
	d.value, d.err = w.e.IssueLOA(ctx, by, draft, letterBytes(draft.Snapshot.Number, d.request))
	d.check = func(after rows) error {
		was, is := last, lastOf(after, "loas", id)
		old, _ := after.where("loas", func(r record) bool {
			return r.str("connection_id") == id && r.int("version") == was.int("version")
		})
		want := map[lifecycle.Action]string{lifecycle.ReissueLOA: "superseded", lifecycle.RenewLOA: "expired"}[action]
		if is.int("version") != was.int("version")+1 || is.str("no") != was.str("no") || is.str("status") != "issued" || old.str("status") != want {
			return fmt.Errorf("version %d of %s is %s after version %d, which is %s", is.int("version"), is.str("no"), is.str("status"), was.int("version"), old.str("status"))
		}
		left, _ := after.where("ports", func(p record) bool { return p.str("id") == own.str("id") })
		if moved := in.PortID != "" && in.PortID != own.str("id"); moved && left.str("state") != "quarantined" {
			return fmt.Errorf("the port that was left is %s", left.str("state"))
		}
		return nil
	}
}

// lastOf is the newest version of an interface's letter or application.
func lastOf(d rows, table, id string) (last record) {
	for r := range d.of(table) {
		if r.str("connection_id") == id && (last.vals == nil || r.int("version") > last.int("version")) {
			last = r
		}
	}
	return last
}

func (w *world) edit(before rows, d *did) {
	c, by, rev, ok := w.on(before, d, lifecycle.EditNameDescription)
	if !ok {
		return
	}
	name := fmt.Sprintf("hz-%d", d.b%20)
	if d.bad(5) {
		name = "9 is no letter"
	}
	if d.c%2 == 0 {
		d.err = w.e.EditConnection(ctx, by, c.str("id"), rev, name, "second line")
		return
	}
	// With another partner, or none; what must not be is looked for in the rows.
	with := store.NotRedundant
	if d.c%5 > 0 && len(w.ids) > 0 {
		with = w.ids[d.c%len(w.ids)]
	}
	d.want = min(d.want, 0)
	d.err = w.e.EditConnectionAndPair(ctx, by, c.str("id"), rev, name, "second line", with)
	d.check = func(after rows) error {
		now, _ := after.connection(c.str("id"))
		if with == store.NotRedundant && len(after.apart(c)) > 0 && now.str("redundant_id") != "" {
			return fmt.Errorf("still redundant with %s", now.str("redundant_id"))
		}
		return nil
	}
}

func (w *world) reveal(before rows, d *did) {
	c, ok := w.pick(before, d, func(c record) bool { return strings.HasPrefix(c.str("region"), "ap-") })
	if !ok {
		return
	}
	by := w.act(before, d, w.e.Reviewer)
	d.known = false // not a form with a key
	d.want = -1
	if _, there := before.where("field_engineers", func(r record) bool {
		return r.str("connection_id") == c.str("id") && r.int("version") == 1 && r.int("n") == 1 && r.get("id_sealed") != nil
	}); there && (by.Role == lifecycle.Reviewer || by.Role == lifecycle.Administrator) {
		d.want = +1
	}
	_, d.err = w.e.RevealIDNumber(ctx, by, c.str("id"), 1, 1, "visitor at the gate")
}

func (w *world) whitelist(before rows, d *did) {
	usual := w.e.Owner
	if d.a%3 == 0 {
		usual = w.e.OtherOwner
	}
	by := w.act(before, d, usual)
	in := store.NewWhitelistRequest{Spec: catalog.Spec40G, Region: []string{"", "cn-hangzhou", "ap-southeast-1"}[d.b%3], Reason: "Backups between data centers", Ports: 1 + d.c%3}
	d.want = +1
	if _, open := before.where("whitelist_requests", func(r record) bool {
		return r.str("account_id") == by.AccountID && r.str("region") == in.Region && r.str("port_spec") == string(in.Spec) && r.str("status") == "requested"
	}); open || by.Role != lifecycle.Owner {
		d.want = -1
	}
	if d.bad(8) {
		in.Reason = "soon"
	}
	d.err = w.e.RequestWhitelist(ctx, by, in)
}

func (w *world) decide(before rows, d *did) {
	by := w.act(before, d, w.e.Reviewer)
	status := []string{"granted", "granted", "granted", "declined", "revoked"}[d.b%5]
	from := "requested"
	if status == "revoked" {
		from = "granted"
	}
	var all []record
	for r := range before.of("whitelist_requests") {
		if !d.aim || r.str("status") == from {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		d.nothing = true
		return
	}
	// By the time of asking: IDs are random.
	slices.SortStableFunc(all, func(a, b record) int {
		return cmp.Or(strings.Compare(a.str("created_at"), b.str("created_at")), strings.Compare(a.str("account_id"), b.str("account_id")), strings.Compare(a.str("region"), b.str("region")))
	})
	r := all[d.a%len(all)]
	d.want = -1
	if r.str("status") == from && (by.Role == lifecycle.Reviewer || by.Role == lifecycle.Administrator) {
		d.want = +1
	}
	var until time.Time
	if status == "granted" && d.c%3 > 0 {
		until = w.e.Now().AddDate(0, 0, 1+d.c%8)
	}
	if d.c%11 == 0 && status == "granted" {
		d.want, until = -1, w.e.Now().Add(-time.Minute)
	}
	d.err = w.e.DecideWhitelist(ctx, by, r.str("id"), status, until, "Capacity is planned")
}

func (w *world) quotas(before rows, d *did) {
	by := w.act(before, d, w.e.Reviewer)
	account := []string{w.e.Northwind, w.e.Southwind}[d.a%2]
	d.want = -1
	switch by.Role {
	case lifecycle.Reviewer, lifecycle.Administrator:
		d.want = +1
	}
	at, open := 1+d.b%7, 2+d.c%12
	if d.bad(9) {
		at = -1
	}
	d.err = w.e.SetQuotas(ctx, by, account, at, open, "Asked for by the account manager")
}

func (w *world) transfer(before rows, d *did) {
	by := w.act(before, d, w.e.Finance)
	account := []string{w.e.Northwind, w.e.Southwind}[d.a%2]
	slips, much := 12, 1
	if w.till != nil {
		slips, much = 80, []int{1, 3, 20, 60}[d.c%4]
	}
	reference := fmt.Sprintf("TT-%d", d.b%slips)
	amount := strconv.Itoa(1000 + d.c*much)
	d.want = -1
	_, twice := before.where("ledger_transactions", func(r record) bool {
		return r.str("account_id") == account && (r.str("kind") == "transfer" || r.str("kind") == "invoice_payment") && strings.EqualFold(r.str("reference"), reference)
	})
	if !twice && (by.Role == lifecycle.Finance || by.Role == lifecycle.Administrator) {
		d.want = +1
	}
	if d.bad(9) {
		amount = "-5"
	}
	if d.c%2 == 0 {
		reference = strings.ToLower(reference)
	}
	d.err = w.e.RecordTransfer(ctx, by, account, amount, reference)
	d.check = func(after rows) error { return w.renewedWithMoney(before, after, account) }
}

// renewedWithMoney: what Auto Renew could not pay was tried again when money or
// credit came, once, and what can be paid now is paid.
func (w *world) renewedWithMoney(before, after rows, account string) error {
	now := w.e.Now()
	for c := range after.of("connections") {
		was, _ := before.connection(c.str("id"))
		if c.str("account_id") != account || was.vals == nil || was.str("renew_failed_at") == "" || c.stage("stage") != lifecycle.Enabled {
			continue
		}
		months := c.int("auto_renew")
		if n := c.int("paid_months") - was.int("paid_months"); n != 0 {
			if n != months {
				return fmt.Errorf("%s was renewed for %d months, Auto Renew pays %d", c.str("id"), n, months)
			}
			continue
		}
		if c.str("renew_failed_at") != now.Format(rowTime) || !c.time("renew_at").Equal(now.Add(24*time.Hour).Truncate(time.Millisecond)) {
			return fmt.Errorf("%s was not tried again: failed at %s, next at %s", c.str("id"), c.str("renew_failed_at"), c.str("renew_at"))
		}
		if w.canRenew(after, c) {
			return fmt.Errorf("%s could be paid now and was not", c.str("id"))
		}
	}
	return nil
}

// canRenew is what the rules say about Auto Renew paying for an interface now.
func (w *world) canRenew(d rows, c record) bool {
	now, months, zone := w.e.Now(), int(c.int("auto_renew")), w.termOf(c).Zone
	until := monthsAfter(c.time("paid_from"), int(c.int("paid_months"))+months, zone)[0]
	if !until.After(now) || until.After(monthsAfter(now, 120, zone)[0]) {
		return false
	}
	_, monthly := priceOf(d, now, c.str("region"), c.str("port_spec"))
	due := monthly * int64(months)
	return canPay(d, c.str("account_id"), due, store.MethodBalance) || canPay(d, c.str("account_id"), due, store.MethodInvoice)
}

func (w *world) addPorts(before rows, d *did) {
	by := w.act(before, d, w.e.Admin)
	ap, _, kinds := w.siteOf(d.b)
	devices := []string{"no-such-device"}
	for r := range before.of("devices") {
		if r.str("access_point_id") == ap.ID {
			devices = append(devices, r.str("id"))
		}
	}
	in := store.NewPorts{Device: devices[min(d.a%len(devices)+1, len(devices)-1)], Pattern: fmt.Sprintf("X%d/0/1", d.c%30), Type: string(kinds[d.c%len(kinds)]), Panel: fmt.Sprintf("ODF %d", 20+d.c%30), First: "1"}
	if d.c%5 == 0 {
		in.Device, in.Name, in.Room, in.Cabinet = "", fmt.Sprintf("NEW-%d", d.c%3), "R2", "D-01"
	}
	if by.Role != lifecycle.Administrator {
		d.want = -1
	}
	d.value, d.err = w.e.AddPorts(ctx, by, ap.ID, in)
}

// portFor picks a port of the small sites, with aim one that fits, and the
// revision that the person saw. want is as for an interface.
func (w *world) portFor(before rows, d *did, fits func(p record) bool) (p record, by store.Actor, rev int, ok bool) {
	by = w.act(before, d, w.e.Admin)
	small := map[string]bool{}
	for i := range 5 {
		ap, _, _ := w.siteOf(i)
		small[ap.ID] = true
	}
	site := map[string]bool{}
	for r := range before.of("devices") {
		site[r.str("id")] = small[r.str("access_point_id")]
	}
	var all []record
	for r := range before.of("ports") {
		if site[r.str("device_id")] && (!d.aim || fits(r)) {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		d.nothing = true
		return
	}
	p = all[d.b%len(all)]
	rev = int(p.int("version"))
	d.want = -1
	if fits(p) && by.Role == lifecycle.Administrator && d.rev < 2 {
		d.want = +1
	}
	switch d.rev {
	case 1:
		rev = 0
	case 2:
		rev += 7
	}
	return p, by, rev, true
}

func (w *world) out(before rows, d *did) {
	p, by, rev, ok := w.portFor(before, d, func(p record) bool { return p.str("state") == "free" })
	if !ok {
		return
	}
	reason := "The laser is dead"
	if d.bad(8) {
		reason = ""
	}
	d.err = w.e.TakePortOutOfService(ctx, by, p.str("id"), rev, reason)
}

func (w *world) back(before rows, d *did) {
	p, by, rev, ok := w.portFor(before, d, func(p record) bool { return p.str("state") == "out_of_service" })
	if ok {
		d.err = w.e.PutPortBack(ctx, by, p.str("id"), rev, "The module was replaced")
	}
}

func (w *world) deletePort(before rows, d *did) {
	p, by, rev, ok := w.portFor(before, d, func(p record) bool { return p.str("connection_id") == "" && p.str("left_by") == "" })
	if !ok {
		return
	}
	typed := p.str("name")
	if d.bad(5) {
		typed = ""
	}
	d.err = w.e.DeletePort(ctx, by, p.str("id"), rev, typed, "The card is taken out")
	d.check = func(after rows) error {
		if _, there := after.where("ports", func(r record) bool { return r.str("id") == p.str("id") }); there {
			return fmt.Errorf("port %s is still there", p.str("id"))
		}
		return nil
	}
}

func (w *world) deleteDevice(before rows, d *did) {
	held := map[string]bool{}
	for p := range before.of("ports") {
		held[p.str("device_id")] = held[p.str("device_id")] || p.str("connection_id") != "" || p.str("left_by") != ""
	}
	p, by, _, ok := w.portFor(before, d, func(p record) bool { return !held[p.str("device_id")] })
	if !ok {
		return
	}
	device := before.device(p.str("device_id"))
	d.want = -1
	if !held[device.str("id")] && by.Role == lifecycle.Administrator {
		d.want = +1
	}
	typed := device.str("name")
	if d.bad(3) { // a site would be empty too soon
		typed = "device"
	}
	d.err = w.e.DeleteDevice(ctx, by, device.str("id"), 0, typed, "The rack is given up")
}

// lettersOut are the interfaces with a letter in force.
func lettersOut(before rows) map[string]bool {
	out := map[string]bool{}
	for l := range before.of("loas") {
		if l.str("status") == "issued" {
			out[l.str("connection_id")] = true
		}
	}
	return out
}

func (w *world) demarcation(before rows, d *did) {
	out := lettersOut(before)
	p, by, rev, ok := w.portFor(before, d, func(p record) bool { return !out[p.str("connection_id")] })
	if !ok {
		return
	}
	in := store.DemarcationEdit{Room: p.str("room"), Cabinet: p.str("cabinet"), Panel: p.str("panel"), Position: strconv.Itoa(1 + d.c%60), Connector: "LC", Polish: "UPC", Fibers: "duplex", Side: "front", Reason: "Moved to another panel"}
	switch d.c % 4 { // where others are too, and a pair shares more than before
	case 0:
		in.Room, in.Cabinet = "R3", "E-01"
	case 1, 2:
		in.Room, in.Cabinet, in.Panel = "R1", fmt.Sprintf("C-%02d", 1+d.c/4%3), "ODF 5"
	}
	d.want = min(d.want, 0) // the position may be somebody else's
	if d.bad(9) {
		in.Side = "below"
	}
	d.err = w.e.EditDemarcation(ctx, by, p.str("id"), rev, in)
}

func (w *world) editDevice(before rows, d *did) {
	out, named := lettersOut(before), map[string]bool{}
	for p := range before.of("ports") {
		named[p.str("device_id")] = named[p.str("device_id")] || out[p.str("connection_id")]
	}
	p, by, _, ok := w.portFor(before, d, func(p record) bool { return !named[p.str("device_id")] })
	if !ok {
		return
	}
	device := before.device(p.str("device_id"))
	in := store.DeviceEdit{Name: device.str("name"), Room: []string{"R1", "R2"}[d.c%2], Cabinet: fmt.Sprintf("C-%02d", 1+d.c%5), Reason: "The rack is moved"}
	if d.c%3 == 0 {
		in.Name = fmt.Sprintf("RENAMED-%d", d.c%4)
	}
	d.want = 0 // the place may be taken, the name too
	if by.Role != lifecycle.Administrator || (named[device.str("id")] && (in.Name != device.str("name") || in.Room != device.str("room") || in.Cabinet != device.str("cabinet"))) {
		d.want = -1
	}
	d.err = w.e.EditDevice(ctx, by, device.str("id"), 0, in)
}

func (w *world) panel(before rows, d *did) {
	p, by, _, ok := w.portFor(before, d, func(record) bool { return true })
	if !ok {
		return
	}
	d.want = 0
	if by.Role != lifecycle.Administrator {
		d.want = -1
	}
	place := store.PanelPlace{AccessPoint: before.device(p.str("device_id")).str("access_point_id"), Room: p.str("room"), Cabinet: p.str("cabinet"), Panel: p.str("panel")}
	d.err = w.e.SetPanelRule(ctx, by, place, 0, []string{"N", "", "N+N", "{"}[d.c%4])
}

// importFile takes the inventory out, changes the file, or not, and takes it in
// again.
func (w *world) importFile(before rows, d *did) {
	by := w.act(before, d, w.e.Admin)
	d.known = false // not a form with a key
	var file bytes.Buffer
	if err := w.e.ExportInventory(ctx, w.e.Admin, &file); err != nil {
		d.err = err
		return
	}
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file.Bytes(), []byte("\ufeff")))).ReadAll()
	if err != nil {
		d.err = err
		return
	}
	col := map[string]int{}
	for i, name := range lines[0] {
		col[name] = i
	}
	// A port of the small sites: they come last.
	n := -1
	for i := range lines {
		if at := (i + d.b) % len(lines); lines[at][0] == "port" && strings.HasPrefix(lines[at][col["device"]], "small-") {
			n = at
			break
		}
	}
	if n < 0 {
		d.nothing = true
		return
	}
	mode := inventory.AddAndChange
	switch port := lines[n]; d.c % 6 {
	case 1, 2:
		mode = inventory.ReplaceAll
		lines = slices.Delete(lines, n, n+1)
	case 3:
		if i := col["out_of_service"]; port[i] == "" {
			port[i] = "The laser is dead, \"again\""
		} else {
			port[i] = ""
		}
	case 4:
		port[col["position"]] = strconv.Itoa(61 + d.b%40)
	case 5:
		port[col["cabinet"]] = "F-0" + strconv.Itoa(d.b%4)
	}
	file.Reset()
	out := csv.NewWriter(&file)
	if err := out.WriteAll(lines); err != nil {
		d.err = err
		return
	}
	plan, err := w.e.PlanInventory(ctx, by, mode, bytes.NewReader(file.Bytes()), nil)
	if err != nil {
		d.err = err
		return
	}
	switch {
	case by.Role != lifecycle.Administrator || plan.Total.Refused > 0:
		d.want = -1
	case d.c%6 == 0:
		d.want = +1
	}
	_, d.err = w.e.ApplyInventory(ctx, by, mode, bytes.NewReader(file.Bytes()), plan.Hash, nil)
	d.check = func(after rows) error {
		var again bytes.Buffer
		if err := w.e.ExportInventory(ctx, w.e.Admin, &again); err != nil {
			return err
		}
		got, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(again.Bytes(), []byte("\ufeff")))).ReadAll()
		if err != nil {
			return err
		}
		if !slices.EqualFunc(got, lines, slices.Equal) {
			return fmt.Errorf("what went in does not come out: %d lines, %d lines", len(lines), len(got))
		}
		if d.c%6 == 0 {
			if diff := difference(before, after); diff != "" {
				return fmt.Errorf("the same file changed something: %s", diff)
			}
		}
		return nil
	}
}

func (w *world) site(before rows, d *did) {
	by := w.act(before, d, w.e.Admin)
	ap, _, _ := w.siteOf(d.b)
	in := store.AccessPointEditOf(ap)
	in.Status = []string{"open", "hot", "recommended", "full", "open"}[d.c%5]
	// Names and addresses that two access points may come to share.
	if d.c%7 == 0 {
		in.FacilityName = []string{"Data Port One", "data port one", "House of Lines"}[d.c/7%3]
		in.Reason = []string{"The operator was bought", ""}[d.b%2]
	}
	if by.Role != lifecycle.Administrator {
		d.want = -1
	}
	d.err = w.e.UpdateAccessPoint(ctx, by, ap.ID, 0, in)
}

func (w *world) readMessages(before rows, d *did) {
	by := w.act(before, d, w.people[d.a%len(w.people)])
	d.known = false
	d.want = +1
	d.err = w.e.ReadMessages(ctx, by.UserID, 1+d.b%40)
}

func (w *world) due(before rows, d *did) {
	d.want = +1
	now := w.e.Now().Format(rowTime)
	// A renewal that was overdue may end so soon that the next one is due at
	// once, and each month has an invoice of its own; everything else is done
	// the first time.
	_, more := before.where("connections", func(c record) bool { return c.int("auto_renew") != 0 })
	if !more {
		_, more = before.where("orders", func(o record) bool { return o.str("method") == store.MethodInvoice })
	}
	for again := 0; ; again++ {
		n, err := w.e.RunDue(ctx)
		if err != nil || (n != 0 && again > 0 && !more) || again > 200 {
			d.err = fmt.Errorf("run %d times at once, it did %d, %w", again+1, n, err)
			return
		}
		if n == 0 {
			break
		}
	}
	d.check = func(after rows) error {
		if err := w.feesDone(after); err != nil {
			return err
		}
		for c := range after.of("connections") {
			if c.stage("stage") == lifecycle.PendingPayment && c.str("due_at") <= now {
				return fmt.Errorf("%s is unpaid since %s and still open", c.str("id"), c.str("created_at"))
			}
		}
		for l := range after.of("loas") {
			if c, _ := after.connection(l.str("connection_id")); l.str("status") == "issued" && letter.Over(l.time("expires_at")).Format(rowTime) <= now && c.stage("stage") == lifecycle.ApprovedLOA {
				return fmt.Errorf("%s expired at %s and is still in force", l.str("no"), l.str("expires_at"))
			}
		}
		for e := range after.of("field_engineers") {
			if e.get("id_sealed") != nil && e.str("erase_after") <= now {
				return fmt.Errorf("an ID number of %s should be erased since %s", e.str("connection_id"), e.str("erase_after"))
			}
		}
		return nil
	}
}
