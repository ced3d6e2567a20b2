package store

import (
	"context"
	"fmt"

	"demarc/store/chart"
	"demarc/store/money"
	"demarc/store/payment"
)

// What turns an order into money and back. Every way of paying ends in settle,
// every way of giving back in refund: they alone write the state of an order,
// its postings and its documents, in the transaction of whatever they are part
// of.

// newOrder inserts an unpaid order with its lines and fills in its number,
// amount and dates. The amount is the sum of the lines; the unit is that of the
// first. A credit is a line below zero, and lines never sum to less than
// nothing.
func (t *tx) newOrder(o *Order, lines ...OrderLine) error {
	if len(lines) == 0 {
		return fmt.Errorf("order of %s: no lines", o.ConnectionID)
	}
	sum, err := money.Zero(lines[0].Unit.Currency)
	if err != nil {
		return err
	}
	for i := range lines {
		l := &lines[i]
		if l.Amount, err = l.Unit.Mul(int64(l.Quantity)); err != nil {
			return fmt.Errorf("order of %s: %w", o.ConnectionID, err)
		}
		if sum, err = sum.Add(l.Amount); err != nil {
			return fmt.Errorf("order of %s: %w", o.ConnectionID, err)
		}
	}
	if o.No, err = t.orderNumber(); err != nil {
		return err
	}
	o.State, o.Amount, o.Unit, o.CreatedAt, o.CreatedBy = OrderUnpaid, sum, lines[0].Unit, t.now, t.by.UserID
	o.Refunded = money.Amount{Currency: sum.Currency}
	if _, err := t.exec(`INSERT INTO orders (account_id, no, connection_id, kind, state, currency, amount, unit_amount, months, price_version, created_at, created_by, expires_at, period_from, period_to, refund_rule, auto_renew)
		VALUES (?, ?, ?, ?, 'unpaid', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.AccountID, o.No, o.ConnectionID, o.Kind, sum.Currency, sum.Minor, o.Unit.Minor, o.Months, o.PriceVersion, at(t.now), t.by.UserID, at(o.ExpiresAt), at(o.PeriodFrom), at(o.PeriodTo), o.RefundRule, o.AutoRenew); err != nil {
		return err
	}
	for i, l := range lines {
		if _, err := t.exec("INSERT INTO order_lines (order_no, n, kind, quantity, unit_amount, amount, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
			o.No, i+1, l.Kind, l.Quantity, l.Unit.Minor, l.Amount.Minor, l.Reason); err != nil {
			return err
		}
	}
	return nil
}

// ledgerKind is what the payment of a kind of order is called in the ledger.
func ledgerKind(order string) string {
	switch order {
	case KindInstallation:
		return "installation_fee"
	case KindRenewal:
		return "renewal"
	}
	return "resource_fee"
}

// revenueOf is the book that a line's fee belongs to.
func revenueOf(line string) chart.Book {
	if line == KindInstallation {
		return chart.Installation
	}
	return chart.Resource
}

// settle takes the money for an unpaid order and marks it paid by a method.
// The money of a balance and of a card comes from the account's balance (a card
// payment is posted to the balance first, in the same transaction); an invoice
// makes the account owe it. A receipt is issued unless it goes on an invoice.
// Kinds: Invalid (field method) when the balance is too low, Conflict when the
// order is not unpaid.
func (t *tx) settle(o *Order, method string) error {
	if o.State != OrderUnpaid {
		return conflictf("Order %s is %s. Nothing was charged.", o.No, o.State)
	}
	from := chart.Balance(o.AccountID)
	if method == MethodInvoice {
		from = chart.Receivable(o.AccountID)
	} else if err := t.covers(o.AccountID, o.Amount); err != nil {
		return err
	}
	lines, err := t.orderLines(o.No, o.Amount.Currency)
	if err != nil {
		return err
	}
	res, err := t.exec("UPDATE orders SET state = 'paid', paid_at = ?, method = ? WHERE account_id = ? AND no = ? AND state = 'unpaid'", at(t.now), method, o.AccountID, o.No)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return conflictf("Order %s was paid or closed a moment ago. Nothing was charged.", o.No)
	}
	o.State, o.PaidAt, o.Method = OrderPaid, t.now, method
	// Revenue by book, what a credit gives away, and the rest from the payer.
	by := map[chart.Book]money.Amount{}
	for _, l := range lines {
		book, amount := revenueOf(l.Kind), l.Amount.Neg()
		if l.Kind == LineCredit {
			book = chart.Credits
		}
		if sum, ok := by[book]; ok {
			if amount, err = sum.Add(amount); err != nil {
				return err
			}
		}
		by[book] = amount
	}
	by[from] = o.Amount
	p := posting{kind: ledgerKind(o.Kind), account: o.AccountID, orderNo: o.No, idem: "pay:" + o.No}
	for _, b := range []chart.Book{from, chart.Credits, chart.Installation, chart.Resource} {
		if a, ok := by[b]; ok && !a.IsZero() {
			p.entries = append(p.entries, entry{b, a})
		}
	}
	transaction := ""
	if len(p.entries) > 0 { // a free order moves nothing
		if transaction, err = t.post(p); err != nil {
			return err
		}
	}
	if method == MethodInvoice {
		return nil
	}
	_, err = t.receipt(*o, lines, transaction)
	return err
}

// refund gives an amount of a paid order back to the account's balance, or takes
// it off the invoice that is not made yet, with a credit note, and returns the
// note's number. The order is refunded when nothing of it is left. Who must know
// is told by the caller. An amount above what is left is a Conflict.
func (t *tx) refund(o *Order, amount money.Amount, reason string) (string, error) {
	if amount.Minor <= 0 {
		return "", fmt.Errorf("refund of %s for order %s", amount, o.No)
	}
	after, err := o.Refunded.Add(amount)
	if err != nil {
		return "", err
	}
	tooMuch, err := o.Amount.Less(after)
	if err != nil {
		return "", err
	}
	if o.State != OrderPaid || tooMuch {
		return "", conflictf("Order %s of %s has nothing more to give back. Nothing was refunded.", o.No, o.Amount)
	}
	state := OrderPaid
	if after == o.Amount {
		state = OrderRefunded
	}
	res, err := t.exec("UPDATE orders SET state = ?, refunded = ? WHERE account_id = ? AND no = ? AND state = 'paid' AND refunded = ?", state, after.Minor, o.AccountID, o.No, o.Refunded.Minor)
	if err != nil {
		return "", err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return "", conflictf("Order %s was refunded a moment ago. Nothing was given back again.", o.No)
	}
	// The key names what was given back before: a repeated call is the same
	// refund and not a second one.
	idem := "refund:" + o.No
	if !o.Refunded.IsZero() {
		idem = fmt.Sprintf("refund:%s:%d", o.No, o.Refunded.Minor)
	}
	revenue := chart.Resource
	if o.Kind == KindInstallation {
		revenue = chart.Installation
	}
	to, err := t.refundTo(*o)
	if err != nil {
		return "", err
	}
	id, err := t.post(posting{kind: "refund", account: o.AccountID, orderNo: o.No, reference: reason, idem: idem, entries: move(amount, revenue, to)})
	if err != nil {
		return "", err
	}
	o.State, o.Refunded = state, after
	if err := t.renewWithNewMoney(o.AccountID); err != nil {
		return "", err
	}
	return t.creditNote(*o, amount, reason, id)
}

const orderLinesQuery = "SELECT kind, quantity, unit_amount, amount, reason FROM order_lines WHERE order_no = ? ORDER BY order_no, n"

func scanOrderLine(currency string) func(scanner) (OrderLine, error) {
	return func(r scanner) (OrderLine, error) {
		var l OrderLine
		err := r.Scan(&l.Kind, &l.Quantity, &l.Unit.Minor, &l.Amount.Minor, &l.Reason)
		l.Unit.Currency, l.Amount.Currency = currency, currency
		return l, err
	}
}

func (t *tx) orderLines(no, currency string) ([]OrderLine, error) {
	rows, err := t.query(orderLinesQuery, no)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanOrderLine(currency))
}

// OrderLines are the lines of an order, in order. The caller has checked that
// the actor may see it.
func (s *Store) OrderLines(ctx context.Context, o Order) ([]OrderLine, error) {
	return list(ctx, s, scanOrderLine(o.Amount.Currency), orderLinesQuery, o.No)
}

// methodWords are a method of payment for people.
func methodWords(method string) string { return payment.Method(method).Label() }
