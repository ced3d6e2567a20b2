package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/chain"
	"demarc/store/lifecycle"
	"demarc/store/note"
	"demarc/store/storetest"
)

// wrote adds notes by an actor, a minute apart.
func wrote(t *testing.T, e *storetest.Env, by store.Actor, id string, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		e.Clock.Advance(time.Minute)
		if err := e.WriteNote(ctx, by, id, body); err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
	}
}

// bodies are the texts of the notes as somebody reads them, the newest first.
func bodies(t *testing.T, e *storetest.Env, by store.Actor, id string) (out []string) {
	t.Helper()
	notes, _, err := e.Notes(ctx, by, id, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		out = append(out, n.Body)
	}
	return out
}

func TestNotesAreForStaff(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	c := e.At(t, lifecycle.InApplication)
	for who, by := range map[string]store.Actor{"reviewer": e.Reviewer, "technician": e.Technician, "finance": e.Finance, "administrator": e.Admin} {
		if err := e.WriteNote(ctx, by, c.ID, "A note of "+who); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	}
	for _, by := range []store.Actor{e.Owner, e.Engineer, e.CustomerFinance, e.Viewer, e.OtherOwner, {}} {
		if err := e.WriteNote(ctx, by, c.ID, "A note"); store.KindOf(err) != store.Forbidden {
			t.Errorf("%q writes: %v", by.Role, err)
		}
		if err := e.TakeBackNote(ctx, by, c.ID, 1); store.KindOf(err) != store.Forbidden {
			t.Errorf("%q takes back: %v", by.Role, err)
		}
		if notes, _, err := e.Notes(ctx, by, c.ID, 0, 10); store.KindOf(err) != store.Forbidden || len(notes) != 0 {
			t.Errorf("%q reads %v, %v", by.Role, notes, err)
		}
		if n, newest, err := e.StandingNotes(ctx, by, c.ID); store.KindOf(err) != store.Forbidden || n != 0 || newest.Body != "" {
			t.Errorf("%q counts %d, %v", by.Role, n, err)
		}
	}
	if err := e.WriteNote(ctx, e.Auditor, c.ID, "A note"); store.KindOf(err) != store.Forbidden {
		t.Errorf("an auditor writes: %v", err)
	}
	if got := bodies(t, e, e.Auditor, c.ID); len(got) != 4 {
		t.Errorf("an auditor reads %q", got)
	}
	e.Sound(t)
}

func TestNotesThatAreRefused(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	c := e.At(t, lifecycle.PendingPayment)
	for what, tt := range map[string]struct {
		id, body string
		kind     store.Kind
	}{
		"nothing":       {c.ID, " \n ", store.Invalid},
		"one character": {c.ID, " x ", store.Invalid},
		"too much":      {c.ID, strings.Repeat("寬", note.TextMost+1), store.Invalid},
		"no interface":  {"pc-none", "A note", store.NotFound},
	} {
		err := e.WriteNote(ctx, e.Reviewer, tt.id, tt.body)
		if store.KindOf(err) != tt.kind || tt.kind == store.Invalid && store.FieldsOf(err)["note"] == "" {
			t.Errorf("%s: %v %v", what, err, store.FieldsOf(err))
		}
	}
	if got := bodies(t, e, e.Admin, c.ID); len(got) != 0 {
		t.Errorf("a refusal left %q", got)
	}
	if err := e.WriteNote(ctx, e.Reviewer, c.ID, "  "+strings.Repeat("寬", note.TextMost)+"\n"); err != nil {
		t.Errorf("as much as fits: %v", err)
	}
	for what, err := range map[string]error{
		"somebody else's": e.TakeBackNote(ctx, e.Technician, c.ID, 1),
		"as somebody who may do more, but did not write it": e.TakeBackNote(ctx, e.Admin, c.ID, 1),
	} {
		if store.KindOf(err) != store.Forbidden {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, n := range []int{-1, 0, 2} {
		if err := e.TakeBackNote(ctx, e.Reviewer, c.ID, n); store.KindOf(err) != store.NotFound {
			t.Errorf("note %d: %v", n, err)
		}
	}
	if err := e.TakeBackNote(ctx, e.Reviewer, "pc-none", 1); store.KindOf(err) != store.NotFound {
		t.Errorf("of no interface: %v", err)
	}
	e.Sound(t)
}

// What is taken back is read by nobody but those who look after the audit log;
// that it was there, everybody sees.
func TestANoteThatIsTakenBack(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	c := e.At(t, lifecycle.ApprovedLOA)
	wrote(t, e, e.Reviewer, c.ID, "They call first.", "Wrong interface")
	wrote(t, e, e.Technician, c.ID, "The panel is behind the door.")
	e.Clock.Advance(time.Minute)
	if err := e.TakeBackNote(ctx, e.Reviewer, c.ID, 2); err != nil {
		t.Fatal(err)
	}
	for _, by := range []store.Actor{e.Reviewer, e.Technician, e.Finance} {
		notes, _, err := e.Notes(ctx, by, c.ID, 0, 10)
		if err != nil || len(notes) != 3 || notes[1].Body != "" || !notes[1].TakenBackAt.Equal(e.Clock.Now()) || notes[1].Name != e.Reviewer.Name {
			t.Errorf("%s reads %+v, %v", by.Role, notes, err)
		}
	}
	for _, by := range []store.Actor{e.Admin, e.Auditor} {
		if got := bodies(t, e, by, c.ID); len(got) != 3 || got[1] != "Wrong interface" {
			t.Errorf("%s reads %q", by.Role, got)
		}
	}
	if err := e.TakeBackNote(ctx, e.Reviewer, c.ID, 2); store.KindOf(err) != store.Conflict {
		t.Errorf("taken back twice: %v", err)
	}
	if n, newest, err := e.StandingNotes(ctx, e.Finance, c.ID); err != nil || n != 2 || newest.N != 3 {
		t.Errorf("%d stand, the newest %+v, %v", n, newest, err)
	}
	if err := e.TakeBackNote(ctx, e.Technician, c.ID, 3); err != nil {
		t.Fatal(err)
	}
	if n, newest, err := e.StandingNotes(ctx, e.Finance, c.ID); err != nil || n != 1 || newest.Body != "They call first." {
		t.Errorf("%d stand, the newest %+v, %v", n, newest, err)
	}
	page, err := e.Audit(ctx, e.Auditor, store.EventFilter{Subject: "note:" + c.ID, Limit: 10})
	var told []string
	for _, ev := range page.Events {
		told = append(told, ev.Action+" "+ev.Detail+" "+ev.ActorName)
	}
	want := fmt.Sprint([]string{"take_back_note Note 3 " + e.Technician.Name, "take_back_note Note 2 " + e.Reviewer.Name, "write_note Note 3 " + e.Technician.Name, "write_note Note 2 " + e.Reviewer.Name, "write_note Note 1 " + e.Reviewer.Name})
	if err != nil || fmt.Sprint(told) != want {
		t.Errorf("the audit log says %q, %v", told, err)
	}
	e.Sound(t)
}

// Older notes follow page by page, and none is there twice.
func TestPagesOfNotes(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.PendingPayment)
	for i := range 7 {
		wrote(t, e, e.Reviewer, c.ID, fmt.Sprintf("Note number %d", i+1))
	}
	var got []int
	for before := 0; ; {
		notes, more, err := e.Notes(ctx, e.Reviewer, c.ID, before, 3)
		if err != nil || len(notes) == 0 || len(notes) > 3 {
			t.Fatal(notes, err)
		}
		for _, n := range notes {
			got = append(got, n.N)
		}
		if before = notes[len(notes)-1].N; !more {
			break
		}
	}
	if fmt.Sprint(got) != "[7 6 5 4 3 2 1]" {
		t.Errorf("%v", got)
	}
}

// At most so many stand, whoever is first; taking one back makes room. A note
// that is sent twice is there once, and of many who take one back one does.
func TestNotesAtOnce(t *testing.T) {
	e := storetest.New(t)
	c := e.At(t, lifecycle.PendingPayment)
	const before = note.StandingMost - 3
	for i := range before {
		if err := e.WriteNote(ctx, e.Reviewer, c.ID, fmt.Sprintf("Note %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	contest(t, e, note.StandingMost-before, conflicts, func(i int) error {
		return e.WriteNote(ctx, []store.Actor{e.Reviewer, e.Technician}[i%2], c.ID, fmt.Sprintf("At once %d", i))
	})
	contest(t, e, 1, conflicts, func(int) error { return e.TakeBackNote(ctx, e.Reviewer, c.ID, 4) })
	by := e.Technician
	by.Key = "sent-twice"
	contest(t, e, callers, nil, func(int) error { return e.WriteNote(ctx, by, c.ID, "Sent twice") })
	if got := bodies(t, e, e.Admin, c.ID); len(got) != note.StandingMost+1 || got[0] != "Sent twice" || got[1] == "Sent twice" {
		t.Errorf("%d notes, the newest %q", len(got), got[:2])
	}
	other := e.Order(t, e.OtherOwner)
	if err := e.WriteNote(ctx, e.Reviewer, other.ConnectionID, "About another one"); err != nil {
		t.Errorf("others are held up: %v", err)
	}
	e.Sound(t)
}

// Nothing that a customer reads, and nothing that is sent, holds a note or says
// that there is one.
func TestNotesStayWithStaff(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	c := e.At(t, lifecycle.Enabled)
	const text = "Zinnober pays late"
	outbox := func() (n int) {
		for range readRows(t, e).of("mails") {
			n++
		}
		for range readRows(t, e).of("messages") {
			n++
		}
		return n
	}
	timeline, err := e.Timeline(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	sent, version := outbox(), e.Get(t, c.ID).Version
	activity := func() string {
		page, err := e.Activity(ctx, e.Owner, store.ActivityFilter{EventFilter: store.EventFilter{Limit: 200}})
		b, _ := json.Marshal(page.Events)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	before := activity()
	wrote(t, e, e.Reviewer, c.ID, text, "Another one")
	if err := e.TakeBackNote(ctx, e.Reviewer, c.ID, 2); err != nil {
		t.Fatal(err)
	}
	if after := activity(); after != before {
		t.Errorf("the activity of the account tells it: %s", after)
	}
	if after, err := e.Timeline(ctx, c.ID); err != nil || len(after) != len(timeline) {
		t.Errorf("the timeline has %d events, had %d, %v", len(after), len(timeline), err)
	}
	if n := outbox(); n != sent || e.Get(t, c.ID).Version != version {
		t.Errorf("%d mails and messages, %d before; version %d, %d before", n, sent, e.Get(t, c.ID).Version, version)
	}
	held, err := e.PersonalData(ctx, e.Admin, e.Owner.Email, "They asked for it")
	if b, _ := json.Marshal(held); err != nil || strings.Contains(string(b), "Zinnober") {
		t.Errorf("the owner's export: %s, %v", b, err)
	}
}

// The export of a person's data holds the notes that they wrote and those that
// name them. Erasing takes the name out of both, for good.
func TestNotesOfAPersonWhoIsErased(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	c := e.At(t, lifecycle.ToApplyForLOA)
	const engineer = "Quentin Planted"
	in := e.Application(c)
	in.Engineers[0].Name = engineer
	if err := e.ApplyForLOA(ctx, e.Owner, c.ID, c.Version, in); err != nil {
		t.Fatal(err)
	}
	wrote(t, e, e.Technician, c.ID, "Ask for quentin\nPLANTED at the gate; "+e.Engineer.Name+" writes from "+e.Engineer.Email, "Nobody is named here")
	if err := e.TakeBackNote(ctx, e.Technician, c.ID, 1); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string][3]int{engineer: {0, 1, 1}, e.Engineer.Email: {1, 0, 1}, e.Technician.Email: {1, 0, 0}} {
		held, err := e.PersonalData(ctx, e.Admin, who, "They asked for it")
		if got := [3]int{len(held.Users), len(held.FieldEngineers), len(held.NamedIn)}; err != nil || got != want {
			t.Errorf("%s: users, engineers and notes %v, want %v; %v", who, got, want, err)
		}
		if who == e.Technician.Email && len(held.Users[0].Notes) != 2 {
			t.Errorf("the author's notes: %+v", held.Users[0].Notes)
		}
	}
	if _, err := e.PersonalData(ctx, e.Admin, "at", "A single word of any note"); store.KindOf(err) != store.NotFound {
		t.Errorf("a word is taken for a person: %v", err)
	}
	e.Do(t, c.ID, lifecycle.WithdrawApplication)
	for who, want := range map[string]store.Erasure{engineer: {Engineers: 1, Notes: 1}, e.Engineer.Email: {Users: 1, Notes: 1}, e.Technician.Email: {Users: 1}} {
		if done, err := e.ErasePerson(ctx, e.Admin, who, "They asked for it"); err != nil || done != want {
			t.Errorf("%s: %+v, want %+v; %v", who, done, want, err)
		}
	}
	notes, _, err := e.Notes(ctx, e.Admin, c.ID, 0, 10)
	want := "Ask for " + chain.Erased + " at the gate; " + chain.Erased + " writes from " + chain.Erased
	if err != nil || len(notes) != 2 || notes[1].Body != want || notes[1].Name != chain.Erased || notes[0].Body != "Nobody is named here" {
		t.Errorf("%+v, %v", notes, err)
	}
	for _, text := range []string{"PLANTED at the gate", e.Engineer.Email} {
		if f := inFiles(t, e.Dir, text); len(f) > 0 {
			t.Errorf("%q is still in %v", text, f)
		}
	}
	e.Sound(t)
}

// Many people whom one note names are erased at once: no erasure brings back the
// name that another one took out.
func TestErasuresAtOnceKeepOutEachName(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	id := e.At(t, lifecycle.Enabled).ID
	names := []string{"Anna Berg", "Bela Kiss", "Carl Lund", "Dora Weiss", "Emil Novak", "Finn Olsen", "Gita Rao", "Hugo Sand"}
	wrote(t, e, e.Technician, id, "At the gate: "+strings.Join(names, ", ")+".")
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() {
			if done, err := e.ErasePerson(ctx, e.Admin, name, "They asked for it"); err != nil || done.Notes != 1 {
				t.Errorf("%s: %+v, %v", name, done, err)
			}
		})
	}
	wg.Wait()
	want := "At the gate: " + strings.Repeat(chain.Erased+", ", len(names)-1) + chain.Erased + "."
	if got := bodies(t, e, e.Admin, id); len(got) != 1 || got[0] != want {
		t.Errorf("the note says %q, want %q", got, want)
	}
}
