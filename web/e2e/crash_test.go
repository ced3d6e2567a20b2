package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
)

// client is a person without a browser.
func client(t *testing.T, p *Program, email string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.PostForm(p.URL+"/login", url.Values{"email": {email}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s could not sign in: %d", email, resp.StatusCode)
	}
	return c
}

// kills is at how many points of the script the program is ended.
const kills = 20

// TestKillDuringWrites ends the program without warning while people write,
// at twenty points, on one file. Whatever was answered with success is there after
// the restart, and the books and the stages agree with their history.
func TestKillDuringWrites(t *testing.T) {
	p := startDemo(t)
	type done struct{ kind, id, value string }
	var mu sync.Mutex
	var acked []done
	ids := func() (account string, interfaces []string) {
		s := openData(t, p)
		defer s.Close()
		u, err := s.UserByEmail(context.Background(), northwind)
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.Connections(context.Background(), store.Actor{Role: lifecycle.Owner, AccountID: u.AccountID}, store.ConnectionFilter{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Items {
			if !c.Stage.Ended() {
				interfaces = append(interfaces, c.ID)
			}
		}
		return u.AccountID, interfaces
	}
	p.Stop()
	account, interfaces := ids()
	p.Restart()
	for round := range kills {
		customer, treasurer := client(t, p, northwind), client(t, p, finance)
		var wg sync.WaitGroup
		stop := make(chan struct{})
		enough := make(chan struct{})
		var count int
		post := func(c *http.Client, path string, form url.Values, d done) bool {
			select {
			case <-stop:
				return false
			default:
			}
			resp, err := c.PostForm(p.URL+path, form)
			if err != nil {
				return false // the program is gone
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusSeeOther {
				t.Errorf("%s answered %d", path, resp.StatusCode)
				return false
			}
			mu.Lock()
			defer mu.Unlock()
			acked = append(acked, d)
			if count++; count == 5+(round*7)%23 {
				close(enough)
			}
			return true
		}
		for w := range 4 {
			wg.Add(2)
			go func() {
				defer wg.Done()
				for k := 0; ; k++ {
					ref := fmt.Sprintf("crash-%d-%d-%d", round, w, k)
					if !post(treasurer, "/admin/accounts/"+account+"/transfers", url.Values{"amount": {"1.00"}, "reference": {ref}}, done{"transfer", account, ref}) {
						return
					}
				}
			}()
			go func() {
				defer wg.Done()
				id := interfaces[w] // one writer an interface, so that the last name is known
				for k := 0; ; k++ {
					name := fmt.Sprintf("crash-%d-%d-%d", round, w, k)
					if !post(customer, "/interfaces/"+id+"/edit", url.Values{"name": {name}}, done{"name", id, name}) {
						return
					}
				}
			}()
		}
		select {
		case <-enough:
		case <-time.After(2 * patience):
			t.Fatal("the writers got nothing done")
		}
		p.Kill9()
		close(stop)
		wg.Wait()
		p.Restart()
	}
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	s := openData(t, p)
	defer s.Close()
	ctx := context.Background()
	booked := map[string]int{}
	if err := s.EachStatementLine(ctx, store.Actor{Role: lifecycle.Finance}, account, func(l store.LedgerLine) error {
		booked[l.Reference]++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	renamed := map[string]bool{}
	for _, id := range interfaces {
		events, err := s.Timeline(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Action == string(lifecycle.EditNameDescription) {
				renamed[id] = true
			}
		}
	}
	last := map[string]string{}
	transfers := 0
	for _, d := range acked {
		switch d.kind {
		case "transfer":
			transfers++
			if booked[d.value] != 1 {
				t.Errorf("transfer %s was acknowledged and is booked %d times", d.value, booked[d.value])
			}
		case "name":
			last[d.id] = d.value
			if !renamed[d.id] {
				t.Errorf("a change of %s was acknowledged and has no event", d.id)
			}
		}
	}
	for id, name := range last {
		c, err := s.Connection(ctx, store.Actor{Role: lifecycle.Administrator}, id)
		if err != nil {
			t.Fatal(err)
		}
		// The one write that was under way at the kill may be there too.
		if c.Name != name && !isNext(c.Name, name) {
			t.Errorf("%s is called %q, acknowledged last was %q", id, c.Name, name)
		}
	}
	if transfers < 100 || len(last) != 4 {
		t.Errorf("only %d transfers and %d names: the test proves little", transfers, len(last))
	}
	problems, err := s.CheckLedger(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p.What)
	}
	wrong, err := s.CheckStages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
	head, broken, err := s.VerifyAudit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		t.Error(b)
	}
	t.Logf("the audit log is sound over %d events", head.N)
	t.Logf("%d acknowledged writes over %d kills", len(acked), kills)
}

// isNext says whether got is the name that the writer sent after want.
func isNext(got, want string) bool {
	i := strings.LastIndex(want, "-")
	var k int
	fmt.Sscanf(want[i+1:], "%d", &k)
	return got == fmt.Sprintf("%s-%d", want[:i], k+1)
}

// openData opens the data of a program that is not running.
func openData(t *testing.T, p *Program) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{Dir: p.Data, Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
