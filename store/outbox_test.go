package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// claim takes the next mail; the test fails when there is none.
func claim(t *testing.T, e *storetest.Env) store.Mail {
	t.Helper()
	m, err := e.ClaimMail(ctx)
	if err != nil || m == nil {
		t.Fatalf("no mail waits: %v", err)
	}
	return *m
}

func none(t *testing.T, e *storetest.Env) {
	t.Helper()
	if m, err := e.ClaimMail(ctx); m != nil || err != nil {
		t.Fatalf("a mail waits: %+v, %v", m, err)
	}
}

// A message of the console is mailed to those who want it and can sign in. The
// mail says what it is about and nothing that people wrote.
func TestNoticesAreMailed(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords(), storetest.WithMail())
	c := e.At(t, lifecycle.InApplication, func(n *store.NewConnection) { n.Name = "hz-secret-name" })
	for {
		m, err := e.ClaimMail(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if m == nil {
			break
		}
		if m.Kind != store.MailNotice || m.Address != "reviewer@cloud.example" || m.Subject != "LOA application to review ("+c.ID+")" {
			t.Errorf("mail %+v", m)
		}
		if err := e.MailDone(ctx, m.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.RejectLOA(ctx, e.Reviewer, c.ID, c.Version, map[string]string{"construction_company": "Ask Mr. Zhou, +86 137 0000 4410"}); err != nil {
		t.Fatal(err)
	}
	m := claim(t, e)
	if m.Address != "owner@northwind.example" || m.Name != "Lin Wei" || m.Attempt != 1 {
		t.Errorf("to %q %q, attempt %d", m.Name, m.Address, m.Attempt)
	}
	for _, private := range []string{"hz-secret-name", "Zhou", "4410", "Northwind"} {
		if strings.Contains(m.Subject+m.Text, private) {
			t.Errorf("the mail says %q:\n%s", private, m.Text)
		}
	}
	if !strings.Contains(m.Text, "LOA application rejected") || !strings.Contains(m.Text, c.ID) || !strings.Contains(m.Text, store.MessagesPath) {
		t.Errorf("the mail does not say what it is about:\n%s", m.Text)
	}
	none(t, e)

	// Who does not want them gets none.
	if err := e.SetMailNotices(ctx, e.Owner, false); err != nil {
		t.Fatal(err)
	}
	c = e.Get(t, c.ID)
	e.Do(t, c.ID, lifecycle.ApplyForLOA)
	e.Do(t, c.ID, lifecycle.Approve)
	if m := claim(t, e); m.Address != "reviewer@cloud.example" {
		t.Errorf("mail to %s", m.Address)
	}
	none(t, e)
}

// Without a mail server nothing waits in the outbox.
func TestNoMailServerNoMail(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords())
	e.At(t, lifecycle.InApplication)
	none(t, e)
	if err := e.SendTestMail(ctx, e.Admin); store.KindOf(err) != store.Conflict {
		t.Errorf("a test mail without a server: %v", err)
	}
}

// The row is of the transaction: what is rolled back mails nobody.
func TestMailIsOfTheTransaction(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords(), storetest.WithMail())
	c := e.At(t, lifecycle.ToApplyForLOA)
	if err := e.BreakTable("mails"); err != nil {
		t.Fatal(err)
	}
	if err := e.Try(c.ID, lifecycle.ApplyForLOA, e.Owner); err == nil {
		t.Fatal("the application was sent although its mail could not be written")
	}
	if got := e.Get(t, c.ID); got.Stage != c.Stage || got.Version != c.Version {
		t.Errorf("half written: %+v", got)
	}
}

// Each failed try waits longer, give or take a fifth; after the last one, and
// after a refusal for good, the mail has failed, and an administrator can send
// it again.
func TestMailIsTriedAgain(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords(), storetest.WithMail())
	e.Everybody(t)
	if err := e.SendTestMail(ctx, e.Admin); err != nil {
		t.Fatal(err)
	}
	first := claim(t, e)
	tries := 1
	for wait := range 9 {
		if err := e.MailProblem(ctx, first.ID, "The mail server answered 451", false); err != nil {
			t.Fatal(err)
		}
		if m, _ := e.ClaimMail(ctx); m != nil {
			t.Fatal("it is tried again at once")
		}
		if wait == 8 {
			break
		}
		low := []time.Duration{48 * time.Second, 4 * time.Minute, 12 * time.Minute, 48 * time.Minute, 144 * time.Minute, 288 * time.Minute, 576 * time.Minute, 1152 * time.Minute}[wait]
		e.Clock.Advance(low - time.Second)
		none(t, e)
		e.Clock.Advance(low/2 + 2*time.Second)
		m := claim(t, e)
		tries++
		if m.ID != first.ID || m.Attempt != tries || m.Subject != first.Subject {
			t.Fatalf("try %d: %+v", tries, m)
		}
	}
	list, err := e.Outbox(ctx, e.Auditor, 10)
	if err != nil || len(list) != 1 || list[0].State != store.MailFailed || list[0].Attempts != 9 || list[0].Problem != "The mail server answered 451" || !list[0].Resendable || list[0].To != "Sun Jia, admin@cloud.example" {
		t.Fatalf("%+v, %v", list, err)
	}
	if st, err := e.MailStatus(ctx, e.Admin); err != nil || st.Failed != 1 || st.Waiting != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	for _, by := range []store.Actor{e.Auditor, e.Finance, e.Owner, e.Viewer} {
		if err := e.ResendMail(ctx, by, first.ID); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s sends again: %v", by.Role, err)
		}
	}
	if err := e.ResendMail(ctx, e.Admin, "ml-none"); store.KindOf(err) != store.NotFound {
		t.Errorf("a mail that is none: %v", err)
	}
	if err := e.ResendMail(ctx, e.Admin, first.ID); err != nil {
		t.Fatal(err)
	}
	m := claim(t, e)
	if m.ID != first.ID || m.Attempt != 1 {
		t.Errorf("sent again as %+v", m)
	}
	if err := e.ResendMail(ctx, e.Admin, first.ID); store.KindOf(err) != store.Conflict {
		t.Errorf("sent again while it is sent: %v", err)
	}
	if err := e.MailProblem(ctx, m.ID, "The mail server answered 550: no such user", true); err != nil {
		t.Fatal(err)
	}
	e.Clock.Advance(48 * time.Hour)
	none(t, e)
	if err := e.ResendMail(ctx, e.Admin, first.ID); err != nil {
		t.Fatal(err)
	}
	if err := e.MailDone(ctx, claim(t, e).ID); err != nil {
		t.Fatal(err)
	}
	if err := e.ResendMail(ctx, e.Admin, first.ID); store.KindOf(err) != store.Conflict {
		t.Errorf("sent again after it was sent: %v", err)
	}
	if st, err := e.MailStatus(ctx, e.Auditor); err != nil || st.Failed != 0 || st.SentLately != 1 || !st.LastSent.Equal(e.Clock.Now()) {
		t.Errorf("%+v, %v", st, err)
	}
	for _, by := range []store.Actor{e.Reviewer, e.Owner} {
		if _, err := e.Outbox(ctx, by, 10); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s sees the outbox: %v", by.Role, err)
		}
		if _, err := e.MailStatus(ctx, by); store.KindOf(err) != store.Forbidden {
			t.Errorf("%s sees the outbox's state: %v", by.Role, err)
		}
	}
}

// After a crash the mails that a worker had wait again, under the same ID; what
// was sent stays sent.
func TestMailAfterACrash(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords(), storetest.WithMail())
	for i := range 2 {
		by := e.Admin
		by.Key = fmt.Sprint(i)
		if err := e.SendTestMail(ctx, by); err != nil {
			t.Fatal(err)
		}
	}
	done, held := claim(t, e), claim(t, e)
	if err := e.MailDone(ctx, done.ID); err != nil {
		t.Fatal(err)
	}
	e.Reopen(t)
	none(t, e)
	if n, err := e.RecoverMail(ctx); err != nil || n != 1 {
		t.Fatalf("%d recovered, %v", n, err)
	}
	if m := claim(t, e); m.ID != held.ID || m.Attempt != 2 || m.Text != held.Text {
		t.Errorf("after the restart %+v, want %+v", m, held)
	}
	none(t, e)
}

// What a mail says is not in the files of the database, neither before nor
// after it is sent; its row goes in the end.
func TestMailTextIsNotInTheFile(t *testing.T) {
	e := storetest.New(t, storetest.WithPasswords(), storetest.WithMail())
	if err := e.SendTestMail(ctx, e.Admin); err != nil {
		t.Fatal(err)
	}
	m := claim(t, e)
	files, err := filepath.Glob(filepath.Join(e.Dir, "demarc.db*"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(m.Text)) || bytes.Contains(b, []byte(m.Subject)) {
			t.Errorf("%s holds the text of a mail", filepath.Base(f))
		}
	}
	if err := e.MailProblem(ctx, m.ID, "no", true); err != nil {
		t.Fatal(err)
	}
	e.Clock.Advance(15 * 24 * time.Hour)
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if err := e.ResendMail(ctx, e.Admin, m.ID); store.KindOf(err) != store.Conflict {
		t.Errorf("its text is kept for ever: %v", err)
	}
	e.Clock.Advance(20 * 24 * time.Hour)
	if _, err := e.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if list, err := e.Outbox(ctx, e.Admin, 10); err != nil || len(list) != 0 {
		t.Errorf("its row is kept for ever: %+v, %v", list, err)
	}
}
