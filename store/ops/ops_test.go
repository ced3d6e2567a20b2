package ops_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"demarc/store"
	"demarc/store/chain"
	"demarc/store/lifecycle"
	"demarc/store/ops"
	"demarc/store/storetest"
)

// command types a command, an hour after the tests begin, and returns what it
// printed.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := ops.Command{Args: args, Getenv: func(string) string { return "" }, Out: &out, Err: &out, Link: func(url, token string) string { return url + "/setup/" + token },
		Now: func() time.Time { return storetest.Start.Add(time.Hour) }}
	err := c.Run(context.Background())
	return out.String(), err
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t, args...)
	if err != nil {
		t.Fatalf("demarc %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// meddle changes a file behind the program's back.
func meddle(t *testing.T, file string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range statements {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// A drill: a backup is taken while people write, everything burns, and what
// was acknowledged before the backup began is there again.
func TestRestoreDrillFromABackupUnderLoad(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	e := storetest.New(t)
	for _, stage := range []lifecycle.Stage{lifecycle.PendingPayment, lifecycle.InApplication, lifecycle.ApprovedLOA, lifecycle.Enabled} {
		e.At(t, stage)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var acked []string
	stop, warm := make(chan struct{}), make(chan struct{})
	for w := range 4 {
		wg.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				default:
				}
				ref := fmt.Sprintf("drill-%d-%d", w, k)
				if err := e.RecordTransfer(ctx, e.Finance, e.Northwind, "1.00", ref); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if acked = append(acked, ref); len(acked) == 40 {
					close(warm)
				}
				mu.Unlock()
			}
		})
	}
	<-warm
	mu.Lock()
	before := len(acked)
	sure := append([]string(nil), acked...)
	mu.Unlock()
	file := filepath.Join(t.TempDir(), "demarc.backup")
	out := must(t, "backup", file, "-data", e.Dir)
	for _, want := range []string{"checked", "sha256 ", "audit head ", store.PersonalKey, store.AuditKey} {
		if !strings.Contains(out, want) {
			t.Errorf("the backup does not say %q:\n%s", want, out)
		}
	}
	mu.Lock()
	during := len(acked) - before
	mu.Unlock()
	close(stop)
	wg.Wait()
	if during == 0 {
		t.Error("nobody could write while the backup ran")
	}
	e.Sound(t)

	fresh := filepath.Join(t.TempDir(), "new")
	out = must(t, "restore", "-data", fresh, "-keys", e.Dir, file)
	if strings.Contains(out, "problem") {
		t.Errorf("after the restore:\n%s", out)
	}
	s, err := store.Open(ctx, store.Options{Dir: fresh, Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	booked := map[string]int{}
	if err := s.EachStatementLine(ctx, e.Finance, e.Northwind, func(l store.LedgerLine) error {
		booked[l.Reference]++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, ref := range sure {
		if booked[ref] != 1 {
			t.Errorf("%s was acknowledged before the backup and is booked %d times after the restore", ref, booked[ref])
		}
	}
	findings, err := s.Check(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		for _, p := range f.Problems {
			t.Errorf("%s: %s", f.Area, p)
		}
	}
	t.Logf("%d transfers before the backup, %d while it ran, all restored", before, during)
}

// What was used up or taken back after a backup stays so when the backup is put
// in place, by the command or by hand; what began afterwards lasts.
func TestABackupBringsNothingBackToLife(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	e := storetest.New(t, storetest.WithMail())
	who := e.Reviewer
	id, secret, err := e.DraftTOTP(ctx, who)
	if err != nil {
		t.Fatal(err)
	}
	app := func(at time.Time) string {
		t.Helper()
		c, err := totp.GenerateCode(secret, at)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if err := e.ConfirmTOTP(ctx, who, id, "", app(e.Clock.Now())); err != nil {
		t.Fatal(err)
	}
	codes, err := e.NewRecoveryCodes(ctx, who)
	if err != nil {
		t.Fatal(err)
	}
	type key struct{ id, secret string }
	session := func(s *store.Store) (k key) {
		t.Helper()
		if k.id, k.secret, err = s.StartSession(ctx, who, store.MethodTOTP, "Test"); err != nil {
			t.Fatal(err)
		}
		return k
	}
	pass := func(s *store.Store, code string) error {
		t.Helper()
		id, key, err := s.StartStep(ctx, who, store.Step{Kind: store.StepSecondFactor, UserID: who.UserID})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.PassWithCode(ctx, id, key, code, "TEST")
		return err
	}
	ended, left := session(e.Store), session(e.Store)
	_, reset, err := e.NewLink(ctx, e.Admin, e.Finance.UserID)
	if err != nil {
		t.Fatal(err)
	}
	stepID, stepKey, err := e.StartStep(ctx, who, store.Step{Kind: store.StepSecondFactor, UserID: who.UserID})
	if err != nil {
		t.Fatal(err)
	}
	e.Clock.Advance(time.Minute)
	file := filepath.Join(t.TempDir(), "backup")
	must(t, "backup", "-data", e.Dir, file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup can be read by others: %v, %v", info.Mode(), err)
	}

	used := app(e.Clock.Now())
	for _, err := range []error{e.EndSession(ctx, who, ended.id), pass(e.Store, used), pass(e.Store, codes[0])} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.AcceptInvitation(ctx, reset.Token, "TEST", "Ana Lima", "", "a quite new password"); err != nil {
		t.Fatal(err)
	}

	byCommand, byHand := filepath.Join(t.TempDir(), "restored"), t.TempDir()
	if out := must(t, "restore", "-data", byCommand, "-keys", e.Dir, file); !strings.Contains(out, "look through them for what was taken away since") {
		t.Error(out)
	}
	for to, from := range map[string]string{store.Database: file, store.PersonalKey: filepath.Join(e.Dir, store.PersonalKey), store.AuditKey: filepath.Join(e.Dir, store.AuditKey), store.SigningKeys: filepath.Join(e.Dir, store.SigningKeys)} {
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(byHand, to), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{byCommand, byHand} {
		open := func() *store.Store {
			t.Helper()
			s, err := store.Open(ctx, store.Options{Dir: dir, Operator: "Example Cloud", Now: e.Clock.Now, Mailing: true})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		for name, k := range map[string]key{"ended": ended, "left": left} {
			if u, err := s.SessionUser(ctx, k.id, k.secret); store.KindOf(err) != store.Unauthenticated {
				t.Errorf("the session that was %s lives: %+v, %v", name, u, err)
			}
		}
		if _, err := s.Invitation(ctx, reset.Token); store.KindOf(err) != store.NotFound {
			t.Errorf("the used link opens: %v", err)
		}
		if _, err := s.Step(ctx, store.StepSecondFactor, stepID, stepKey); store.KindOf(err) != store.Unauthenticated {
			t.Errorf("a sign-in goes on: %v", err)
		}
		for name, code := range map[string]string{"used": used, "next": app(e.Clock.Now().Add(30 * time.Second)), "used recovery": codes[0], "other recovery": codes[1]} {
			if err := pass(s, code); store.KindOf(err) != store.Invalid {
				t.Errorf("the %s code: %v, want Invalid", name, err)
			}
		}
		if m, err := s.ClaimMail(ctx); err == nil && m != nil && m.Kind != store.MailNotice {
			t.Errorf("a mail with a link that opens nothing is sent: %+v", m)
		}
		told, err := s.Messages(ctx, who.UserID, 0, 10)
		if err != nil || len(told) != 1 || told[0].Subject != store.RecoveryCodesSubject {
			t.Errorf("messages: %+v, %v", told, err)
		}
		if told, err := s.Messages(ctx, e.Finance.UserID, 0, 10); err != nil || len(told) != 0 {
			t.Errorf("somebody without codes is told: %+v, %v", told, err)
		}
		lasting := session(s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open()
		if _, err := s.SessionUser(ctx, lasting.id, lasting.secret); err != nil {
			t.Errorf("a session from after the restore: %v", err)
		}
		e.Clock.Advance(time.Minute)
		if err := pass(s, app(e.Clock.Now())); err != nil {
			t.Errorf("a code a minute later: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(-time.Minute)
		out := must(t, "audit", "export", "-data", dir)
		if n := strings.Count(out, `"restore_backup"`); n != 1 {
			t.Errorf("the audit log tells of %d restores", n)
		}
		must(t, "check", "-data", dir)
	}
	// Whoever cannot get in asks for a link before the start, and it opens after it.
	locked := filepath.Join(t.TempDir(), "locked")
	must(t, "restore", "-data", locked, "-keys", e.Dir, file)
	out := must(t, "admin", "reset", e.Admin.Email, "-data", locked)
	s, err := store.Open(ctx, store.Options{Dir: locked, Operator: "Example Cloud", Now: e.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Invitation(ctx, strings.TrimSpace(out[strings.LastIndex(out, "/")+1:])); err != nil {
		t.Errorf("the link that was made after the restore: %v", err)
	}
	if _, err := s.SessionUser(ctx, left.id, left.secret); store.KindOf(err) != store.Unauthenticated {
		t.Errorf("the command lets old sessions live: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The database that the backup was taken from is none.
	e.Reopen(t)
	if _, err := e.SessionUser(ctx, left.id, left.secret); err != nil {
		t.Errorf("a backup ends the sessions of those who work: %v", err)
	}
}

func TestRestoreReplacesNothingThatIsNewerOrAlive(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	e.At(t, lifecycle.InApplication)
	folder := t.TempDir()
	first, second := filepath.Join(folder, "first"), filepath.Join(folder, "second")
	must(t, "backup", "-data", e.Dir, first)
	e.At(t, lifecycle.ToApplyForLOA)
	must(t, "backup", "-data", e.Dir, second)

	refuse := func(want string, args ...string) {
		t.Helper()
		before := must(t, "audit", "head", "-data", e.Dir)
		out, err := command(t, args...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("demarc %s: %v, want %q\n%s", strings.Join(args, " "), err, want, out)
		}
		if after := must(t, "audit", "head", "-data", e.Dir); after != before {
			t.Errorf("demarc %s changed the database", strings.Join(args, " "))
		}
	}
	refuse("is there already", "backup", "-data", e.Dir, first)
	release, err := ops.Hold(e.Dir)
	if err != nil {
		t.Fatal(err)
	}
	refuse(fmt.Sprintf("another Demarc (process %d) works on the folder", os.Getpid()), "restore", "-data", e.Dir, second)
	if _, err := ops.Hold(e.Dir); err == nil {
		t.Error("two processes hold one folder")
	}
	release()
	refuse("events that the backup does not have", "restore", "-data", e.Dir, first)

	// Of another installation, with more events than this one.
	other := storetest.New(t)
	for range 8 {
		other.At(t, lifecycle.Enabled)
	}
	foreign := filepath.Join(folder, "foreign")
	must(t, "backup", "-data", other.Dir, foreign)
	refuse("has another history", "restore", "-data", e.Dir, foreign)

	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte("not a database at all, but long enough to be looked at"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(folder, "empty.db")
	meddle(t, empty, "CREATE TABLE x (y)")
	refuse("no database", "restore", "-data", e.Dir, text)
	refuse("it is no database of Demarc", "restore", "-data", e.Dir, empty)
	refuse("no such file", "restore", "-data", e.Dir, filepath.Join(folder, "none"))

	// Damaged on the way: the middle of the file is overwritten.
	b, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b)/2+3*4096; i++ {
		b[i] = 0xA5
	}
	damaged := filepath.Join(folder, "damaged")
	if err := os.WriteFile(damaged, b, 0o600); err != nil {
		t.Fatal(err)
	}
	refuse("is not restored", "restore", "-data", e.Dir, damaged)
	// Somebody rewrote its history.
	forged := filepath.Join(folder, "forged")
	must(t, "backup", "-data", e.Dir, forged)
	meddle(t, forged, "DROP TRIGGER events_fixed", "UPDATE events SET actor_name = 'Nobody' WHERE n = 3")
	refuse("Audit log: event 3", "restore", "-data", e.Dir, forged)
	meddle(t, forged, "PRAGMA user_version = 9999")
	refuse("use the newer Demarc", "restore", "-data", e.Dir, forged)

	// The same or more is put in place, and what was there stays beside it.
	e.Store.Close()
	out := must(t, "restore", "-data", e.Dir, second)
	if !strings.Contains(out, "What was there before is kept as ") {
		t.Error(out)
	}
	kept, err := filepath.Glob(filepath.Join(e.Dir, "demarc.db.before-*"))
	if err != nil || len(kept) != 1 {
		t.Errorf("kept %v, %v", kept, err)
	}
	e.Reopen(t)
	e.Sound(t)
}

func TestKeysOfABackup(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	e.At(t, lifecycle.InApplication, func(in *store.NewConnection) {
		in.Region, in.SP, in.AccessPoint = "ap-southeast-1", "Equinix", e.APID(t, "Singapore-A")
	})
	file := filepath.Join(t.TempDir(), "backup")
	must(t, "backup", "-data", e.Dir, file)
	without := filepath.Join(t.TempDir(), "without")
	out, err := command(t, "restore", "-data", without, file)
	if !errors.Is(err, ops.ErrFound) || !strings.Contains(out, "personal.key is missing") || !strings.Contains(out, "2 ID numbers cannot be opened") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := command(t, "admin", "create", "-data", without, "a@cloud.example", "A"); err == nil || !strings.Contains(err.Error(), "copy it from where you keep it") {
		t.Errorf("%v\n%s", err, out)
	}
	// With the keys of somebody else.
	wrong := t.TempDir()
	for _, k := range store.Keys() {
		if err := os.WriteFile(filepath.Join(wrong, k), bytes.Repeat([]byte{7}, 32), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err = command(t, "restore", "-data", filepath.Join(t.TempDir(), "x"), "-keys", wrong, file)
	if !errors.Is(err, ops.ErrFound) || !strings.Contains(out, "is not the key they were sealed with") || !strings.Contains(out, "not sealed with the key in audit.key") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := command(t, "restore", "-data", e.Dir, "-keys", wrong, file); err == nil || !strings.Contains(err.Error(), "is another key than") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  []string
		want string
	}{
		"letter": {[]string{"DROP TRIGGER loas_frozen", "UPDATE loas SET pdf = CAST(pdf || 'x' AS BLOB)"}, "has other bytes than it was issued with"},
		"ledger": {[]string{"DROP TRIGGER accounts_balance_moves", "UPDATE accounts SET balance_minor = balance_minor + 1"}, "balance differs from its entries"},
		"stage":  {[]string{"UPDATE connections SET stage = 'enabled' WHERE stage = 'approved_loa'"}, "stage differs from the newest event"},
		"ports":  {[]string{"UPDATE port_counts SET n = n + 1"}, "port counter is wrong"},
		"loose":  {[]string{"PRAGMA foreign_keys = OFF", "UPDATE devices SET access_point_id = 'nowhere'"}, "unknown access point"},
		"events": {[]string{"DROP TRIGGER events_kept", "DELETE FROM events WHERE n = 5"}, "event 5 of the chain is missing"},
		"late":   {[]string{"UPDATE field_engineers SET erase_after = '2020-01-01T00:00:00.000Z' WHERE id_sealed IS NOT NULL"}, "should have been erased"},
		"note":   {[]string{"DROP TRIGGER interface_notes_kept", "DELETE FROM interface_notes WHERE n = 1"}, "has 1 staff note, the last is number 2"},
		"notes":  {[]string{"DROP TRIGGER interface_notes_kept", "DELETE FROM interface_notes"}, "there is none"},
		"back":   {[]string{"UPDATE interface_notes SET taken_back_at = '2026-11-28T00:00:00.000Z' WHERE n = 2"}, "2 taken back; the audit log says 2 written, 1 taken back"},
		"days":   {[]string{"INSERT INTO calendar_years (calendar, year, source, days, saved_at) VALUES ('china', 2027, 'a test', '13-01 No month', '2026-11-28T00:00:00.000Z')"}, "china, 2027: line 1"},
		"moved":  {[]string{"UPDATE field_engineers SET id_sealed = (SELECT id_sealed FROM field_engineers f WHERE f.n = 2 AND f.id_sealed IS NOT NULL) WHERE n = 1"}, "cannot be opened"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := storetest.New(t)
			at := e.At(t, lifecycle.ApprovedLOA, func(in *store.NewConnection) {
				in.Region, in.SP, in.AccessPoint = "ap-southeast-1", "Equinix", e.APID(t, "Singapore-A")
			})
			for _, body := range []string{"They call before they come.", "The panel is behind the second door."} {
				if err := e.WriteNote(t.Context(), e.Reviewer, at.ID, body); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.TakeBackNote(t.Context(), e.Reviewer, at.ID, 1); err != nil {
				t.Fatal(err)
			}
			if out := must(t, "check", "-data", e.Dir); strings.Count(out, "sound") != 8 {
				t.Fatalf("a sound database:\n%s", out)
			}
			meddle(t, filepath.Join(e.Dir, store.Database), c.sql...)
			out, err := command(t, "check", "-data", e.Dir)
			if !errors.Is(err, ops.ErrFound) || !strings.Contains(out, c.want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestAuditCommands(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	e.At(t, lifecycle.Enabled)
	head := strings.TrimSpace(must(t, "audit", "head", "-data", e.Dir))
	if out := must(t, "audit", "verify", "-data", e.Dir, "-head", head); !strings.Contains(out, "head "+head) {
		t.Error(out)
	}
	// The export verifies without the program.
	v := chain.NewVerifier()
	lines := strings.Split(strings.TrimSpace(must(t, "audit", "export", "-data", e.Dir)), "\n")
	for _, l := range lines {
		var r chain.Record
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatal(err)
		}
		v.Next(r)
	}
	want, err := chain.ParseHead(head)
	if err != nil {
		t.Fatal(err)
	}
	if p := v.Finish(want); len(p) > 0 || len(lines) != int(want.N) {
		t.Errorf("%d lines: %q", len(lines), p)
	}
	if rest := must(t, "audit", "export", "-data", e.Dir, "-after", fmt.Sprint(want.N-2)); strings.Count(rest, "\n") != 2 {
		t.Errorf("after all but two:\n%s", rest)
	}
	meddle(t, filepath.Join(e.Dir, store.Database), "DROP TRIGGER events_kept", "DELETE FROM events WHERE n = 4")
	if out, err := command(t, "audit", "verify", "-data", e.Dir); !errors.Is(err, ops.ErrFound) || !strings.Contains(out, "event 4 of the chain is missing") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAdminLinks(t *testing.T) {
	t.Parallel()
	e := storetest.New(t, storetest.WithPasswords())
	token := func(out string) string {
		_, rest, ok := strings.Cut(out, "https://console.example/setup/")
		if !ok {
			t.Fatalf("no link:\n%s", out)
		}
		return strings.TrimSpace(rest)
	}
	for _, c := range []struct{ email, until, out string }{
		{"second@cloud.example", "until then nobody signs in as them", must(t, "admin", "create", "second@cloud.example", "Second Admin", "-data", e.Dir, "-public-url", "https://console.example/")},
		{"owner@northwind.example", "until then the old password works", must(t, "admin", "reset", "-data", e.Dir, "-public-url", "https://console.example", "Owner@Northwind.example")},
	} {
		inv, err := e.Invitation(t.Context(), token(c.out))
		if err != nil || inv.Email != c.email || !strings.Contains(c.out, c.until) {
			t.Errorf("%s: %+v %v\n%s", c.email, inv, err, c.out)
		}
	}
	for want, args := range map[string][]string{
		"There is already a person with this e-mail address": {"admin", "create", "second@cloud.example", "Second Admin"},
		"Enter an e-mail address like":                       {"admin", "create", "second", "Second Admin"},
		"nobody has the e-mail address x@y.example":          {"admin", "reset", "x@y.example"},
	} {
		if out, err := command(t, append(args, "-data", e.Dir)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	for _, args := range [][]string{{"admin"}, {"admin", "delete", "x"}, {"backup"}, {"restore", "a", "b"}, {"check", "x"}, {"audit"}, {"start"}, {"check", "-nonsense"}} {
		if out, err := command(t, args...); !errors.Is(err, ops.ErrUsage) || out == "" {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	if _, err := command(t, "check", "-data", t.TempDir()); err == nil || !strings.Contains(err.Error(), "there is no database in this folder") {
		t.Error(err)
	}
}

// What is no letter and no backup is said so at once, however large it is or
// would become.
func TestFilesThatAreNotWhatTheySay(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	e.At(t, lifecycle.Enabled)
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(make([]byte, 64<<20))
	w.Close()
	good := filepath.Join(dir, "good.db")
	must(t, "backup", good, "-data", e.Dir)
	copyOf := func(name string) string {
		b, err := os.ReadFile(good)
		if err != nil {
			t.Fatal(err)
		}
		return write(name, b)
	}
	// A terabyte that takes no room.
	sparse := copyOf("sparse.db")
	if err := os.Truncate(sparse, 1<<40); err != nil {
		t.Fatal(err)
	}
	// A table that never ends.
	without := copyOf("endless.db")
	meddle(t, without, "PRAGMA foreign_keys = OFF", "DROP TABLE events", "CREATE VIEW events AS WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT n FROM x")
	empty := write("empty.db", nil)
	meddle(t, empty, "CREATE TABLE x (y)")
	text, gz, cut := write("text", []byte("no letter")), write("packed.gz", packed.Bytes()), copyOf("cut.db")
	if err := os.Truncate(cut, 100_000); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "new")
	for file, want := range map[string]string{
		"/dev/zero": "is no file", dir: "is no file", filepath.Join(dir, "missing"): "no such file", text: "is no database", gz: "is no database", sparse: "its database ends after", without: "is no database of Demarc",
		empty: "is no database of Demarc", cut: "",
	} {
		out, err := command(t, "restore", file, "-data", target)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("restore %s: %v\n%s", file, err, out)
		}
		if files, _ := filepath.Glob(filepath.Join(target, "*.db*")); len(files) > 0 {
			t.Errorf("restore %s left %v", file, files)
		}
	}
	large := write("large.pdf", append([]byte("%PDF-1.7\n"), make([]byte, 9<<20)...))
	keys := filepath.Join(e.Dir, "letter-keys.json")
	for _, c := range []struct{ file, keys, want string }{
		{"/dev/zero", keys, "is no file"}, {dir, keys, "is no file"}, {large, keys, "is larger than 8 MB"}, {sparse, keys, "is larger than 8 MB"}, {text, "/dev/zero", "is no file"}, {text, large, "is larger than 1 MB"},
	} {
		if out, err := command(t, "letter", "verify", c.file, "-keys", c.keys); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("letter verify %s -keys %s: %v\n%s", c.file, c.keys, err, out)
		}
	}
}
