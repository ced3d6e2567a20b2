package store_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/chain"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// inFiles lists the files of the data folder that hold the text.
func inFiles(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), text) {
			found = append(found, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// abroad is an order at a site that asks for ID numbers.
func abroad(t *testing.T, e *storetest.Env) func(*store.NewConnection) {
	return func(in *store.NewConnection) {
		in.Region, in.SP, in.AccessPoint = "ap-southeast-1", "Equinix", e.APID(t, "Singapore-A")
	}
}

// An ID number is in no file of the data folder, not while it is kept and not
// after; 30 days after construction it is gone, and a line says so.
func TestAnIDNumberIsInNoFile(t *testing.T) {
	t.Parallel()
	const planted = "PLANTED4711QXZ"
	ctx := t.Context()
	e := storetest.New(t)
	c := e.At(t, lifecycle.ToApplyForLOA, abroad(t, e))
	in := e.Application(c)
	in.Engineers[0].IDNumber = planted
	if err := e.ApplyForLOA(ctx, e.Owner, c.ID, c.Version, in); err != nil {
		t.Fatalf("%v %v", err, store.FieldsOf(err))
	}
	look := func(when string) {
		t.Helper()
		if f := inFiles(t, e.Dir, planted); len(f) > 0 {
			t.Errorf("%s the ID number is in %v", when, f)
		}
	}
	look("after the application")
	if n, err := e.RevealIDNumber(ctx, e.Reviewer, c.ID, 1, 1, "Check at the door"); err != nil || n != planted {
		t.Fatalf("%q %v", n, err)
	}
	look("after it was read")
	for _, by := range []store.Actor{e.Owner, e.Technician, e.Finance, e.Auditor} {
		if _, err := e.RevealIDNumber(ctx, by, c.ID, 1, 1, "Curious to see it"); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s read an ID number: %v", by.Role, err)
		}
	}
	if _, err := e.RevealIDNumber(ctx, e.Reviewer, c.ID, 1, 1, ""); store.KindOf(err) != store.Invalid {
		t.Errorf("read without a reason: %v", err)
	}
	// The customer sees that it was read, and why.
	events, err := e.Timeline(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if last := events[0]; last.Action != "reveal_id_number" || last.AccountID != e.Northwind || last.Reason != "Check at the door" {
		t.Errorf("newest event %+v", last)
	}
	for _, stage := range []lifecycle.Action{lifecycle.Approve, lifecycle.ReportDelivery, lifecycle.CompleteCabling} {
		e.Do(t, c.ID, stage)
	}
	look("after cabling")
	if f := inFiles(t, e.Dir, planted[len(planted)-4:]); len(f) == 0 {
		t.Fatal("the last four are in no file either: the test looks at the wrong folder")
	}
	backup := filepath.Join(e.Dir, "backup")
	if err := e.Backup(ctx, backup); err != nil {
		t.Fatal(err)
	}
	look("in a backup")
	os.Remove(backup)

	e.Clock.Advance((10 + 29) * 24 * time.Hour)
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := e.RevealIDNumber(ctx, e.Reviewer, c.ID, 1, 1, "Still there on day 29"); err != nil {
		t.Errorf("gone too early: %v", err)
	}
	e.Clock.Advance(2 * 24 * time.Hour)
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := e.RevealIDNumber(ctx, e.Reviewer, c.ID, 1, 1, "After thirty days"); store.KindOf(err) != store.NotFound {
		t.Errorf("not erased: %v", err)
	}
	proof, err := e.Timeline(ctx, "personal-data")
	if err != nil || len(proof) != 1 || proof[0].Action != "erase_id_numbers" || proof[0].Detail != "2 ID numbers" {
		t.Errorf("proof %+v %v", proof, err)
	}
	if f := inFiles(t, e.Dir, planted[len(planted)-4:]); len(f) > 0 {
		t.Errorf("the last four are still in %v", f)
	}
	e.Sound(t)
}

func TestExportAndEraseAPerson(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	e := storetest.New(t, storetest.WithPasswords())
	e.Everybody(t)
	c := e.At(t, lifecycle.ToApplyForLOA, abroad(t, e))
	in := e.Application(c)
	in.Engineers[0].Name, in.Engineers[0].Contact = "Quentin Planted", "+65 4711 0815"
	by := e.Engineer
	if err := e.ApplyForLOA(ctx, by, c.ID, c.Version, in); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.StartSession(ctx, store.Actor{UserID: by.UserID}, store.MethodPassword, "Planted browser"); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func(store.Actor, string, string) error{
		"export": func(by store.Actor, who, why string) error { _, err := e.PersonalData(ctx, by, who, why); return err },
		"erase":  func(by store.Actor, who, why string) error { _, err := e.ErasePerson(ctx, by, who, why); return err },
	} {
		for _, other := range []store.Actor{e.Owner, e.Reviewer, e.Technician, e.Finance, e.Auditor, e.Viewer} {
			if err := call(other, by.Email, "A good reason"); store.KindOf(err) != store.Forbidden {
				t.Errorf("%s by %s: %v", name, other.Role, err)
			}
		}
		if err := call(e.Admin, by.Email, ""); store.KindOf(err) != store.Invalid {
			t.Errorf("%s without a reason: %v", name, err)
		}
		if err := call(e.Admin, "nobody@x.example", "A good reason"); store.KindOf(err) != store.NotFound {
			t.Errorf("%s of nobody: %v", name, err)
		}
	}
	held, err := e.PersonalData(ctx, e.Admin, by.Email, "They asked for it")
	if err != nil || len(held.Users) != 1 || len(held.Users[0].Sessions) != 1 || len(held.Users[0].Events) < 1 {
		t.Fatalf("%+v %v", held, err)
	}
	if text, err := json.Marshal(held); err != nil || !strings.Contains(string(text), "Planted browser") || strings.Contains(string(text), "argon2") {
		t.Errorf("%s %v", text, err)
	}
	engineer, err := e.PersonalData(ctx, e.Admin, "quentin PLANTED", "They asked for it")
	if err != nil || len(engineer.FieldEngineers) != 1 || engineer.FieldEngineers[0].Contact != "+65 4711 0815" {
		t.Fatalf("%+v %v", engineer, err)
	}
	// Who is needed is not erased.
	for who, want := range map[string]string{"quentin planted": "is in force", e.Admin.Email: "cannot erase yourself", e.Owner.Email: "the last owner"} {
		if _, err := e.ErasePerson(ctx, e.Admin, who, "They asked for it"); store.KindOf(err) != store.Conflict || !strings.Contains(store.MessageOf(err), want) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if _, err := e.CreateUser(ctx, store.NewUser{Email: "invited@northwind.example", Name: "Invited", Role: lifecycle.Owner, AccountID: e.Northwind}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := e.ErasePerson(ctx, e.Admin, e.Owner.Email, "They asked for it"); store.KindOf(err) != store.Conflict {
		t.Errorf("the other owner cannot sign in yet: %v", err)
	}
	e.Do(t, c.ID, lifecycle.WithdrawApplication)
	for _, who := range []string{by.Email, "Quentin Planted"} {
		done, err := e.ErasePerson(ctx, e.Admin, who, "They asked for it")
		if err != nil || done.Users+done.Engineers != 1 {
			t.Fatalf("%s: %+v %v", who, done, err)
		}
	}
	for _, text := range []string{"Quentin Planted", "+65 4711 0815", by.Name, by.Email, "Planted browser"} {
		if f := inFiles(t, e.Dir, text); len(f) > 0 {
			t.Errorf("%q is still in %v", text, f)
		}
	}
	events, err := e.Timeline(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var told, nameless bool
	for _, ev := range events {
		told = told || ev.Action == "erase_engineer" && ev.AccountID == e.Northwind
		nameless = nameless || ev.ActorID == by.UserID && ev.ActorName == chain.Erased
	}
	if !told || !nameless {
		t.Errorf("told %v, nameless %v", told, nameless)
	}
	if _, err := e.Authenticate(ctx, by.Email, storetest.Password); err == nil {
		t.Error("an erased person signed in")
	}
	// The chain still proves everything but the name.
	e.Sound(t)
}

// Who was named before is offered again by name and contact, each person once:
// not those of another account, of an older version, or who were erased.
func TestKnownEngineers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	e := storetest.New(t)
	apply := func(by store.Actor, c store.Connection, people ...store.Engineer) {
		t.Helper()
		in := e.Application(c)
		for i := range people {
			if in.Engineers[0].IDNumber != "" {
				people[i].Gender, people[i].IDType, people[i].IDNumber = "other", "passport", "E7654321"
			}
		}
		in.Engineers = people
		if err := e.ApplyForLOA(ctx, by, c.ID, e.Get(t, c.ID).Version, in); err != nil {
			t.Fatalf("%v %v", err, store.FieldsOf(err))
		}
	}
	known := func() (out []string) {
		t.Helper()
		all, err := e.KnownEngineers(ctx, e.Northwind)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range all {
			out = append(out, k.Name+" "+k.Contact)
		}
		return out
	}
	zhou, chen := store.Engineer{Name: "Zhou Ming", Contact: "+86 137 0000 4410"}, store.Engineer{Name: "陈宇", Contact: "+86 138 0000 0092"}
	older := store.Engineer{Name: "Of An Older Version", Contact: "+86 138 0000 0093"}
	if got := known(); len(got) != 0 {
		t.Errorf("before any application: %q", got)
	}
	first := e.At(t, lifecycle.ToApplyForLOA, abroad(t, e))
	apply(e.Owner, first, older, zhou)
	e.Do(t, first.ID, lifecycle.WithdrawApplication)
	apply(e.Owner, first, zhou, chen)
	e.Clock.Advance(time.Minute)
	second := e.At(t, lifecycle.ToApplyForLOA)
	apply(e.Owner, second, store.Engineer{Name: "Zhou Ming", Contact: "+86 137 0000 9999"}, chen)
	if got, want := known(), []string{"Zhou Ming +86 137 0000 9999", "陈宇 +86 138 0000 0092", "Zhou Ming +86 137 0000 4410"}; !slices.Equal(got, want) {
		t.Errorf("known are %q, want %q", got, want)
	}
	if all, err := e.KnownEngineers(ctx, e.Southwind); err != nil || len(all) != 0 {
		t.Errorf("another account is offered %v %v", all, err)
	}
	for _, c := range []store.Connection{first, second} {
		e.Do(t, c.ID, lifecycle.WithdrawApplication)
	}
	if _, err := e.ErasePerson(ctx, e.Admin, "zhou ming", "They asked for it"); err != nil {
		t.Fatal(err)
	}
	if got, want := known(), []string{"陈宇 +86 138 0000 0092"}; !slices.Equal(got, want) {
		t.Errorf("after erasing, known are %q, want %q", got, want)
	}
}
