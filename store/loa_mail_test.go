package store_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

func TestSendLetter(t *testing.T) {
	e := storetest.New(t, storetest.WithMail())
	for { // what setting up the people sent
		m, err := e.ClaimMail(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if m == nil {
			break
		}
		if err := e.MailDone(ctx, m.ID); err != nil {
			t.Fatal(err)
		}
	}
	c := e.At(t, lifecycle.ApprovedLOA)
	if err := e.SendLOA(ctx, e.Owner, c.ID); store.KindOf(err) != store.Conflict {
		t.Errorf("without an address: %v", err)
	}
	if err := e.SavePlaybook(ctx, e.Reviewer, c.AccessPointID, 0, store.Playbook{Email: "letters@facility.example", Words: "Ref 7"}); err != nil {
		t.Fatal(err)
	}
	for by, want := range map[store.Actor]store.Kind{e.Technician: store.Forbidden, e.Finance: store.Forbidden, e.OtherOwner: store.NotFound} {
		if err := e.SendLOA(ctx, by, c.ID); store.KindOf(err) != want {
			t.Errorf("%s: %v", by.Role, err)
		}
	}
	by := e.Owner
	by.Key = "the-same-form-twice"
	for range 2 {
		if err := e.SendLOA(ctx, by, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	var letters []*store.Mail
	for {
		m, err := e.ClaimMail(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if m == nil {
			break
		}
		if m.Kind == store.MailLetter {
			letters = append(letters, m)
		}
		if err := e.MailDone(ctx, m.ID); err != nil {
			t.Fatal(err)
		}
	}
	if len(letters) != 1 {
		t.Fatalf("%d letters were mailed", len(letters))
	}
	m := letters[0]
	if m.Address != "letters@facility.example" || len(m.Attachments) != 1 || !bytes.Equal(m.Attachments[0].Content, storetest.PDF) || !strings.HasPrefix(m.Text, "Ref 7\n") || strings.Contains(m.Text+m.Subject, "Zhou Ming") {
		t.Errorf("%+v", m)
	}
	if err := e.SendLOA(ctx, e.Reviewer, c.ID); store.KindOf(err) != store.Conflict {
		t.Errorf("again at once: %v", err)
	}
	e.Clock.Advance(time.Hour + time.Millisecond)
	if err := e.SendLOA(ctx, e.Reviewer, c.ID); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	e.Do(t, c.ID, lifecycle.RevokeLOA)
	e.Clock.Advance(2 * time.Hour)
	if err := e.SendLOA(ctx, e.Reviewer, c.ID); store.KindOf(err) != store.Conflict {
		t.Errorf("a revoked letter: %v", err)
	}
	if events, _ := e.Timeline(ctx, c.ID); strings.Contains(events[1].Detail, "@") {
		t.Errorf("the address is in the record: %+v", events[1])
	}
}
