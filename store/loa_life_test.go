package store_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// code is the check code of the newest letter of an interface.
func code(t *testing.T, e *storetest.Env, id string) string {
	t.Helper()
	return newest(t, e, id).Snapshot.CheckCode
}

func newest(t *testing.T, e *storetest.Env, id string) store.LOA {
	t.Helper()
	l, err := e.LOA(ctx, id)
	if err != nil || l == nil {
		t.Fatalf("letter of %s: %v, %v", id, l, err)
	}
	return *l
}

func check(t *testing.T, e *storetest.Env, code string) store.CheckedLOA {
	t.Helper()
	l, err := e.CheckLOA(ctx, store.Actor{}, code)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// reissue replaces the letter of an interface by a new version.
func reissue(e *storetest.Env, by store.Actor, id string, in store.NewVersion, pdf []byte) (store.Draft, error) {
	c, err := e.Connection(ctx, e.Admin, id)
	if err != nil {
		return store.Draft{}, err
	}
	d, err := e.PrepareReissue(ctx, by, id, c.Version, in)
	if err != nil {
		return d, err
	}
	_, err = e.IssueLOA(ctx, by, d, pdf)
	return d, err
}

func otherFreePort(t *testing.T, e *storetest.Env, c store.Connection) store.Port {
	t.Helper()
	for _, d := range e.Catalogue().Devices(c.AccessPointID) {
		ports, err := e.Ports(ctx, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ports {
			if p.State == store.PortFree && p.Type == c.PortType {
				return p
			}
		}
	}
	t.Fatal("no free port")
	return store.Port{}
}

func titles(t *testing.T, e *storetest.Env, who store.Actor) string {
	t.Helper()
	all, err := e.Messages(ctx, who.UserID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range all {
		out = append(out, m.Title)
	}
	return strings.Join(out, "; ")
}

func TestReissueSupersedesAndSaysWhatChanged(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	first := newest(t, e, c.ID)
	was, _ := e.PortOf(ctx, c.ID)
	// The reviewer and the customer have the first version.
	for _, by := range []store.Actor{e.Owner, e.Reviewer} {
		if err := e.NoteLOAAccess(ctx, by, c.ID, 1, store.AccessDownload); err != nil {
			t.Fatal(err)
		}
	}
	to := otherFreePort(t, e, c)
	if _, err := reissue(e, e.Admin, c.ID, store.NewVersion{Approval: store.Approval{PortID: to.ID, Note: "Use the overhead route."}, Reason: "The position is occupied."}, []byte("second")); err != nil {
		t.Fatal(err)
	}
	second := newest(t, e, c.ID)
	if second.No != first.No || second.Version != 2 || second.Snapshot.Supersedes != first.No+" version 1" || second.Snapshot.Reason != "The position is occupied." {
		t.Errorf("%s version %d supersedes %q because %q", second.No, second.Version, second.Snapshot.Supersedes, second.Snapshot.Reason)
	}
	if words := letter.Words(second.Snapshot.Changes); !strings.Contains(words, "Position "+first.Snapshot.Position+" → "+second.Snapshot.Position) || !strings.Contains(words, "Note on the LOA nothing → Use the overhead route.") {
		t.Errorf("the difference is %q", words)
	}
	if second.Snapshot.CheckCode == first.Snapshot.CheckCode {
		t.Error("two versions have one code")
	}
	got := e.Get(t, c.ID)
	if is, _ := e.PortOf(ctx, c.ID); got.Stage != lifecycle.ApprovedLOA || is.ID != to.ID || got.LOANo != first.No {
		t.Errorf("%s on %s with %s", got.Stage, is.ID, got.LOANo)
	}
	if left, _ := e.Port(ctx, was.ID); left.State != store.PortQuarantined {
		t.Errorf("the port that was left is %s", left.State)
	}
	old := check(t, e, first.Snapshot.CheckCode)
	if old.Status != letter.Superseded || old.EndedReason != "The position is occupied." || !old.EndedAt.Equal(e.Now()) {
		t.Errorf("the first version is %s, %q, %s", old.Status, old.EndedReason, old.EndedAt)
	}
	if now := check(t, e, second.Snapshot.CheckCode); now.Status != letter.Valid || now.Version != 2 {
		t.Errorf("the second version is %s", now.Status)
	}
	// Every version keeps its own bytes.
	for version, want := range map[int][]byte{0: []byte("second"), 1: storetest.PDF, 2: []byte("second")} {
		if _, pdf, _, err := e.LOAPDF(ctx, c.ID, version); err != nil || !bytes.Equal(pdf, want) {
			t.Errorf("version %d: %q, %v", version, pdf, err)
		}
	}
	if _, _, _, err := e.LOAPDF(ctx, c.ID, 3); store.KindOf(err) != store.NotFound {
		t.Errorf("version 3: %v", err)
	}
	if got := titles(t, e, e.Owner); !strings.HasPrefix(got, "New version of the LOA") {
		t.Errorf("the customer is told %q", got)
	}
	if got := titles(t, e, e.Reviewer); !strings.HasPrefix(got, "LOA replaced") {
		t.Errorf("the reviewer, who downloaded the old one, is told %q", got)
	}
	if got := titles(t, e, e.Technician); strings.Contains(got, "replaced") {
		t.Errorf("the technician, who did not, is told %q", got)
	}
	// The line of history names nobody.
	events, _ := e.Timeline(ctx, c.ID)
	if ev := events[0]; ev.Action != string(lifecycle.ReissueLOA) || ev.Reason == "" || !strings.Contains(ev.Detail, "Position") || strings.Contains(ev.Detail, "Zhou Ming") {
		t.Errorf("event %+v", ev)
	}
	e.Sound(t)
}

func TestReissueIsRefused(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	zone := e.Catalogue().Zone(c.Region)
	good := store.NewVersion{Reason: "The route changed"}
	for name, tc := range map[string]struct {
		by    store.Actor
		rev   int
		edit  func(*store.NewVersion)
		kind  store.Kind
		field string
	}{
		"no reason":    {e.Reviewer, c.Version, func(in *store.NewVersion) { in.Reason = "  " }, store.Invalid, "reason"},
		"long reason":  {e.Reviewer, c.Version, func(in *store.NewVersion) { in.Reason = strings.Repeat("x", 301) }, store.Invalid, "reason"},
		"long note":    {e.Reviewer, c.Version, func(in *store.NewVersion) { in.Note = strings.Repeat("x", 501) }, store.Invalid, "note"},
		"no such port": {e.Reviewer, c.Version, func(in *store.NewVersion) { in.PortID = "none" }, store.Invalid, "port"},
		"no day":       {e.Reviewer, c.Version, func(in *store.NewVersion) { in.ValidFrom = "tomorrow" }, store.Invalid, "valid_from"},
		"yesterday": {e.Reviewer, c.Version, func(in *store.NewVersion) {
			in.ValidFrom = e.Now().In(zone).AddDate(0, 0, -1).Format(store.SiteDayLayout)
		}, store.Invalid, "valid_from"},
		"after the work": {e.Reviewer, c.Version, func(in *store.NewVersion) {
			in.ValidFrom = c.ScheduledAt.In(zone).AddDate(0, 0, 1).Format(store.SiteDayLayout)
		}, store.Invalid, "valid_from"},
		"no time": {e.Reviewer, c.Version, func(in *store.NewVersion) { in.ScheduledAt = "soon" }, store.Invalid, "scheduled_at"},
		"past time": {e.Reviewer, c.Version, func(in *store.NewVersion) {
			in.ScheduledAt = e.Now().In(zone).AddDate(0, 0, -1).Format(store.SiteTimeLayout)
		}, store.Invalid, "scheduled_at"},
		"next year": {e.Reviewer, c.Version, func(in *store.NewVersion) {
			in.ScheduledAt = e.Now().In(zone).AddDate(1, 0, 0).Format(store.SiteTimeLayout)
		}, store.Invalid, "scheduled_at"},
		"old page":            {e.Reviewer, c.Version - 1, func(*store.NewVersion) {}, store.Conflict, ""},
		"customer":            {e.Owner, c.Version, func(*store.NewVersion) {}, store.Forbidden, ""},
		"technician":          {e.Technician, c.Version, func(*store.NewVersion) {}, store.Forbidden, ""},
		"nothing to renew":    {e.Reviewer, c.Version, nil, store.Conflict, ""},
		"control characters":  {e.Reviewer, c.Version, func(in *store.NewVersion) { in.Reason = "a\u202eb c" }, store.Invalid, "letter"},
		"a letter to another": {e.OtherOwner, c.Version, func(*store.NewVersion) {}, store.NotFound, ""},
	} {
		before := state(t, e, c.ID)
		in, prepare := good, e.PrepareReissue
		if tc.edit == nil {
			prepare = e.PrepareRenewal
		} else {
			tc.edit(&in)
		}
		_, err := prepare(ctx, tc.by, c.ID, tc.rev, in)
		if store.KindOf(err) != tc.kind || tc.field != "" && store.FieldsOf(err)[tc.field] == "" {
			t.Errorf("%s: %v %v", name, err, store.FieldsOf(err))
		}
		if after := state(t, e, c.ID); after != before {
			t.Errorf("%s: something changed", name)
		}
	}
}

// A form that is sent twice makes one version; a draft made before somebody
// else's version makes none.
func TestReissueOnce(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	by := e.Reviewer
	by.Key = "the-same-form-sent-twice"
	in := store.NewVersion{Reason: "The route changed"}
	for range 2 {
		d, err := e.PrepareReissue(ctx, by, c.ID, c.Version, in)
		if err != nil {
			t.Fatal(err)
		}
		if no, err := e.IssueLOA(ctx, by, d, storetest.PDF); err != nil || no != c.LOANo {
			t.Fatal(no, err)
		}
	}
	if l := newest(t, e, c.ID); l.Version != 2 {
		t.Errorf("version %d", l.Version)
	}

	c = e.Get(t, c.ID)
	var drafts []store.Draft
	for range 8 {
		d, err := e.PrepareReissue(ctx, e.Reviewer, c.ID, c.Version, in)
		if err != nil {
			t.Fatal(err)
		}
		drafts = append(drafts, d)
	}
	// Somebody checks the letter all the while: it is valid or superseded.
	old := newest(t, e, c.ID).Snapshot.CheckCode
	won, lost := race(len(drafts)*2, func(i int) error {
		if i < len(drafts) {
			_, err := e.IssueLOA(ctx, e.Reviewer, drafts[i], storetest.PDF)
			return err
		}
		l, err := e.CheckLOA(ctx, store.Actor{}, old)
		if err != nil || (l.Status != letter.Valid && l.Status != letter.Superseded) {
			t.Errorf("checked meanwhile: %s, %v", l.Status, err)
		}
		return err
	})
	if won != 1+len(drafts) {
		t.Errorf("%d of %d won: %v", won-len(drafts), len(drafts), lost)
	}
	for _, err := range lost {
		if store.KindOf(err) != store.Conflict {
			t.Error(err)
		}
	}
	if l := newest(t, e, c.ID); l.Version != 3 {
		t.Errorf("version %d", l.Version)
	}
	if l := check(t, e, old); l.Status != letter.Superseded {
		t.Errorf("the old version is %s", l.Status)
	}
	e.Sound(t)
}

// The customer reports from a page that names the old version: one of the two
// wins, and the other is told.
func TestReissueAgainstReport(t *testing.T) {
	e := storetest.New(t)
	for range 4 {
		c := e.At(t, lifecycle.ApprovedLOA)
		d, err := e.PrepareReissue(ctx, e.Reviewer, c.ID, c.Version, store.NewVersion{Reason: "The route changed"})
		if err != nil {
			t.Fatal(err)
		}
		report := e.Report()
		won, lost := race(2, func(i int) error {
			if i == 0 {
				_, err := e.IssueLOA(ctx, e.Reviewer, d, storetest.PDF)
				return err
			}
			return e.ReportDelivery(ctx, e.Owner, c.ID, c.Version, report)
		})
		if won != 1 || store.KindOf(lost[0]) != store.Conflict {
			t.Errorf("%d won, %v", won, lost)
		}
		l, now := newest(t, e, c.ID), e.Get(t, c.ID)
		if (l.Version == 2) != (now.Stage == lifecycle.ApprovedLOA) {
			t.Errorf("version %d, stage %s", l.Version, now.Stage)
		}
	}
	e.Sound(t)
}

func TestRenewal(t *testing.T) {
	e := storetest.New(t)
	c := withExpiredLetter(t, e)
	first := newest(t, e, c.ID)
	if got := check(t, e, first.Snapshot.CheckCode); got.Status != letter.Expired {
		t.Fatalf("the letter is %s", got.Status)
	}
	zone := e.Catalogue().Zone(c.Region)
	when := e.Now().In(zone).AddDate(0, 0, 5).Format(store.SiteTimeLayout)
	d, err := e.PrepareRenewal(ctx, e.Reviewer, c.ID, c.Version, store.NewVersion{Reason: "The installation was late", ScheduledAt: when})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.IssueLOA(ctx, e.Reviewer, d, storetest.PDF); err != nil {
		t.Fatal(err)
	}
	got, l := e.Get(t, c.ID), newest(t, e, c.ID)
	if got.Stage != lifecycle.ApprovedLOA || got.Problem != "" || got.ScheduledAt.In(zone).Format(store.SiteTimeLayout) != when || l.Version != 2 || l.No != first.No {
		t.Errorf("%s, problem %q, work at %s, %s version %d", got.Stage, got.Problem, got.ScheduledAt, l.No, l.Version)
	}
	if check(t, e, l.Snapshot.CheckCode).Status != letter.Valid || check(t, e, first.Snapshot.CheckCode).Status != letter.Expired {
		t.Error("the new version is not valid, or the old one changed")
	}
	// The rest of the way is as ever, and the letter is used up.
	for _, a := range []lifecycle.Action{lifecycle.ReportDelivery, lifecycle.CompleteCabling} {
		e.Do(t, c.ID, a)
	}
	if got := check(t, e, l.Snapshot.CheckCode); got.Status != letter.Used {
		t.Errorf("the letter is %s", got.Status)
	}

	// A revoked letter is not renewed, nor one whose customer applied anew.
	revoked := e.At(t, lifecycle.ApprovedLOA)
	e.Do(t, revoked.ID, lifecycle.RevokeLOA)
	applied := withExpiredLetter(t, e)
	e.Do(t, applied.ID, lifecycle.ApplyForLOA)
	e.Do(t, applied.ID, lifecycle.WithdrawApplication)
	never := e.At(t, lifecycle.ToApplyForLOA)
	for _, id := range []string{revoked.ID, applied.ID, never.ID} {
		before := state(t, e, id)
		if err := e.Try(id, lifecycle.RenewLOA, e.Reviewer); store.KindOf(err) != store.Conflict {
			t.Errorf("%s: %v", id, err)
		}
		if state(t, e, id) != before {
			t.Errorf("%s changed", id)
		}
	}
	e.Sound(t)
}

// The six statuses, each reached by what really happens.
func TestEveryStatusOfALetter(t *testing.T) {
	e := storetest.New(t)
	seen := map[letter.Status]bool{}
	is := func(id string, version int, want letter.Status) {
		t.Helper()
		all, err := e.LOAs(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		l := all[len(all)-version]
		if got := check(t, e, l.Snapshot.CheckCode); got.Status != want || got.Version != version {
			t.Errorf("version %d of %s is %s, want %s", got.Version, id, got.Status, want)
		}
		seen[want] = true
	}
	c := e.At(t, lifecycle.InApplication)
	zone := e.Catalogue().Zone(c.Region)
	day := e.Now().In(zone).AddDate(0, 0, 3)
	d, err := e.PrepareLOA(ctx, e.Reviewer, c.ID, c.Version, store.Approval{ValidFrom: day.Format(store.SiteDayLayout)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.IssueLOA(ctx, e.Reviewer, d, storetest.PDF); err != nil {
		t.Fatal(err)
	}
	midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	e.Clock.Set(midnight.Add(-time.Millisecond))
	is(c.ID, 1, letter.NotYetValid)
	e.Clock.Set(midnight)
	is(c.ID, 1, letter.Valid)
	e.Do(t, c.ID, lifecycle.ReissueLOA)
	is(c.ID, 1, letter.Superseded)
	is(c.ID, 2, letter.Valid)
	over := letter.Over(newest(t, e, c.ID).ExpiresAt)
	e.Clock.Set(over.Add(-time.Millisecond))
	is(c.ID, 2, letter.Valid)
	e.Clock.Set(over) // before anybody looked what is due
	is(c.ID, 2, letter.Expired)
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	is(c.ID, 2, letter.Expired)
	is(e.At(t, lifecycle.WaitingForPayment).ID, 1, letter.Used)
	revoked := e.At(t, lifecycle.ApprovedLOA)
	e.Do(t, revoked.ID, lifecycle.RevokeLOA)
	is(revoked.ID, 1, letter.Revoked)
	canceled := e.At(t, lifecycle.ApprovedLOA)
	e.Do(t, canceled.ID, lifecycle.Cancel)
	is(canceled.ID, 1, letter.Revoked)
	if len(seen) != len(letter.Statuses()) {
		t.Errorf("only %v were seen", seen)
	}
}

func TestWarningsOfExpiryComeOnce(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	reported := e.At(t, lifecycle.WaitingForCabling)
	l := newest(t, e, c.ID)
	last := l.ExpiresAt.In(e.Catalogue().Zone(c.Region))
	for _, want := range []struct {
		days  int
		title string
	}{{30, "LOA expires in 30 days"}, {14, "LOA expires in 14 days"}, {7, "LOA expires in 7 days"}, {1, "LOA expires in 1 day"}} {
		e.Clock.Set(time.Date(last.Year(), last.Month(), last.Day()-want.days, 9, 0, 0, 0, last.Location()).Add(-time.Millisecond))
		if n, err := e.RunDue(ctx); n != 0 || err != nil {
			t.Errorf("%d days: too early, %d things done, %v", want.days, n, err)
		}
		e.Clock.Advance(time.Millisecond)
		for range 2 {
			if _, err := e.RunDue(ctx); err != nil {
				t.Fatal(err)
			}
		}
		got := titles(t, e, e.Owner)
		if !strings.HasPrefix(got, want.title) || strings.Count(got, want.title) != 1 {
			t.Errorf("%d days: %q", want.days, got)
		}
	}
	if all, _ := e.Messages(ctx, e.Owner.UserID, 0, 100); strings.Contains(all[0].Body, "Zhou") {
		t.Error("a person is named")
	}
	for _, m := range must(e.Messages(ctx, e.Owner.UserID, 0, 100))(t) {
		if m.Subject == reported.ID && strings.HasPrefix(m.Title, "LOA expires") {
			t.Error("a line that was reported is warned of")
		}
	}
	// After a long pause only the last is said.
	late := e.At(t, lifecycle.ApprovedLOA)
	e.Clock.Set(newest(t, e, late.ID).ExpiresAt.AddDate(0, 0, -5))
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(titles(t, e, e.Owner), "LOA expires in"); got != 5 {
		t.Errorf("%d warnings in all: %s", got, titles(t, e, e.Owner))
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// What anybody may read holds nothing about a person.
func TestCheckedLetterHoldsNoPerson(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	if _, err := reissue(e, e.Reviewer, c.ID, store.NewVersion{Approval: store.Approval{Note: "Ask for Wu Tao"}, Reason: "The route changed"}, storetest.PDF); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(check(t, e, code(t, e, c.ID)))
	if err != nil {
		t.Fatal(err)
	}
	for _, person := range []string{"Zhou Ming", "陈宇", "+86 137", "Wu Tao", e.Reviewer.Name, e.Owner.Name, e.Owner.Email, "Binjiang"} {
		if strings.Contains(string(text), person) {
			t.Errorf("%s is in %s", person, text)
		}
	}
}

// Whatever is typed costs the same: one read, and the same answer.
func TestUnknownCodesCostTheSame(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	known := code(t, e, c.ID)
	if _, err := e.CheckLOA(ctx, store.Actor{}, "0000-0000-0000-0000"); store.KindOf(err) != store.NotFound { // prepares the statement
		t.Fatal(err)
	}
	answers := map[string]bool{}
	for _, typed := range []string{"7KQ4-M2XD-9PZA-3HTV", "", "not a code", strings.Repeat("A", 100_000), known[:len(known)-1], known + "0", "LOA-2026-000001", "\xff\x00"} {
		before := e.Reads()
		_, err := e.CheckLOA(ctx, store.Actor{}, typed)
		if n := e.Reads() - before; n != 1 {
			t.Errorf("%.20q: %d reads, want 1", typed, n)
		}
		if store.KindOf(err) != store.NotFound {
			t.Errorf("%.20q: %v", typed, err)
		}
		answers[err.Error()] = true
	}
	if len(answers) != 1 {
		t.Errorf("different answers: %v", answers)
	}
	for _, typed := range []string{known, strings.ToLower(known), strings.ReplaceAll(known, "-", ""), strings.ReplaceAll(strings.ReplaceAll(known, "0", "o"), "1", "l")} {
		if got := check(t, e, typed); got.ConnectionID != c.ID {
			t.Errorf("%q is the letter of %s", typed, got.ConnectionID)
		}
	}
	if all := must(e.LOAAccesses(ctx, c.ID))(t); len(all) != 1 || all[0].N != 4 || !all[0].Public() || all[0].Kind != store.AccessCheck {
		t.Errorf("accesses %+v", all)
	}
}

func TestCompareFiles(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	second := bytes.Repeat([]byte("the second version, "), 400)
	if _, err := reissue(e, e.Reviewer, c.ID, store.NewVersion{Reason: "The route changed"}, second); err != nil {
		t.Fatal(err)
	}
	other := e.At(t, lifecycle.ApprovedLOA)
	if _, err := reissue(e, e.Reviewer, other.ID, store.NewVersion{Reason: "The route changed"}, []byte("%PDF-1.7 of another interface")); err != nil {
		t.Fatal(err)
	}
	longer := append(bytes.Clone(second), "%%EOF and more"...)
	for name, tc := range map[string]struct {
		file []byte
		want store.Compared
	}{
		"the same":        {second, store.Compared{Match: store.FileSame}},
		"another letter":  {[]byte("%PDF-1.7 of another interface"), store.Compared{Match: store.FileOther}},
		"appended":        {longer, store.Compared{Match: store.FileAltered}},
		"cut off":         {second[:len(second)-1], store.Compared{Match: store.FileAltered}},
		"empty":           {nil, store.Compared{Match: store.FileUnknown}},
		"something else":  {[]byte("%PDF-1.4 holiday photos"), store.Compared{Match: store.FileUnknown}},
		"quarter of ours": {second[:len(second)/4], store.Compared{Match: store.FileUnknown}},
	} {
		if l, got, err := e.CompareLOA(ctx, store.Actor{}, code(t, e, c.ID), tc.file); err != nil || got != tc.want || l.ConnectionID != c.ID {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, tc.want)
		}
	}
	// Not one byte can be changed.
	for i := 0; i < len(second); i += 97 {
		file := bytes.Clone(second)
		file[i] ^= 1
		if _, got, err := e.CompareLOA(ctx, store.Actor{}, code(t, e, c.ID), file); err != nil || got.Match != store.FileAltered {
			t.Fatalf("byte %d changed: %+v, %v", i, got, err)
		}
	}
	if _, got, err := e.CompareLOA(ctx, store.Actor{}, code(t, e, c.ID), storetest.PDF); err != nil || got.Match == store.FileSame {
		t.Errorf("the first version: %+v, %v", got, err)
	}
	if _, _, err := e.CompareLOA(ctx, store.Actor{}, "7KQ4-M2XD-9PZA-3HTV", second); store.KindOf(err) != store.NotFound {
		t.Errorf("with an unknown code: %v", err)
	}
}

// The file of the version before is named as that.
func TestCompareFindsTheOlderVersion(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	for _, pdf := range []string{"the second", "the third"} {
		if _, err := reissue(e, e.Reviewer, c.ID, store.NewVersion{Reason: "The route changed"}, []byte(pdf)); err != nil {
			t.Fatal(err)
		}
	}
	if _, got, err := e.CompareLOA(ctx, store.Actor{}, code(t, e, c.ID), []byte("the second")); err != nil || got != (store.Compared{Match: store.FileVersion, Version: 2}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// Whoever checks all day adds one row, and says who they are only when they
// are signed in.
func TestAccessesAreBounded(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	for range 30 {
		check(t, e, code(t, e, c.ID))
		e.Clock.Advance(time.Minute)
	}
	if err := e.NoteLOAAccess(ctx, e.Owner, c.ID, 1, store.AccessDownload); err != nil {
		t.Fatal(err)
	}
	all := must(e.LOAAccesses(ctx, c.ID))(t)
	if len(all) != 2 || all[0].Name != e.Owner.Name || all[0].Kind != store.AccessDownload || all[1].N != 30 || !all[1].Public() || all[1].Name != "" {
		t.Errorf("%+v", all)
	}
	e.Clock.Advance(24 * time.Hour)
	check(t, e, code(t, e, c.ID))
	if all := must(e.LOAAccesses(ctx, c.ID))(t); len(all) != 3 {
		t.Errorf("%+v", all)
	}
}

func FuzzCompareLOA(f *testing.F) {
	for _, file := range [][]byte{nil, {0}, storetest.PDF, storetest.PDF[:9], bytes.Repeat([]byte{'%'}, 1<<10), []byte("%PDF-1.7 stand-in\r")} {
		f.Add(file)
	}
	e := storetest.New(f)
	l, err := e.LOA(ctx, e.At(f, lifecycle.ApprovedLOA).ID)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		_, got, err := e.CompareLOA(ctx, store.Actor{}, l.Snapshot.CheckCode, file)
		if err != nil || (got.Match == store.FileSame) != bytes.Equal(file, storetest.PDF) {
			t.Errorf("%q: %+v, %v", file, got, err)
		}
	})
}
