package store

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"demarc/store/chain"
	"demarc/store/lifecycle"
)

// busyLog is a store with n events of a few people, accounts, objects and
// requests, some of them at the same moment, and what an honest search by hand
// has to find them in: newest first.
func busyLog(t *testing.T, n int) (*Store, []chain.Record) {
	t.Helper()
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Operator: "Example Cloud", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	for range n / 20 {
		by := Actor{UserID: pick("us-1", "us-2", "us-3"), Name: "Somebody", Role: lifecycle.Owner, AccountID: "acc-a", RequestID: pick("RQ-1", "RQ-2", "RQ-3", "RQ-4")}
		switch r.IntN(4) {
		case 0:
			by.Role, by.AccountID, by.UserID = lifecycle.Reviewer, "", pick("us-8", "us-9")
		case 1:
			by = systemActor()
		}
		now = now.Add(time.Duration(r.IntN(300)) * time.Minute)
		err := s.inTx(t.Context(), by, func(x *tx) error {
			for range 20 {
				if err := x.event(pick("pc-1", "pc-2", "user:us-1", "port:3", "a~b"), pick("acc-a", "acc-b", ""), pick("order", "approve", "sign_in", "cancel"), "", "", "", ""); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var all []chain.Record
	if err := s.EachAuditRecord(t.Context(), 0, func(r chain.Record) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b chain.Record) int { return placeOf(a).compare(placeOf(b)) })
	return s, all
}

// TestEveryCombinationOfFiltersFindsWhatIsThere compares pages and exports of
// filters with a search by hand.
func TestEveryCombinationOfFiltersFindsWhatIsThere(t *testing.T) {
	s, all := busyLog(t, 3000)
	admin := Actor{UserID: "us-9", Role: lifecycle.Administrator}
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	var filters []EventFilter
	for _, actions := range [][]string{nil, {"approve"}, {"approve", "cancel", "never"}} {
		for _, account := range []string{"", "acc-a"} {
			for _, actor := range []string{"", "us-2", "us-nobody"} {
				for _, subject := range []string{"", "pc-1", "a~b"} {
					for _, request := range []string{"", "RQ-3"} {
						for _, days := range [][2]time.Time{{}, {day(3), day(6)}, {day(4), {}}, {{}, day(4)}} {
							for _, staff := range []bool{false, true} {
								filters = append(filters, EventFilter{Actions: actions, AccountID: account, ActorID: actor, Staff: staff, Subject: subject, RequestID: request, From: days[0], To: days[1]})
							}
						}
					}
				}
			}
		}
	}
	id := func(e Event) string { return fmt.Sprint(e.Subject, "/", e.Seq) }
	for i, f := range filters {
		if testing.Short() && i%7 > 0 {
			continue
		}
		want := map[string]bool{}
		for _, r := range all {
			if f.keeps(&r) {
				want[fmt.Sprint(r.Subject, "/", r.Seq)] = true
			}
		}
		got, last := map[string]bool{}, time.Time{}
		f.Limit = 200
		for pages := 0; ; pages++ {
			page, err := s.Audit(t.Context(), admin, f)
			if err != nil || pages > 50 {
				t.Fatalf("%+v: page %d: %v", f, pages, err)
			}
			for _, e := range page.Events {
				if got[id(e)] || (!last.IsZero() && e.At.After(last)) {
					t.Fatalf("%+v: %s stands twice, or before an older one", f, id(e))
				}
				got[id(e)], last = true, e.At
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
		exported := 0
		f.Cursor = ""
		err := s.EachFoundRecord(t.Context(), admin, f, func(r chain.Record) error {
			if exported++; !want[fmt.Sprint(r.Subject, "/", r.Seq)] {
				t.Errorf("%+v: %s is exported", f, r.Subject)
			}
			return nil
		})
		if err != nil || len(got) != len(want) || exported != len(want) {
			t.Fatalf("%+v: %d found, %d exported, want %d: %v", f, len(got), exported, len(want), err)
		}
		for k := range want {
			if !got[k] {
				t.Errorf("%+v: %s is missing", f, k)
			}
		}
	}
}

// TestASearchWithoutAnIndexStops looks for something rare in an account with much
// to read: each page looks at so many events and no more, says how far it came,
// and goes on from there to the end.
func TestASearchWithoutAnIndexStops(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const n = 2*eventsLooked + 500
	err = s.inTx(t.Context(), Actor{UserID: "us-1", Role: lifecycle.Owner, AccountID: "acc-a"}, func(x *tx) error {
		for i := range n {
			action := "sign_in"
			if i == 3 { // among the oldest
				action = "change_role"
			}
			x.now = now.Add(time.Duration(i) * time.Second)
			if err := x.event(fmt.Sprint("user:us-", i%50), "acc-a", action, "", "", "", ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f := EventFilter{AccountID: "acc-a", Actions: []string{"change_role"}}
	admin := Actor{Role: lifecycle.Administrator}
	for i := range 3 {
		page, err := s.Audit(t.Context(), admin, f)
		if err != nil {
			t.Fatal(err)
		}
		if i < 2 {
			want := now.Add(time.Duration(n-(i+1)*eventsLooked) * time.Second)
			if len(page.Events) != 0 || page.Next == "" || !page.SearchedTo.Equal(want) {
				t.Fatalf("page %d: %d events, searched to %s, want %s", i, len(page.Events), page.SearchedTo, want)
			}
		} else if len(page.Events) != 1 || page.Next != "" || !page.SearchedTo.IsZero() {
			t.Fatalf("the last page: %+v", page)
		}
		f.Cursor = page.Next
	}
	for _, broken := range []string{"x", "2026~a~1", "2026-11-01T00:00:00.000Z~a", "2026-11-01T00:00:00.000Z~a~x"} {
		if _, err := s.Audit(t.Context(), admin, EventFilter{Cursor: broken}); KindOf(err) != Invalid {
			t.Errorf("cursor %q: %v", broken, err)
		}
	}
}

// TestWhoReadsTheLog asks as every role.
func TestWhoReadsTheLog(t *testing.T) {
	s, _ := busyLog(t, 100)
	for _, role := range append(lifecycle.Roles(), "") {
		by := Actor{UserID: "us-1", Role: role}
		if role.IsCustomer() {
			by.AccountID = "acc-a"
		}
		_, err := s.Audit(t.Context(), by, EventFilter{})
		if (err == nil) != role.IsStaff() {
			t.Errorf("%s reads the audit log: %v", role, err)
		}
		err = s.EachFoundRecord(t.Context(), by, EventFilter{}, func(chain.Record) error { return nil })
		if (err == nil) != (role == lifecycle.Administrator || role == lifecycle.Auditor) {
			t.Errorf("%s exports the audit log: %v", role, err)
		}
		_, err = s.Activity(t.Context(), by, ActivityFilter{})
		if (err == nil) != (role == lifecycle.Owner) {
			t.Errorf("%s reads the activity: %v", role, err)
		}
		err = s.EachActivity(t.Context(), by, ActivityFilter{}, func(Event) error { return nil })
		if (err == nil) != (role == lifecycle.Owner) {
			t.Errorf("%s exports the activity: %v", role, err)
		}
	}
	if _, err := s.Activity(t.Context(), Actor{UserID: "us-1", Role: lifecycle.Owner}, ActivityFilter{}); KindOf(err) != Forbidden {
		t.Errorf("an owner of nothing: %v", err)
	}
}

// TestGuessersDoNotFillTheLog counts wrong passwords: one in a quarter of an hour
// and person is told, with the number of those before it that were not.
func TestGuessersDoNotFillTheLog(t *testing.T) {
	var r refusals
	start := time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)
	told := 0
	for i := range 1000 { // one a second
		if untold, tell := r.take("us-1", start.Add(time.Duration(i)*time.Second)); tell {
			if told++; told == 2 && untold != 899 {
				t.Errorf("%d before the second entry, want 899", untold)
			}
		}
	}
	if told != 2 {
		t.Errorf("%d entries in 1000 seconds, want 2", told)
	}
	if untold, tell := r.take("us-2", start); untold != 0 || !tell {
		t.Error("another person's count")
	}
}

// TestActivityIsOfOneAccount reads the activity with every filter that could
// reach further: another account, its objects, a person of the operator.
func TestActivityIsOfOneAccount(t *testing.T) {
	s, all := busyLog(t, 2000)
	owner := Actor{UserID: "us-1", Role: lifecycle.Owner, AccountID: "acc-a"}
	count := func(keep func(chain.Record) bool) (n int) {
		for _, r := range all {
			if r.AccountID == "acc-a" && keep(r) {
				n++
			}
		}
		return n
	}
	isStaff := func(r chain.Record) bool { return lifecycle.Role(r.ActorRole).IsStaff() }
	for _, c := range []struct {
		name string
		f    ActivityFilter
		want int
	}{
		{"nothing", ActivityFilter{}, count(func(chain.Record) bool { return true })},
		{"another account", ActivityFilter{EventFilter: EventFilter{AccountID: "acc-b"}}, count(func(chain.Record) bool { return true })},
		{"a person", ActivityFilter{Who: "us-2"}, count(func(r chain.Record) bool { return r.ActorID == "us-2" })},
		{"a person of the operator", ActivityFilter{Who: "us-8"}, 0},
		{"the same, asked for another way", ActivityFilter{EventFilter: EventFilter{ActorID: "us-8"}}, count(func(chain.Record) bool { return true })},
		{"the operator", ActivityFilter{Who: ByOperator}, count(isStaff)},
		{"the system", ActivityFilter{Who: ByItself}, count(func(r chain.Record) bool { return r.ActorRole == "system" })},
		{"a request", ActivityFilter{EventFilter: EventFilter{RequestID: "RQ-1"}}, count(func(chain.Record) bool { return true })},
		{"an object that others have events of too", ActivityFilter{EventFilter: EventFilter{Subject: "pc-1"}}, count(func(r chain.Record) bool { return r.Subject == "pc-1" })},
	} {
		got := 0
		err := s.EachActivity(t.Context(), owner, c.f, func(e Event) error {
			got++
			if e.AccountID != "acc-a" {
				t.Errorf("%s: an event of %q", c.name, e.AccountID)
			}
			if !e.ActorRole.IsCustomer() && (e.ActorID != "" || e.ActorName != "" || e.RequestID != "") {
				t.Errorf("%s: it says who of the operator it was: %+v", c.name, e)
			}
			return nil
		})
		if err != nil || got != c.want {
			t.Errorf("%s: %d events, want %d: %v", c.name, got, c.want, err)
		}
	}
}

// TestEveryRecordedActionIsDecided reads the calls that record events: whatever
// concerns an account and is not about an interface says in accountTexts which of
// its texts the account reads.
func TestEveryRecordedActionIsDecided(t *testing.T) {
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	inspect := func(visit func(ast.Node) bool) {
		for _, f := range files {
			ast.Inspect(f, visit)
		}
	}
	consts := map[string]string{}
	inspect(func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range v.Names {
			if i < len(v.Values) {
				if lit, ok := v.Values[i].(*ast.BasicLit); ok {
					consts[name.Name], _ = strconv.Unquote(lit.Value)
				}
			}
		}
		return true
	})
	consts["EraseAction"] = chain.EraseAction
	text := func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			s, _ := strconv.Unquote(e.Value)
			return s
		case *ast.Ident:
			return consts[e.Name]
		case *ast.SelectorExpr:
			return consts[e.Sel.Name]
		}
		return ""
	}
	found := 0
	inspect(func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		fun, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		var action string
		switch fun.Sel.Name {
		case "event":
			if lit, ok := call.Args[1].(*ast.BasicLit); ok && lit.Value == `""` {
				return true
			}
			// What is about an interface stands on its own timeline, texts and all.
			if sel, ok := call.Args[0].(*ast.SelectorExpr); ok && (sel.Sel.Name == "ID" || sel.Sel.Name == "ConnectionID") {
				return true
			}
			action = text(call.Args[2])
		case "factorEvent":
			action = text(call.Args[0])
		default:
			return true
		}
		if action == "" { // given by a caller that is looked at too, or put together
			return true
		}
		if found++; !hasTexts(action) {
			t.Errorf("%s: accountTexts does not say which texts of %q its account reads", fset.Position(call.Pos()), action)
		}
		return true
	})
	if found < 30 {
		t.Fatalf("only %d calls found: the search is broken", found)
	}
	for _, reason := range []string{"reset_second_factors", "set_invoice_limit", "set_quotas", "export_person", chain.EraseAction} {
		e := Event{Subject: "user:us-1", Action: reason, Reason: "staff only", ActorRole: lifecycle.Administrator, ActorName: "Lin Wei"}.forAccount()
		if e.Reason != "" || e.ActorName != "" {
			t.Errorf("%s: %+v", reason, e)
		}
	}
	if e := (Event{Subject: "account:acc-a", Action: "something_new", Reason: "r", Detail: "d"}).forAccount(); e.Reason != "" || e.Detail != "" {
		t.Errorf("what nobody decided about is shown: %+v", e)
	}
}

func hasTexts(action string) bool {
	_, ok := accountTexts[action]
	return ok || action == "reveal_id_number" || action == actionSendLetter // about an interface
}

// BenchmarkFilterIndexes measures what the indexes for the filters add to writing
// an event: the same batches into two logs in turn, one without them.
func BenchmarkFilterIndexes(b *testing.B) {
	const batch = 200
	var logs [2]*Store
	for i := range logs {
		s, err := Open(context.Background(), Options{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		if logs[i] = s; i == 1 {
			for _, index := range []string{"events_by_actor", "events_by_request"} {
				if _, err := s.write.Exec("DROP INDEX " + index); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	var took [2]time.Duration
	for i := 0; b.Loop(); i++ {
		for side, s := range logs {
			by := Actor{UserID: fmt.Sprint("us-", i%40), Name: "Rao Min", Role: lifecycle.Owner, AccountID: "acc-a", RequestID: newID("", 9)}
			start := time.Now()
			err := s.inTx(context.Background(), by, func(x *tx) error {
				for j := range batch {
					if err := x.event(fmt.Sprintf("pc-%d", (i*batch+j)%5000), fmt.Sprint("acc-", j%20), "approve", lifecycle.InApplication, lifecycle.ApprovedLOA, "", "Version 1"); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			took[side] += time.Since(start)
		}
	}
	b.ReportMetric(float64(took[0])/float64(took[1]), "×without")
}
