package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"demarc/store/chart"
	"demarc/store/money"
)

// The ledger is double-entry and append-only: each transaction's entries sum
// to zero; a correction is a new transaction. Debits are positive. A
// customer's balance is money the operator owes them, so it is the negative of
// the sum of their balance book. accounts.balance_minor keeps it beside the
// account: the database moves it with the entries, and refuses to let it fall
// below zero or to move without an entry.
//
// All of this is enforced by the schema (migrations 0006 and 0028), not only here: a
// posting is one INSERT of a transaction with its entries as JSON, from which
// the database makes the rows of ledger_entries.

// ledgerPrefix begins the number of every transaction. Numbers are in the order of
// posting, as text too.
const ledgerPrefix = "lt-"

// LedgerKinds lists what a ledger transaction can be.
func LedgerKinds() []string {
	return []string{"transfer", "installation_fee", "resource_fee", "renewal", "refund", "credit", "card_payment", "card_refund", "invoice", "invoice_payment"}
}

// posting is one ledger transaction: two or more entries that sum to zero.
type posting struct {
	kind      string // of the CHECK list of ledger_transactions
	account   string
	orderNo   string
	reference string // what people find it by: a bank's reference, a reason
	idem      string // what makes it happen at most once
	entries   []entry
}

// entry is one amount on one book; debits are positive.
type entry struct {
	book   chart.Book
	amount money.Amount
}

func debit(b chart.Book, a money.Amount) entry { return entry{b, a} }

func credit(b chart.Book, a money.Amount) entry { return entry{b, a.Neg()} }

// move is the pair of entries that takes an amount from one book to another.
func move(a money.Amount, from, to chart.Book) []entry {
	return []entry{debit(from, a), credit(to, a)}
}

// errPosted is the conflict of a posting whose key was used before.
func errPosted() error { return conflictf("This was booked already. Nothing was charged again.") }

// post writes a ledger transaction and returns its ID. A posting with the key
// of an earlier one is a Conflict and changes nothing.
func (t *tx) post(p posting) (string, error) {
	lines, currency, err := p.lines()
	if err != nil {
		return "", err
	}
	var earlier string
	switch err := t.row("SELECT id FROM ledger_transactions WHERE idem_key = ?", p.idem).Scan(&earlier); {
	case err == nil:
		return "", errPosted()
	case !errors.Is(err, sql.ErrNoRows):
		return "", err
	}
	// Numbered in order: two movements of one moment keep their order.
	n, err := t.nextNumber("ledger")
	if err != nil {
		return "", err
	}
	id := fmt.Sprintf(ledgerPrefix+"%012d", n)
	_, err = t.exec(`INSERT INTO ledger_transactions (id, at, kind, account_id, order_no, reference, actor, idem_key, currency, entries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, at(t.now), p.kind, p.account, p.orderNo, p.reference, t.by.UserID, p.idem, currency, string(lines))
	return id, err
}

// lines checks the posting and writes its entries as the schema reads them.
func (p posting) lines() (text []byte, currency string, err error) {
	fault := func(format string, args ...any) ([]byte, string, error) {
		return nil, "", fmt.Errorf("ledger: %s of %s: %s", p.kind, p.account, fmt.Sprintf(format, args...))
	}
	if p.idem == "" {
		return fault("no key")
	}
	if len(p.entries) < 2 {
		return fault("%d entries", len(p.entries))
	}
	type line struct {
		Book   chart.Book `json:"book"`
		Amount int64      `json:"amount"`
	}
	currency = p.entries[0].amount.Currency
	sum, err := money.Zero(currency)
	if err != nil {
		return fault("%v", err)
	}
	all, seen := make([]line, 0, len(p.entries)), map[chart.Book]bool{}
	for _, e := range p.entries {
		if _, known := chart.Of(e.book); !known {
			return fault("book %q is not in the chart of accounts", e.book)
		}
		if seen[e.book] {
			return fault("two entries on %s", e.book)
		}
		seen[e.book] = true
		if e.amount.IsZero() {
			return fault("an entry of nothing on %s", e.book)
		}
		if sum, err = sum.Add(e.amount); err != nil {
			return fault("%v", err)
		}
		all = append(all, line{e.book, e.amount.Minor})
	}
	if !sum.IsZero() {
		return fault("entries sum to %s", sum)
	}
	text, err = json.Marshal(all)
	return text, currency, err
}

// covers refuses, in words for the form's field method, when the account's
// balance is below the amount.
func (t *tx) covers(account string, amount money.Amount) error {
	var balance money.Amount
	if err := t.row("SELECT balance_minor, currency FROM accounts WHERE id = ?", account).Scan(&balance.Minor, &balance.Currency); err != nil {
		return err
	}
	short, err := balance.Less(amount)
	if err != nil {
		return invalid("method", "The account is kept in "+balance.Currency+", the order is in "+amount.Currency+". Ask "+t.s.operator+" to correct the order.")
	}
	if short {
		return invalid("method", fmt.Sprintf("The account balance is %s and %s is due. Transfer money to %s first; nothing was charged.", balance, amount, t.s.operator))
	}
	return nil
}

// nextNumber counts up the sequence of this name, from 1.
func (t *tx) nextNumber(name string) (int, error) {
	var n int
	err := t.row(`INSERT INTO sequences (name, n) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = sequences.n + 1 RETURNING n`, name).Scan(&n)
	return n, err
}

// LedgerLine is one movement of an account's balance.
type LedgerLine struct {
	ID        string
	At        time.Time
	Kind      string // of the CHECK list of ledger_transactions: transfer, installation_fee, resource_fee, renewal, refund, credit, …
	OrderNo   string
	Reference string
	Amount    money.Amount // positive when the balance grew
	Balance   money.Amount // after it
}

// InvoiceNo is the invoice that a movement paid; "" for any other, and for what a
// transfer brought above an invoice.
func (l LedgerLine) InvoiceNo() string {
	if l.Kind == "invoice_payment" && l.Amount.IsNegative() {
		return l.Reference
	}
	return ""
}

// RecordTransfer adds an incoming bank transfer to an account's balance: for
// finance staff. Kinds: Invalid, NotFound, Forbidden.
func (s *Store) RecordTransfer(ctx context.Context, by Actor, account, amount, reference string) error {
	if !mayHandleMoney(by) {
		return forbidden("Only finance staff record transfers.")
	}
	bad := map[string]string{}
	reference = strings.TrimSpace(reference)
	if msg := between(reference, 64, "Enter the reference of the transfer"); msg != "" {
		bad["reference"] = msg
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		a, err := t.account(account)
		if err != nil {
			return "", err
		}
		sum, msg := transferAmount(amount, a.Balance.Currency)
		if msg != "" {
			bad["amount"] = msg
		}
		if bad["reference"] == "" {
			if earlier, err := t.bankedAs(account, reference); err != nil {
				return "", err
			} else if earlier == onInvoice {
				bad["reference"] = "A transfer with the reference " + reference + " is recorded already for an invoice of " + a.Name + ". Nothing was added."
			}
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		// The bank's reference is what makes a transfer unique: the same slip
		// typed in twice is one transfer.
		_, err = t.post(posting{kind: "transfer", account: account, reference: reference, idem: transferKey(account, reference),
			entries: move(sum, chart.Bank, chart.Balance(account))})
		if KindOf(err) == Conflict {
			return "", invalid("reference", "A transfer with the reference "+reference+" is recorded already for "+a.Name+". Nothing was added.")
		}
		if err != nil {
			return "", err
		}
		if err := t.tellAccount(account, AccountSubject(account), "Transfer received", sum.String()+" was added to the account balance."); err != nil {
			return "", err
		}
		if err := t.renewWithNewMoney(account); err != nil {
			return "", err
		}
		return account, t.event(AccountSubject(account), account, "record_transfer", "", "", "", sum.String()+", reference "+reference)
	})
	return err
}

// transferKey is what makes a transfer to a balance happen once.
func transferKey(account, reference string) string {
	return "transfer:" + account + ":" + strings.ToLower(reference)
}

// transferAmount is the amount of a transfer as typed, or what is wrong with it.
func transferAmount(text, currency string) (sum money.Amount, msg string) {
	sum, err := money.Parse(text, currency)
	switch {
	case err != nil || sum.Minor <= 0:
		return sum, "Enter an amount such as 20,000.00"
	case sum.Minor > 1_000_000_000_00:
		return sum, "Enter an amount of at most 1,000,000,000.00"
	}
	return sum, ""
}

// CheckStages compares the interfaces with their history, ports and counters:
// the newest event names the stage, whoever is past payment holds one port, the
// counters are sums.
func (s *Store) CheckStages(ctx context.Context) ([]string, error) {
	ctx = throughTables(ctx)
	var out []string
	for _, q := range []struct{ what, query string }{
		{"stage differs from the newest event", `SELECT c.id FROM connections c JOIN events e ON e.subject = c.id AND e.seq = (SELECT MAX(seq) FROM events WHERE subject = c.id) WHERE e.to_stage <> c.stage`},
		{"history has a gap", "SELECT subject FROM events GROUP BY subject HAVING COUNT(*) <> MAX(seq)"},
		{"interface without its port", `SELECT c.id FROM connections c WHERE (c.stage NOT IN ('pending_payment', 'canceled', 'terminated') OR c.removal_due = 1) AND NOT EXISTS (SELECT 1 FROM ports p WHERE p.connection_id = c.id)`},
		{"port held by nobody's interface", `SELECT p.id FROM ports p WHERE p.connection_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.id = p.connection_id AND (c.stage NOT IN ('pending_payment', 'canceled', 'terminated') OR c.removal_due = 1))`},
		{"port counter is wrong", `SELECT k.device_id FROM port_counts k WHERE k.n <> (SELECT COUNT(*) FROM ports p WHERE p.device_id = k.device_id AND p.port_type = k.port_type AND p.state = k.state)`},
		{"port differs from its newest event", `SELECT p.id FROM ports p JOIN events e ON e.subject = 'port:' || p.id AND e.seq = (SELECT MAX(seq) FROM events WHERE subject = 'port:' || p.id) WHERE e.to_stage <> '' AND e.to_stage <> p.state`},
		{"port that changed hands without history", `SELECT p.id FROM ports p WHERE p.state <> 'free' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = 'port:' || p.id)`},
		{"port is not counted", `SELECT p.device_id FROM ports p WHERE NOT EXISTS (SELECT 1 FROM port_counts k WHERE k.device_id = p.device_id AND k.port_type = p.port_type AND k.state = p.state)`},
		{"redundant pair on one device", `SELECT c.id FROM connections c JOIN connections o ON o.id = c.redundant_id JOIN ports p ON p.connection_id = c.id JOIN ports q ON q.connection_id = o.id WHERE p.device_id = q.device_id`},
		{"stage counter is wrong", `SELECT k.stage FROM connection_counts k WHERE k.n <> (SELECT COUNT(*) FROM connections c WHERE c.stage = k.stage AND (k.account_id = '' OR c.account_id = k.account_id))`},
	} {
		ids, err := list(ctx, s, func(r scanner) (id string, err error) { return id, r.Scan(&id) }, q.query)
		if err != nil {
			return out, err
		}
		for _, id := range ids {
			out = append(out, q.what+": "+id)
		}
	}
	return out, nil
}

// orderNumber is the day in UTC and a running number of the day.
func (t *tx) orderNumber() (string, error) {
	day := t.now.Format("20060102")
	n, err := t.nextNumber("order:" + day)
	if err != nil {
		return "", err
	}
	text := strconv.Itoa(n)
	return day + strings.Repeat("0", max(0, 4-len(text))) + text, nil
}
