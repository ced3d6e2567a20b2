package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

func TestTimeClosesUnpaidOrders(t *testing.T) {
	e := storetest.New(t)
	o := e.Order(t, e.Owner)
	e.Clock.Advance(7*24*time.Hour - time.Second)
	if n, err := e.RunDue(ctx); n != 0 || err != nil {
		t.Fatalf("a moment too early: %d, %v", n, err)
	}
	e.Clock.Advance(time.Second)
	if err := e.PayOrder(ctx, e.Owner, o.No, store.MethodBalance); store.KindOf(err) != store.Conflict {
		t.Errorf("paid after its time, before anybody closed it: %v", err)
	}
	if n, err := e.RunDue(ctx); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	c := e.Get(t, o.ConnectionID)
	o, _ = e.Store.Order(ctx, e.Owner, o.No)
	if c.Stage != lifecycle.Canceled || o.State != "expired" {
		t.Errorf("stage %s, order %s", c.Stage, o.State)
	}
	if err := e.PayOrder(ctx, e.Owner, o.No, store.MethodBalance); store.KindOf(err) != store.Conflict {
		t.Errorf("an expired order was paid: %v", err)
	}
	if n, err := e.RunDue(ctx); n != 0 || err != nil {
		t.Errorf("a second run did %d, %v", n, err)
	}
	e.Sound(t)
}

func TestLettersExpireAtTheEndOfTheirDayAtTheSite(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	l, err := e.LOA(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	local := l.ExpiresAt.In(e.Catalogue().Zone(c.Region))
	if local.Format("15:04:05") != "23:59:59" || l.ExpiresAt.Before(l.IssuedAt.AddDate(0, 0, 90)) {
		t.Errorf("expires %s", local)
	}
	reported := e.At(t, lifecycle.WaitingForCabling)
	e.Clock.Set(letter.Over(l.ExpiresAt).Add(-time.Millisecond))
	if _, err := e.RunDue(ctx); err != nil { // a warning was due on the way
		t.Fatal(err)
	}
	if n, err := e.RunDue(ctx); n != 0 || err != nil {
		t.Fatalf("a moment too early: %d, %v", n, err)
	}
	e.Clock.Set(letter.Over(l.ExpiresAt))
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if c = e.Get(t, c.ID); c.Stage != lifecycle.ToApplyForLOA || c.Problem == "" {
		t.Errorf("stage %s, problem %q", c.Stage, c.Problem)
	}
	if l, _ = e.LOA(ctx, c.ID); l.Status != "expired" {
		t.Errorf("the letter is %s", l.Status)
	}
	// An interface whose line was reported in time is not thrown back.
	if c := e.Get(t, reported.ID); c.Stage != lifecycle.WaitingForCabling {
		t.Errorf("a reported interface became %s", c.Stage)
	}
	// The next letter is a new version that names the old one.
	e.Do(t, c.ID, lifecycle.ApplyForLOA)
	e.Do(t, c.ID, lifecycle.Approve)
	next, err := e.LOA(ctx, c.ID)
	if err != nil || next.Version != 2 || !strings.Contains(next.Snapshot.Supersedes, l.No) {
		t.Errorf("version %d supersedes %q: %v", next.Version, next.Snapshot.Supersedes, err)
	}
	// Once a letter was out, canceling keeps the port until the cable is checked.
	e.Do(t, c.ID, lifecycle.Cancel)
	if p, _ := e.PortOf(ctx, c.ID); p == nil || p.State != store.PortQuarantined {
		t.Errorf("port %v", p)
	}
	e.Do(t, c.ID, lifecycle.ConfirmRemoval)
	if p, _ := e.PortOf(ctx, c.ID); p != nil {
		t.Errorf("port still held: %v", p)
	}
	if err := e.Try(c.ID, lifecycle.ConfirmRemoval, e.Technician); store.KindOf(err) != store.Conflict {
		t.Errorf("removed twice: %v", err)
	}
	e.Sound(t)
}

func TestTheLetterNeverEndsBeforeTheWork(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ToApplyForLOA)
	in := e.Application(c)
	zone := e.Catalogue().Zone(c.Region)
	work := e.Clock.Now().In(zone).AddDate(0, 0, 170)
	in.ScheduledAt = work.Format(store.SiteTimeLayout)
	if err := e.ApplyForLOA(ctx, e.Owner, c.ID, 0, in); err != nil {
		t.Fatal(err)
	}
	e.Do(t, c.ID, lifecycle.Approve)
	if l, _ := e.LOA(ctx, c.ID); !l.ExpiresAt.After(work) {
		t.Errorf("work on %s, letter until %s", work, l.ExpiresAt)
	}
}

func TestCancelGivesTheFeeBackOnlyBeforeALetter(t *testing.T) {
	e := storetest.New(t)
	for _, tc := range []struct {
		stage  lifecycle.Stage
		refund bool
		port   bool // still held afterwards
	}{
		{lifecycle.PendingPayment, false, false},
		{lifecycle.ToApplyForLOA, true, false},
		{lifecycle.InApplication, true, false},
		{lifecycle.LOARejected, true, false},
		{lifecycle.ApprovedLOA, false, true},
		{lifecycle.WaitingForCabling, false, true},
		{lifecycle.WaitingForPayment, false, true},
	} {
		c := e.At(t, tc.stage)
		would, err := e.CancelWould(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := e.Account(ctx, e.Owner, e.Northwind)
		if err := e.Cancel(ctx, e.Owner, c.ID, c.Version, false); store.FieldsOf(err)["confirm"] == "" {
			t.Errorf("%s: canceled without consent: %v", tc.stage, err)
		}
		e.Do(t, c.ID, lifecycle.Cancel)
		after, _ := e.Account(ctx, e.Owner, e.Northwind)
		got := after.Balance.Minor - before.Balance.Minor
		if want := map[bool]int64{true: 1500_00}[tc.refund]; got != want || would.Refund != tc.refund {
			t.Errorf("%s: %d came back, want %d; announced %v", tc.stage, got, want, would.Refund)
		}
		p, _ := e.PortOf(ctx, c.ID)
		if (p != nil) != tc.port || e.Get(t, c.ID).RemovalDue != tc.port {
			t.Errorf("%s: port %v", tc.stage, p)
		}
	}
	e.Sound(t)
}

// TestALateReminderCountsTheDaysThatAreLeft: after a standstill nobody reads that
// a fee is due in 15 days when it is due in 9.
func TestALateReminderCountsTheDaysThatAreLeft(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.Enabled)
	for _, tt := range []struct {
		left time.Duration
		want string
	}{{9*24*time.Hour - time.Minute, "Resource fee due in 9 days"}, {7 * 24 * time.Hour, "Resource fee due in 7 days"}, {time.Hour, "Resource fee due in 1 day"}} {
		e.Clock.Set(c.PaidThrough.Add(-tt.left))
		if _, err := e.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
		if all, err := e.Messages(ctx, e.Owner.UserID, 0, 1); err != nil || len(all) != 1 || all[0].Title != tt.want {
			t.Errorf("%s before: %+v, %v, want %q", tt.left, all, err, tt.want)
		}
	}
}

// TestIDNumbersAreNowhereAndErased plants an ID number and looks for it in
// every file of the data folder, before and after its time.
func TestIDNumbersAreNowhereAndErased(t *testing.T) {
	e := storetest.New(t)
	const planted = "E8812345XQ"
	c := e.At(t, lifecycle.ToApplyForLOA, func(in *store.NewConnection) {
		in.Region, in.AccessPoint, in.SP = "ap-southeast-1", e.APID(t, "Singapore-A"), "Equinix"
	})
	in := e.Application(c)
	in.Engineers = in.Engineers[:1]
	in.Engineers[0].IDNumber = planted
	if err := e.ApplyForLOA(ctx, e.Owner, c.ID, 0, in); err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	look := func() {
		t.Helper()
		files, _ := filepath.Glob(filepath.Join(e.Dir, "*"))
		if len(files) < 2 {
			t.Fatal("no files to look at")
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte(planted)) {
				t.Errorf("the ID number is in %s", filepath.Base(f))
			}
		}
	}
	look()
	a, _ := e.Store.Application(ctx, c.ID)
	if a.Engineers[0].IDNumber != "" || a.Engineers[0].IDLast4 != "45XQ" {
		t.Errorf("read back: %+v", a.Engineers[0])
	}
	if _, err := e.RevealIDNumber(ctx, e.Technician, c.ID, 1, 1, "visitor at the gate"); store.KindOf(err) != store.Forbidden {
		t.Errorf("a technician read it: %v", err)
	}
	if _, err := e.RevealIDNumber(ctx, e.Reviewer, c.ID, 1, 1, ""); store.FieldsOf(err)["reason"] == "" {
		t.Errorf("read without a reason: %v", err)
	}
	if got, err := e.RevealIDNumber(ctx, e.Reviewer, c.ID, 1, 1, "visitor at the gate"); err != nil || got != planted {
		t.Errorf("revealed %q, %v", got, err)
	}
	events, _ := e.Timeline(ctx, c.ID)
	if events[0].Action != "reveal_id_number" || events[0].Reason != "visitor at the gate" {
		t.Errorf("the reading is not recorded: %+v", events[0])
	}
	e.Clock.Advance(60 * 24 * time.Hour)
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := e.RevealIDNumber(ctx, e.Reviewer, c.ID, 1, 1, "visitor at the gate"); store.KindOf(err) != store.NotFound {
		t.Errorf("not erased: %v", err)
	}
	look()
}

func TestAPortTakenMeanwhileIsAConflict(t *testing.T) {
	e := storetest.New(t)
	a, b := e.At(t, lifecycle.InApplication), e.At(t, lifecycle.InApplication)
	port, _ := e.PortOf(ctx, a.ID)
	ports, _ := e.Ports(ctx, port.Device)
	var free string
	for _, p := range ports {
		if p.State == store.PortFree && p.Type == port.Type {
			free = p.ID
		}
	}
	d, err := e.PrepareLOA(ctx, e.Reviewer, a.ID, a.Version, store.Approval{PortID: free})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.MovePort(ctx, e.Reviewer, b.ID, b.Version, free, "closer to the panel"); err != nil {
		t.Fatal(err)
	}
	before := state(t, e, a.ID)
	if _, err := e.IssueLOA(ctx, e.Reviewer, d, storetest.PDF); store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), b.ID) {
		t.Errorf("issued for a port that somebody else holds: %v", err)
	}
	if after := state(t, e, a.ID); after != before {
		t.Error("the lost race changed something")
	}
	e.Sound(t)
}

func TestStoredLetterIsTheSameAtEveryCallAndAfterRestart(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	_, first, _, err := e.LOAPDF(ctx, c.ID, 0)
	if err != nil || !bytes.Equal(first, storetest.PDF) {
		t.Fatalf("%q, %v", first, err)
	}
	e.Reopen(t)
	name, again, version, err := e.LOAPDF(ctx, c.ID, 0)
	if err != nil || !bytes.Equal(first, again) || !strings.HasSuffix(name, ".pdf") || version != 1 {
		t.Errorf("%s %q, %v", name, again, err)
	}
	for stage, want := range map[lifecycle.Stage]string{lifecycle.WaitingForPayment: "used", lifecycle.WaitingForCabling: "issued"} {
		if l, _ := e.LOA(ctx, e.At(t, stage).ID); l.Status != want {
			t.Errorf("at %s the letter is %s, want %s", stage, l.Status, want)
		}
	}
}

func TestALabelIsOnOneCable(t *testing.T) {
	e := storetest.New(t)
	a, b := e.At(t, lifecycle.ApprovedLOA), e.At(t, lifecycle.ApprovedLOA)
	report := e.Report()
	if err := e.ReportDelivery(ctx, e.Owner, a.ID, 0, report); err != nil {
		t.Fatal(err)
	}
	err := e.ReportDelivery(ctx, e.Owner, b.ID, 0, report)
	if msg := store.FieldsOf(err)[store.LabelField(0)]; !strings.Contains(msg, a.ID) {
		t.Errorf("the same label twice: %v %q", err, msg)
	}
	// Returned, it is free again; the same interface may use it again.
	e.Do(t, a.ID, lifecycle.ReturnReport)
	if err := e.ReportDelivery(ctx, e.Owner, a.ID, 0, report); err != nil {
		t.Errorf("the corrected report: %v %v", err, store.FieldsOf(err))
	}
	e.Sound(t)
}

func TestMessagesGoToThoseWhoseTurnItIs(t *testing.T) {
	e := storetest.New(t)
	unread := func(a store.Actor) int {
		t.Helper()
		u, err := e.UserByEmail(ctx, a.Email)
		if err != nil {
			t.Fatal(err)
		}
		return u.Unread
	}
	owner, reviewer, technician, other := unread(e.Owner), unread(e.Reviewer), unread(e.Technician), unread(e.OtherOwner)
	c := e.At(t, lifecycle.InApplication)
	if unread(e.Reviewer) != reviewer+1 || unread(e.Owner) != owner {
		t.Errorf("after applying: reviewer %d, owner %d", unread(e.Reviewer)-reviewer, unread(e.Owner)-owner)
	}
	e.Do(t, c.ID, lifecycle.Approve)
	if unread(e.Owner) != owner+1 {
		t.Errorf("after approval the owner has %d more", unread(e.Owner)-owner)
	}
	e.Do(t, c.ID, lifecycle.ReportDelivery)
	if unread(e.Technician) != technician+1 {
		t.Errorf("after the report the technician has %d more", unread(e.Technician)-technician)
	}
	if unread(e.OtherOwner) != other {
		t.Error("another account was told")
	}
	m, err := e.Messages(ctx, e.Owner.UserID, 0, 1)
	if err != nil || len(m) != 1 || m[0].Subject != c.ID {
		t.Errorf("%+v, %v", m, err)
	}
}
