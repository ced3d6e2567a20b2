package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"demarc/store/chart"
	"demarc/store/document"
	"demarc/store/money"
	"demarc/store/pricing"
)

// InvoiceDays is how long after its issue an invoice is due.
const InvoiceDays = 30

// Invoice is what an account owes for the orders of a month.
type Invoice struct {
	No        string
	AccountID string
	Month     string // 2026-11: when the orders were paid on it, in UTC
	Amount    money.Amount
	Received  money.Amount // what was paid of it so far
	IssuedAt  time.Time
	DueAt     time.Time
	PaidAt    time.Time // zero while something of it is open
	Reference string    // of the last payment, once it is paid: the bank's, or the ledger transaction
}

// Open is what is still to be paid of an invoice.
func (i Invoice) Open() money.Amount {
	return money.Amount{Minor: i.Amount.Minor - i.Received.Minor, Currency: i.Amount.Currency}
}

// Version grows with each payment: a form says with it what its reader saw. It is
// never 0.
func (i Invoice) Version() int { return int(i.Received.Minor) + 1 }

// Overdue reports whether an invoice that is not paid should have been.
func (i Invoice) Overdue(now time.Time) bool { return i.PaidAt.IsZero() && now.After(i.DueAt) }

const invoiceColumns = "no, account_id, month, currency, amount, received, issued_at, due_at, paid_at, reference"

func scanInvoice(r scanner) (Invoice, error) {
	var i Invoice
	var issued, due, paid instant
	err := r.Scan(&i.No, &i.AccountID, &i.Month, &i.Amount.Currency, &i.Amount.Minor, &i.Received.Minor, &issued, &due, &paid, &i.Reference)
	i.Received.Currency = i.Amount.Currency
	i.IssuedAt, i.DueAt, i.PaidAt = issued.Time, due.Time, paid.Time
	return i, err
}

// Credit is what an account may owe on invoices.
type Credit struct {
	Limit money.Amount // zero when it may not pay by invoice
	Owed  money.Amount // on invoices that are open, and since the last one
	Left  money.Amount // what it may still order
}

const owedQuery = "SELECT COALESCE((SELECT book_total FROM ledger_entries WHERE book = ? ORDER BY transaction_id DESC LIMIT 1), 0)"

func (c *Credit) reckon(currency string, limit, owed int64) error {
	c.Limit, c.Owed = money.Amount{Minor: limit, Currency: currency}, money.Amount{Minor: owed, Currency: currency}
	var err error
	if c.Left, err = c.Limit.Sub(c.Owed); err == nil && c.Left.Minor < 0 {
		c.Left.Minor = 0 // the limit was lowered
	}
	return err
}

// CreditOf is what an account may owe on invoices, and owes. The caller has
// checked that the actor may see it.
func (s *Store) CreditOf(ctx context.Context, account string) (Credit, error) {
	var c Credit
	var currency string
	var limit, owed int64
	if err := s.get(ctx, "SELECT currency, invoice_limit FROM accounts WHERE id = ?", []any{account}, &currency, &limit); err != nil {
		return c, err
	}
	if err := s.get(ctx, owedQuery, []any{chart.Receivable(account)}, &owed); err != nil {
		return c, err
	}
	return c, c.reckon(currency, limit, owed)
}

// mayOwe refuses, for the form's field method, an order that the account may not
// put on its invoice.
func (t *tx) mayOwe(account string, amount money.Amount) error {
	var c Credit
	var currency string
	var limit, owed int64
	if err := t.row("SELECT currency, invoice_limit FROM accounts WHERE id = ?", account).Scan(&currency, &limit); err != nil {
		return err
	}
	if limit == 0 {
		return invalid("method", "This account does not pay by invoice. Pay another way, or ask "+t.s.operator+" to allow it; nothing was charged.")
	}
	if err := t.row(owedQuery, chart.Receivable(account)).Scan(&owed); err != nil {
		return err
	}
	if err := c.reckon(currency, limit, owed); err != nil {
		return err
	}
	short, err := c.Left.Less(amount)
	if err != nil {
		return invalid("method", "The account is kept in "+currency+", the order is in "+amount.Currency+". Ask "+t.s.operator+" to correct the order.")
	}
	if short {
		return invalid("method", fmt.Sprintf("Of the credit limit of %s, %s is left and %s is due. Pay open invoices first, or pay another way; nothing was charged.", c.Limit, c.Left, amount))
	}
	return nil
}

// SetInvoiceLimit says up to how much an account may owe on invoices; 0 ends
// paying by invoice, and what is owed stays owed. Kinds: Invalid (fields
// limit, reason), NotFound, Forbidden.
func (s *Store) SetInvoiceLimit(ctx context.Context, by Actor, account, limit, reason string) error {
	if !mayHandleMoney(by) {
		return forbidden("Only finance staff decide who pays by invoice.")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		a, err := t.account(account)
		if err != nil {
			return "", err
		}
		bad := map[string]string{}
		sum, err := money.Parse(limit, a.Balance.Currency)
		if err != nil || sum.Minor < 0 || sum.Minor > 1_000_000_000_00 {
			bad["limit"] = "Enter an amount such as 50,000.00, or 0 for no invoice"
		}
		if msg := reasonProblem(reason, 3, 500, "Say why the limit changes"); msg != "" {
			bad["reason"] = msg
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		if _, err := t.exec("UPDATE accounts SET invoice_limit = ? WHERE id = ?", sum.Minor, account); err != nil {
			return "", err
		}
		if err := t.renewWithNewMoney(account); err != nil {
			return "", err
		}
		return account, t.event(AccountSubject(account), account, "set_invoice_limit", "", "", strings.TrimSpace(reason), "Credit limit "+sum.String())
	})
	return err
}

// monthStart is the beginning of the month in UTC: the books, and so invoices,
// know no other zone.
func monthStart(t time.Time) time.Time {
	return time.Date(t.UTC().Year(), t.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
}

// toInvoiceQuery finds the accounts with orders of an earlier month that are on
// no invoice. Months are invoiced in order and whole, so that only what came after
// the last invoice's month is looked at, however long an account has paid so.
const toInvoiceQuery = `SELECT a.id FROM accounts a WHERE EXISTS (SELECT 1 FROM orders o WHERE o.account_id = a.id AND o.method = 'invoice' AND o.paid_at < substr(?, 1, 7)
	AND o.paid_at > COALESCE((SELECT MAX(i.month) FROM invoices i WHERE i.account_id = a.id), '') || '-99' AND o.refunded < o.amount)`

// invoice issues an account's invoice for the orders of a month that has ended
// and are on none yet: the oldest such month, so that each has its own.
func (t *tx) invoice(account string) error {
	rows, err := t.query("SELECT "+orderColumns+" FROM orders WHERE account_id = ? AND method = 'invoice' AND paid_at < ? AND refunded < amount AND NOT EXISTS (SELECT 1 FROM invoice_orders i WHERE i.order_no = no) ORDER BY paid_at, no", account, at(monthStart(t.now)))
	if err != nil {
		return err
	}
	orders, err := collect(rows, scanOrder)
	if err != nil {
		return err
	}
	if len(orders) == 0 {
		return conflictf("Nothing is to be invoiced.")
	}
	month := monthStart(orders[0].PaidAt)
	due := monthStart(t.now).AddDate(0, 0, InvoiceDays)
	f := document.Facts{Series: document.Invoice, AccountID: account, Method: methodWords(MethodInvoice), Reference: month.Format("January 2006"), DueAt: due}
	var on []string
	for _, o := range orders {
		if monthStart(o.PaidAt) != month {
			break
		}
		// What went back before the invoice was made is not owed.
		left, err := o.Amount.Sub(o.Refunded)
		if err != nil {
			return err
		}
		words := "Initial installation fee"
		if o.Kind != KindInstallation {
			words = "Resource fee for " + pricing.PeriodLabel(o.Months)
		}
		f.Lines = append(f.Lines, document.Line{Words: words, Note: invoiceNote(o.No, o.ConnectionID), Quantity: 1, Unit: left, Amount: left})
		on = append(on, o.No)
	}
	no, err := t.issue(f, "")
	if err != nil {
		return err
	}
	total := money.Amount{Currency: orders[0].Amount.Currency}
	for _, l := range f.Lines {
		if total, err = total.Add(l.Amount); err != nil {
			return err
		}
	}
	if _, err := t.exec("INSERT INTO invoices (no, account_id, month, currency, amount, issued_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?)", no, account, month.Format("2006-01"), total.Currency, total.Minor, at(t.now), at(due)); err != nil {
		return err
	}
	for _, order := range on {
		if _, err := t.exec("INSERT INTO invoice_orders (order_no, invoice_no) VALUES (?, ?)", order, no); err != nil {
			return err
		}
	}
	if err := t.tellAccount(account, InvoiceSubject(no), "Invoice "+no, fmt.Sprintf("%s is due on %s.", total, due.Format("2 Jan 2006"))); err != nil {
		return err
	}
	return t.event(AccountSubject(account), account, "issue_invoice", "", "", "", no+", "+total.String())
}

// invoiceNote says on an invoice what a line is for.
func invoiceNote(order, connection string) string {
	return "Order " + order + ", interface " + connection
}

// InvoiceLine is an order on an invoice, with what was to be paid of it when the
// invoice was made.
type InvoiceLine struct {
	Words, OrderNo, ConnectionID string
	Amount                       money.Amount
}

// InvoiceLines are the orders on an invoice, from its document.
func InvoiceLines(f document.Facts) []InvoiceLine {
	out := make([]InvoiceLine, len(f.Lines))
	for i, l := range f.Lines {
		order, connection, _ := strings.Cut(l.Note, ", ")
		out[i] = InvoiceLine{l.Words, strings.TrimPrefix(order, "Order "), strings.TrimPrefix(connection, "interface "), l.Amount}
	}
	return out
}

// refundTo is where the money of an order goes back to: what is not invoiced yet
// is simply not owed, everything else goes to the balance.
func (t *tx) refundTo(o Order) (chart.Book, error) {
	off, err := t.offInvoice(o)
	if off {
		return chart.Receivable(o.AccountID), err
	}
	return chart.Balance(o.AccountID), err
}

// offInvoice reports whether an order is to be paid by an invoice that is not
// made yet.
func (t *tx) offInvoice(o Order) (bool, error) {
	if o.Method != MethodInvoice {
		return false, nil
	}
	var invoiced bool
	err := t.row("SELECT EXISTS (SELECT 1 FROM invoice_orders WHERE order_no = ?)", o.No).Scan(&invoiced)
	return !invoiced, err
}

// RecordInvoicePayment records a transfer for an invoice of an account: for
// finance staff. Less than what is open leaves the invoice open, and overdue
// when it is; what is above goes to the account's balance. Kinds: Invalid
// (fields amount, reference), NotFound, Conflict (paid already), Forbidden.
func (s *Store) RecordInvoicePayment(ctx context.Context, by Actor, account, no, amount, reference string) error {
	if !mayHandleMoney(by) {
		return forbidden("Only finance staff record payments.")
	}
	reference = strings.TrimSpace(reference)
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		i, err := t.invoiceOf(account, no)
		if err != nil {
			return "", err
		}
		if !i.PaidAt.IsZero() {
			return "", conflictf("Invoice %s was paid already, reference %s. Nothing was recorded.", no, i.Reference)
		}
		bad := map[string]string{}
		if msg := between(reference, 64, "Enter the reference of the transfer"); msg != "" {
			bad["reference"] = msg
		} else if earlier, err := t.bankedAs(account, reference); err != nil {
			return "", err
		} else if earlier == onBalance {
			bad["reference"] = "A transfer with the reference " + reference + " is on the account balance already. Nothing was added."
		}
		sum, msg := transferAmount(amount, i.Amount.Currency)
		if msg != "" {
			bad["amount"] = msg
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		part, rest := sum, money.Amount{Currency: sum.Currency}
		if over, err := i.Open().Less(sum); err != nil {
			return "", err
		} else if over {
			part = i.Open()
			if rest, err = sum.Sub(part); err != nil {
				return "", err
			}
		}
		entries := []entry{debit(chart.Bank, sum), credit(chart.Receivable(account), part)}
		if !rest.IsZero() {
			entries = append(entries, credit(chart.Balance(account), rest))
		}
		id, err := t.post(posting{kind: "invoice_payment", account: account, reference: reference, idem: "invoice:" + no + ":" + strings.ToLower(reference), entries: entries})
		if KindOf(err) == Conflict {
			return "", invalid("reference", "A payment with the reference "+reference+" is recorded already for invoice "+no+". Nothing was added.")
		}
		if err != nil {
			return "", err
		}
		return no, t.invoicePaid(i, InvoicePayment{Method: PaidByTransfer, Amount: part, Surplus: rest, Reference: reference}, id)
	})
	return err
}

// invoicePaid keeps a payment of an invoice that is posted already, and does what
// follows from any: the account is told, what Auto Renew could not pay is tried
// again, and it is in the log.
func (t *tx) invoicePaid(i Invoice, p InvoicePayment, posting string) error {
	if _, err := t.exec(`INSERT INTO invoice_payments (invoice_no, n, transaction_id, at, method, amount, surplus, reference, recorded_by)
		VALUES (?, (SELECT COUNT(*) + 1 FROM invoice_payments WHERE invoice_no = ?), ?, ?, ?, ?, ?, ?, ?)`, i.No, i.No, posting, at(t.now), p.Method, p.Amount.Minor, p.Surplus.Minor, p.Reference, t.by.UserID); err != nil {
		return err
	}
	i.Received.Minor += p.Amount.Minor
	open, from := i.Open(), ""
	action, detail := "record_invoice_payment", i.No+", "+money.Amount{Minor: p.Amount.Minor + p.Surplus.Minor, Currency: p.Amount.Currency}.String()+", reference "+p.Reference
	if p.Method == PaidFromBalance {
		from = " from the account balance"
		action, detail = ActionPayInvoice, i.No+", "+p.Amount.String()+from
	}
	title, body := "Invoice paid", "Invoice "+i.No+" of "+i.Amount.String()+" is paid"+from+"."
	if !open.IsZero() {
		title, body = "Invoice partly paid", fmt.Sprintf("%s of invoice %s is paid%s. %s is open, due on %s.", p.Amount, i.No, from, open, i.DueAt.Format("2 Jan 2006"))
		detail += ", " + open.String() + " open"
	} else if from != "" && p.Amount != i.Amount {
		body = fmt.Sprintf("The last %s of invoice %s is paid%s.", p.Amount, i.No, from)
	}
	if !p.Surplus.IsZero() {
		body += " " + p.Surplus.String() + " more came and is on the account balance."
		detail += ", " + p.Surplus.String() + " to the balance"
	}
	if err := t.tellAccount(i.AccountID, InvoiceSubject(i.No), title, body); err != nil {
		return err
	}
	// Less is owed, and there may be more to spend.
	if err := t.renewWithNewMoney(i.AccountID); err != nil {
		return err
	}
	return t.event(AccountSubject(i.AccountID), i.AccountID, action, "", "", "", detail)
}

// ActionPayInvoice is the event that a customer paid an invoice from the balance.
const ActionPayInvoice = "pay_invoice"

// InvoiceSubject is what messages about an invoice are about.
func InvoiceSubject(no string) string { return "invoice:" + no }

// PayInvoice pays an open invoice of the actor's account from its balance, in
// whole or in part: amount is as typed. seen is the invoice's Version that the
// person saw, 0 for any. Kinds: Invalid (field amount: it is no amount, more than
// is open, more than the balance, or the balance is in another currency),
// NotFound, Conflict (paid, or something was paid of it since; nothing is
// charged), Forbidden.
func (s *Store) PayInvoice(ctx context.Context, by Actor, no string, seen int, amount string) error {
	if !mayPay(by) {
		return forbidden("Only an owner or finance of the account pays.")
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		i, err := t.invoiceOf(by.AccountID, no)
		if err != nil {
			return "", err
		}
		if !i.PaidAt.IsZero() {
			return "", conflictf("Invoice %s is paid since %s. Nothing was charged.", no, i.PaidAt.Format("2 Jan 2006"))
		}
		if seen != 0 && seen != i.Version() {
			return "", conflictf("Something was paid of invoice %s a moment ago: %s is open now. Nothing was charged. Check the amount, then pay again.", no, i.Open())
		}
		sum, msg := transferAmount(amount, i.Amount.Currency)
		if msg == "" {
			msg, err = t.invoiceProblem(i, sum)
			if err != nil {
				return "", err
			}
		}
		if msg != "" {
			return "", invalid("amount", msg)
		}
		// Each payment of an invoice raises what was received of it.
		id, err := t.post(posting{kind: "invoice_payment", account: i.AccountID, reference: no, idem: fmt.Sprintf("invoice_balance:%s:%d", no, i.Received.Minor),
			entries: move(sum, chart.Balance(i.AccountID), chart.Receivable(i.AccountID))})
		if err != nil {
			return "", err
		}
		return no, t.invoicePaid(i, InvoicePayment{Method: PaidFromBalance, Amount: sum, Surplus: money.Amount{Currency: sum.Currency}, Reference: id}, id)
	})
	return err
}

// invoiceProblem is why an amount of an invoice cannot be paid from the balance;
// "" when it can.
func (t *tx) invoiceProblem(i Invoice, sum money.Amount) (string, error) {
	if over, err := i.Open().Less(sum); err != nil {
		return "", err
	} else if over {
		return fmt.Sprintf("Enter at most %s, which is what is open. Nothing was charged.", i.Open()), nil
	}
	var balance money.Amount
	if err := t.row("SELECT balance_minor, currency FROM accounts WHERE id = ?", i.AccountID).Scan(&balance.Minor, &balance.Currency); err != nil {
		return "", err
	}
	short, err := balance.Less(sum)
	switch {
	case err != nil:
		return fmt.Sprintf("The account is kept in %s and the invoice is in %s, so it cannot be paid from the balance. Transfer the money to %s and name the invoice.", balance.Currency, sum.Currency, t.s.operator), nil
	case short && balance.IsZero():
		return fmt.Sprintf("The account balance is %s. Transfer money to %s first; nothing was charged.", balance, t.s.operator), nil
	case short:
		return fmt.Sprintf("The account balance is %s. Enter at most that, or transfer money to %s first; nothing was charged.", balance, t.s.operator), nil
	}
	return "", nil
}

// invoiceOf is an account's invoice with this number. Kinds: NotFound.
func (t *tx) invoiceOf(account, no string) (Invoice, error) {
	i, err := scanInvoice(t.row(invoiceQuery, no, account))
	if errors.Is(err, sql.ErrNoRows) {
		return i, notFound("This invoice")
	}
	return i, err
}

const invoiceQuery = "SELECT " + invoiceColumns + " FROM invoices WHERE no = ? AND account_id = ?"

// Where the money of a bank's reference was booked.
const (
	onBalance = "balance"
	onInvoice = "invoice"
)

// bankedAs is where an account's transfer with a reference was booked, ""
// nowhere: the same slip of the bank is not money twice.
func (t *tx) bankedAs(account, reference string) (string, error) {
	var n int
	if err := t.row("SELECT COUNT(*) FROM ledger_transactions WHERE idem_key = ?", transferKey(account, reference)).Scan(&n); err != nil || n > 0 {
		return onBalance, err
	}
	err := t.row("SELECT COUNT(*) FROM invoice_payments p JOIN invoices i ON i.no = p.invoice_no WHERE lower(p.reference) = lower(?) AND p.method = 'transfer' AND i.account_id = ?", reference, account).Scan(&n)
	if err != nil || n > 0 {
		return onInvoice, err
	}
	return "", nil
}

// Invoice is the invoice with this number. Kinds: NotFound. The caller has
// checked that the actor may see it.
func (s *Store) Invoice(ctx context.Context, account, no string) (Invoice, error) {
	i, err := one(ctx, s, scanInvoice, invoiceQuery, no, account)
	if errors.Is(err, sql.ErrNoRows) {
		return i, notFound("This invoice")
	}
	return i, err
}

// InvoiceOfOrder is the number of the invoice that an order is on, "" for none.
// The caller has checked that the actor may see the order.
func (s *Store) InvoiceOfOrder(ctx context.Context, order string) (string, error) {
	var no string
	return no, s.get(ctx, "SELECT COALESCE(MAX(invoice_no), '') FROM invoice_orders WHERE order_no = ?", []any{order}, &no)
}

// OpenInvoices lists the invoices of all accounts that are not paid in full, the
// earliest due first, from the cursor on; next continues after the last one.
// Kinds: Invalid for a broken cursor.
func (s *Store) OpenInvoices(ctx context.Context, after string, limit int) (items []Invoice, next string, err error) {
	query, args := "SELECT "+invoiceColumns+" FROM invoices WHERE paid_at IS NULL", []any{}
	if after != "" {
		when, no, err := timeCursor(after)
		if err != nil {
			return nil, "", err
		}
		query, args = query+" AND due_at >= ? AND (due_at > ? OR no > ?)", append(args, when, when, no)
	}
	items, err = list(ctx, s, scanInvoice, query+" ORDER BY due_at, no LIMIT ?", append(args, limit+1)...)
	if err != nil || len(items) <= limit {
		return items, "", err
	}
	last := items[limit-1]
	return items[:limit], at(last.DueAt).text() + "~" + last.No, nil
}

// How a part of an invoice was paid: by a transfer that finance staff recorded, or
// by the customer from the balance.
const (
	PaidByTransfer  = "transfer"
	PaidFromBalance = "balance"
)

// InvoicePayment is one payment of an invoice.
type InvoicePayment struct {
	InvoiceNo string
	N         int // of the invoice, from 1
	At        time.Time
	Method    string
	Amount    money.Amount // of the invoice
	Surplus   money.Amount // to the balance
	Reference string       // the bank's, or the ledger transaction
}

// InvoicePaymentsShown is how many payments of an invoice are listed.
const InvoicePaymentsShown = 20

// InvoicePayments lists the newest payments of each of the invoices, by invoice
// and time. The caller has checked that the actor may see them.
func (s *Store) InvoicePayments(ctx context.Context, invoices []Invoice) ([]InvoicePayment, error) {
	if len(invoices) == 0 {
		return nil, nil
	}
	nos := make([]any, len(invoices))
	for i := range invoices {
		nos[i] = invoices[i].No
	}
	marks, args := inList(nos)
	return list(ctx, s, func(r scanner) (p InvoicePayment, err error) {
		var when instant
		err = r.Scan(&p.InvoiceNo, &p.N, &when, &p.Method, &p.Amount.Minor, &p.Surplus.Minor, &p.Reference, &p.Amount.Currency)
		p.At, p.Surplus.Currency = when.Time, p.Amount.Currency
		return p, err
	}, `SELECT p.invoice_no, p.n, p.at, p.method, p.amount, p.surplus, p.reference, i.currency FROM invoices i CROSS JOIN invoice_payments p
		WHERE i.no IN (`+marks+`) AND p.invoice_no = i.no AND p.n > (SELECT COALESCE(MAX(q.n), 0) FROM invoice_payments q WHERE q.invoice_no = i.no) - ? ORDER BY i.no, p.n`, append(args, InvoicePaymentsShown)...)
}

// InvoicesOf lists an account's newest invoices and every older one of which
// something is open, newest first: an account has one a month. The caller has
// checked that the actor may see them.
func (s *Store) InvoicesOf(ctx context.Context, account string, newest int) ([]Invoice, error) {
	return list(ctx, s, scanInvoice, "SELECT "+invoiceColumns+` FROM invoices WHERE account_id = ?
		AND (paid_at IS NULL OR no IN (SELECT no FROM invoices WHERE account_id = ? ORDER BY issued_at DESC, no DESC LIMIT ?))
		ORDER BY issued_at DESC, no DESC`, account, account, newest)
}
