package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/store/ticket"
)

func opened(t *testing.T, e *storetest.Env, by store.Actor, title string) string {
	t.Helper()
	id, err := e.OpenTicket(ctx, by, store.NewTicket{Topic: ticket.Cabling, Title: title, Body: "Which light level do you need?"})
	if err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	return id
}

// TestTicketPassesFromSideToSide: whoever writes passes it on, and the clock is
// that of the side whose turn it is.
func TestTicketPassesFromSideToSide(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	id := opened(t, e, e.Owner, "Light level")
	since := e.Clock.Now()
	for i, step := range []struct {
		by         store.Actor
		body       string
		closes     bool
		want       ticket.State
		sinceStays bool
		answered   int
	}{
		{e.Engineer, "It is urgent.", false, ticket.Waiting, true, 0},
		{e.Technician, "More than -8 dBm.", false, ticket.Answered, false, 1},
		{e.Finance, "And it is free.", false, ticket.Answered, true, 1},
		{e.CustomerFinance, "Thank you.", false, ticket.Waiting, false, 0},
		{e.Technician, "You are welcome.", true, ticket.Closed, false, 0},
		{e.Owner, "One more question.", false, ticket.Waiting, false, 0},
		{e.Owner, "", true, ticket.Closed, false, 0},
		{e.Reviewer, "We found the answer after all.", false, ticket.Answered, false, 1},
	} {
		e.Clock.Advance(time.Hour)
		if !step.sinceStays {
			since = e.Clock.Now()
		}
		if err := e.WriteTicket(ctx, step.by, id, i+1, step.body, step.closes); err != nil {
			t.Fatalf("step %d: %v %v", i, err, store.FieldsOf(err))
		}
		k, thread, err := e.Ticket(ctx, e.Owner, id)
		if err != nil || k.State != step.want || !k.Since.Equal(since) || !k.LastAt.Equal(e.Clock.Now()) || k.Messages != i+2 || len(thread) != i+2 {
			t.Fatalf("step %d: %+v, %d messages, %v; want %s since %s", i, k, len(thread), err, step.want, since)
		}
		if n, err := e.AnsweredTickets(ctx, e.Northwind); err != nil || n != step.answered {
			t.Errorf("step %d: %d wait for the customer (%v), want %d", i, n, err, step.answered)
		}
	}
	// A customer reads the operator's name, staff read who it was.
	_, seen, _ := e.Ticket(ctx, e.Viewer, id)
	_, all, _ := e.Ticket(ctx, e.Auditor, id)
	for i := range seen {
		if own := !all[i].Staff; own && seen[i].Name != all[i].Name || !own && (seen[i].Name == all[i].Name || seen[i].Name == "") {
			t.Errorf("message %d of %q is shown to the customer under %q", i+1, all[i].Name, seen[i].Name)
		}
	}
	e.Sound(t)
}

func TestTicketsThatAreRefused(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	c := e.At(t, lifecycle.ToApplyForLOA)
	theirs := e.AtOf(t, e.OtherOwner, lifecycle.PendingPayment)
	good := store.NewTicket{Topic: ticket.Location, Title: "Where is it", Body: "We cannot find the door."}
	edit := func(f func(*store.NewTicket)) store.NewTicket { in := good; f(&in); return in }
	for what, tt := range map[string]struct {
		by    store.Actor
		in    store.NewTicket
		kind  store.Kind
		field string
	}{
		"no topic":                    {e.Owner, edit(func(k *store.NewTicket) { k.Topic = "" }), store.Invalid, "topic"},
		"an unknown topic":            {e.Owner, edit(func(k *store.NewTicket) { k.Topic = "wine" }), store.Invalid, "topic"},
		"no title":                    {e.Owner, edit(func(k *store.NewTicket) { k.Title = "  ab " }), store.Invalid, "title"},
		"a long title":                {e.Owner, edit(func(k *store.NewTicket) { k.Title = strings.Repeat("寬", ticket.TitleMost+1) }), store.Invalid, "title"},
		"no text":                     {e.Owner, edit(func(k *store.NewTicket) { k.Body = " \n " }), store.Invalid, "body"},
		"a long text":                 {e.Owner, edit(func(k *store.NewTicket) { k.Body = strings.Repeat("寬", ticket.BodyMost+1) }), store.Invalid, "body"},
		"an interface of others":      {e.Owner, edit(func(k *store.NewTicket) { k.ConnectionID = theirs.ID }), store.Invalid, "interface"},
		"no interface":                {e.Owner, edit(func(k *store.NewTicket) { k.ConnectionID = "pc-none" }), store.Invalid, "interface"},
		"no access point":             {e.Owner, edit(func(k *store.NewTicket) { k.AccessPointID = "ap-none" }), store.Invalid, "access_point"},
		"an interface at another one": {e.Owner, edit(func(k *store.NewTicket) { k.ConnectionID, k.AccessPointID = c.ID, e.APID(t, "Singapore-A") }), store.Invalid, "access_point"},
		"a viewer":                    {e.Viewer, good, store.Forbidden, ""},
		"staff about no interface":    {e.Reviewer, good, store.Invalid, "interface"},
		"staff about an unknown one":  {e.Reviewer, edit(func(k *store.NewTicket) { k.ConnectionID = "pc-none" }), store.Invalid, "interface"},
		"staff without words":         {e.Reviewer, edit(func(k *store.NewTicket) { k.ConnectionID, k.Body = c.ID, "" }), store.Invalid, "body"},
		"an auditor":                  {e.Auditor, edit(func(k *store.NewTicket) { k.ConnectionID = c.ID }), store.Forbidden, ""},
	} {
		_, err := e.OpenTicket(ctx, tt.by, tt.in)
		if store.KindOf(err) != tt.kind || tt.field != "" && store.FieldsOf(err)[tt.field] == "" {
			t.Errorf("%s: %v %v", what, err, store.FieldsOf(err))
		}
	}
	if open, _, err := e.OwnTickets(ctx, e.Northwind, false, "", 10); err != nil || len(open) != 0 {
		t.Errorf("a refusal left %d tickets (%v)", len(open), err)
	}
	// About an interface: its access point is known by itself.
	id, err := e.OpenTicket(ctx, e.Owner, edit(func(k *store.NewTicket) { k.ConnectionID = " " + c.ID + " " }))
	if err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	k, _, err := e.Ticket(ctx, e.Reviewer, id)
	if err != nil || k.ConnectionID != c.ID || k.AccessPointID != c.AccessPointID {
		t.Errorf("%+v, %v", k, err)
	}
	for what, tt := range map[string]struct {
		by     store.Actor
		id     string
		seen   int
		body   string
		closes bool
		kind   store.Kind
	}{
		"no text":                       {e.Owner, id, 0, " ", false, store.Invalid},
		"a long text":                   {e.Owner, id, 0, strings.Repeat("w", ticket.BodyMost+1), false, store.Invalid},
		"a long text that closes":       {e.Owner, id, 0, strings.Repeat("w", ticket.BodyMost+1), true, store.Invalid},
		"staff who close without words": {e.Reviewer, id, 0, "", true, store.Invalid},
		"a page that is old":            {e.Owner, id, 7, "Hello", false, store.Conflict},
		"a viewer":                      {e.Viewer, id, 0, "Hello", false, store.Forbidden},
		"an auditor":                    {e.Auditor, id, 0, "Hello", false, store.Forbidden},
		"another account":               {e.OtherOwner, id, 0, "Hello", false, store.NotFound},
		"no ticket":                     {e.Owner, "tk-none", 0, "Hello", false, store.NotFound},
	} {
		if err := e.WriteTicket(ctx, tt.by, tt.id, tt.seen, tt.body, tt.closes); store.KindOf(err) != tt.kind {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := e.Ticket(ctx, e.OtherOwner, id); store.KindOf(err) != store.NotFound {
		t.Errorf("another account reads it: %v", err)
	}
	if _, thread, _ := e.Ticket(ctx, e.Owner, id); len(thread) != 1 {
		t.Errorf("a refusal left %d messages", len(thread))
	}
	if err := e.WriteTicket(ctx, e.Owner, id, 1, "", true); err != nil {
		t.Fatal(err)
	}
	if err := e.WriteTicket(ctx, e.Owner, id, 0, "", true); store.KindOf(err) != store.Conflict {
		t.Errorf("closed twice: %v", err)
	}
	e.Sound(t)
}

// What is open stays in sight: twenty of an account, two hundred messages each.
func TestTicketLimits(t *testing.T) {
	e := storetest.New(t)
	contest(t, e, ticket.OpenMost, conflicts, func(i int) error {
		_, err := e.OpenTicket(ctx, e.Owner, store.NewTicket{Topic: ticket.Fees, Title: fmt.Sprintf("Question %d", i), Body: "What is it?"})
		return err
	})
	if _, err := e.OpenTicket(ctx, e.OtherOwner, store.NewTicket{Topic: ticket.Fees, Title: "Another account", Body: "What is it?"}); err != nil {
		t.Errorf("others are held up: %v", err)
	}
	open, next, err := e.OwnTickets(ctx, e.Northwind, false, "", 15)
	if err != nil || len(open) != 15 || next == "" {
		t.Fatal(len(open), next, err)
	}
	rest, next, err := e.OwnTickets(ctx, e.Northwind, false, next, 15)
	if err != nil || len(rest) != 5 || next != "" {
		t.Fatal(len(rest), next, err)
	}
	seen := map[string]bool{}
	for _, k := range append(open, rest...) {
		if seen[k.ID] {
			t.Errorf("%s is listed twice", k.ID)
		}
		seen[k.ID] = true
	}
	id := open[0].ID
	for i := 1; i < ticket.MessagesMost; i++ {
		if err := e.WriteTicket(ctx, []store.Actor{e.Reviewer, e.Owner}[i%2], id, 0, "Hello", false); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := e.WriteTicket(ctx, e.Owner, id, 0, "Hello", false); store.KindOf(err) != store.Conflict || !strings.Contains(err.Error(), id) {
		t.Errorf("it takes more than %d messages: %v", ticket.MessagesMost, err)
	}
	if err := e.WriteTicket(ctx, e.Owner, id, 0, "", true); err != nil {
		t.Errorf("a full ticket cannot be closed: %v", err)
	}
	if _, err := e.OpenTicket(ctx, e.Owner, store.NewTicket{Topic: ticket.Fees, Title: "One more", Body: "What is it?"}); err != nil {
		t.Errorf("closing makes no room: %v", err)
	}
	other := rest[0].ID
	if err := e.WriteTicket(ctx, e.Owner, other, 0, "", true); err != nil {
		t.Fatal(err)
	}
	if _, err := e.OpenTicket(ctx, e.Owner, store.NewTicket{Topic: ticket.Fees, Title: "And one more", Body: "What is it?"}); err != nil {
		t.Fatal(err)
	}
	if err := e.WriteTicket(ctx, e.Owner, other, 0, "Still not clear.", false); store.KindOf(err) != store.Conflict {
		t.Errorf("a closed one was opened again beyond the limit: %v", err)
	}
	if err := e.WriteTicket(ctx, e.Reviewer, other, 0, "We have the answer now.", false); err != nil {
		t.Errorf("staff cannot write in a closed ticket: %v", err)
	}
}

// Of answers to the same page one is sent; the others learn that there is one.
func TestTwoAnswersToOnePage(t *testing.T) {
	e := storetest.New(t)
	id := opened(t, e, e.Owner, "Light level")
	contest(t, e, 1, conflicts, func(i int) error {
		return e.WriteTicket(ctx, e.Technician, id, 1, fmt.Sprintf("Answer %d", i), i%2 == 0)
	})
	if k, thread, err := e.Ticket(ctx, e.Owner, id); err != nil || len(thread) != 2 || k.Messages != 2 {
		t.Errorf("%d messages of %d, %v", len(thread), k.Messages, err)
	}
	by := e.Owner
	by.Key = "sent-twice"
	in := store.NewTicket{Topic: ticket.Fees, Title: "Sent twice", Body: "What is it?"}
	first, err := e.OpenTicket(ctx, by, in)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := e.OpenTicket(ctx, by, in); err != nil || again != first {
		t.Errorf("%q and %q, %v", first, again, err)
	}
}

// Those who wrote are told of an answer, and nobody of another account; the
// role of the topic is told when a ticket begins to wait, and not again.
func TestWhoIsToldOfATicket(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	unread := func(by store.Actor) int {
		messages, err := e.Messages(ctx, by.UserID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, m := range messages {
			if strings.HasPrefix(m.Subject, "ticket:") {
				n++
			}
		}
		return n
	}
	everybody := map[string]store.Actor{"owner": e.Owner, "engineer": e.Engineer, "viewer": e.Viewer, "another account": e.OtherOwner, "technician": e.Technician, "reviewer": e.Reviewer, "finance": e.Finance, "administrator": e.Admin}
	before := map[string]int{}
	told := func(what string, want map[string]int) {
		t.Helper()
		for who, by := range everybody {
			n := unread(by)
			if n-before[who] != want[who] {
				t.Errorf("%s: %s is told %d times, want %d", what, who, n-before[who], want[who])
			}
			before[who] = n
		}
	}
	id := opened(t, e, e.Owner, "Light level")
	told("opened", map[string]int{"technician": 1})
	write := func(by store.Actor, body string, closes bool) {
		t.Helper()
		if err := e.WriteTicket(ctx, by, id, 0, body, closes); err != nil {
			t.Fatal(err)
		}
	}
	write(e.Engineer, "It is urgent.", false)
	told("written again while it waits", nil)
	write(e.Reviewer, "-8 dBm.", false)
	told("answered", map[string]int{"owner": 1, "engineer": 1})
	write(e.Engineer, "And at 40G?", false)
	told("asked again", map[string]int{"technician": 1})
	write(e.Technician, "The same.", true)
	told("answered and closed", map[string]int{"owner": 1, "engineer": 1})
	write(e.Owner, "Good.", false)
	write(e.Owner, "", true)
	told("closed by the customer", map[string]int{"technician": 1})
	// When all who wrote are gone, the account is told.
	for _, by := range []store.Actor{e.Engineer} {
		if _, err := e.RemovePerson(ctx, e.Owner, by.UserID); err != nil {
			t.Fatal(err)
		}
	}
	delete(everybody, "engineer")
	write(e.Technician, "One more thing.", false)
	told("answered, one of two is gone", map[string]int{"owner": 1})
}

// A person who is erased leaves what they wrote, without their name; the export
// of their data holds it.
func TestTicketsOfAPersonWhoIsErased(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	id := opened(t, e, e.Engineer, "Light level")
	held, err := e.PersonalData(ctx, e.Admin, e.Engineer.Email, "They asked")
	if err != nil || len(held.Users) != 1 || len(held.Users[0].Tickets) != 1 || held.Users[0].Tickets[0].Ticket != id || !strings.Contains(held.Users[0].Tickets[0].Body, "light level") {
		t.Fatalf("%+v, %v", held, err)
	}
	if _, err := e.ErasePerson(ctx, e.Admin, e.Engineer.Email, "They asked"); err != nil {
		t.Fatal(err)
	}
	_, thread, err := e.Ticket(ctx, e.Admin, id)
	if err != nil || len(thread) != 1 || thread[0].Name == e.Engineer.Name || thread[0].Body == "" {
		t.Errorf("%+v, %v", thread, err)
	}
}

// Staff see who waits longest first, by topic or all, in pages that meet.
func TestTicketQueue(t *testing.T) {
	e := storetest.New(t)
	var ids []string
	for i := range 7 {
		by := []store.Actor{e.Owner, e.OtherOwner}[i%2]
		id, err := e.OpenTicket(ctx, by, store.NewTicket{Topic: []string{ticket.Cabling, ticket.Fees}[i%2], Title: fmt.Sprintf("Question %d", i), Body: "What is it?"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		if i%3 != 0 { // some of the same moment
			e.Clock.Advance(time.Minute)
		}
	}
	pages := func(state ticket.State, topic string) (out []string) {
		after := ""
		for {
			items, next, err := e.TicketPage(ctx, state, topic, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range items {
				out = append(out, k.ID)
			}
			if after = next; next == "" {
				return out
			}
		}
	}
	all := pages(ticket.Waiting, "")
	if len(all) != 7 || len(pages(ticket.Waiting, ticket.Fees)) != 3 || len(pages(ticket.Answered, "")) != 0 {
		t.Errorf("%d wait, %d of fees", len(all), len(pages(ticket.Waiting, ticket.Fees)))
	}
	if all[6] != ids[6] {
		t.Errorf("the youngest is not the last: %v of %v", all, ids)
	}
	for i, id := range ids[:3] {
		e.Clock.Advance(time.Minute)
		if err := e.WriteTicket(ctx, e.Technician, id, 0, "That.", i > 0); err != nil {
			t.Fatal(err)
		}
	}
	if got := pages(ticket.Closed, ""); len(got) != 2 || got[0] != ids[2] {
		t.Errorf("closed, the newest first: %v of %v", got, ids)
	}
	if counts, err := e.QueueCounts(ctx); err != nil || counts.Tickets != 4 {
		t.Errorf("%+v, %v", counts, err)
	}
	if _, _, err := e.TicketPage(ctx, ticket.Waiting, "", "nonsense", 2); store.KindOf(err) != store.Invalid {
		t.Errorf("a broken cursor: %v", err)
	}
}

// Staff ask a customer about an interface: it begins with the customer's turn,
// and whoever may write in it answers.
func TestATicketThatStaffOpen(t *testing.T) {
	e := storetest.New(t)
	e.Everybody(t)
	c := e.AtOf(t, e.Owner, lifecycle.InApplication)
	theirs := e.AtOf(t, e.OtherOwner, lifecycle.PendingPayment)
	told := func(by store.Actor) (n int) {
		messages, err := e.Messages(ctx, by.UserID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			if strings.HasPrefix(m.Subject, "ticket:") {
				n++
			}
		}
		return n
	}
	ask := func(by store.Actor, id string) string {
		t.Helper()
		tk, err := e.OpenTicket(ctx, by, store.NewTicket{Topic: ticket.Letter, ConnectionID: id, Title: "Which company", Body: "Two are named. Which one comes?"})
		if err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
		return tk
	}
	id := ask(e.Reviewer, c.ID)
	k, thread, err := e.Ticket(ctx, e.Owner, id)
	if err != nil || k.AccountID != e.Northwind || k.ConnectionID != c.ID || k.AccessPointID != c.AccessPointID || !k.ByStaff || k.State != ticket.Answered || !k.Since.Equal(e.Clock.Now()) ||
		len(thread) != 1 || thread[0].Name == e.Reviewer.Name || !thread[0].Staff {
		t.Fatalf("%+v %+v %v", k, thread, err)
	}
	for who, by := range map[string]store.Actor{"owner": e.Owner, "engineer": e.Engineer} {
		if n := told(by); n != 1 {
			t.Errorf("the %s is told %d times", who, n)
		}
	}
	for who, by := range map[string]store.Actor{"another account": e.OtherOwner, "the author": e.Reviewer, "a technician": e.Technician} {
		if n := told(by); n != 0 {
			t.Errorf("%s is told %d times", who, n)
		}
	}
	if n, err := e.AnsweredTickets(ctx, e.Northwind); err != nil || n != 1 {
		t.Errorf("%d wait for the customer, %v", n, err)
	}
	if _, _, err := e.Ticket(ctx, e.OtherOwner, id); store.KindOf(err) != store.NotFound {
		t.Errorf("another account reads it: %v", err)
	}
	if other, _, err := e.Ticket(ctx, e.Admin, ask(e.Finance, theirs.ID)); err != nil || other.AccountID != e.Southwind {
		t.Errorf("about another account's interface: %+v, %v", other, err)
	}
	// Nobody of the customer wrote yet: what staff add is told to all of them.
	if err := e.WriteTicket(ctx, e.Technician, id, 1, "And when?", false); err != nil {
		t.Fatal(err)
	}
	if told(e.Owner) != 2 || told(e.OtherOwner) != 1 {
		t.Errorf("told of what was added: %d, another account %d", told(e.Owner), told(e.OtherOwner))
	}
	e.Clock.Advance(time.Hour)
	if err := e.WriteTicket(ctx, e.Viewer, id, 0, "Kestrel", false); store.KindOf(err) != store.Forbidden {
		t.Errorf("a viewer answers: %v", err)
	}
	if err := e.WriteTicket(ctx, e.Engineer, id, 2, "Kestrel, on Monday.", false); err != nil {
		t.Fatal(err)
	}
	if k, _, _ := e.Ticket(ctx, e.Reviewer, id); k.State != ticket.Waiting || !k.Since.Equal(e.Clock.Now()) || told(e.Reviewer) != 1 {
		t.Errorf("answered by the customer: %+v, the reviewers are told %d times", k, told(e.Reviewer))
	}
	if err := e.WriteTicket(ctx, e.Reviewer, id, 3, "Thank you.", true); err != nil {
		t.Fatal(err)
	}
	e.Sound(t)
}

// What staff open takes no room from the customer, nor the other way round; of
// many at once so many are opened as there is room for.
func TestRoomForTicketsOfStaff(t *testing.T) {
	e := storetest.New(t)
	c := e.AtOf(t, e.Owner, lifecycle.PendingPayment)
	in := func(i int) store.NewTicket {
		return store.NewTicket{Topic: ticket.Fees, ConnectionID: c.ID, Title: fmt.Sprintf("Question %d", i), Body: "What is it?"}
	}
	contest(t, e, ticket.OpenMost, conflicts, func(i int) error {
		_, err := e.OpenTicket(ctx, []store.Actor{e.Finance, e.Reviewer}[i%2], in(i))
		return err
	})
	contest(t, e, ticket.OpenMost, conflicts, func(i int) error {
		_, err := e.OpenTicket(ctx, e.Owner, in(i))
		return err
	})
	open, _, err := e.OwnTickets(ctx, e.Northwind, false, "", 100)
	if err != nil || len(open) != 2*ticket.OpenMost {
		t.Fatal(len(open), err)
	}
	for _, k := range open {
		if !k.ByStaff {
			continue
		}
		// The customer may always close what staff opened, and write in it again.
		if err := e.WriteTicket(ctx, e.Owner, k.ID, 0, "", true); err != nil {
			t.Fatal(err)
		}
		if err := e.WriteTicket(ctx, e.Owner, k.ID, 0, "One more thing.", false); err != nil {
			t.Errorf("the customer cannot answer: %v", err)
		}
		break
	}
	by := e.Finance
	by.Key = "sent-twice"
	if _, err := e.OpenTicket(ctx, by, in(99)); store.KindOf(err) != store.Conflict {
		t.Errorf("one more than fits: %v", err)
	}
	other := e.AtOf(t, e.OtherOwner, lifecycle.PendingPayment)
	twice := in(99)
	twice.ConnectionID = other.ID
	first, err := e.OpenTicket(ctx, by, twice)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := e.OpenTicket(ctx, by, twice); err != nil || again != first {
		t.Errorf("%q and %q, %v", first, again, err)
	}
	e.Sound(t)
}
