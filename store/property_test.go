package store_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// Property-based tests: random people do random things to a store with few
// ports, little money and small quotas, one after the other and at once, with
// restarts and days that pass; after each step every row is read past the
// store and must be sound, what was refused must have changed nothing, and
// what the rules allow must have been done.
//
// A sequence is made from a seed alone. DEMARC_SEED=n runs the sequence of
// that seed and no other; DEMARC_SOAK=minutes goes on with new seeds for so
// long. A sequence that fails is run again with steps left out, until no step
// can be left out, and printed.

// step is one thing that somebody does. Everything in it is a number that is
// looked up among what exists when its turn comes, so that a sequence still
// means something when steps are left out.
type step struct {
	op string
	// who acts: 0 is who usually does this, n is person n of the world
	who int
	// a says which interface (account, site …), b and c are the op's own
	a, b, c int
	// aim picks among the interfaces that the op is possible for
	aim bool
	key int // the form's key, 0 none
	rev int // 0 the right revision, 1 none, 2 a stale one
	// at once, instead of all the above
	burst []step
}

func (s step) String() string {
	if len(s.burst) > 0 {
		parts := make([]string, len(s.burst))
		for i, b := range s.burst {
			parts[i] = b.String()
		}
		return "at once {" + strings.Join(parts, "; ") + "}"
	}
	out := s.op
	if s.who > 0 {
		out += " who=" + strconv.Itoa(s.who)
	}
	out += fmt.Sprintf(" a=%d b=%d c=%d", s.a, s.b, s.c)
	if s.aim {
		out += " aim"
	}
	if s.key > 0 {
		out += " key=" + strconv.Itoa(s.key)
	}
	if s.rev > 0 {
		out += " rev=" + strconv.Itoa(s.rev)
	}
	return out
}

// opWeight is how often an op comes, in a sequence and in a burst.
type opWeight struct {
	op     string
	n      int
	action lifecycle.Action // of an op about one interface
}

// profile is a world and what people do in it. There are two: everything at
// once, and money, which sees less of the rest and many more years.
type profile struct {
	length int           // steps of a sequence
	least  int           // sequences of a plain run, at most
	limit  time.Duration // of a plain run
	// A sequence waits for the disk most of the time: so many share it.
	parallel int
	ops      []opWeight
	// of 24 steps so many are a restart, a move of the clock, a burst
	restarts, clocks, bursts int
	ticks                    bool // what is due is done after every other move of the clock

	world   func(t *testing.T, seed uint64) (*world, error)
	clock   func(w *world, s step) time.Duration
	unsound func(rows) []string
	// settle does what is left to do at the end and looks at it once more
	settle func(w *world) error
}

// everything is the procedure as a whole.
var everything = profile{length: sequenceLength, least: defaultSequences, limit: 10 * time.Second, parallel: 3, ops: opWeights, restarts: 1, clocks: 2, bursts: 4,
	world: newWorld, clock: func(w *world, s step) time.Duration { return clockMove(s, w.e.Clock.Now()) }, unsound: unsound, settle: func(*world) error { return nil }}

var opWeights = []opWeight{
	{"next", 50, ""},
	{"order", 9, ""},
	{"pay", 5, lifecycle.PayInstallationFee},
	{"apply", 5, lifecycle.ApplyForLOA},
	{"withdraw", 2, lifecycle.WithdrawApplication},
	{"reject", 2, lifecycle.Reject},
	{"move", 4, lifecycle.MovePort},
	{"approve", 5, lifecycle.Approve},
	{"prepare", 4, lifecycle.Approve},
	{"issue", 4, ""},
	{"report", 5, lifecycle.ReportDelivery},
	{"return", 3, lifecycle.ReturnReport},
	{"complete", 4, lifecycle.CompleteCabling},
	{"resource fee", 4, lifecycle.PayResourceFee},
	{"order renewal", 4, lifecycle.Renew},
	{"pay renewal", 4, ""},
	{"auto renew", 3, lifecycle.SwitchAutoRenew},
	{"free", 2, lifecycle.Free},
	{"cancel", 3, lifecycle.Cancel},
	{"terminate", 3, lifecycle.Terminate},
	{"remove", 5, lifecycle.ConfirmRemoval},
	{"check port", 8, ""},
	{"revoke", 4, lifecycle.RevokeLOA},
	{"reissue", 3, lifecycle.ReissueLOA},
	{"renew", 3, lifecycle.RenewLOA},
	{"edit", 2, lifecycle.EditNameDescription},
	{"reveal", 1, ""},
	{"whitelist", 3, ""},
	{"decide", 4, ""},
	{"quotas", 2, ""},
	{"ask", 3, ""},
	{"write ticket", 5, ""},
	{"note", 3, ""},
	{"take back note", 2, ""},
	{"transfer", 3, ""},
	{"add ports", 4, ""},
	{"out", 3, ""},
	{"back", 3, ""},
	{"delete port", 1, ""},
	{"delete device", 1, ""},
	{"demarcation", 2, ""},
	{"edit device", 1, ""},
	{"panel", 1, ""},
	{"import", 3, ""},
	{"site", 1, ""},
	{"read", 1, ""},
	{"due", 2, ""},
}

func (p *profile) randomOp(r *rand.Rand) string {
	total := 0
	for _, w := range p.ops {
		total += w.n
	}
	n := r.IntN(total)
	for _, w := range p.ops {
		if n -= w.n; n < 0 {
			return w.op
		}
	}
	return ""
}

func (p *profile) randomStep(r *rand.Rand) step {
	s := step{op: p.randomOp(r), a: r.IntN(1000), b: r.IntN(1000), c: r.IntN(1000), aim: r.IntN(5) > 0}
	if r.IntN(12) == 0 {
		s.who = 1 + r.IntN(7)
	}
	if r.IntN(6) == 0 {
		s.key = 1 + r.IntN(12)
	}
	switch r.IntN(14) {
	case 0:
		s.rev = 2
	case 1, 2:
		s.rev = 1
	}
	return s
}

// sequence makes the steps of a seed.
func (p *profile) sequence(seed uint64) []step {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]step, 0, p.length)
	for range p.length {
		switch n := r.IntN(24); {
		case n < p.restarts:
			out = append(out, step{op: "restart"})
		case n < p.restarts+p.clocks:
			out = append(out, step{op: "clock", a: r.IntN(1000), b: r.IntN(1000)})
			if p.ticks && r.IntN(2) == 0 {
				out = append(out, step{op: "due"})
			}
		case n < p.restarts+p.clocks+p.bursts:
			var s step
			for range 2 + r.IntN(7) {
				b := p.randomStep(r)
				// Often at the same thing, or the very same submit twice.
				switch {
				case len(s.burst) > 0 && r.IntN(4) == 0:
					b = s.burst[len(s.burst)-1]
				case len(s.burst) > 0 && r.IntN(2) == 0:
					b.a, b.aim = s.burst[0].a, s.burst[0].aim
				}
				s.burst = append(s.burst, b)
			}
			out = append(out, s)
		default:
			out = append(out, p.randomStep(r))
		}
	}
	return out
}

// broken is a property that does not hold. rule says which, for the shrinking.
type broken struct{ rule, detail string }

func (b *broken) Error() string { return b.rule + ": " + b.detail }

func breaks(rule, format string, args ...any) error {
	return &broken{rule, fmt.Sprintf(format, args...)}
}

func ruleOf(err error) string {
	var b *broken
	if errors.As(err, &b) {
		return b.rule
	}
	return ""
}

// tally is what the sequences did, for the report.
type tally struct {
	ops                                []opWeight
	sequences, steps, bursts, restarts int
	done                               map[string]int // op -> how often it succeeded
	refused                            map[string]int // op and kind -> how often
	facts                              map[string]int // what came about
}

func (p *profile) newTally() *tally {
	return &tally{ops: p.ops, done: map[string]int{}, refused: map[string]int{}, facts: map[string]int{}}
}

func (n *tally) add(o *tally) {
	n.sequences += o.sequences
	n.steps += o.steps
	n.bursts += o.bursts
	n.restarts += o.restarts
	for k, v := range o.done {
		n.done[k] += v
	}
	for k, v := range o.refused {
		n.refused[k] += v
	}
	for k, v := range o.facts {
		n.facts[k] += v
	}
}

func (n *tally) String() string {
	var b strings.Builder
	byKind := map[string]int{}
	for k, v := range n.refused {
		_, kind, _ := strings.Cut(k, "/")
		byKind[kind] += v
	}
	done := 0
	for _, v := range n.done {
		done += v
	}
	fmt.Fprintf(&b, "%d sequences, %d steps, %d of them bursts, %d restarts; %d done, refused %v\n", n.sequences, n.steps, n.bursts, n.restarts, done, byKind)
	for _, w := range n.ops {
		if w.op == "next" {
			continue // counted as what it turned out to be
		}
		fmt.Fprintf(&b, "%-14s done %5d", w.op, n.done[w.op])
		for _, kind := range []string{"invalid", "not found", "conflict", "forbidden"} {
			fmt.Fprintf(&b, "  %s %d", kind, n.refused[w.op+"/"+kind])
		}
		b.WriteByte('\n')
	}
	for _, what := range slices.Sorted(maps.Keys(n.facts)) {
		fmt.Fprintf(&b, "%5d  %s\n", n.facts[what], what)
	}
	return b.String()
}

func kindName(err error) string {
	switch store.KindOf(err) {
	case store.Invalid:
		return "invalid"
	case store.NotFound:
		return "not found"
	case store.Conflict:
		return "conflict"
	case store.Forbidden:
		return "forbidden"
	}
	return "unexpected"
}

// sequenceLength is how many steps a sequence has.
const sequenceLength = 160

// run does the steps of a seed, or what is left of them, in a new store. at is
// the step that broke something, when err is not nil.
func (p *profile) run(t *testing.T, seed uint64, steps []step, n *tally) (at int, err error) {
	t.Helper()
	w, err := p.world(t, seed)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	w.profile = p
	n.sequences++
	for i, s := range steps {
		w.no = i
		n.steps++
		if err := w.take(t, s, n); err != nil {
			return i, err
		}
	}
	if err := p.settle(w); err != nil {
		return len(steps) - 1, err
	}
	if w.till != nil {
		for k, v := range w.facts(w.now) {
			n.facts[k] += v
		}
	}
	if err := w.file.whole(); err != nil {
		return len(steps) - 1, breaks("file", "%v", err)
	}
	// The store's own audit must agree.
	ledger, err := w.e.CheckLedger(ctx)
	if err != nil {
		return len(steps) - 1, err
	}
	stages, err := w.e.CheckStages(ctx)
	if err != nil {
		return len(steps) - 1, err
	}
	if len(ledger)+len(stages) > 0 {
		return len(steps) - 1, breaks("audit", "%v %v", ledger, stages)
	}
	return 0, nil
}

// shrink leaves out steps for as long as the rest breaks the same rule.
func (p *profile) shrink(t *testing.T, seed uint64, steps []step, rule string, until time.Time) []step {
	t.Helper()
	fails := func(steps []step) ([]step, bool) {
		for range 3 { // what runs at once does not always fail
			if at, err := p.run(t, seed, steps, p.newTally()); err != nil && ruleOf(err) == rule {
				return steps[:at+1], true
			}
			if !slices.ContainsFunc(steps, func(s step) bool { return len(s.burst) > 0 }) {
				break
			}
		}
		return nil, false
	}
	for size := len(steps) / 2; size > 0; {
		shorter := false
		for from := 0; from+size <= len(steps) && time.Now().Before(until); {
			rest := append(slices.Clone(steps[:from]), steps[from+size:]...)
			if got, ok := fails(rest); ok {
				steps, shorter = got, true
			} else {
				from += size
			}
		}
		if !shorter || size > 1 {
			size /= 2
		}
	}
	for i := range steps { // and out of what is left at once
		for j := 0; j < len(steps[i].burst) && len(steps[i].burst) > 1 && time.Now().Before(until); {
			less := slices.Clone(steps)
			less[i].burst = append(slices.Clone(steps[i].burst[:j]), steps[i].burst[j+1:]...)
			if len(less[i].burst) == 1 {
				less[i] = less[i].burst[0]
			}
			if got, ok := fails(less); ok && len(got) > i {
				steps = got
			} else {
				j++
			}
		}
	}
	return steps
}

func TestRandomSequencesKeepEveryPromise(t *testing.T) { everything.check(t) }

// check runs sequences: those that a plain run does, one seed, or for as long as
// it is told to.
func (p *profile) check(t *testing.T) {
	total := p.newTally()
	var mu sync.Mutex
	one := func(t *testing.T, seed uint64) bool {
		steps, n := p.sequence(seed), p.newTally()
		at, err := p.run(t, seed, steps, n)
		mu.Lock()
		total.add(n)
		mu.Unlock()
		if err == nil {
			return true
		}
		steps = p.shrink(t, seed, steps[:at+1], ruleOf(err), time.Now().Add(90*time.Second))
		var b strings.Builder
		for i, s := range steps {
			fmt.Fprintf(&b, "  %3d  %s\n", i, s)
		}
		if _, again := p.run(t, seed, steps, p.newTally()); again != nil {
			err = again
		}
		t.Errorf("%v\nDEMARC_SEED=%d, %d steps are enough:\n%s", err, seed, len(steps), b.String())
		return false
	}
	if text := os.Getenv("DEMARC_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("DEMARC_SEED=%s: %v", text, err)
		}
		one(t, seed)
		t.Log(total)
		return
	}
	// The same seeds each time, so that a failure is the change's own. A slow
	// machine, or the race detector, gets through fewer of them.
	first, last, end := uint64(1), uint64(p.least), time.Now().Add(p.limit)
	if text := os.Getenv("DEMARC_SOAK"); text != "" {
		minutes, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("DEMARC_SOAK=%s: %v", text, err)
		}
		first, last = uint64(time.Now().Unix())*1000, math.MaxUint64
		end = time.Now().Add(time.Duration(minutes * float64(time.Minute)))
	}
	var next atomic.Uint64
	next.Store(first)
	t.Run("sequences", func(t *testing.T) {
		for i := range p.parallel {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				for seed := next.Add(1) - 1; seed <= last && (seed == first || time.Now().Before(end)); seed = next.Add(1) - 1 {
					if !one(t, seed) {
						return
					}
				}
			})
		}
	})
	t.Logf("seeds from %d: %s", first, total)
}

// defaultSequences is how many sequences a plain run does at most.
const defaultSequences = 30

// world is a store with few ports and people who want them.
type world struct {
	profile *profile
	e       *storetest.Env
	file    *watcher
	people  []store.Actor // who of a step, from 1
	now     rows
	no      int // of the step

	// stage is the model: where each interface must stand, by what was done.
	stage map[string]lifecycle.Stage
	ids   []string // interfaces, in the order they were ordered

	mu     sync.Mutex
	drafts []draft

	till *till // of a world of money
	only []string
}

// draft is a letter that was prepared and may be issued later.
type draft struct {
	store.Draft
	id      string
	version int64
}

// The small sites of the world.
const (
	siteA = "Hangzhou-Jianggan-B" // three devices; 40G on two of them
	siteB = "Hangzhou-Linan-A"    // two devices with one and two ports
	siteC = "Singapore-C"         // asks visitors for IDs
)

func newWorld(t *testing.T, _ uint64) (*world, error) {
	t.Helper()
	w := &world{e: storetest.New(t), stage: map[string]lifecycle.Stage{}}
	e := w.e
	w.people = []store.Actor{e.Owner, e.OtherOwner, e.Reviewer, e.Technician, e.Finance, e.Admin, e.Owner}
	second, err := e.CreateUser(ctx, store.NewUser{Email: "second@northwind.example", Name: "Wu Fang", Role: lifecycle.Owner, AccountID: e.Northwind}, "")
	if err != nil {
		return nil, err
	}
	w.people[6].UserID, w.people[6].Name, w.people[6].Email = second.ID, second.Name, second.Email

	var aps []catalog.AccessPoint
	var devices []catalog.Device
	var ports []catalog.Port
	for _, site := range []struct {
		name    string
		devices [][]catalog.PortType
	}{
		{siteA, [][]catalog.PortType{
			{catalog.Type10GBaseLR, catalog.Type10GBaseLR, catalog.Type10GBaseLR, catalog.Type40GBaseLR, catalog.Type1000BaseT},
			{catalog.Type10GBaseLR, catalog.Type10GBaseLR, catalog.Type40GBaseLR},
			{catalog.Type10GBaseLR, catalog.Type1000BaseT},
		}},
		{siteB, [][]catalog.PortType{{catalog.Type10GBaseLR, catalog.Type10GBaseLR}, {catalog.Type10GBaseLR}}},
		{siteC, [][]catalog.PortType{{catalog.Type10GBaseLR, catalog.Type10GBaseLR, catalog.Type40GBaseLR}, {catalog.Type10GBaseLR, catalog.Type1000BaseLX}}},
	} {
		ap, _ := e.Catalogue().AccessPoint(e.APID(t, site.name))
		aps = append(aps, catalog.DemoAddress(ap))
		for i, types := range site.devices {
			d := catalog.Device{ID: fmt.Sprintf("small-%s-%d", strings.ToLower(site.name), i+1), AccessPoint: ap.ID, Name: fmt.Sprintf("SMALL-%d", i+1), Room: "R1", Cabinet: fmt.Sprintf("C-%02d", i+1)}
			devices = append(devices, d)
			for n, kind := range types {
				ports = append(ports, catalog.Port{Device: d.ID, Number: n + 1, ID: fmt.Sprintf("%s-%d", d.ID, n+1), Name: fmt.Sprintf("P1/0/%d", n+1), Type: kind,
					Room: d.Room, Cabinet: d.Cabinet, Panel: "ODF 1", Position: strconv.Itoa(n + 1), Connector: kind.Info().Connector})
			}
		}
	}
	if err := e.LoadInventory(ctx, e.Admin, aps, devices, ports); err != nil {
		return nil, err
	}
	// Quotas that are met, and a second company with little money.
	if err := e.SetQuotas(ctx, e.Admin, e.Northwind, 4, 9, "Few enough to be met"); err != nil {
		return nil, err
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Southwind, "12,000.00", "opening balance"); err != nil {
		return nil, err
	}
	return w, w.look(unsound)
}

// look reads the rows for the first time.
func (w *world) look(unsound func(rows) []string) error {
	if err := w.open(); err != nil {
		return err
	}
	if bad := unsound(w.now); len(bad) > 0 {
		return fmt.Errorf("unsound before the first step: %v", bad)
	}
	return nil
}

// open reads the file on a new connection.
func (w *world) open() (err error) {
	if w.file, err = watch(w.e.Dir, w.only...); err != nil {
		return err
	}
	if _, err := w.file.changed(); err != nil {
		return err
	}
	w.now, err = w.file.read()
	return err
}

func (w *world) close() {
	w.file.db.Close()
	w.e.Close()
}

// did is what came of one attempt.
type did struct {
	step
	err     error
	value   string // what the method returned
	by      store.Actor
	request string
	// moves says that a success is one step of one interface's lifecycle
	moves bool
	// want is +1 when the rules allow it, -1 when they forbid it, 0 when the
	// test does not know
	want int
	// known says that this form was answered before
	known  bool
	answer string
	// old says that it was answered so long ago that it may be forgotten
	old bool
	// pin is the interface that it is about, when that is settled already
	pin string
	// nothing says that there was nothing to try it on
	nothing bool
	// check looks at the rows after a success
	check func(after rows) error
}

// take does a step and judges what came of it.
func (w *world) take(t *testing.T, s step, n *tally) error {
	t.Helper()
	before := w.now
	switch s.op {
	case "restart":
		n.restarts++
		w.file.db.Close()
		w.e.Reopen(t)
		if w.till != nil {
			w.openTill()
		}
		if err := w.open(); err != nil {
			return err
		}
		if diff := difference(before, w.now); diff != "" {
			return breaks("restart", "%s", diff)
		}
		return nil
	case "clock":
		w.e.Clock.Advance(w.profile.clock(w, s))
		return nil
	}
	attempts := []*did{}
	if len(s.burst) == 0 {
		attempts = append(attempts, w.try(before, s, 0))
	} else {
		n.bursts++
		attempts = make([]*did, len(s.burst))
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i, b := range s.burst {
			wg.Add(1)
			go func() {
				defer wg.Done()
				<-start
				attempts[i] = w.try(before, b, i)
			}()
		}
		close(start)
		wg.Wait()
	}
	for _, a := range attempts {
		switch {
		case a.nothing:
		case a.err == nil:
			n.done[a.op]++
		default:
			n.refused[a.op+"/"+kindName(a.err)]++
		}
	}
	// A commit of anybody shows in the file's version; without one, nothing
	// can have changed. Now and then that is not taken on trust.
	changed, err := w.file.changed()
	if err != nil {
		return err
	}
	after := before
	if changed || w.no%16 == 0 {
		if after, err = w.file.read(); err != nil {
			return err
		}
		if diff := difference(before, after); !changed && diff != "" {
			return breaks("version", "no commit, and %s", diff)
		}
	}
	w.now = after
	if err := w.judge(before, after, attempts); err != nil {
		return err
	}
	if bad := w.profile.unsound(after); changed && len(bad) > 0 {
		rule, _, _ := strings.Cut(bad[0], ":")
		return breaks(rule, "after %s: %s", s, strings.Join(bad, "\n"))
	}
	return nil
}

// clockMove is how far the clock goes: minutes as a rule, days now and then,
// and sometimes to where orders and letters end. It stays in the years that
// have working days.
func clockMove(s step, now time.Time) time.Duration {
	day := 24 * time.Hour
	var d time.Duration
	switch s.a % 10 {
	case 0, 1, 2, 3:
		d = time.Duration(1+s.b%600) * time.Minute
	case 4, 5, 6:
		d = time.Duration(1+s.b%3) * day
	case 7, 8:
		d = 7*day + time.Duration(s.b%2)*time.Hour
	default:
		d = 95 * day
	}
	if now.Add(d).After(time.Date(2027, 11, 1, 0, 0, 0, 0, time.UTC)) {
		return time.Minute
	}
	return d
}

// judge compares what people were told with what happened.
func (w *world) judge(before, after rows, attempts []*did) error {
	alone := len(attempts) == 1
	events, lost := added(before, after, "events")
	for _, name := range []string{"ledger_transactions", "ledger_entries", "documents", "order_lines", "invoice_orders", "invoice_payments", "payment_events"} {
		if _, gone := added(before, after, name); gone != "" {
			lost = gone
		}
	}
	if lost == "" {
		lost = changedLetter(before, after)
	}
	if lost == "" {
		lost = changedDay(before, after, w.e.Now())
	}
	if lost != "" {
		return breaks("append-only", "%s", lost)
	}
	steps, other := map[string]int{}, map[string]int{} // by request
	for _, e := range events {
		if isStep(e) && !strings.Contains(e.str("subject"), ":") {
			steps[e.str("request_id")]++
		} else {
			other[e.str("request_id")]++
		}
	}
	used := map[string]int{}
	for _, a := range attempts {
		if a.key > 0 {
			used[a.by.UserID+"/"+a.by.Key]++
		}
	}
	for _, a := range attempts {
		if a.nothing || (a.old && !alone) {
			continue // an old form may be forgotten at this very moment
		}
		told := fmt.Sprintf("%s by %s %s: %v %v", a.step, a.by.Role, a.by.Name, a.err, store.FieldsOf(a.err))
		var e *store.Error
		switch {
		case a.err != nil && kindName(a.err) == "unexpected":
			return breaks("error", "%s", told)
		case a.err != nil && (!errors.As(a.err, &e) || e.Msg == ""):
			return breaks("error", "%s: refused without a sentence", told)
		case a.err != nil && steps[a.request]+other[a.request] > 0:
			return breaks("refused", "%s, and it is in the history", told)
		case a.err == nil && a.known && steps[a.request]+other[a.request] > 0:
			return breaks("repeat", "%s, a form that was answered before did something", told)
		case a.err == nil && a.known && a.value != "" && a.value != a.answer:
			return breaks("repeat", "%s, answered %q, the first time %q", told, a.value, a.answer)
		// An order that somebody else paid a moment ago is paid: no error.
		case a.err == nil && a.moves && !a.known && (alone || a.op != "pay" && a.op != "pay renewal") && used[a.by.UserID+"/"+a.by.Key] < 2 && steps[a.request] != 1:
			return breaks("history", "%s, and %d events", told, steps[a.request])
		case steps[a.request] > 1:
			return breaks("history", "%s, and %d steps in the history", told, steps[a.request])
		}
		if !alone {
			continue
		}
		switch {
		case a.err != nil:
			if diff := difference(before, after, numbersSpent(a)...); diff != "" {
				return breaks("refused", "%s, and %s", told, diff)
			}
		case a.known:
			if diff := difference(before, after); diff != "" {
				return breaks("repeat", "%s, and %s", told, diff)
			}
		}
		if !a.known && (a.want > 0 && a.err != nil) || (a.want < 0 && a.err == nil && !a.known) {
			return breaks("model", "%s, the rules say %+d", told, a.want)
		}
		if a.err == nil && !a.known && a.check != nil {
			if err := a.check(after); err != nil {
				return breaks("check", "%s: %v", told, err)
			}
		}
		if a.err == nil && !a.known && a.key > 0 && a.op != "import" && a.op != "due" && a.op != "read" && a.op != "reveal" && a.op != "prepare" && !strings.HasPrefix(a.op, "card") && a.op != "webhook" && a.op != "build" && a.op != "renew now" {
			if _, ok := after.where("submissions", func(r record) bool { return r.str("user_id") == a.by.UserID && r.str("key") == a.by.Key }); !ok {
				return breaks("repeat", "%s, and its key is not kept", told)
			}
		}
	}
	// The model: each interface is where its steps lead.
	for _, e := range events {
		if id := e.str("subject"); strings.HasPrefix(id, "pc-") && isStep(e) {
			next, err := lifecycle.Next(w.stage[id], lifecycle.Action(e.str("action")), lifecycle.Role(e.str("actor_role")))
			if err != nil {
				return breaks("model", "%s: %v", id, err)
			}
			w.stage[id] = next
		}
	}
	for c := range after.of("connections") {
		if w.stage[c.str("id")] != c.stage("stage") {
			return breaks("model", "%s is %s, want %s", c.str("id"), c.str("stage"), w.stage[c.str("id")])
		}
		if !slices.Contains(w.ids, c.str("id")) {
			w.ids = append(w.ids, c.str("id"))
		}
	}
	if len(w.stage) != len(after["connections"].rows) {
		return breaks("model", "%d interfaces, want %d", len(after["connections"].rows), len(w.stage))
	}
	// In the order of their orders: IDs are random, and a sequence is not.
	no := map[string]string{}
	for o := range after.of("orders") {
		if o.str("kind") == "installation" {
			no[o.str("connection_id")] = o.str("no")
		}
	}
	slices.SortFunc(w.ids, func(a, b string) int { return strings.Compare(no[a], no[b]) })
	if err := noticed(before, after, events); err != nil {
		return err
	}
	if err := w.keptInMemory(); err != nil {
		return err
	}
	for c := range after.of("connections") {
		if old, ok := before.connection(c.str("id")); ok && c.str("paid_through") < old.str("paid_through") {
			return breaks("term", "%s was paid until %s, now until %s", c.str("id"), old.str("paid_through"), c.str("paid_through"))
		}
	}
	return w.quotasKept(before, after)
}

// keptInMemory compares what stays in memory for many pages, the fees of an
// account and the trends of capacity, with the rows. The last step kept them.
func (w *world) keptInMemory() error {
	always := time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, account := range []string{w.e.Northwind, w.e.Southwind} {
		kept, more, err := w.e.FeesNear(ctx, account, always)
		read, next, readErr := w.e.FeesDue(ctx, account, always, "", 20)
		if err := errors.Join(err, readErr); err != nil {
			return err
		}
		if !reflect.DeepEqual(kept, read) || more != (next != "") {
			return breaks("kept fees", "kept are %+v, more %t, the rows say %+v, more %t", kept, more, read, next != "")
		}
	}
	kept, err := w.e.Trends(ctx)
	read, readErr := w.e.ReadTrends(ctx)
	if !reflect.DeepEqual(kept, read) {
		return breaks("kept trends", "kept are %+v, the rows say %+v", kept, read)
	}
	return errors.Join(err, readErr)
}

// apartness is what a pair at one access point survives: 1 the loss of a
// device, 2 of a cabinet, 3 of a room; 0 when they are not there or not a pair.
func apartness(d rows, a, b string) int {
	c, ok := d.connection(a)
	o, ok2 := d.connection(b)
	if !ok || !ok2 || c.stage("stage").Ended() || o.stage("stage").Ended() || c.str("access_point_id") != o.str("access_point_id") {
		return 0
	}
	p, ok := d.portOf(a)
	q, ok2 := d.portOf(b)
	if !ok || !ok2 {
		return 0
	}
	x, y := d.device(p.str("device_id")), d.device(q.str("device_id"))
	switch {
	case p.str("room") != q.str("room") && x.str("room") != y.str("room"):
		return 3
	case (p.str("room") != q.str("room") || p.str("cabinet") != q.str("cabinet")) && (x.str("room") != y.str("room") || x.str("cabinet") != y.str("cabinet")):
		return 2
	}
	return 1
}

// noticed: a pair that shares more than before has a notice on both sides.
func noticed(before, after rows, events []record) error {
	told, lost := map[string]bool{}, map[string]bool{}
	for _, e := range events {
		switch e.str("action") {
		case store.ActionRedundancyChanged:
			told[e.str("subject")] = true
		case store.ActionRedundancyLost:
			lost[e.str("subject")] = true
		}
	}
	for c := range before.of("connections") {
		a, b := c.str("id"), c.str("redundant_id")
		if b == "" {
			continue
		}
		if was, is := apartness(before, a, b), apartness(after, a, b); is > 0 && is < was && (!told[a] || !told[b]) {
			return breaks("notice", "%s and %s share more than before (%d, then %d), and nobody was told", a, b, was, is)
		}
		o, _ := before.connection(b)
		if !c.stage("stage").Ended() && !o.stage("stage").Ended() && told[a] != told[b] {
			return breaks("notice", "of %s and %s only one was told", a, b)
		}
	}
	// Who is left alone is told so, whichever of the two named the other.
	for c := range before.of("connections") {
		a, b := c.str("id"), c.str("redundant_id")
		o, ok := before.connection(b)
		if !ok || c.stage("stage").Ended() || o.stage("stage").Ended() {
			continue
		}
		for _, x := range [][2]record{{c, o}, {o, c}} {
			left, gone := x[0].str("id"), x[1]
			now, _ := after.connection(gone.str("id"))
			still, _ := after.connection(left)
			if gone.stage("stage").PastPayment() && x[0].stage("stage").PastPayment() && now.stage("stage").Ended() && !still.stage("stage").Ended() && !lost[left] {
				return breaks("notice", "%s ended and %s was not told (%s, %s)", gone.str("id"), left, a, b)
			}
		}
	}
	return nil
}

// numbersSpent are the tables that a refusal may change: a letter that was
// drafted and not issued leaves a gap in the numbers.
func numbersSpent(a *did) []string {
	if a.op == "approve" {
		return []string{"sequences"}
	}
	return nil
}

func letterKey(l record) string { return fmt.Sprint(l.str("connection_id"), " ", l.int("version")) }

// changedLetter looks for letters that are gone or say something else.
func changedLetter(before, after rows) string {
	now := map[string]record{}
	for l := range after.of("loas") {
		now[letterKey(l)] = l
	}
	frozen := []string{"no", "connection_id", "version", "application_version", "issued_at", "issued_by", "valid_from", "expires_at", "check_hash", "snapshot", "pdf", "pdf_sha256"}
	for l := range before.of("loas") {
		m, ok := now[letterKey(l)]
		if !ok {
			return l.str("no") + " is gone"
		}
		for _, col := range frozen {
			if !sameRow([]any{l.get(col)}, []any{m.get(col)}) {
				return l.str("no") + " has another " + col
			}
		}
		if l.str("status") != "issued" && l.str("status") != m.str("status") {
			return l.str("no") + " was " + l.str("status") + " and is " + m.str("status")
		}
	}
	return ""
}

// changedDay looks for numbers of capacity of a day that is over and that are
// not what they were.
func changedDay(before, after rows, now time.Time) string {
	if before["capacity_days"] == nil {
		return "" // not read
	}
	today := now.Format("2006-01-02")
	more, lost := added(rows{"days": before["capacity_days"].until(today)}, rows{"days": after["capacity_days"].until(today)}, "days")
	if lost == "" && len(more) > 0 {
		lost = fmt.Sprintf("the capacity of a day that is over came later: %v", more[0].vals)
	}
	return lost
}

// until is the rows of days before a day.
func (t *table) until(day string) *table {
	return &table{t.cols, slices.DeleteFunc(slices.Clone(t.rows), func(v []any) bool { return record{t.cols, v}.str("day") >= day })}
}

// quotasKept: no step leaves an account with more interfaces than the limit,
// or than it had.
func (w *world) quotasKept(before, after rows) error {
	for a := range after.of("accounts") {
		id := a.str("id")
		was := before.account(id)
		if was.vals == nil {
			continue
		}
		now, then := living(after, id), living(before, id)
		open, opened := 0, 0
		for ap, have := range now {
			limit := max(a.int("quota_per_access_point"), was.int("quota_per_access_point"))
			if int64(have.all) > limit && have.all > then[ap].all {
				return breaks("quota", "%s has %d interfaces at %s, allowed are %d", id, have.all, ap, limit)
			}
			open += have.open
		}
		for _, had := range then {
			opened += had.open
		}
		if limit := max(a.int("quota_not_enabled"), was.int("quota_not_enabled")); int64(open) > limit && open > opened {
			return breaks("quota", "%s has %d interfaces that are not enabled, allowed are %d", id, open, limit)
		}
	}
	return nil
}

type use struct{ all, open int }

// living counts an account's interfaces by access point.
func living(d rows, account string) map[string]use {
	out := map[string]use{}
	for c := range d.of("connections") {
		s := c.stage("stage")
		if c.str("account_id") != account || s.Ended() {
			continue
		}
		u := out[c.str("access_point_id")]
		u.all++
		if s != lifecycle.Enabled && s != lifecycle.Terminating {
			u.open++
		}
		out[c.str("access_point_id")] = u
	}
	return out
}

// try does one thing as it would be done after looking at before.
func (w *world) try(before rows, s step, i int) (d *did) {
	d = &did{step: s, request: fmt.Sprintf("P-%d-%d", w.no, i)}
	defer func() {
		if p := recover(); p != nil {
			d.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ops[s.op](w, before, d)
	return d
}

// act says who does it: usual, unless the step names somebody.
func (w *world) act(before rows, d *did, usual store.Actor) store.Actor {
	d.by = usual
	if d.who > 0 {
		d.by = w.people[(d.who-1)%len(w.people)]
	}
	d.by.RequestID = d.request
	if d.key > 0 {
		d.by.Key = "key-" + strconv.Itoa(d.key)
		if r, ok := before.where("submissions", func(r record) bool { return r.str("user_id") == d.by.UserID && r.str("key") == d.by.Key }); ok {
			d.known, d.answer = true, r.str("result")
			d.old = r.time("at").Before(w.e.Now().AddDate(0, 0, -30))
		}
	}
	return d.by
}

// ownerOf is who usually acts for an account.
func (w *world) ownerOf(account string) store.Actor {
	if account == w.e.Southwind {
		return w.e.OtherOwner
	}
	return w.e.Owner
}

// pick chooses an interface for the step; with aim one that fits.
func (w *world) pick(before rows, d *did, fits func(record) bool) (record, bool) {
	if d.pin != "" {
		return before.connection(d.pin)
	}
	var all []record
	for _, id := range w.ids {
		if c, ok := before.connection(id); ok && (!d.aim || fits(c)) {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		d.nothing = true
		return record{}, false
	}
	return all[d.a%len(all)], true
}

// on picks an interface for an action, says who does it, which revision they
// saw and what the table thinks of it.
func (w *world) on(before rows, d *did, action lifecycle.Action) (c record, by store.Actor, rev int, ok bool) {
	var role lifecycle.Role
	for _, r := range lifecycle.Rules() {
		if r.Action == action {
			role = r.Who[0]
		}
	}
	possible := func(c record) bool {
		if action == lifecycle.ConfirmRemoval {
			return c.yes("removal_due")
		}
		return lifecycle.Can(c.stage("stage"), action, role)
	}
	if c, ok = w.pick(before, d, possible); !ok {
		return
	}
	usual := w.ownerOf(c.str("account_id"))
	if role != lifecycle.Owner {
		usual = w.e.As(role)
	}
	by = w.act(before, d, usual)
	version := int(c.int("version"))
	switch d.rev {
	case 0:
		rev = version
	case 2:
		rev = version - 1
		if rev == 0 {
			rev = 99
		}
	}
	d.moves = true
	if action == lifecycle.ConfirmRemoval && c.stage("stage") == lifecycle.Terminating {
		action = lifecycle.CompleteTermination
	}
	if !lifecycle.Can(c.stage("stage"), action, by.Role) || (rev != 0 && rev != version) || (by.Role == lifecycle.Owner && by.AccountID != c.str("account_id")) {
		d.want = -1
	} else {
		d.want = +1
	}
	return c, by, rev, true
}

// next takes an interface on its way, as the procedure goes.
func (w *world) next(before rows, d *did) {
	d.aim = true
	if _, left := before.where("ports", func(p record) bool { return p.str("left_by") != "" }); left && d.c%3 == 0 {
		d.op = "check port"
		ops[d.op](w, before, d)
		return
	}
	c, ok := w.pick(before, d, func(c record) bool { return !c.stage("stage").Ended() || c.yes("removal_due") })
	if !ok {
		return
	}
	d.pin = c.str("id")
	switch c.stage("stage") {
	case lifecycle.PendingPayment:
		d.op = "pay"
	case lifecycle.ToApplyForLOA, lifecycle.LOARejected:
		d.op = "apply"
	case lifecycle.InApplication:
		d.op = []string{"approve", "approve", "approve", "prepare", "reject", "move"}[d.c%6]
	case lifecycle.ApprovedLOA:
		d.op = "report"
	case lifecycle.WaitingForCabling:
		d.op = []string{"complete", "complete", "complete", "return"}[d.c%4]
	case lifecycle.WaitingForPayment:
		d.op = "resource fee"
	case lifecycle.Enabled:
		d.op = []string{"edit", "terminate", "order renewal", "auto renew", "order renewal"}[d.c%5]
	default:
		d.op = "remove"
	}
	ops[d.op](w, before, d)
}

// bad makes one submit in so many invalid.
func (d *did) bad(oneIn int) bool {
	if d.c%oneIn == 0 {
		d.want = -1
		return true
	}
	return false
}

// ops are what a step can do. Each chooses from the rows before the step, says
// in d.want what the rules say, and does it.
var ops map[string]func(w *world, before rows, d *did)

func init() {
	ops = map[string]func(*world, rows, *did){
		"order": (*world).order, "pay": (*world).pay, "apply": (*world).apply, "withdraw": (*world).withdraw, "reject": (*world).reject,
		"move": (*world).move, "approve": (*world).approve, "prepare": (*world).prepare, "issue": (*world).issue,
		"report": (*world).report, "return": (*world).giveBack, "complete": (*world).complete, "resource fee": (*world).resourceFee,
		"order renewal": (*world).orderRenewal, "pay renewal": (*world).payRenewal, "auto renew": (*world).autoRenew, "free": (*world).free,
		"cancel": (*world).cancel, "terminate": (*world).terminate, "remove": (*world).remove, "check port": (*world).checkPort, "revoke": (*world).revoke, "reissue": (*world).reissue, "renew": (*world).renew, "edit": (*world).edit,
		"reveal": (*world).reveal, "whitelist": (*world).whitelist, "decide": (*world).decide, "quotas": (*world).quotas, "ask": (*world).ask, "write ticket": (*world).writeTicket, "note": (*world).writeNote, "take back note": (*world).takeBackNote, "transfer": (*world).transfer,
		"next": (*world).next, "add ports": (*world).addPorts, "site": (*world).site, "out": (*world).out, "back": (*world).back, "delete port": (*world).deletePort, "delete device": (*world).deleteDevice,
		"demarcation": (*world).demarcation, "edit device": (*world).editDevice, "panel": (*world).panel, "import": (*world).importFile, "read": (*world).readMessages, "due": (*world).due,
		"build": (*world).build, "renew now": (*world).renewNow, "finish": (*world).finish, "rules": (*world).rules, "prices": (*world).prices, "limit": (*world).limit, "pay invoice": (*world).payInvoice, "invoice from balance": (*world).invoiceFromBalance,
		"card": (*world).card, "card pays": (*world).cardPays, "webhook": (*world).webhook, "card work": (*world).cardWork,
	}
	weighed := map[string]bool{}
	for _, p := range []*profile{&everything, &moneyMatters} {
		for _, w := range p.ops {
			weighed[w.op] = true
			if ops[w.op] == nil {
				panic("no op " + w.op)
			}
		}
	}
	if len(ops) != len(weighed) {
		panic(fmt.Sprint("ops without a weight: ", slices.Sorted(maps.Keys(ops))))
	}
}
