// Package storetest gives tests a real store on a temporary file: a clock that
// stands still until it is moved, people of every role, a small demo inventory,
// and interfaces brought to any stage by real transitions. Only tests use it.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/fees"
	"demarc/store/letter"
	"demarc/store/lifecycle"
)

// Start is where the clock of a new Env stands: a Friday afternoon in Hangzhou.
var Start = time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC)

// Password is everybody's password, in an Env made WithPasswords.
const Password = "demarc-test-only"

// Clock is a time that moves only when told to.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// Now is the present.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Advance moves the present forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Set moves the present to t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

// Env is a store with people and ports.
type Env struct {
	*store.Store
	Dir   string
	Clock *Clock
	// Northwind has $1,000,000 and generous quotas; Southwind has nothing.
	Northwind, Southwind string
	// The people, as actors. Their e-mail addresses are those of the demo.
	Owner, OtherOwner, Reviewer, Technician, Finance, Admin store.Actor
	// Northwind's other people and the auditor, once Everybody has added them.
	Engineer, CustomerFinance, Viewer, Auditor store.Actor

	mail   bool
	mu     sync.Mutex
	labels int
	reads  atomic.Int64
}

// Reads is how many statements the store's reads have run so far.
func (e *Env) Reads() int { return int(e.reads.Load()) }

// Option changes what New makes.
type Option func(*settings)

type settings struct{ passwords, mail, ownKeys bool }

// WithPasswords gives everybody Password, hashed cheaply: signing in takes
// next to no time, and is checked like any other.
func WithPasswords() Option { return func(s *settings) { s.passwords = true } }

// WithMail lets the store put mails into its outbox.
func WithMail() Option { return func(s *settings) { s.mail = true } }

// WithOwnKeys makes another installation than the others of this test program:
// with its own keys, people and IDs.
func WithOwnKeys() Option { return func(s *settings) { s.ownKeys = true } }

var cheapHash = sync.OnceValues(func() (string, error) {
	return argon2id.CreateHash(Password, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
})

// AccessPoints are the sites with ports: Hangzhou-Yuhang-A (three devices,
// 100G on one of them only), Hangzhou-Xiaoshan-B (China Telecom), Singapore-A
// (asks for IDs) and US-Ashburn-A.
func AccessPoints() []string {
	return []string{"Hangzhou-Yuhang-A", "Hangzhou-Xiaoshan-B", "Singapore-A", "US-Ashburn-A"}
}

// Issuer is who issues letters in tests.
var Issuer = letter.Issuer{LegalName: "Example Cloud Pte. Ltd.", Address: "1 Example Way, Singapore", NOC: "+65 6000 0000, noc@cloud.example", Service: "Express Connect"}

// New opens a store in a temporary folder and closes it with the test. All that
// one test program makes begin as copies of one, with the same people, IDs and
// keys: making it anew takes seconds under the race detector. A test that is
// about two installations asks WithOwnKeys for one of them.
func New(tb testing.TB, options ...Option) *Env {
	tb.Helper()
	var set settings
	for _, o := range options {
		o(&set)
	}
	if set.ownKeys {
		e := &Env{Dir: tb.TempDir(), Clock: &Clock{t: Start}, mail: set.mail}
		e.Store = e.open(tb)
		tb.Cleanup(func() { e.Store.Close() })
		e.fill(tb, set)
		return e
	}
	e := originalOf(tb, set).copy(tb)
	tb.Cleanup(func() { e.Store.Close() })
	return e
}

// original is a store that is filled and closed: its files and its people.
type original struct {
	people *Env
	files  map[string][]byte
}

var originals struct {
	mu sync.Mutex
	of map[settings]*original
}

func originalOf(tb testing.TB, set settings) *original {
	tb.Helper()
	originals.mu.Lock()
	defer originals.mu.Unlock()
	if o := originals.of[set]; o != nil {
		return o
	}
	e := &Env{Dir: tb.TempDir(), Clock: &Clock{t: Start}, mail: set.mail}
	e.Store = e.open(tb)
	e.fill(tb, set)
	if err := e.Store.Close(); err != nil {
		tb.Fatal(err)
	}
	o := &original{e, map[string][]byte{}}
	entries, err := os.ReadDir(e.Dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range entries {
		if !f.Type().IsRegular() {
			continue
		}
		if o.files[f.Name()], err = os.ReadFile(filepath.Join(e.Dir, f.Name())); err != nil {
			tb.Fatal(err)
		}
	}
	if originals.of == nil {
		originals.of = map[settings]*original{}
	}
	originals.of[set] = o
	return o
}

func (o *original) copy(tb testing.TB) *Env {
	tb.Helper()
	p := o.people
	e := &Env{Dir: tb.TempDir(), Clock: &Clock{t: Start}, mail: p.mail, Northwind: p.Northwind, Southwind: p.Southwind,
		Owner: p.Owner, OtherOwner: p.OtherOwner, Reviewer: p.Reviewer, Technician: p.Technician, Finance: p.Finance, Admin: p.Admin}
	for name, content := range o.files {
		if err := os.WriteFile(filepath.Join(e.Dir, name), content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	e.Store = e.open(tb)
	return e
}

// fill adds people, accounts and ports.
func (e *Env) fill(tb testing.TB, set settings) {
	tb.Helper()
	ctx := context.Background()
	admin := e.person(tb, "admin@cloud.example", "Sun Jia", lifecycle.Administrator, "")
	e.Admin = admin
	e.Reviewer = e.person(tb, "reviewer@cloud.example", "Rao Min", lifecycle.Reviewer, "")
	e.Technician = e.person(tb, "technician@cloud.example", "Tan Wei", lifecycle.Technician, "")
	e.Finance = e.person(tb, "finance@cloud.example", "Fang Li", lifecycle.Finance, "")
	var err error
	if e.Northwind, err = e.CreateAccount(ctx, admin, "Northwind Trading", "cn-hangzhou"); err != nil {
		tb.Fatal(err)
	}
	if e.Southwind, err = e.CreateAccount(ctx, admin, "Southwind Logistics", ""); err != nil {
		tb.Fatal(err)
	}
	if err := e.SetQuotas(ctx, admin, e.Northwind, 1000, 1000, "Tests order a lot"); err != nil {
		tb.Fatal(err)
	}
	if err := e.RecordTransfer(ctx, e.Finance, e.Northwind, "1,000,000.00", "opening balance"); err != nil {
		tb.Fatal(err)
	}
	e.Owner = e.person(tb, "owner@northwind.example", "Lin Wei", lifecycle.Owner, e.Northwind)
	e.OtherOwner = e.person(tb, "owner@southwind.example", "Ma Yan", lifecycle.Owner, e.Southwind)

	if set.passwords {
		hash, err := cheapHash()
		if err != nil {
			tb.Fatal(err)
		}
		if err := e.sql("UPDATE users SET password_hash = '" + hash + "'"); err != nil {
			tb.Fatal(err)
		}
	}

	var aps []catalog.AccessPoint
	var devices []catalog.Device
	var ports []catalog.Port
	for _, ap := range e.Catalogue().AccessPoints() {
		for _, name := range AccessPoints() {
			if ap.Name == name {
				aps = append(aps, catalog.DemoAddress(ap))
				d, p := catalog.DemoInventory(ap)
				devices, ports = append(devices, d...), append(ports, p...)
			}
		}
	}
	if err := e.LoadInventory(ctx, admin, aps, devices, ports); err != nil {
		tb.Fatal(err)
	}
}

// Everybody adds a person of each role that New leaves out: an engineer, finance
// and a viewer of Northwind, and an auditor. They have Owner's password.
func (e *Env) Everybody(tb testing.TB) {
	tb.Helper()
	e.Engineer = e.person(tb, "engineer@northwind.example", "Gu Bo", lifecycle.Engineer, e.Northwind)
	e.CustomerFinance = e.person(tb, "finance@northwind.example", "Shen Lan", lifecycle.CustomerFinance, e.Northwind)
	e.Viewer = e.person(tb, "viewer@northwind.example", "Xu Qing", lifecycle.Viewer, e.Northwind)
	e.Auditor = e.person(tb, "auditor@cloud.example", "Bai Ning", lifecycle.Auditor, "")
	if err := e.sql("UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = 'owner@northwind.example')"); err != nil {
		tb.Fatal(err)
	}
}

func (e *Env) open(tb testing.TB) *store.Store {
	tb.Helper()
	s, err := store.Open(context.Background(), store.Options{Dir: e.Dir, Now: e.Clock.Now, Operator: "Example Cloud", Issuer: Issuer, Mailing: e.mail,
		Trace: func(string) { e.reads.Add(1) }})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Reopen closes the store and opens the same file again, as a restart does.
func (e *Env) Reopen(tb testing.TB) {
	tb.Helper()
	if err := e.Store.Close(); err != nil {
		tb.Fatal(err)
	}
	e.Store = e.open(tb)
}

func (e *Env) person(tb testing.TB, email, name string, role lifecycle.Role, account string) store.Actor {
	tb.Helper()
	u, err := e.CreateUser(context.Background(), store.NewUser{Email: email, Name: name, Role: role, AccountID: account}, "")
	if err != nil {
		tb.Fatal(err)
	}
	return store.Actor{UserID: u.ID, Name: u.Name, Email: u.Email, Role: role, AccountID: account, RequestID: "TEST-" + string(role)}
}

// As is the actor of a role; customers are Northwind's. The roles that Everybody
// adds have actors after that.
func (e *Env) As(role lifecycle.Role) store.Actor {
	switch role {
	case lifecycle.Engineer:
		return e.Engineer
	case lifecycle.CustomerFinance:
		return e.CustomerFinance
	case lifecycle.Viewer:
		return e.Viewer
	case lifecycle.Auditor:
		return e.Auditor
	case lifecycle.Reviewer:
		return e.Reviewer
	case lifecycle.Technician:
		return e.Technician
	case lifecycle.Finance:
		return e.Finance
	case lifecycle.Administrator:
		return e.Admin
	case lifecycle.System:
		return store.Actor{UserID: "system", Name: "Demarc", Role: lifecycle.System, RequestID: "TEST-system"}
	}
	return e.Owner
}

// APID is the ID of the access point with this name.
func (e *Env) APID(tb testing.TB, name string) string {
	tb.Helper()
	for _, ap := range e.Catalogue().AccessPoints() {
		if ap.Name == name {
			return ap.ID
		}
	}
	tb.Fatalf("no access point %q", name)
	return ""
}

// Choice is a complete order: 10G single-mode at Hangzhou-Yuhang-A, China
// Telecom, not redundant. edit may change it.
func (e *Env) Choice(tb testing.TB, edit ...func(*store.NewConnection)) store.NewConnection {
	tb.Helper()
	in := store.NewConnection{Region: "cn-hangzhou", SP: catalog.ChinaTelecom, AccessPoint: e.APID(tb, "Hangzhou-Yuhang-A"), Spec: catalog.Spec10G, PortType: catalog.Type10GBaseLR,
		Redundant: store.NotRedundant, Terms: true}
	for _, f := range edit {
		f(&in)
	}
	return in
}

// Order places an order as by and returns it.
func (e *Env) Order(tb testing.TB, by store.Actor, edit ...func(*store.NewConnection)) store.Order {
	tb.Helper()
	no, err := e.PlaceOrder(context.Background(), by, e.Choice(tb, edit...))
	if err != nil {
		tb.Fatalf("order: %v %v", err, store.FieldsOf(err))
	}
	o, err := e.Store.Order(context.Background(), by, no)
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// Application is a complete application for c, two working days ahead.
func (e *Env) Application(c store.Connection) store.NewLOAApplication {
	zone := e.Catalogue().Zone(c.Region)
	ap, _ := e.Catalogue().AccessPoint(c.AccessPointID)
	in := store.NewLOAApplication{CompanyName: "Northwind Trading", ConstructionCompany: "浙江华临布线有限公司", ConstructionType: "MSTP",
		ScheduledAt: e.Clock.Now().In(zone).AddDate(0, 0, 10).Format(store.SiteTimeLayout), Location: "Binjiang IDC 2", Bandwidth: "1000",
		Engineers: []store.Engineer{{Name: "Zhou Ming", Contact: "+86 137 0000 4410"}, {Name: "陈宇", Contact: "+86 138 0000 0092"}}}
	if ap.Visitor.IDNumber {
		for i := range in.Engineers {
			in.Engineers[i].IDType, in.Engineers[i].IDNumber, in.Engineers[i].Gender = "passport", fmt.Sprintf("E1234567%d", i), "other"
		}
	}
	return in
}

// PDF stands in for the rendered letter.
var PDF = []byte("%PDF-1.7 stand-in\n")

// Report is a complete delivery report with labels nobody has used.
func (e *Env) Report() store.NewDeliveryReport {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.labels++
	return store.NewDeliveryReport{LineCode: fmt.Sprintf("HZ-CTC-%07d", e.labels), Labels: []string{fmt.Sprintf("A-%04d", 2*e.labels), fmt.Sprintf("A-%04d", 2*e.labels+1)}}
}

// Cabling is what a technician enters when all is well.
func (e *Env) Cabling(r store.DeliveryReport) store.Cabling {
	return store.Cabling{LabelFound: r.Labels[0], Light: "-7.2", Found: true, Connected: true, LinkUp: true}
}

// Do takes an interface through one action by its usual actor.
func (e *Env) Do(tb testing.TB, id string, action lifecycle.Action) {
	tb.Helper()
	if err := e.Try(id, action, e.usual(action)); err != nil {
		tb.Fatalf("%s of %s: %v %v", action, id, err, store.FieldsOf(err))
	}
}

func (e *Env) usual(action lifecycle.Action) store.Actor {
	for _, r := range lifecycle.Rules() {
		if r.Action == action {
			return e.As(r.Who[0])
		}
	}
	return e.Owner
}

// Try does one action on an interface as by, with complete input.
func (e *Env) Try(id string, action lifecycle.Action, by store.Actor) error {
	ctx := context.Background()
	c, err := e.Connection(ctx, e.Admin, id)
	if err != nil {
		return err
	}
	switch action {
	case lifecycle.PayInstallationFee:
		orders, err := e.OrdersOf(ctx, id)
		if err != nil || len(orders) == 0 {
			return fmt.Errorf("orders of %s: %d, %w", id, len(orders), err)
		}
		return e.PayOrder(ctx, by, orders[0].No, store.MethodBalance)
	case lifecycle.ApplyForLOA:
		return e.ApplyForLOA(ctx, by, id, c.Version, e.Application(c))
	case lifecycle.WithdrawApplication:
		return e.WithdrawApplication(ctx, by, id, c.Version)
	case lifecycle.MovePort:
		port, err := e.otherPort(ctx, c)
		if err != nil {
			return err
		}
		return e.MovePort(ctx, by, id, c.Version, port, "The panel position is damaged")
	case lifecycle.Approve:
		d, err := e.PrepareLOA(ctx, by, id, c.Version, store.Approval{})
		if err != nil {
			return err
		}
		_, err = e.IssueLOA(ctx, by, d, PDF)
		return err
	case lifecycle.Reject:
		return e.RejectLOA(ctx, by, id, c.Version, map[string]string{"construction_company": "Enter the full legal name"})
	case lifecycle.ReportDelivery:
		return e.ReportDelivery(ctx, by, id, c.Version, e.Report())
	case lifecycle.ReturnReport:
		return e.ReturnReport(ctx, by, id, c.Version, "label_not_found", "Label A-2291 is not on site")
	case lifecycle.CompleteCabling:
		r, err := e.DeliveryReport(ctx, id)
		if err != nil {
			return err
		}
		if r == nil {
			r = &store.DeliveryReport{Labels: []string{"A-0000"}}
		}
		return e.CompleteCabling(ctx, by, id, c.Version, e.Cabling(*r))
	case lifecycle.PayResourceFee:
		_, err := e.PayResourceFee(ctx, by, id, c.Version, store.NewResourceFee{Months: 1, Confirmed: true, Method: store.MethodBalance})
		return err
	case lifecycle.Cancel:
		return e.Cancel(ctx, by, id, c.Version, true)
	case lifecycle.ConfirmRemoval, lifecycle.CompleteTermination:
		return e.ConfirmRemoval(ctx, by, id, c.Version, true, "")
	case lifecycle.ReissueLOA, lifecycle.RenewLOA:
		prepare := e.PrepareReissue
		if action == lifecycle.RenewLOA {
			prepare = e.PrepareRenewal
		}
		d, err := prepare(ctx, by, id, c.Version, store.NewVersion{Reason: "The notes for installers changed"})
		if err != nil {
			return err
		}
		_, err = e.IssueLOA(ctx, by, d, PDF)
		return err
	case lifecycle.RevokeLOA:
		return e.RevokeLOA(ctx, by, id, c.Version, "The panel is being rebuilt")
	case lifecycle.Terminate:
		return e.Terminate(ctx, by, id, c.Version, id)
	case lifecycle.Renew:
		no, err := e.OrderRenewal(ctx, by, id, c.Version, 1, false)
		if err != nil {
			return err
		}
		return e.PayOrder(ctx, by, no, store.MethodBalance)
	case lifecycle.SwitchAutoRenew:
		return e.SwitchAutoRenew(ctx, by, id, c.Version, 3)
	case lifecycle.Free:
		if from := fees.FreeableAt(c.PaidThrough, e.Catalogue().Zone(c.Region)); lifecycle.Can(c.Stage, action, by.Role) && e.Clock.Now().Before(from) {
			e.Clock.Set(from) // nobody renewed
		}
		return e.FreeUnpaid(ctx, by, id, c.Version, "Nobody answered three letters", true)
	case lifecycle.EditNameDescription:
		return e.EditConnection(ctx, by, id, c.Version, "renamed", "")
	}
	return fmt.Errorf("storetest cannot do %s", action)
}

func (e *Env) otherPort(ctx context.Context, c store.Connection) (string, error) {
	for _, d := range e.Catalogue().Devices(c.AccessPointID) {
		ports, err := e.Ports(ctx, d.ID)
		if err != nil {
			return "", err
		}
		for _, p := range ports {
			if p.State == store.PortFree && p.Type == c.PortType {
				return p.ID, nil
			}
		}
	}
	return "", fmt.Errorf("no other free port")
}

// path is how an interface gets to a stage.
var path = map[lifecycle.Stage][]lifecycle.Action{
	lifecycle.PendingPayment:    {},
	lifecycle.ToApplyForLOA:     {lifecycle.PayInstallationFee},
	lifecycle.InApplication:     {lifecycle.PayInstallationFee, lifecycle.ApplyForLOA},
	lifecycle.LOARejected:       {lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Reject},
	lifecycle.ApprovedLOA:       {lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Approve},
	lifecycle.WaitingForCabling: {lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Approve, lifecycle.ReportDelivery},
	lifecycle.WaitingForPayment: {lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling},
	lifecycle.Enabled:           {lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling, lifecycle.PayResourceFee},
	lifecycle.Terminating:       {lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling, lifecycle.PayResourceFee, lifecycle.Terminate},
	lifecycle.Terminated:        {lifecycle.PayInstallationFee, lifecycle.ApplyForLOA, lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling, lifecycle.PayResourceFee, lifecycle.Terminate, lifecycle.CompleteTermination},
	lifecycle.Canceled:          {lifecycle.PayInstallationFee, lifecycle.Cancel},
}

// At orders an interface for Northwind and brings it to a stage, every step a
// real transition by the people who may do it.
func (e *Env) At(tb testing.TB, stage lifecycle.Stage, edit ...func(*store.NewConnection)) store.Connection {
	tb.Helper()
	return e.AtOf(tb, e.Owner, stage, edit...)
}

// AtOf is At for the account of an owner.
func (e *Env) AtOf(tb testing.TB, owner store.Actor, stage lifecycle.Stage, edit ...func(*store.NewConnection)) store.Connection {
	tb.Helper()
	o := e.Order(tb, owner, edit...)
	for _, action := range path[stage] {
		by := e.usual(action)
		if !by.Staff() {
			by = owner
		}
		if err := e.Try(o.ConnectionID, action, by); err != nil {
			tb.Fatalf("%s of %s: %v %v", action, o.ConnectionID, err, store.FieldsOf(err))
		}
	}
	return e.Get(tb, o.ConnectionID)
}

// Advance takes an interface that was just ordered to a stage.
func (e *Env) Advance(tb testing.TB, id string, stage lifecycle.Stage) store.Connection {
	tb.Helper()
	for _, a := range path[stage] {
		e.Do(tb, id, a)
	}
	return e.Get(tb, id)
}

// Get reads an interface as staff do.
func (e *Env) Get(tb testing.TB, id string) store.Connection {
	tb.Helper()
	c, err := e.Connection(context.Background(), e.Admin, id)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Sound fails the test when the books or the interfaces contradict themselves.
func (e *Env) Sound(tb testing.TB) {
	tb.Helper()
	ledger, err := e.CheckLedger(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	for _, p := range ledger {
		tb.Error(p.What)
	}
	stages, err := e.CheckStages(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	_, chain, err := e.VerifyAudit(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	for _, p := range append(stages, chain...) {
		tb.Error(p)
	}
}

// BreakTable makes every further insert and update of a table fail, as a full
// disk or a bug would.
func (e *Env) BreakTable(table string) error {
	for _, op := range []string{"INSERT", "UPDATE"} {
		if err := e.sql(fmt.Sprintf("CREATE TRIGGER broken_%s_%s BEFORE %s ON %s BEGIN SELECT RAISE(ABORT, 'broken for the test'); END", table, op, op, table)); err != nil {
			return err
		}
	}
	return nil
}

// MendTable undoes BreakTable.
func (e *Env) MendTable(table string) error {
	for _, op := range []string{"INSERT", "UPDATE"} {
		if err := e.sql(fmt.Sprintf("DROP TRIGGER broken_%s_%s", table, op)); err != nil {
			return err
		}
	}
	return nil
}

// sql changes the file past the store.
func (e *Env) sql(statement string) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(e.Dir, "demarc.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}
