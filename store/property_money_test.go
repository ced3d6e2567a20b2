package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/store/payment"
	"demarc/store/pricing"
	"demarc/store/storetest"
	"demarc/web/pay"
	"demarc/web/pay/paytest"
)

// The second profile of the random sequences: few kinds of steps, all about
// money, in worlds that begin where calendars are difficult and in which years
// pass. What must be true is worked out from the rows here, with a calendar of
// its own.

// moneyMatters is fees, payments, invoices, cards and time.
var moneyMatters = profile{length: 100, least: 24, limit: 6 * time.Second, parallel: 6, restarts: 1, clocks: 6, bursts: 3, ticks: true,
	ops: []opWeight{
		{"build", 5, ""},
		{"finish", 3, lifecycle.CompleteCabling},
		{"resource fee", 10, lifecycle.PayResourceFee},
		{"renew now", 16, lifecycle.Renew},
		{"order renewal", 4, lifecycle.Renew},
		{"pay renewal", 5, ""},
		{"auto renew", 7, lifecycle.SwitchAutoRenew},
		{"free", 2, lifecycle.Free},
		{"cancel", 2, lifecycle.Cancel},
		{"terminate", 4, lifecycle.Terminate},
		{"transfer", 9, ""},
		{"due", 6, ""},
		{"rules", 2, ""},
		{"prices", 2, ""},
		{"limit", 3, ""},
		{"pay invoice", 8, ""},
		{"invoice from balance", 8, ""},
		{"card", 9, ""},
		{"card pays", 9, ""},
		{"webhook", 4, ""},
		{"card work", 3, ""},
	},
	world: newMoneyWorld, clock: (*world).moneyClock, unsound: unsoundMoney, settle: (*world).settleCards}

func TestRandomMoneyAddsUp(t *testing.T) { moneyMatters.check(t) }

// moneySites are in zones ahead of UTC and behind, by half hours, and with
// summer time on both sides of the earth.
var moneySites = []string{"Hangzhou-Linan-A", "India-Mumbai-A", "UK-London-A", "US-Ashburn-A", "USA-San Jose-A", "Australia-Sydney-A", "Germany-Frankfurt-A"}

// moneyStarts are when worlds begin, give or take four days: ends of months and
// years, February with and without a leap day, and both turns of the clock in
// Europe, America and Australia.
var moneyStarts = []string{
	"2027-01-28", "2027-02-26", "2027-03-12", "2027-03-27", "2027-04-02", "2027-08-29", "2027-10-01", "2027-10-29", "2027-11-05", "2027-12-29",
	"2028-01-28", "2028-02-26", "2028-12-29", "2032-02-26", "2100-02-25",
}

// till is the card desk of a world, over a gateway in memory that can lose its
// answers.
type till struct {
	gw   *lossy
	desk *pay.Desk
	mu   sync.Mutex
	late []payment.Event // said, and not heard yet or to be heard again
}

// lossy is a gateway that does what it is asked, and now and then nobody hears
// that it did: the program, or the line, broke in between.
type lossy struct {
	*paytest.Gateway
	mu   sync.Mutex
	lose bool
}

func (l *lossy) losing(lose bool) { l.mu.Lock(); defer l.mu.Unlock(); l.lose = lose }

func (l *lossy) lost() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lose {
		return errors.New("the answer of the gateway was lost")
	}
	return nil
}

func (l *lossy) Checkout(ctx context.Context, c payment.Checkout) (payment.Session, error) {
	s, err := l.Gateway.Checkout(ctx, c)
	if lost := l.lost(); err == nil && lost != nil {
		return payment.Session{}, lost
	}
	return s, err
}

func (l *lossy) Refund(ctx context.Context, r payment.Refund) (payment.Event, error) {
	e, err := l.Gateway.Refund(ctx, r)
	if lost := l.lost(); err == nil && lost != nil {
		return payment.Event{}, lost
	}
	return e, err
}

func newMoneyWorld(t *testing.T, seed uint64) (*world, error) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	w := &world{e: storetest.New(t), stage: map[string]lifecycle.Stage{}, till: &till{gw: &lossy{Gateway: paytest.New()}},
		only: []string{"accounts", "users", "connections", "orders", "order_lines", "ledger_transactions", "ledger_entries", "documents", "invoices", "invoice_orders", "invoice_payments",
			"payments", "payment_events", "events", "messages", "settings", "price_books", "price_lines", "submissions", "cable_labels", "sequences"}}
	e := w.e
	w.people = []store.Actor{e.Owner, e.OtherOwner, e.Reviewer, e.Technician, e.Finance, e.Admin, e.OtherOwner}
	var aps []catalog.AccessPoint
	var devices []catalog.Device
	var ports []catalog.Port
	for _, name := range moneySites {
		ap, _ := e.Catalogue().AccessPoint(e.APID(t, name))
		aps = append(aps, catalog.DemoAddress(ap))
		d := catalog.Device{ID: "money-" + ap.ID, AccessPoint: ap.ID, Name: "MONEY-1", Room: "R9", Cabinet: "C-01"}
		devices = append(devices, d)
		for n := range 12 {
			kind := catalog.Type10GBaseLR
			ports = append(ports, catalog.Port{Device: d.ID, Number: n + 1, ID: fmt.Sprintf("%s-%d", d.ID, n+1), Name: fmt.Sprintf("P9/0/%d", n+1), Type: kind,
				Room: d.Room, Cabinet: d.Cabinet, Panel: "ODF 9", Position: strconv.Itoa(n + 1), Connector: kind.Info().Connector})
		}
	}
	if err := e.LoadInventory(ctx, e.Admin, aps, devices, ports); err != nil {
		return nil, err
	}
	start, err := time.Parse(time.DateOnly, moneyStarts[r.IntN(len(moneyStarts))])
	if err != nil {
		return nil, err
	}
	e.Clock.Set(start.Add(time.Duration(r.Int64N(int64(4 * 24 * time.Hour)))).Truncate(time.Millisecond))
	for _, account := range []string{e.Northwind, e.Southwind} {
		if err := e.SetQuotas(ctx, e.Admin, account, 100, 100, "Money is short here, ports are not"); err != nil {
			return nil, err
		}
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "40,000.00", "opening balance"); err != nil {
		return nil, err
	}
	if r.IntN(3) > 0 {
		if err := e.SetFeeRules(ctx, e.Finance, 0, fees.Rules{Installation: fees.UntilEnabled, UnusedMonths: true, LateCreditPercent: 10, LateCreditCap: 50, AutoRenewDays: 1 + r.IntN(14)}); err != nil {
			return nil, err
		}
	}
	// Three interfaces to begin with: one is paid for, one waits for that, and
	// one for its cable.
	for i, months := range []int{1 + r.IntN(3), 0, -1} {
		stage := lifecycle.WaitingForPayment
		if months < 0 {
			stage = lifecycle.WaitingForCabling
		}
		ap, sp := w.moneySite(r.IntN(100))
		c := e.AtOf(t, e.OtherOwner, stage, func(in *store.NewConnection) { in.Region, in.SP, in.AccessPoint = ap.Region, sp, ap.ID })
		if months > 0 {
			if _, err := e.PayResourceFee(ctx, e.OtherOwner, c.ID, 0, store.NewResourceFee{Months: months, AutoRenew: r.IntN(2) == 0, Confirmed: true, Method: store.MethodBalance}); err != nil {
				return nil, err
			}
		}
		w.ids, w.stage[c.ID] = append(w.ids, c.ID), e.Get(t, c.ID).Stage
		e.Clock.Advance(time.Duration(i+1) * time.Minute)
	}
	if r.IntN(2) == 0 {
		if err := e.SetInvoiceLimit(ctx, e.Finance, e.Southwind, "6,000.00", "Framework contract"); err != nil {
			return nil, err
		}
	}
	w.openTill()
	return w, w.look(unsoundMoney)
}

// openTill puts the desk over the store that is open now.
func (w *world) openTill() {
	w.till.desk = pay.NewDesk(w.e.Store, w.till.gw, "https://console.example", slog.New(slog.DiscardHandler))
}

// moneyClock moves to where something may go wrong: the very moment at which
// something is due, or a millisecond beside it, the end of a month, a turn of
// the clock; or simply on.
func (w *world) moneyClock(s step) time.Duration {
	now := w.e.Clock.Now()
	day := 24 * time.Hour
	var to time.Time
	switch s.a % 12 {
	case 0, 1:
		return time.Duration(1+s.b%600) * time.Minute
	case 2:
		return time.Duration(1+s.b%4) * day
	case 3:
		return time.Duration(27+s.b%6) * day
	case 4:
		zone := w.someZone(s.b)
		local := now.In(zone)
		to = time.Date(local.Year(), local.Month()+1, 1, 0, 0, 0, 0, zone).Add(time.Duration(s.b%3-1) * time.Millisecond)
	case 5: // the next turn of the clock in some zone, or half a year
		zone := w.someZone(s.b)
		_, offset := now.In(zone).Zone()
		for to = now; ; to = to.Add(time.Hour) {
			if _, then := to.In(zone).Zone(); then != offset || to.Sub(now) > 183*day {
				break
			}
		}
	default:
		var soon []time.Time
		for c := range w.now.of("connections") {
			if c.stage("stage") != lifecycle.Enabled {
				continue
			}
			through := c.time("paid_through")
			for _, n := range noticeMoments(through, w.termOf(c).Zone) {
				soon = append(soon, n.at)
			}
			soon = append(soon, c.time("renew_at"))
		}
		for o := range w.now.of("orders") {
			if o.str("state") == "unpaid" {
				soon = append(soon, o.time("expires_at"))
			}
		}
		for i := range w.now.of("invoices") {
			soon = append(soon, i.time("due_at"))
		}
		soon = slices.DeleteFunc(soon, func(t time.Time) bool { return !t.After(now.Add(time.Millisecond)) || t.Sub(now) > 70*day })
		slices.SortFunc(soon, time.Time.Compare)
		if len(soon) == 0 {
			return 9 * day
		}
		to = soon[s.b%min(len(soon), 6)].Add(time.Duration(s.b%3-1) * time.Millisecond)
	}
	return max(to.Sub(now), time.Millisecond)
}

func (w *world) someZone(n int) *time.Location {
	ap, _ := w.moneySite(n)
	return w.e.Catalogue().Zone(ap.Region)
}

func (w *world) moneySite(n int) (catalog.AccessPoint, catalog.SP) {
	name := moneySites[n%len(moneySites)]
	for _, a := range w.e.Catalogue().AccessPoints() {
		if a.Name == name {
			if strings.HasPrefix(a.Region, "cn-") {
				return a, catalog.ChinaTelecom
			}
			return a, catalog.OtherSP
		}
	}
	return catalog.AccessPoint{}, ""
}

// build orders an interface and takes it some of the way, as far as the money
// reaches. Each part is a request of its own.
func (w *world) build(before rows, d *did) {
	d.key = 0
	by := w.act(before, d, []store.Actor{w.e.OtherOwner, w.e.OtherOwner, w.e.OtherOwner, w.e.Owner}[d.a%4])
	n := 0
	request := func(by store.Actor) store.Actor {
		n++
		by.RequestID = fmt.Sprintf("%s/%d", d.request, n)
		return by
	}
	ap, sp := w.moneySite(d.b)
	no, err := w.e.PlaceOrder(ctx, request(by), store.NewConnection{Region: ap.Region, SP: sp, AccessPoint: ap.ID, Spec: catalog.Spec10G, PortType: catalog.Type10GBaseLR, Redundant: store.NotRedundant, Terms: true})
	if err != nil {
		d.err = err
		return
	}
	if d.c%9 == 0 {
		return // somebody may pay by card
	}
	o, err := w.e.Store.Order(ctx, by, no)
	if err == nil {
		err = w.e.PayOrder(ctx, request(by), no, methodOf(d))
	}
	far := []int{0, 2, 3, 3, 4, 4, 4}[d.c%7]
	for _, action := range []lifecycle.Action{lifecycle.ApplyForLOA, lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling}[:far] {
		who := by
		switch action {
		case lifecycle.Approve:
			who = w.e.Reviewer
		case lifecycle.CompleteCabling:
			who = w.e.Technician
		}
		if err == nil {
			err = w.e.Try(o.ConnectionID, action, request(who))
		}
	}
	if store.KindOf(err) == 0 {
		d.err = err
	}
}

// finish completes a cabling; when it is late the rules may credit something.
func (w *world) finish(before rows, d *did) {
	w.complete(before, d)
	now := w.e.Now()
	d.check = func(after rows) error {
		more, _ := added(before, after, "events")
		for _, e := range more {
			c, ok := before.connection(e.str("subject"))
			if !ok || e.str("action") != string(lifecycle.CompleteCabling) {
				continue
			}
			is, _ := after.connection(c.str("id"))
			rules, credit := rulesOf(before), is.int("late_credit")
			percent := int64(rules.LateCreditPercent)
			switch late := !c.time("due_at").IsZero() && now.After(c.time("due_at")); {
			case !late || percent == 0:
				if credit != 0 {
					return fmt.Errorf("%d was credited for nothing", credit)
				}
			case credit == 0 || credit > c.int("monthly_fee")*int64(rules.LateCreditCap)/100 || (credit*100%(c.int("monthly_fee")*percent) != 0 && credit != c.int("monthly_fee")*int64(rules.LateCreditCap)/100):
				return fmt.Errorf("%d of %d was credited by %+v, due at %v, done at %v", credit, c.int("monthly_fee"), rules, c.time("due_at"), now)
			}
		}
		return nil
	}
}

func (w *world) rules(before rows, d *did) {
	by := w.act(before, d, w.e.Finance)
	rules := fees.Rules{Installation: fees.InstallationRefunds()[d.a%3], UnusedMonths: d.b%3 > 0, LateCreditPercent: []int{0, 10, 25}[d.c%3], LateCreditCap: []int{100, 50}[d.c%2], AutoRenewDays: 1 + d.b%14}
	var now struct{ Version int }
	if s, ok := before.where("settings", func(r record) bool { return r.str("name") == "fee_rules" }); ok {
		d.err = json.Unmarshal([]byte(s.str("value")), &now)
	}
	d.want = +1
	if by.Role != lifecycle.Finance && by.Role != lifecycle.Administrator {
		d.want = -1
	}
	if d.rev == 2 {
		now.Version, d.want = now.Version+3, -1
	}
	if d.bad(9) {
		rules.AutoRenewDays = 15
	}
	d.err = errors.Join(d.err, w.e.SetFeeRules(ctx, by, now.Version, rules))
}

// rulesOf are the rules about fees in force.
func rulesOf(d rows) fees.Rules {
	rules := fees.Default()
	if s, ok := d.where("settings", func(r record) bool { return r.str("name") == "fee_rules" }); ok {
		if err := json.Unmarshal([]byte(s.str("value")), &rules); err != nil {
			panic(err)
		}
	}
	return rules
}

// prices schedules a price list that begins soon.
func (w *world) prices(before rows, d *did) {
	by := w.act(before, d, w.e.Finance)
	book, err := w.e.PricesNow()
	if err != nil {
		d.err = err
		return
	}
	in := store.TypedPrices(book)
	in.From = w.e.FirstPriceDay().AddDate(0, 0, d.b%20).Format(time.DateOnly)
	for i, g := range pricing.Groups() {
		in.Prices[pricing.Field(pricing.Fees()[0], g, pricing.Spec10G)] = strconv.Itoa(900 + (d.c+i)%700)
		in.Prices[pricing.Field(pricing.Fees()[1], g, pricing.Spec10G)] = fmt.Sprintf("%d.%02d", 300+(d.c*7+i)%900, d.b%100)
	}
	if by.Role != lifecycle.Finance && by.Role != lifecycle.Administrator {
		d.want = -1
	}
	if d.bad(9) {
		in.Currency = "gold"
	}
	d.value, d.err = w.e.SchedulePrices(ctx, by, in)
}

// priceOf are the fees in force for a specification in a region.
func priceOf(d rows, now time.Time, region, spec string) (installation, monthly int64) {
	at := now.Format(rowTime)
	version, since := "", ""
	for b := range d.of("price_books") {
		if s := b.str("starts_at"); s <= at && s > since {
			version, since = b.str("version"), s
		}
	}
	group := "outside"
	if strings.HasPrefix(region, "cn-") && region != "cn-hongkong" {
		group = "mainland"
	}
	l, _ := d.where("price_lines", func(l record) bool {
		return l.str("version") == version && l.str("region_group") == group && l.str("port_spec") == spec
	})
	return l.int("installation"), l.int("monthly")
}

func (w *world) limit(before rows, d *did) {
	by := w.act(before, d, w.e.Finance)
	account := w.e.Southwind
	d.want = +1
	if by.Role != lifecycle.Finance && by.Role != lifecycle.Administrator {
		d.want = -1
	}
	amount := []string{"0", "500.00", "6,000.00", "6,000.00", "40,000.00"}[d.b%5]
	if d.bad(9) {
		amount = "-1"
	}
	d.err = w.e.SetInvoiceLimit(ctx, by, account, amount, "Agreed on the phone")
	d.check = func(after rows) error { return w.renewedWithMoney(before, after, account) }
}

// renewNow orders a renewal and pays it, as most people do.
func (w *world) renewNow(before rows, d *did) {
	d.key = 0
	w.orderRenewal(before, d)
	if d.nothing || d.err != nil {
		return
	}
	o, err := w.e.Store.Order(ctx, d.by, d.value)
	if err != nil {
		d.err = err
		return
	}
	by := d.by
	by.RequestID += "/2"
	covered := canPay(before, o.AccountID, o.Amount.Minor, methodOf(d))
	paid := w.e.PayOrder(ctx, by, o.No, methodOf(d))
	if paid != nil && store.KindOf(paid) == 0 {
		d.err = paid
	}
	d.check = func(after rows) error {
		was, _ := before.connection(o.ConnectionID)
		is, _ := after.connection(o.ConnectionID)
		got, _ := after.where("orders", func(r record) bool { return r.str("no") == o.No })
		if covered != (paid == nil) || (got.str("state") == "paid") != covered || got.int("amount") != got.int("unit_amount")*got.int("months") {
			return fmt.Errorf("paying %d by %s: %v %v, the order is %s", o.Amount.Minor, methodOf(d), paid, store.FieldsOf(paid), got.str("state"))
		}
		if !covered {
			return nil
		}
		if err := charged(before, after, o.AccountID, got.int("amount"), methodOf(d)); err != nil {
			return err
		}
		if ends := monthsAfter(was.time("paid_from"), int(was.int("paid_months")+got.int("months")), w.termOf(was).Zone); !slices.ContainsFunc(ends, is.time("paid_through").Equal) || is.str("paid_through") != got.str("period_to") {
			return fmt.Errorf("paid until %s, %d months more make %v", was.str("paid_through"), got.int("months"), ends)
		}
		return nil
	}
}

// facts counts what came about, for the report.
func (w *world) facts(d rows) map[string]int {
	out := map[string]int{}
	for o := range d.of("orders") {
		if o.str("paid_at") != "" {
			out[o.str("kind")+" paid by "+o.str("method")]++
		}
		if o.int("refunded") > 0 {
			out[o.str("kind")+" refunded"]++
		}
		if o.str("created_by") == "system" && o.str("paid_at") != "" {
			out["Auto Renew by "+o.str("method")]++
		}
	}
	for p := range d.of("invoice_payments") {
		out["invoice payments"]++
		if p.int("surplus") > 0 {
			out["invoice payments with something left"]++
		}
		if p.str("method") == store.PaidFromBalance {
			out["invoice payments from the balance"]++
		}
	}
	for p := range d.of("payments") {
		out["card "+p.str("state")]++
	}
	for l := range d.of("order_lines") {
		if l.str("kind") == "credit" {
			out["credits for lateness"]++
		}
	}
	for m := range d.of("messages") {
		if t := m.str("title"); dueIn.MatchString(t) || t == "Resource fee overdue" || t == "Interface locked" || t == "Auto Renew could not pay" {
			out["told: "+t]++
		}
	}
	return out
}

// payInvoice records a transfer for an invoice: less than is open, all of it, or
// more.
func (w *world) payInvoice(before rows, d *did) {
	i, ok := w.someInvoice(before, d)
	if !ok {
		return
	}
	by := w.act(before, d, w.e.Finance)
	no, account, open := i.str("no"), i.str("account_id"), openOf(before, i)
	reference := fmt.Sprintf("%s-%d", []string{"IP", "IP", "IP", "TT"}[d.c%4], d.b%60)
	twice := false
	for p := range before.of("invoice_payments") {
		twice = twice || p.str("invoice_no") == no && strings.EqualFold(p.str("reference"), reference)
	}
	for t := range before.of("ledger_transactions") {
		twice = twice || t.str("kind") == "transfer" && t.str("account_id") == account && strings.EqualFold(t.str("reference"), reference)
	}
	sum := []int64{open, 1 + int64(d.c*101)%max(open, 1), open + int64(d.c), open, 70_000}[d.b%5]
	d.want = -1
	if open > 0 && sum > 0 && !twice && (by.Role == lifecycle.Finance || by.Role == lifecycle.Administrator) {
		d.want = +1
	}
	amount := fmt.Sprintf("%d.%02d", sum/100, sum%100)
	if d.bad(13) {
		amount = "much"
	}
	d.err = w.e.RecordInvoicePayment(ctx, by, account, no, amount, reference)
	d.check = func(after rows) error {
		part := min(sum, open)
		is, _ := after.where("invoices", func(r record) bool { return r.str("no") == no })
		if got := is.int("received") - i.int("received"); got != part || (is.str("paid_at") != "") != (sum >= open) {
			return fmt.Errorf("%d of %d open: %d is booked, paid at %q", sum, open, got, is.str("paid_at"))
		}
		books, _ := firstPosting(before, after)
		if books["cash"] != sum || books["receivable:"+account] != -part || books["balance:"+account] != part-sum {
			return fmt.Errorf("%d for %d open was posted as %v", sum, open, books)
		}
		return w.renewedWithMoney(before, after, account)
	}
}

// someInvoice is an invoice for the step; with aim one that is open.
func (w *world) someInvoice(before rows, d *did) (record, bool) {
	var all []record
	for i := range before.of("invoices") {
		if !d.aim || i.str("paid_at") == "" {
			all = append(all, i)
		}
	}
	if d.nothing = len(all) == 0; d.nothing {
		return record{}, false
	}
	return all[d.a%len(all)], true
}

// openOf is what is to be paid of an invoice, by its payments.
func openOf(d rows, invoice record) int64 {
	open := invoice.int("amount")
	for p := range d.of("invoice_payments") {
		if p.str("invoice_no") == invoice.str("no") {
			open -= p.int("amount")
		}
	}
	return open
}

// firstPosting is the first ledger transaction that a step made, with its amounts
// by book: Auto Renew may have made others after it.
func firstPosting(before, after rows) (books map[string]int64, head record) {
	more, _ := added(before, after, "ledger_transactions")
	return posted(after)[more[0].str("id")], more[0]
}

// invoiceFromBalance is a customer who pays an invoice from the balance: less than
// is open, all of it, all there is, or too much of the one or the other.
func (w *world) invoiceFromBalance(before rows, d *did) {
	i, ok := w.someInvoice(before, d)
	if !ok {
		return
	}
	no, account, open := i.str("no"), i.str("account_id"), openOf(before, i)
	by := w.act(before, d, w.ownerOf(account))
	balance := before.account(account).int("balance_minor")
	sum := []int64{open, open, min(open, balance), 1 + int64(d.c*997)%max(open, 1), open + 1, balance + 1, balance}[d.b%7]
	seen := int(i.int("received")) + 1
	switch d.rev {
	case 1:
		seen = 0
	case 2:
		seen--
		if seen == 0 {
			seen = 99
		}
	}
	d.want = -1
	if by.Role == lifecycle.Owner && by.AccountID == account && sum > 0 && sum <= open && sum <= balance && (seen == 0 || int64(seen) == i.int("received")+1) {
		d.want = +1
	}
	amount := fmt.Sprintf("%d.%02d", sum/100, sum%100)
	if d.bad(13) {
		amount = "the rest"
	}
	d.err = w.e.PayInvoice(ctx, by, no, seen, amount)
	d.check = func(after rows) error {
		is, _ := after.where("invoices", func(r record) bool { return r.str("no") == no })
		if got := is.int("received") - i.int("received"); got != sum || (is.str("paid_at") != "") != (sum == open) {
			return fmt.Errorf("%d of %d open: %d is booked, paid at %q", sum, open, got, is.str("paid_at"))
		}
		books, head := firstPosting(before, after)
		if len(books) != 2 || books["balance:"+account] != sum || books["receivable:"+account] != -sum || head.str("kind") != "invoice_payment" || head.str("reference") != no {
			return fmt.Errorf("%d for %d open was posted as %v, %s of %s", sum, open, books, head.str("kind"), head.str("reference"))
		}
		more, _ := added(before, after, "invoice_payments")
		if len(more) != 1 || more[0].str("method") != store.PaidFromBalance || more[0].str("transaction_id") != head.str("id") || more[0].str("recorded_by") != by.UserID {
			return fmt.Errorf("the payment of %s is kept as %v", no, more)
		}
		told, _ := added(before, after, "messages")
		if !slices.ContainsFunc(told, func(m record) bool { return m.str("user_id") == by.UserID && m.str("subject") == "invoice:"+no }) {
			return fmt.Errorf("nobody was told of %s", no)
		}
		return w.renewedWithMoney(before, after, account)
	}
}

// card begins to pay some order by card; sometimes the gateway does not answer,
// or its answer is lost.
func (w *world) card(before rows, d *did) {
	d.key = 0
	no, account := w.orderFor(before, d)
	if no == "" {
		d.nothing = d.err == nil
		return
	}
	by := w.act(before, d, w.ownerOf(account))
	var err error
	w.trouble(d, func() { err = w.till.desk.Start(ctx, by, no) })
	if store.KindOf(err) == 0 {
		d.err = err // else somebody pays another way, or tries again
	}
	for _, p := range w.till.gw.Pages(no) {
		if d.a%2 == 0 || err != nil {
			break // others pay at once, and it is heard; perhaps again later
		}
		if e, ok := w.till.gw.Pay(p.Session.ID); ok {
			d.err = errors.Join(d.err, w.till.desk.Hear(ctx, paytest.Body(e), paytest.Signature))
			w.till.mu.Lock()
			w.till.late = append(w.till.late, e)
			w.till.mu.Unlock()
		}
	}
}

// orderFor is an order to pay by card: one that is open, or a new one for an
// interface that needs it.
func (w *world) orderFor(before rows, d *did) (no, account string) {
	kind := d.b % 3
	if kind < 2 {
		c, ok := w.pick(before, d, func(c record) bool {
			return c.stage("stage") == []lifecycle.Stage{lifecycle.WaitingForPayment, lifecycle.Enabled}[kind]
		})
		if !ok {
			return "", ""
		}
		by := w.ownerOf(c.str("account_id"))
		by.RequestID = d.request + "/order"
		var err error
		if kind == 0 {
			no, err = w.e.OrderResourceFee(ctx, by, c.str("id"), 0, store.NewResourceFee{Months: 1 + d.c%3, Confirmed: true, AutoRenew: d.c%2 == 0})
		} else {
			no, err = w.e.OrderRenewal(ctx, by, c.str("id"), 0, 1+d.c%3, d.c%2 == 0)
		}
		if err != nil && store.KindOf(err) == 0 {
			d.err = err
		}
		d.nothing = false
		return no, c.str("account_id")
	}
	var all []record
	for o := range before.of("orders") {
		if !d.aim || o.str("state") == "unpaid" {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		return "", ""
	}
	slices.SortFunc(all, func(a, b record) int { return strings.Compare(a.str("no"), b.str("no")) })
	o := all[d.a%len(all)]
	return o.str("no"), o.str("account_id")
}

// trouble does something while the gateway may be away or unheard.
func (w *world) trouble(d *did, f func()) {
	w.till.gw.Down(d.c%7 == 0)
	w.till.gw.losing(d.c%5 == 0)
	f()
	w.till.gw.Down(false)
	w.till.gw.losing(false)
}

// cardPays is what happens on the gateway's pages: a card is taken or declined,
// or the page ends. What it says of it is heard, now or later, or lost.
func (w *world) cardPays(before rows, d *did) {
	d.key = 0
	d.by = store.Actor{Role: lifecycle.System, Name: "the gateway"}
	var pages []paytest.Page
	for o := range before.of("orders") {
		for _, p := range w.till.gw.Pages(o.str("no")) {
			// Nobody is on a page whose address was lost on the way.
			if _, known := before.where("payments", func(r record) bool { return r.str("session_id") == p.Session.ID }); known && p.State == "open" {
				pages = append(pages, p)
			}
		}
	}
	if len(pages) == 0 {
		d.nothing = true
		return
	}
	slices.SortFunc(pages, func(a, b paytest.Page) int { return strings.Compare(a.OrderNo+a.Session.ID, b.OrderNo+b.Session.ID) })
	p := pages[d.a%len(pages)]
	var e payment.Event
	switch d.b % 6 {
	case 0:
		e = w.till.gw.Decline(p.Session.ID)
	case 1:
		e = w.till.gw.Expire(p.Session.ID)
	default:
		var ok bool
		if e, ok = w.till.gw.Pay(p.Session.ID); !ok {
			d.nothing = true // somebody else was quicker
			return
		}
	}
	if d.c%4 > 0 { // said again later, or only then; else lost for good
		w.till.mu.Lock()
		w.till.late = append(w.till.late, e)
		w.till.mu.Unlock()
	}
	if d.c%4 > 1 {
		d.err = w.till.desk.Hear(ctx, paytest.Body(e), paytest.Signature)
	}
}

// webhook is the gateway saying something late, or again.
func (w *world) webhook(_ rows, d *did) {
	d.key = 0
	d.by = store.Actor{Role: lifecycle.System, Name: "the gateway"}
	w.till.mu.Lock()
	n := len(w.till.late)
	var e payment.Event
	if n > 0 {
		e = w.till.late[d.a%n]
	}
	w.till.mu.Unlock()
	if d.nothing = n == 0; !d.nothing {
		d.err = w.till.desk.Hear(ctx, paytest.Body(e), paytest.Signature)
	}
}

// cardWork does what is left undone at the gateway.
func (w *world) cardWork(_ rows, d *did) {
	d.key = 0
	d.by = store.Actor{Role: lifecycle.System, Name: "the card desk"}
	w.trouble(d, func() { _, d.err = w.till.desk.Work(ctx) })
}

// settleCards lets everything that the gateway said be heard, does what is left
// to do, and compares what it keeps with the orders: each order was paid once,
// and nobody else's money is kept.
func (w *world) settleCards() error {
	for _, e := range w.till.late {
		if err := w.till.desk.Hear(ctx, paytest.Body(e), paytest.Signature); err != nil {
			return breaks("cards", "%s: %v", e.ID, err)
		}
	}
	for range 12 {
		w.e.Clock.Advance(7 * time.Hour)
		for n := 1; n > 0; {
			var err error
			if n, err = w.till.desk.Work(ctx); err != nil {
				return breaks("cards", "%v", err)
			}
		}
	}
	after, err := w.file.read()
	if err != nil {
		return err
	}
	w.now = after
	if bad := unsoundMoney(after); len(bad) > 0 {
		return breaks("cards", "%s", strings.Join(bad, "\n"))
	}
	for o := range after.of("orders") {
		kept, _ := w.till.gw.Kept(o.str("no"))
		want := int64(0)
		if o.str("method") == store.MethodCard {
			want = o.int("amount")
		}
		if kept.Minor != want {
			return breaks("cards", "order %s is %s by %q and the gateway keeps %d", o.str("no"), o.str("state"), o.str("method"), kept.Minor)
		}
	}
	return nil
}

// unsoundMoney lists which promises about money the rows break.
func unsoundMoney(d rows) []string {
	var f faults
	byID := map[string]record{}
	for c := range d.of("connections") {
		byID[c.str("id")] = c
	}
	soundHistory(d, &f, byID)
	soundMessages(d, &f)
	soundBooks(d, &f)
	soundOrders(d, &f, byID)
	soundDocuments(d, &f)
	soundInvoices(d, &f)
	soundReminders(d, &f)
	return f
}

// posted are the entries of a transaction by book.
func posted(d rows) map[string]map[string]int64 {
	out := map[string]map[string]int64{}
	for e := range d.of("ledger_entries") {
		id := e.str("transaction_id")
		if out[id] == nil {
			out[id] = map[string]int64{}
		}
		out[id][e.str("book")] += e.int("amount")
	}
	return out
}

// soundBooks: everything sums to nothing, and every balance is its entries and
// not below nothing.
func soundBooks(d rows, f *faults) {
	trial, books := map[string]int64{}, map[string]int64{}
	n := map[string]int{}
	for e := range d.of("ledger_entries") {
		trial[e.str("currency")] += e.int("amount")
		books[e.str("book")] += e.int("amount")
		n[e.str("transaction_id")]++
	}
	for currency, sum := range trial {
		if sum != 0 {
			f.add("ledger", "the trial balance in %s is off by %d", currency, sum)
		}
	}
	last, entries := "", posted(d)
	for t := range d.of("ledger_transactions") {
		var sum int64
		for _, a := range entries[t.str("id")] {
			sum += a
		}
		if sum != 0 || n[t.str("id")] < 2 {
			f.add("ledger", "%s has %d entries that sum to %d", t.str("id"), n[t.str("id")], sum)
		}
		if t.str("at") < last {
			f.add("ledger", "%s is older than the one before", t.str("id"))
		}
		last = t.str("at")
	}
	for a := range d.of("accounts") {
		id := a.str("id")
		if b := a.int("balance_minor"); b != -books["balance:"+id] || b < 0 {
			f.add("ledger", "%s has %d, the books say %d", id, b, -books["balance:"+id])
		}
		if books["receivable:"+id] < 0 {
			f.add("ledger", "%s owes %d: less than nothing", id, books["receivable:"+id])
		}
	}
	held := int64(0)
	for p := range d.of("payments") {
		if p.yes("held") && p.str("state") == "refunding" {
			held += p.int("amount")
		}
	}
	if -books["unapplied"] != held {
		f.add("ledger", "%d is to go back to cards, the payments say %d", -books["unapplied"], held)
	}
}

// soundOrders: what is paid was posted once, in the right books, and what went
// back was paid; the periods of an interface follow each other.
func soundOrders(d rows, f *faults, byID map[string]record) {
	entries := posted(d)
	paid, back := map[string][]string{}, map[string]int64{}
	for t := range d.of("ledger_transactions") {
		switch t.str("kind") {
		case "installation_fee", "resource_fee", "renewal":
			paid[t.str("order_no")] = append(paid[t.str("order_no")], t.str("id"))
		case "refund":
			for _, a := range entries[t.str("id")] {
				back[t.str("order_no")] += max(a, 0)
			}
		}
	}
	lines := map[string]int64{}
	fee := map[string]int64{}
	for l := range d.of("order_lines") {
		lines[l.str("order_no")] += l.int("amount")
		if l.str("kind") != "credit" {
			fee[l.str("order_no")] += l.int("amount")
		}
	}
	periods := map[string][]record{}
	for o := range d.of("orders") {
		no := o.str("no")
		if lines[no] != o.int("amount") {
			f.add("order", "%s is %d, its lines are %d", no, o.int("amount"), lines[no])
		}
		if back[no] != o.int("refunded") || back[no] > o.int("amount") {
			f.add("refund", "%d of %d of order %s went back, it says %d", back[no], o.int("amount"), no, o.int("refunded"))
		}
		isPaid := o.str("state") == "paid" || o.str("state") == "refunded"
		if n := len(paid[no]); (n == 1) != isPaid || n > 1 {
			f.add("order", "%s is %s and was paid %d times", no, o.str("state"), n)
		} else if isPaid {
			from, revenue := "balance:", "revenue:resource"
			if o.str("method") == store.MethodInvoice {
				from = "receivable:"
			}
			if o.str("kind") == "installation" {
				revenue = "revenue:installation"
			}
			got := entries[paid[no][0]]
			if got[from+o.str("account_id")] != o.int("amount") || got[revenue] != -fee[no] || got["expense:credits"] != fee[no]-o.int("amount") {
				f.add("order", "%s of %d by %s was posted as %v", no, o.int("amount"), o.str("method"), got)
			}
		}
		delete(paid, no)
		if isPaid && o.str("kind") != "installation" {
			periods[o.str("connection_id")] = append(periods[o.str("connection_id")], o)
		}
	}
	for no, ids := range paid {
		f.add("order", "%v for order %s, which is not there", ids, no)
	}
	for id, c := range byID {
		soundTerm(f, id, c, periods[id])
	}
}

// soundDocuments: numbers are 1, 2, 3 of their series and year, in the order of
// time; each payment has its receipt and each refund its credit note.
func soundDocuments(d rows, f *faults) {
	next, last := map[string]int64{}, map[string]string{}
	receipts, notes, invoices := map[string][]record{}, map[string][]record{}, map[string]record{}
	for doc := range d.of("documents") { // in the order of series, year and number
		key := doc.str("series") + "-" + doc.str("year")
		next[key]++
		if doc.int("n") != next[key] || doc.str("no") != fmt.Sprintf("%s-%06d", key, next[key]) || !strings.HasPrefix(doc.str("issued_at"), doc.str("year")+"-") || doc.str("issued_at") < last[key] {
			f.add("document", "%s of %s is number %d of %s after %s", doc.str("no"), doc.str("issued_at"), next[key], key, last[key])
		}
		last[key] = doc.str("issued_at")
		switch doc.str("series") {
		case "RC":
			receipts[doc.str("order_no")] = append(receipts[doc.str("order_no")], doc)
		case "CN":
			notes[doc.str("transaction_id")] = append(notes[doc.str("transaction_id")], doc)
		case "IN":
			invoices[doc.str("no")] = doc
		}
	}
	for o := range d.of("orders") {
		no := o.str("no")
		want := (o.str("state") == "paid" || o.str("state") == "refunded") && o.str("method") != store.MethodInvoice
		if got := receipts[no]; len(got) > 1 || (len(got) == 1) != want || (want && (got[0].int("amount") != o.int("amount") || got[0].str("account_id") != o.str("account_id"))) {
			f.add("document", "order %s is %s by %q and has %d receipts", no, o.str("state"), o.str("method"), len(got))
		}
		delete(receipts, no)
	}
	for no := range receipts {
		f.add("document", "a receipt for order %s, which is not there", no)
	}
	entries := posted(d)
	for t := range d.of("ledger_transactions") {
		if t.str("kind") != "refund" {
			continue
		}
		var sum int64
		for _, a := range entries[t.str("id")] {
			sum += max(a, 0)
		}
		if got := notes[t.str("id")]; len(got) != 1 || got[0].int("amount") != sum || got[0].str("order_no") != t.str("order_no") {
			f.add("document", "refund %s of %d has the credit notes %v", t.str("id"), sum, got)
		}
		delete(notes, t.str("id"))
	}
	for id := range notes {
		f.add("document", "a credit note for %s, which is no refund", id)
	}
	for i := range d.of("invoices") {
		if doc, ok := invoices[i.str("no")]; !ok || doc.int("amount") != i.int("amount") {
			f.add("document", "invoice %s is no document of %d", i.str("no"), i.int("amount"))
		}
		delete(invoices, i.str("no"))
	}
	for no := range invoices {
		f.add("document", "document %s is no invoice", no)
	}
}

// soundInvoices: an invoice is its orders, less what went back before it was
// made; what an account owes is what is open and what is on none yet.
func soundInvoices(d rows, f *faults) {
	entries := posted(d)
	unasked := map[string]int64{} // order -> what went back before it was asked for
	for t := range d.of("ledger_transactions") {
		if t.str("kind") == "refund" {
			unasked[t.str("order_no")] -= entries[t.str("id")]["receivable:"+t.str("account_id")]
		}
	}
	on, sum := map[string]string{}, map[string]int64{}
	for i := range d.of("invoice_orders") {
		on[i.str("order_no")] = i.str("invoice_no")
	}
	owe, month := map[string]int64{}, map[string]string{}
	for i := range d.of("invoices") {
		month[i.str("no")] = i.str("month")
	}
	for o := range d.of("orders") {
		if o.str("method") != store.MethodInvoice {
			continue
		}
		left := o.int("amount") - unasked[o.str("no")]
		if no := on[o.str("no")]; no == "" {
			owe[o.str("account_id")] += left
		} else {
			sum[no] += left
			if !strings.HasPrefix(o.str("paid_at"), month[no]) {
				f.add("invoice", "order %s of %s is on the invoice of %s", o.str("no"), o.str("paid_at"), month[no])
			}
		}
	}
	received, n := map[string]int64{}, map[string]int64{}
	of := map[string]string{}
	for i := range d.of("invoices") {
		of[i.str("no")] = i.str("account_id")
	}
	for p := range d.of("invoice_payments") {
		no := p.str("invoice_no")
		received[no] += p.int("amount")
		// A transfer comes from the bank, and what is above the invoice stays on the
		// balance; a payment from the balance only moves within the account.
		cash, balance := p.int("amount")+p.int("surplus"), -p.int("surplus")
		if p.str("method") == store.PaidFromBalance {
			cash, balance = 0, p.int("amount")
		}
		if got := entries[p.str("transaction_id")]; got["cash"] != cash || got["balance:"+of[no]] != balance || got["receivable:"+of[no]] != -p.int("amount") {
			f.add("invoice", "payment %d of %s by %s of %d and %d was posted as %v", p.int("n"), no, p.str("method"), p.int("amount"), p.int("surplus"), got)
		}
		if n[no]++; p.int("n") != n[no] {
			f.add("invoice", "payment %d of %s after %d", p.int("n"), no, n[no]-1)
		}
	}
	for i := range d.of("invoices") {
		no := i.str("no")
		if sum[no] != i.int("amount") {
			f.add("invoice", "%s is %d, its orders are %d", no, i.int("amount"), sum[no])
		}
		if received[no] != i.int("received") || received[no] > i.int("amount") || (i.str("paid_at") != "") != (received[no] == i.int("amount")) {
			f.add("invoice", "%s of %d received %d, says %d, paid at %q", no, i.int("amount"), received[no], i.int("received"), i.str("paid_at"))
		}
		owe[i.str("account_id")] += i.int("amount") - received[no]
	}
	for a := range d.of("accounts") {
		if got := owes(d, a.str("id")); got != owe[a.str("id")] {
			f.add("invoice", "%s owes %d by the books and %d by its orders and invoices", a.str("id"), got, owe[a.str("id")])
		}
	}
}

// A notice as the procedure has it: 15, 7, 3 and 1 days before, at the end, 15
// days after, and a month of the site after that.
type moment struct {
	at    time.Time
	title string
}

func noticeMoments(through time.Time, zone *time.Location) (out []moment) {
	day := 24 * time.Hour
	for _, n := range []int{15, 7, 3, 1} {
		out = append(out, moment{through.Add(-time.Duration(n) * day), dueTitle(n)})
	}
	locked := through.Add(15 * day)
	return append(out, moment{through, "Resource fee overdue"}, moment{locked, "Interface locked"}, moment{monthsAfter(locked, 1, zone)[0], "Interface may be ended"})
}

// dueTitle heads a reminder that comes so many days before the end.
func dueTitle(days int) string {
	if days == 1 {
		return "Resource fee due in 1 day"
	}
	return fmt.Sprintf("Resource fee due in %d days", days)
}

var (
	paidUntil = regexp.MustCompile(`paid until (\d+ \w+ \d+, \d\d:\d\d \(UTC[^)]*\))`)
	dueIn     = regexp.MustCompile(`^Resource fee due in (\d+) days?$`)
)

// soundReminders: nobody is reminded twice of one date, and nobody too early or
// when it is too late.
func soundReminders(d rows, f *faults) {
	seen := map[string]bool{}
	for m := range d.of("messages") {
		days := dueIn.FindStringSubmatch(m.str("title"))
		if days == nil && m.str("title") != "Resource fee overdue" && m.str("title") != "Interface locked" {
			continue
		}
		until := paidUntil.FindStringSubmatch(m.str("body"))
		if until == nil {
			f.add("reminder", "%q says not until when: %s", m.str("title"), m.str("body"))
			continue
		}
		key := m.str("user_id") + m.str("subject") + m.str("title") + until[1]
		if seen[key] {
			f.add("reminder", "%q of %s until %s came twice", m.str("title"), m.str("subject"), until[1])
		}
		seen[key] = true
		through, err := time.Parse("2 Jan 2006, 15:04 (UTC-07:00)", until[1])
		if err != nil {
			f.add("reminder", "%v", err)
			continue
		}
		from, to := through, through.AddDate(100, 0, 0)
		if days != nil {
			n, _ := strconv.Atoi(days[1])
			from, to = through.Add(-time.Duration(n)*24*time.Hour), through.Add(time.Minute)
		}
		if at := m.time("at"); at.Before(from) || at.After(to) {
			f.add("reminder", "%q about %s came at %v", m.str("title"), until[1], at)
		}
	}
}

// feesDone: after time has done its work nothing of what it should have done is
// left: the newest notice of each paid-through date was given, what Auto Renew
// can pay is paid, orders and months that are over are closed.
func (w *world) feesDone(after rows) error {
	now := w.e.Now()
	for c := range after.of("connections") {
		if c.stage("stage") != lifecycle.Enabled {
			continue
		}
		id, through := c.str("id"), c.time("paid_through")
		since, paid := after.where("orders", func(o record) bool {
			return o.str("connection_id") == id && o.str("period_to") == c.str("paid_through") && o.str("paid_at") != ""
		})
		if !paid {
			return fmt.Errorf("%s is paid until %v, which no order pays for", id, through)
		}
		var newest moment
		for _, n := range noticeMoments(through, w.termOf(c).Zone) {
			if !n.at.After(now) {
				newest = n
			}
		}
		if newest.at.After(since.time("paid_at")) {
			if _, told := after.where("messages", func(m record) bool {
				title, at := newest.title, m.time("at")
				if dueIn.MatchString(title) { // one that comes late says what is left
					title = dueTitle(int(math.Ceil(through.Sub(at).Hours() / 24)))
				}
				return m.str("subject") == id && m.str("title") == title && !at.Before(newest.at)
			}); !told {
				return fmt.Errorf("%s is paid until %v since %v, and %q of %v was not given", id, through, since.time("paid_at"), newest.title, newest.at)
			}
		}
		if c.int("auto_renew") == 0 {
			continue
		}
		failed := c.time("renew_failed_at")
		if c.time("renew_at").IsZero() || !c.time("renew_at").After(now) || (failed.IsZero() && !through.After(now)) {
			return fmt.Errorf("%s renews itself, is paid until %v, and is to be paid at %v; failed %v", id, through, c.time("renew_at"), failed)
		}
		if failed.Equal(now) && w.canRenew(after, c) {
			return fmt.Errorf("%s could be paid now and was not", id)
		}
		if !failed.IsZero() {
			if _, told := after.where("messages", func(m record) bool {
				return m.str("subject") == id && m.str("title") == "Auto Renew could not pay" && m.time("at").Equal(failed)
			}); !told {
				return fmt.Errorf("%s could not be paid at %v, and nobody was told", id, failed)
			}
		}
	}
	for o := range after.of("orders") {
		if o.str("state") == "unpaid" && o.str("kind") != "installation" && !o.time("expires_at").After(now) {
			return fmt.Errorf("order %s expired at %s and is still open", o.str("no"), o.str("expires_at"))
		}
		if _, on := after.where("invoice_orders", func(i record) bool { return i.str("order_no") == o.str("no") }); !on && o.str("method") == store.MethodInvoice && o.int("refunded") < o.int("amount") && o.str("paid_at")[:7] < now.Format("2006-01") {
			return fmt.Errorf("order %s of %s is on no invoice", o.str("no"), o.str("paid_at"))
		}
	}
	return nil
}
