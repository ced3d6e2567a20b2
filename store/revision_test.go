package store_test

import (
	"context"
	"fmt"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
)

// TestRevisionOfWhoIsConcerned: a write makes a new revision for those whose
// pages it changes, and for nobody else.
func TestRevisionOfWhoIsConcerned(t *testing.T) {
	ctx := context.Background()
	e := storetest.New(t)
	c := e.At(t, lifecycle.InApplication)
	const nobody, one, everybody = "nobody", "Northwind", "everybody"
	for _, tt := range []struct {
		what, want string
		do         func() error
	}{
		{"a session", nobody, func() error {
			_, _, err := e.StartSession(ctx, e.Owner, store.MethodPassword, "a test")
			return err
		}},
		{"a write that is refused", nobody, func() error {
			if err := e.Try(c.ID, lifecycle.PayResourceFee, e.Owner); err == nil {
				return fmt.Errorf("it was not refused")
			}
			return nil
		}},
		{"a transition by staff", one, func() error { return e.Try(c.ID, lifecycle.Approve, e.Reviewer) }},
		{"a transition by the customer", one, func() error { return e.Try(c.ID, lifecycle.ReportDelivery, e.Owner) }},
		{"a name", one, func() error { return e.Try(c.ID, lifecycle.EditNameDescription, e.Owner) }},
		{"money", one, func() error { return e.RecordTransfer(ctx, e.Finance, e.Northwind, "10.00", "cash") }},
		{"the prices", everybody, func() error {
			_, err := e.SchedulePrices(ctx, e.Finance, newPrices(t, e, "2027-01-01", map[string]string{tenG: "5"}))
			return err
		}},
		{"a region", everybody, func() error {
			r, _ := e.Catalogue().Region("cn-hangzhou")
			in := store.RegionEditOf(r)
			in.Name = "Hangzhou, renamed"
			return e.UpdateRegion(ctx, e.Admin, r.ID, store.RegionRev(r), in)
		}},
	} {
		mine, theirs := e.Revision(e.Northwind), e.Revision(e.Southwind)
		if err := tt.do(); err != nil {
			t.Fatalf("%s: %v %v", tt.what, err, store.FieldsOf(err))
		}
		got := nobody
		switch m, o := e.Revision(e.Northwind) != mine, e.Revision(e.Southwind) != theirs; {
		case o:
			got = everybody
		case m:
			got = one
		}
		if got != tt.want {
			t.Errorf("%s concerns %s, want %s", tt.what, got, tt.want)
		}
	}
}
