package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"demarc/store/lifecycle"
	"demarc/store/ticket"
)

// plansOf explains every statement that the read pool has prepared so far.
func plansOf(t *testing.T, s *Store) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	s.stmtMu.RLock()
	defer s.stmtMu.RUnlock()
	for query := range s.stmts {
		args := make([]any, strings.Count(query, "?"))
		for i := range args {
			args[i] = "x"
		}
		rows, err := s.read.Query("EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatalf("%v: %s", err, query)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			out[query] = append(out[query], detail)
		}
		rows.Close()
	}
	return out
}

// TestListDetailAndQueuesUseIndexes runs the reads behind the list, the detail
// page and the queues and looks at the plan of every statement they prepared: no
// table is scanned, nothing is sorted. Nobody runs ANALYZE, so a plan does not
// depend on how many rows there are; these are enough for a third page.
func TestListDetailAndQueuesUseIndexes(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: t.TempDir(), Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fill(t, s, 3_000)
	customer := Actor{UserID: "u", Role: lifecycle.Owner, AccountID: "acc-00"}
	staff := Actor{UserID: "r", Role: lifecycle.Reviewer}
	engineer := Actor{UserID: "e", Role: lifecycle.Engineer, AccountID: "acc-00"}
	viewer := Actor{UserID: "v", Role: lifecycle.Viewer, AccountID: "acc-00"}
	for _, by := range []Actor{customer, engineer, viewer, staff} {
		for _, f := range []ConnectionFilter{
			{View: ViewOfColleagues}, {View: ViewOfColleagues, Sort: SortName}, {View: ViewOfColleagues, Sort: SortStatus}, {View: ViewOfColleagues, Sort: SortDue}, {View: ViewOfColleagues, Status: StatusWaiting},
			{}, {Sort: SortName}, {Sort: SortStatus}, {Sort: SortDue}, {Page: 3}, {Limit: 100},
			{Sort: SortStatus, View: ViewNeedsAction}, {Sort: SortStatus, View: ViewWithOperator}, {Sort: SortStatus, View: ViewClosed}, {Sort: SortStatus, Status: StatusWaiting}, {Sort: SortStatus, View: ViewNeedsAction, Status: StatusWaiting},
			{Sort: SortDue, View: ViewNeedsAction}, {Sort: SortDue, Status: StatusWaiting}, {Sort: SortDue, Region: "cn-hangzhou"}, {Sort: SortDue, View: ViewWithOperator, Status: "in_application", Region: "cn-hangzhou"},
			{Sort: SortDue, After: "-2026-11-20T07:12:00.000Z~pc-1"}, {Sort: SortDue, Page: 50},
			{View: ViewNeedsAction}, {View: ViewWithOperator}, {View: ViewEnabled}, {View: ViewClosed},
			{Status: StatusWaiting}, {Status: "enabled"}, {View: ViewNeedsAction, Status: StatusWaiting},
			{Query: "pc-00", By: "id"}, {Query: "pc-0000"}, {Query: "name-1", By: "name"}, {Query: "LINE-1", By: "line"},
		} {
			if by.Staff() && (f.Sort != SortNewest || f.Region != "" || f.By == "name" || f.By == "line") {
				continue // offered within one account only
			}
			p, err := s.Connections(ctx, by, f)
			if err != nil {
				t.Fatalf("%+v: %v", f, err)
			}
			if p.Next != "" {
				f.After = p.Next
				if _, err := s.Connections(ctx, by, f); err != nil {
					t.Fatalf("%+v: %v", f, err)
				}
			}
			if _, err := s.ConnectionRows(ctx, by, f, ColumnFee); err != nil {
				t.Fatalf("%+v: %v", f, err)
			}
		}
		if by.Staff() {
			continue
		}
		if _, err := s.Connections(ctx, by, ConnectionFilter{Region: "cn-hangzhou"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Connections(ctx, staff, ConnectionFilter{AccountID: "acc-01", Sort: SortName}); err != nil {
		t.Fatal(err)
	}
	// Detail.
	page, _ := s.Connections(ctx, customer, ConnectionFilter{Limit: 100})
	c := page.Items[0]
	read := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	_, err = s.Connection(ctx, customer, c.ID)
	read("connection", err)
	_, err = s.Timeline(ctx, c.ID)
	read("timeline", err)
	_, err = s.PortOf(ctx, c.ID)
	read("port", err)
	_, err = s.Application(ctx, c.ID)
	read("application", err)
	_, err = s.LOA(ctx, c.ID)
	read("letter", err)
	_, err = s.LOAs(ctx, c.ID)
	read("versions of the letter", err)
	_, err = s.LOAAccesses(ctx, c.ID)
	read("accesses", err)
	for _, file := range []bool{false, true} {
		if _, _, err = s.loaByCode(ctx, "7KQ4-M2XD-9PZA-3HTV", file); KindOf(err) != NotFound {
			t.Fatal(err)
		}
	}
	_, err = s.compareFile(ctx, LOA{}, nil, []byte("a file"))
	read("file of a letter", err)
	_, err = s.DeliveryReport(ctx, c.ID)
	read("report", err)
	paper := c
	paper.ScheduledAt, paper.LOANo, paper.LineCode, paper.Stage = soon(), "HZ-1", "LINE-1", lifecycle.Enabled
	for _, items := range [][]Connection{{paper}, {paper, paper}} {
		_, err = s.Papers(ctx, items...)
		read("papers", err)
	}
	_, err = s.OrdersOf(ctx, c.ID)
	read("orders", err)
	_, err = s.Partner(ctx, c)
	read("partner", err)
	_, err = s.Partners(ctx, page.Items)
	read("partners", err)
	_, err = s.RedundantCandidates(ctx, c.AccountID, c.Region)
	read("candidates", err)
	_, err = s.Quota(ctx, c.AccountID, c.AccessPointID)
	read("quota", err)
	orders, err := s.Orders(ctx, c.AccountID, "", 20)
	read("orders", err)
	_, err = s.Orders(ctx, c.AccountID, orders.Next, 20)
	read("orders, second page", err)
	_, err = s.Whitelist(ctx, c.AccountID)
	read("whitelist", err)
	// Card payments.
	money := Actor{UserID: "f", Role: lifecycle.Finance}
	for _, f := range []PaymentFilter{{Limit: 50}, {Limit: 50, State: "refunding"}, {Limit: 50, Cursor: "2026-11-20T07:12:00.000Z~pay-1"}, {Limit: 50, State: "sent", Cursor: "2026-11-20T07:12:00.000Z~pay-1"}} {
		_, err = s.Payments(ctx, money, f)
		read("payments", err)
	}
	if _, _, err = s.Payment(ctx, money, "pay-1"); KindOf(err) != NotFound {
		t.Fatal(err)
	}
	_, err = s.paymentEvents(ctx, "pay-1")
	read("events of a payment", err)
	_, err = s.LastPayment(ctx, "202611200001")
	read("last payment", err)
	_, err = s.CardWork(ctx, 50)
	read("card work", err)
	_, err = s.WebhookRefusals(ctx, 10)
	read("webhook refusals", err)
	// Queues.
	for _, stage := range []lifecycle.Stage{lifecycle.InApplication, lifecycle.WaitingForCabling} {
		_, err = s.Queue(ctx, stage, 50)
		read("queue", err)
	}
	narrowed := map[string][]QueueFilter{
		"connections_queue":            {{}, {Undated: true}, {DueBefore: soon()}, {DueFrom: start2026}, {DueFrom: start2026, DueBefore: soon()}},
		"connections_queue_in_region":  {{Region: "cn-hangzhou"}, {Region: "cn-hangzhou", Undated: true}, {Region: "cn-hangzhou", DueFrom: start2026, DueBefore: soon()}},
		"connections_queue_of_account": {{AccountID: c.AccountID}, {AccountID: c.AccountID, Undated: true}, {AccountID: c.AccountID, DueBefore: soon()}, {AccountID: c.AccountID, Region: "cn-hangzhou", DueFrom: start2026}},
	}
	for _, filters := range narrowed {
		for _, f := range filters {
			items, next, err := s.QueuePage(ctx, lifecycle.InApplication, f, "", 5)
			read("queue, narrowed", err)
			if len(items) == 0 && !f.Undated {
				t.Fatalf("%+v: nothing", f)
			}
			_, _, err = s.QueuePage(ctx, lifecycle.InApplication, f, next, 5)
			read("queue, second page", err)
			_, _, err = s.QueueCount(ctx, lifecycle.InApplication, f)
			read("count of a queue", err)
			for _, due := range []time.Time{{}, start2026, soon()} {
				_, _, err = s.QueueNeighbors(ctx, lifecycle.InApplication, f, Connection{ID: c.ID, DueAt: due})
				read("neighbours", err)
			}
		}
	}
	for _, f := range []QueueFilter{{}, {Region: "cn-hangzhou"}, {AccountID: c.AccountID}, {AccountID: c.AccountID, Region: "cn-hangzhou"}} {
		for _, stage := range []lifecycle.Stage{lifecycle.ApprovedLOA, lifecycle.LOARejected} {
			items, next, err := s.DecidedPage(ctx, stage, f, "", 5)
			read("decided", err)
			if next == "" || len(items) != 5 {
				t.Fatalf("%+v: one page", f)
			}
			_, _, err = s.DecidedPage(ctx, stage, f, next, 5)
			read("decided, second page", err)
			_, _, err = s.DecidedCount(ctx, stage, f)
			read("count of decided", err)
		}
	}
	_, err = s.NewestApplications(ctx, page.Items)
	read("applications", err)
	_, err = s.InstallationOrders(ctx, page.Items)
	read("orders of the installation fee", err)
	_, err = s.Whitelists(ctx, []string{c.AccountID})
	read("whitelists", err)
	_, err = s.AccountNames(ctx, []string{c.AccountID})
	read("names", err)
	if _, err := s.PortsToCheck(ctx, 50); err != nil {
		t.Fatal(err)
	}
	_, err = s.Removals(ctx, 50)
	read("removals", err)
	_, err = s.QueueCounts(ctx)
	read("counts", err)
	_, err = s.WhitelistQueue(ctx, "requested", 50)
	read("whitelist queue", err)
	// Tickets.
	for _, topic := range []string{"", ticket.Cabling} {
		for _, state := range []ticket.State{ticket.Waiting, ticket.Answered, ticket.Closed} {
			for _, after := range []string{"", "2026-11-20T07:12:00.000Z~tk-1"} {
				_, _, err = s.TicketPage(ctx, state, topic, after, 50)
				read("tickets", err)
			}
		}
	}
	for _, closed := range []bool{false, true} {
		for _, after := range []string{"", "2026-11-20T07:12:00.000Z~tk-1"} {
			_, _, err = s.OwnTickets(ctx, c.AccountID, closed, after, 20)
			read("tickets of an account", err)
		}
	}
	_, err = s.TicketsAbout(ctx, c.ID)
	read("tickets about an interface", err)
	_, err = s.AnsweredTickets(ctx, c.AccountID)
	read("answered tickets", err)
	for _, by := range []Actor{customer, staff} {
		if _, _, err = s.Ticket(ctx, by, "tk-none"); KindOf(err) != NotFound {
			t.Fatal(err)
		}
	}
	if _, err = list(ctx, s, scanTicketMessage, ticketThread, "tk-none"); err != nil {
		t.Fatal(err)
	}
	// Staff notes.
	for _, before := range []int{0, 7} {
		_, _, err = s.Notes(ctx, staff, c.ID, before, 20)
		read("notes", err)
	}
	must := func(_ sql.Result, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.write.ExecContext(ctx, "INSERT INTO interface_notes (connection_id, n, at, user_id, name, role, body) VALUES (?, 1, '2026-11-20T07:12:00.000Z', 'r', 'R', 'reviewer', 'Hello')", c.ID))
	if n, _, err := s.StandingNotes(ctx, staff, c.ID); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	_, err = s.LastChange(ctx, AccountSubject(c.AccountID))
	read("last change", err)
	for _, f := range []EventFilter{{}, {Actions: []string{"order"}}, {Actions: []string{"order", "approve"}}, {AccountID: c.AccountID}, {ActorID: "u"}, {Subject: c.ID}, {RequestID: "r"}, {Staff: true},
		{From: soon(), To: soon()}, {AccountID: c.AccountID, Actions: []string{"approve"}, From: soon()}} {
		f.Limit = 2
		page, err := s.Audit(ctx, staff, f)
		read("audit", err)
		f.Cursor = page.Next
		_, err = s.Audit(ctx, staff, f)
		read("audit, second page", err)
	}
	for _, f := range []ActivityFilter{{}, {Who: "u"}, {Who: ByOperator}, {Who: ByItself}} {
		page, err := s.Activity(ctx, customer, f)
		read("activity", err)
		f.Cursor = page.Next
		_, err = s.Activity(ctx, customer, f)
		read("activity, second page", err)
	}
	read("export of the activity", s.EachActivity(ctx, customer, ActivityFilter{}, func(Event) error { return nil }))
	for _, text := range []string{c.ID, "LOA-2026-000001", "202611200001", "p@northwind.example", "po-1"} {
		if _, err := s.EventSubject(ctx, staff, text); err != nil && KindOf(err) != NotFound {
			t.Fatal(text, err)
		}
	}
	_, err = s.PeopleCalled(ctx, "Lin", 10)
	read("people by name", err)
	_, err = s.Messages(ctx, "u", 0, 20)
	read("messages", err)
	// Capacity.
	_, err = s.Trends(ctx)
	read("trends", err)
	_, err = s.CapacityHistory(ctx, c.AccessPointID, c.PortType)
	read("history of capacity", err)
	// Money.
	o := orders.Items[0]
	_, err = s.OrderLines(ctx, o)
	read("lines of an order", err)
	_, err = s.DocumentsOf(ctx, o.No)
	read("documents of an order", err)
	_, err = s.DocumentsOf(ctx, o.No, "209901010001", "209901010002")
	read("documents of a page of orders", err)
	_, err = s.Documents(ctx, c.AccountID, 20)
	read("documents", err)
	if _, err = s.Invoice(ctx, c.AccountID, "IN-2026-000001"); KindOf(err) != NotFound {
		t.Fatal(err)
	}
	_, err = s.InvoicesOf(ctx, c.AccountID, 20)
	read("invoices", err)
	_, err = s.InvoicePayments(ctx, []Invoice{{No: "IN-2026-000001"}, {No: "IN-2026-000002"}})
	read("payments of invoices", err)
	_, err = s.InvoiceOfOrder(ctx, o.No)
	read("invoice of an order", err)
	_, _, err = s.OpenInvoices(ctx, "", 20)
	read("open invoices", err)
	_, _, err = s.OpenInvoices(ctx, at(s.Now()).text()+"~IN-1", 20)
	read("open invoices, second page", err)
	read("export of the statement", s.EachStatementLine(ctx, money, c.AccountID, func(LedgerLine) error { return nil }))
	if _, _, err = s.Document(ctx, staff, "RC-2026-000001"); KindOf(err) != NotFound {
		t.Fatal(err)
	}
	_, err = s.DocumentPDF(ctx, "RC-2026-000001")
	read("a PDF", err)
	_, err = s.UnmadeDocuments(ctx, 20)
	read("documents to be made", err)
	_, err = s.Journal(ctx, "", 20)
	read("journal", err)
	_, err = s.Journal(ctx, at(s.Now()).text()+"~lt-1", 20)
	read("journal, second page", err)
	_, _, err = s.TrialBalance(ctx, s.Now())
	read("trial balance", err)
	read("export of the ledger", s.EachLedgerEntry(ctx, s.Now(), s.Now(), func(LedgerEntry) error { return nil }))

	// Fees.
	for _, account := range []string{"", c.AccountID} {
		_, next, err := s.FeesDue(ctx, account, soon(), "", 5)
		read("fees due", err)
		if next == "" {
			t.Fatal("no second page of fees")
		}
		_, _, err = s.FeesDue(ctx, account, soon(), next, 5)
		read("fees due, second page", err)
	}
	for _, query := range []string{noticesDueQuery, renewalsDueQuery, ordersDueQuery, lettersExpiredQuery, lettersToWarnQuery} {
		_, err = s.prepared(ctx, query)
		read("what is due", err)
	}
	plans := plansOf(t, s)
	if len(plans) < 25 {
		t.Fatalf("only %d statements were looked at", len(plans))
	}
	used := map[string]bool{}
	for query, details := range plans {
		for _, d := range details {
			for index := range narrowed {
				used[index] = used[index] || strings.Contains(d, "INDEX "+index+" ")
			}
			used["connections_decided_in_region"] = used["connections_decided_in_region"] || strings.Contains(d, "INDEX connections_decided_in_region ")
			own := strings.HasSuffix(d, " c") // of the count around the query
			if !own && strings.Contains(query, " AND region = ? AND turn = 'staff'") && !strings.Contains(d, "connections_queue_in_region (stage=? AND region=?") {
				t.Errorf("walks other regions: %s\n%s", d, query)
			}
			if !own && strings.Contains(query, "stage = ? AND account_id = ?") && strings.Contains(query, "turn = 'staff'") && !strings.Contains(d, "connections_queue_of_account (account_id=? AND stage=?") {
				t.Errorf("walks other accounts: %s\n%s", d, query)
			}
			// A customer's list walks past those of its few that have one.
			if !own && strings.Contains(query, "due_at IS NULL") && strings.Contains(query, "stage = ?") && !strings.Contains(d, "due_at=?") {
				t.Errorf("walks what has a due time: %s\n%s", d, query)
			}
			small := strings.Contains(d, "SCAN regions") || strings.Contains(d, "SCAN access_points") || strings.Contains(d, "SCAN devices") || strings.Contains(d, "SCAN panels") || strings.Contains(d, "SCAN calendar") || strings.Contains(d, "SCAN price_") || d == "SCAN queue" || strings.Contains(d, "SCAN ledger_days") || strings.Contains(d, "CONSTANT ROW") || d == "SCAN kinds" || strings.Contains(d, "VALUES CLAUSE")
			switch {
			case strings.Contains(d, "TEMP B-TREE"):
				t.Errorf("sorts: %s\n%s", d, query)
			case strings.HasPrefix(d, "SCAN") && !strings.Contains(d, "USING") && !strings.Contains(d, "SCAN c") && !small:
				t.Errorf("scans a table: %s\n%s", d, query)
			case strings.HasPrefix(d, "SEARCH connections") && strings.HasSuffix(d, "(account_id=?)") && !strings.Contains(query, "LIMIT"), strings.HasPrefix(d, "SEARCH p ") && strings.HasSuffix(d, "(account_id=?)"):
				t.Errorf("reads all interfaces of an account: %s\n%s", d, query)
			case strings.HasPrefix(d, "SCAN") && !strings.Contains(query, "LIMIT") && !small:
				t.Errorf("scans an index without a limit: %s\n%s", d, query)
			}
		}
	}
	for _, index := range []string{"connections_queue", "connections_queue_in_region", "connections_queue_of_account", "connections_decided_in_region"} {
		if !used[index] {
			t.Errorf("nothing uses %s", index)
		}
	}
}

// Statements that write find their rows by an index, too.
func TestWritesUseIndexes(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for query, want := range map[string]string{
		triedAgainQuery: "USING INDEX connections_renew_failed (account_id=? AND paid_through>?)",
		"DELETE FROM mails WHERE user_id = ? AND user_id <> ''": "USING INDEX mails_of_user (user_id=?)",
	} {
		args := make([]any, strings.Count(query, "?"))
		for i := range args {
			args[i] = "x"
		}
		rows, err := s.write.Query("EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := collect(rows, func(r scanner) (detail string, err error) {
			var id, parent, unused int
			return detail, r.Scan(&id, &parent, &unused, &detail)
		})
		if err != nil || len(plan) != 1 || !strings.HasSuffix(plan[0], want) {
			t.Errorf("%s\n%q, %v, want %s", query, plan, err, want)
		}
	}
}

var start2026 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func soon() time.Time { return time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC) }

// fill writes n interfaces of 20 accounts with an event and an order each,
// straight into the tables: only the shape of the data matters here.
func fill(t *testing.T, s *Store, n int) {
	t.Helper()
	err := s.inTx(context.Background(), systemActor(), func(x *tx) error {
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		stages := lifecycle.Stages()
		for a := range 20 {
			if _, err := x.exec("INSERT INTO accounts (id, name, created_at) VALUES (?, ?, ?)", fmt.Sprintf("acc-%02d", a), fmt.Sprintf("Account %d", a), at(start)); err != nil {
				return err
			}
		}
		conn, err := x.PrepareContext(x.ctx, `INSERT INTO connections (account_id, id, name, name_key, region, access_point_id, sp, port_spec, port_type, stage, turn, stage_since, due_at, currency, installation_fee, monthly_fee, price_version, line_code, created_at, created_by, updated_at)
			VALUES (?, ?, ?, ?, 'cn-hangzhou', (SELECT MIN(id) FROM access_points), 'CT', '10G', '10GBase-LR', ?, ?, ?, ?, 'USD', 150000, 72000, 'v', ?, ?, 'u', ?)`)
		if err != nil {
			return err
		}
		event, err := x.PrepareContext(x.ctx, `INSERT INTO events (subject, seq, at, account_id, actor_id, actor_name, actor_role, action, request_id) VALUES (?, 1, ?, ?, 'u', 'U', 'customer', 'order', 'r')`)
		if err != nil {
			return err
		}
		order, err := x.PrepareContext(x.ctx, `INSERT INTO orders (account_id, no, connection_id, kind, state, currency, amount, unit_amount, price_version, created_at, created_by, paid_at, method) VALUES (?1, ?2, ?3, 'installation', 'paid', 'USD', 150000, 150000, 'v', ?4, 'u', ?4, 'balance')`)
		if err != nil {
			return err
		}
		for i := range n {
			account, id := fmt.Sprintf("acc-%02d", i%20), fmt.Sprintf("pc-%017d", i)
			when := at(start.Add(time.Duration(i) * time.Minute))
			stage := stages[i%len(stages)]
			if _, err := conn.Exec(account, id, fmt.Sprintf("Name-%d", i), fmt.Sprintf("name-%d", i), stage, stage.Turn(), when, when, fmt.Sprintf("LINE-%d", i), when, when); err != nil {
				return err
			}
			if _, err := event.Exec(id, when, account); err != nil {
				return err
			}
			if _, err := order.Exec(account, fmt.Sprint(20260000000+i), id, when); err != nil {
				return err
			}
		}
		for _, stage := range stages {
			for a := range 20 {
				if _, err := x.exec("INSERT INTO connection_counts (account_id, stage, n) SELECT account_id, stage, COUNT(*) FROM connections WHERE account_id = ? AND stage = ? GROUP BY account_id, stage", fmt.Sprintf("acc-%02d", a), stage); err != nil {
					return err
				}
			}
		}
		if _, err := x.exec("UPDATE connections SET paid_from = created_at, paid_through = created_at, notice_at = created_at, renew_at = created_at, auto_renew = 1 WHERE stage = 'enabled'"); err != nil {
			return err
		}
		_, err = x.exec("INSERT INTO connection_counts (account_id, stage, n) SELECT '', stage, SUM(n) FROM connection_counts GROUP BY stage")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestStaffFiltersUseIndexes narrows the staff's list in every way that its page
// offers, all at once too, and looks at the plans: nothing is sorted, and each
// list is in the order of an index that begins with what it is narrowed by.
func TestStaffFiltersUseIndexes(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Options{Dir: t.TempDir(), Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fill(t, s, 600)
	const site = "ap-cn-shanghai-bs-B"
	for _, stmt := range []string{
		"UPDATE connections SET access_point_id = '" + site + "', region = 'cn-shanghai' WHERE line_code LIKE '%3' OR line_code LIKE '%7'",
		"UPDATE connections SET region = 'cn-shanghai' WHERE line_code LIKE '%1'",
		"UPDATE connections SET due_at = NULL WHERE stage IN ('enabled', 'terminated', 'canceled') OR line_code LIKE '%9'",
		"UPDATE connections SET due_at = '2027-06-01T00:00:00.000Z' WHERE due_at IS NOT NULL AND line_code LIKE '%4_'",
	} {
		if _, err := s.write.Exec(stmt); err != nil {
			t.Fatal(err)
		}
	}
	staff := Actor{UserID: "r", Role: lifecycle.Reviewer}
	var all []Connection
	if err := s.EachConnection(ctx, staff, ConnectionFilter{}, func(c Connection) error { all = append(all, c); return nil }); err != nil || len(all) != 600 {
		t.Fatal(len(all), err)
	}
	found := 0
	late := func(f ConnectionFilter) ConnectionFilter { f.DueBefore = soon(); return f }
	for _, account := range []string{"", "acc-01"} {
		for _, region := range []string{"", "cn-shanghai"} {
			for _, site := range []string{"", site} {
				for _, status := range []string{"", StatusWaiting, "in_application"} {
					for _, query := range []string{"", "pc-00", "name-1"} {
						f := ConnectionFilter{AccountID: account, Region: region, AccessPoint: site, Status: status, Query: query, Limit: 10}
						for _, f := range []ConnectionFilter{f, {AccountID: account, Region: region, AccessPoint: site, Status: status, Query: query, View: ViewNeedsAction, Limit: 10}, late(f)} {
							var want string // how the index of the rows is used
							switch {
							case query != "":
							case !f.DueBefore.IsZero() && account != "":
								want = "connections_queue_of_account (account_id=? AND stage=? AND due_at<?)"
							case !f.DueBefore.IsZero() && region != "" && site == "":
								want = "connections_queue_in_region (stage=? AND region=? AND due_at<?)"
							case !f.DueBefore.IsZero():
								want = "connections_queue (stage=? AND due_at<?)"
							case site != "":
								want = "connections_at_site (access_point_id=?"
							case region != "" && account == "":
								want = "connections_in_region (region=?"
							}
							clear(s.stmts)
							p, err := s.StaffRows(ctx, staff, f, ColumnFee)
							if err != nil {
								t.Fatalf("%+v: %v", f, err)
							}
							first := strings.Join(slices.Concat(slices.Collect(maps.Values(plansOf(t, s)))...), "\n")
							var got, wanted []string
							total := p.Total
							for {
								for _, r := range p.Items {
									got = append(got, r.ID)
								}
								if f.After = p.Next; f.After == "" {
									break
								}
								if p, err = s.StaffRows(ctx, staff, f, ""); err != nil {
									t.Fatalf("%+v: %v", f, err)
								}
							}
							for _, c := range all {
								if f.finds(c) {
									wanted = append(wanted, c.ID)
								}
							}
							if n := len(got); n != total {
								t.Errorf("%+v: %d rows, the page says %d", f, n, total)
							}
							slices.Sort(got)
							slices.Sort(wanted)
							if !slices.Equal(got, wanted) {
								t.Errorf("%+v: %d rows, want %d", f, len(got), len(wanted))
							}
							found += len(got)
							if !strings.Contains(first, want) {
								t.Errorf("%+v: want %s\n%s", f, want, first)
							}
							for query, plan := range plansOf(t, s) {
								for _, d := range plan {
									if strings.Contains(d, "TEMP B-TREE") || strings.HasPrefix(d, "SCAN c ") && !strings.Contains(d, "USING INDEX") {
										t.Errorf("%+v: %s\n%s", f, d, query)
									}
								}
							}
						}
					}
				}
			}
		}
	}
	if found == 0 {
		t.Error("no filter finds anything")
	}
}

// TestStaffOrdersUseIndexes narrows the orders of all accounts in every way and
// looks at what is found and at the plans.
func TestStaffOrdersUseIndexes(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Options{Dir: t.TempDir(), Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fill(t, s, 400)
	if _, err := s.write.Exec(`INSERT INTO orders (account_id, no, connection_id, kind, state, currency, amount, unit_amount, months, price_version, created_at, created_by)
		SELECT account_id, CAST(no + 1000 AS TEXT), connection_id, 'resource', CASE WHEN no % 3 = 0 THEN 'unpaid' ELSE 'canceled' END, 'USD', 1, 1, 1, 'v', created_at, 'u' FROM orders`); err != nil {
		t.Fatal(err)
	}
	for _, role := range lifecycle.StaffRoles() {
		_, _, err := s.StaffOrders(ctx, Actor{Role: role}, OrderFilter{Limit: 1})
		if got := err == nil; got != lifecycle.May(lifecycle.SeeAccounts, role) {
			t.Errorf("%s: %v", role, err)
		}
	}
	staff := Actor{UserID: "f", Role: lifecycle.Finance}
	var all []StaffOrder
	if err := s.EachStaffOrder(ctx, staff, OrderFilter{}, func(o StaffOrder) error { all = append(all, o); return nil }); err != nil || len(all) != 800 {
		t.Fatal(len(all), err)
	}
	for _, account := range []string{"", "acc-01", "acc-none"} {
		for _, state := range append(OrderStates(), "") {
			for _, kind := range append(OrderKinds(), "") {
				for _, number := range []string{"", "202600001", "x"} {
					f := OrderFilter{AccountID: account, State: state, Kind: kind, Number: number, Limit: 30}
					var got, want []string
					clear(s.stmts)
					for {
						items, next, err := s.StaffOrders(ctx, staff, f)
						if err != nil {
							t.Fatalf("%+v: %v", f, err)
						}
						for _, o := range items {
							if o.Account == "" || o.Name == "" || o.Region == "" {
								t.Fatalf("%+v", o)
							}
							got = append(got, o.No)
						}
						if f.After = next; next == "" {
							break
						}
					}
					for _, o := range all {
						if (account == "" || o.AccountID == account) && (state == "" || o.State == state) && (kind == "" || o.Kind == kind) && strings.HasPrefix(o.No, number) {
							want = append(want, o.No)
						}
					}
					if !slices.Equal(got, want) || !slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(b, a) }) {
						t.Errorf("%+v: %d orders, want %d, by number", f, len(got), len(want))
					}
					for query, plan := range plansOf(t, s) {
						found := false
						for _, d := range plan {
							found = found || strings.HasPrefix(d, "SEARCH o USING")
							if strings.Contains(d, "TEMP B-TREE") || strings.HasPrefix(d, "SCAN") {
								t.Errorf("%+v: %s\n%s", f, d, query)
							}
						}
						if !found {
							t.Errorf("%+v: %q", f, plan)
						}
					}
				}
			}
		}
	}
}

// finds is what a filter without an order means.
func (f ConnectionFilter) finds(c Connection) bool {
	q, name := f.Query, foldName(c.Name)
	return (f.AccountID == "" || c.AccountID == f.AccountID) && (f.Region == "" || c.Region == f.Region) && (f.AccessPoint == "" || c.AccessPointID == f.AccessPoint) &&
		(f.Status == "" || statusOf(c.Stage) == f.Status) && f.View.Has(c.Stage, lifecycle.Reviewer) && (strings.HasPrefix(c.ID, q) || strings.HasPrefix(name, q) || f.AccountID != "" && strings.Contains(name, q)) &&
		(f.DueBefore.IsZero() || c.Stage.Turn() == lifecycle.TurnStaff && !c.DueAt.IsZero() && c.DueAt.Before(f.DueBefore))
}

// TestAPlanThatScansIsSeen is the test of the test above.
func TestAPlanThatScansIsSeen(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.prepared(ctx, "SELECT id FROM connections WHERE description = ? ORDER BY updated_at"); err != nil {
		t.Fatal(err)
	}
	joined := ""
	for _, details := range plansOf(t, s) {
		joined += strings.Join(details, "\n")
	}
	if !strings.Contains(joined, "SCAN connections") || !strings.Contains(joined, "TEMP B-TREE") {
		t.Errorf("plans: %s", joined)
	}
}

// TestSchemaListsEqualTheConstants compares the CHECK lists of the schema with
// the constants of the code.
func TestSchemaListsEqualTheConstants(t *testing.T) {
	var text []byte
	for _, name := range []string{"0001_init.sql", "0008_roles.sql"} {
		part, err := migrations.ReadFile("migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, part...)
	}
	var stages, turns, states, roles []string
	for _, s := range lifecycle.Stages() {
		stages = append(stages, string(s))
	}
	for _, s := range lifecycle.Turns() {
		turns = append(turns, string(s))
	}
	for _, s := range []PortState{PortFree, PortAllocated, PortInUse, PortQuarantined, PortOutOfService} {
		states = append(states, string(s))
	}
	for _, r := range lifecycle.Roles() {
		if r != lifecycle.System {
			roles = append(roles, string(r))
		}
	}
	for column, values := range map[string][]string{"stage": stages, "turn": turns, "state": states, "role": roles, "construction_type": ConstructionTypes()} {
		want := "CHECK (" + column + " IN ('" + strings.Join(values, "', '") + "'))"
		if !strings.Contains(string(text), want) {
			t.Errorf("the schema lacks %s", want)
		}
	}
}

// TestStatusRankIsThePlaceInTheProcedure compares the column that the list is
// sorted and filtered by with the order of the status filters.
func TestStatusRankIsThePlaceInTheProcedure(t *testing.T) {
	s, err := Open(context.Background(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fill(t, s, 40)
	type row struct {
		status, stage string
		rank          int
	}
	rows, err := list(context.Background(), s, func(r scanner) (v row, err error) { return v, r.Scan(&v.status, &v.stage, &v.rank) }, "SELECT DISTINCT status, stage, status_rank FROM connections")
	if err != nil || len(rows) != len(lifecycle.Stages()) {
		t.Fatalf("%d stages, %v", len(rows), err)
	}
	for _, r := range rows {
		if statusOf(lifecycle.Stage(r.stage)) != r.status || statusRank(r.status) != r.rank || r.rank == 0 {
			t.Errorf("%s: status %s, rank %d; the code says %s, %d", r.stage, r.status, r.rank, statusOf(lifecycle.Stage(r.stage)), statusRank(r.status))
		}
	}
}

// TestHistoryAndLedgerCannotBeRewritten tries to change what is append-only.
func TestHistoryAndLedgerCannotBeRewritten(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(context.Background(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "demarc.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, stmt := range []string{
		"PRAGMA foreign_keys = OFF",
		"INSERT INTO interface_notes (connection_id, n, at, user_id, name, role, body, taken_back_at) VALUES ('pc-1', 1, '', '', '', '', 'Hello', 'then')",
		"INSERT INTO events (subject, seq, at, actor_id, actor_name, actor_role, action, request_id) VALUES ('x', 1, '', '', '', '', '', '')",
		"INSERT INTO accounts (id, name, created_at) VALUES ('a', 'A', '')",
		`INSERT INTO ledger_transactions (id, at, kind, account_id, actor, idem_key, currency, entries) VALUES ('t', '', 'transfer', 'a', '', 'k', 'USD', '[{"book": "cash", "amount": 5}, {"book": "balance:a", "amount": -5}]')`,
	} {
		if _, err := db.Exec(stmt); err != nil {
			t.Fatal(err)
		}
	}
	for _, stmt := range []string{
		"UPDATE events SET reason = 'other'", "DELETE FROM events",
		"UPDATE ledger_transactions SET reference = 'x'", "DELETE FROM ledger_transactions",
		"UPDATE ledger_entries SET amount = 2", "DELETE FROM ledger_entries",
		"UPDATE interface_notes SET at = 'x'", "UPDATE interface_notes SET user_id = 'x'", "UPDATE interface_notes SET taken_back_at = NULL", "DELETE FROM interface_notes",
		"UPDATE accounts SET balance_minor = -1",
	} {
		if _, err := db.Exec(stmt); err == nil {
			t.Errorf("%s was carried out", stmt)
		}
	}
}
