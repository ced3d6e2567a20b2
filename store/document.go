package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"demarc/store/chart"
	"demarc/store/document"
	"demarc/store/money"
	"demarc/store/pricing"
)

// Documents are written in two steps. The number and the facts are rows of the
// transaction that the document is about: a payment that is rolled back takes
// its number with it, so there is no gap. The PDF is rendered from those facts
// by whoever needs it first, a worker or a download, outside any transaction,
// and kept: KeepDocument takes the first bytes and answers with them for ever.

// Document is an issued receipt, credit note or invoice.
type Document struct {
	No            string
	Series        document.Series
	AccountID     string
	OrderNo       string // "" when it is about no single order
	TransactionID string
	Corrects      string
	IssuedAt      time.Time
	Amount        money.Amount
}

// issue numbers a document and freezes its facts: series, lines and what they
// are about are given, who issues it to whom and when is filled in.
func (t *tx) issue(f document.Facts, transaction string) (string, error) {
	year := t.now.UTC().Year()
	var n int
	if err := t.row("SELECT COALESCE(MAX(n), 0) + 1 FROM documents WHERE series = ? AND year = ?", f.Series, year).Scan(&n); err != nil {
		return "", err
	}
	a, err := t.account(f.AccountID)
	if err != nil {
		return "", err
	}
	f.Schema, f.Number, f.IssuedAt, f.Customer = document.Schema, document.Number(f.Series, year, n), t.now.Truncate(time.Second), a.Name
	f.Issuer, f.Address, f.Contact, f.Service = t.s.issuer.LegalName, t.s.issuer.Address, t.s.issuer.NOC, t.s.issuer.Service
	if f.Zone == "" {
		f.Zone = "UTC"
	}
	if f.Total, err = money.Zero(a.Balance.Currency); err != nil {
		return "", err
	}
	for _, l := range f.Lines {
		if f.Total, err = f.Total.Add(l.Amount); err != nil {
			return "", err
		}
	}
	facts, err := f.Marshal()
	if err != nil {
		return "", err
	}
	_, err = t.exec(`INSERT INTO documents (series, year, n, no, account_id, order_no, transaction_id, corrects, issued_at, currency, amount, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.Series, year, n, f.Number, f.AccountID, f.OrderNo, transaction, f.Corrects, at(t.now), f.Total.Currency, f.Total.Minor, string(facts))
	return f.Number, err
}

// about fills in what an order is for.
func (t *tx) about(o Order) (document.Facts, error) {
	f := document.Facts{AccountID: o.AccountID, OrderNo: o.No, InterfaceID: o.ConnectionID, PaidAt: o.PaidAt.Truncate(time.Second), Method: methodWords(o.Method)}
	if o.ConnectionID == "" {
		return f, nil
	}
	c, err := t.connection(o.ConnectionID)
	if err != nil {
		return f, err
	}
	cat := t.s.Catalogue()
	f.Zone = cat.Zone(c.Region).String()
	f.Interface, f.PortType = c.Name, c.PortType.Info().Label
	if ap, ok := cat.AccessPoint(c.AccessPointID); ok {
		f.AccessPoint, f.Demo = ap.Name, ap.Demo
	}
	if r, ok := cat.Region(c.Region); ok {
		f.AccessPoint += ", " + r.Name
	}
	return f, nil
}

// receipt issues the receipt of a paid order.
func (t *tx) receipt(o Order, lines []OrderLine, transaction string) (string, error) {
	f, err := t.about(o)
	if err != nil {
		return "", err
	}
	f.Series = document.Receipt
	zone, err := time.LoadLocation(f.Zone)
	if err != nil {
		return "", err
	}
	for _, l := range lines {
		f.Lines = append(f.Lines, document.Line{Words: LineWords(o, l), Note: lineNote(o, l, zone), Quantity: l.Quantity, Unit: l.Unit, Amount: l.Amount})
	}
	return t.issue(f, transaction)
}

// creditNote issues the credit note of a refund, or of a credit without an
// order.
func (t *tx) creditNote(o Order, amount money.Amount, reason, transaction string) (string, error) {
	f, err := t.about(o)
	if err != nil {
		return "", err
	}
	f.Series, f.Reason, f.Method, f.PaidAt = document.CreditNote, reason, methodWords(MethodBalance), t.now.Truncate(time.Second)
	if to, err := t.refundTo(o); err != nil {
		return "", err
	} else if to == chart.Receivable(o.AccountID) {
		f.Method = methodWords(MethodInvoice)
	}
	words := "Credit"
	if o.No != "" {
		words = "Refund of order " + o.No
		// Its receipt, or the invoice that it is on.
		err := t.row("SELECT no FROM documents WHERE order_no = ? AND order_no <> '' AND series = 'RC' UNION ALL SELECT invoice_no FROM invoice_orders WHERE order_no = ? LIMIT 1", o.No, o.No).Scan(&f.Corrects)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", err
		}
	}
	f.Lines = []document.Line{{Words: words, Note: reason, Quantity: 1, Unit: amount, Amount: amount}}
	return t.issue(f, transaction)
}

// LineWords names a line of an order, on pages as on its receipt.
func LineWords(o Order, l OrderLine) string {
	switch {
	case l.Kind == LineCredit:
		return "Credit"
	case l.Kind == KindInstallation:
		return "Initial installation fee"
	case o.Kind == KindRenewal:
		return "Resource fee, renewal for " + pricing.PeriodLabel(o.Months)
	}
	return "Resource fee for " + pricing.PeriodLabel(o.Months)
}

// lineNote is the second line: the period in the site's zone, or the reason.
func lineNote(o Order, l OrderLine, zone *time.Location) string {
	if l.Kind == LineCredit {
		return l.Reason
	}
	if o.PeriodTo.IsZero() {
		return ""
	}
	const when, offset = "2 Jan 2006, 15:04", " (UTC-07:00)"
	from, to := o.PeriodFrom.In(zone), o.PeriodTo.In(zone)
	if from.Format(offset) == to.Format(offset) {
		return from.Format(when) + " to " + to.Format(when+offset)
	}
	return from.Format(when+offset) + " to " + to.Format(when+offset)
}

const documentColumns = "no, series, account_id, order_no, transaction_id, corrects, issued_at, currency, amount"

func scanDocument(r scanner) (Document, error) {
	var d Document
	var issued instant
	err := r.Scan(&d.No, &d.Series, &d.AccountID, &d.OrderNo, &d.TransactionID, &d.Corrects, &issued, &d.Amount.Currency, &d.Amount.Minor)
	d.IssuedAt = issued.Time
	return d, err
}

// Document is the document with this number, with its facts: the actor's
// account's own, or any for staff. Kinds: NotFound.
func (s *Store) Document(ctx context.Context, by Actor, no string) (Document, document.Facts, error) {
	st, err := s.prepared(ctx, "SELECT facts, "+documentColumns+" FROM documents WHERE no = ?")
	if err != nil {
		return Document{}, document.Facts{}, err
	}
	var facts string
	d, err := scanDocument(lead{st.QueryRowContext(ctx, no), []any{&facts}})
	if account, all := by.scope(); errors.Is(err, sql.ErrNoRows) || (err == nil && !all && d.AccountID != account) {
		return Document{}, document.Facts{}, notFound("This document")
	}
	if err != nil {
		return d, document.Facts{}, err
	}
	f, err := document.Unmarshal([]byte(facts))
	return d, f, err
}

// lead scans more columns before those that a scan function knows.
type lead struct {
	scanner
	first []any
}

func (l lead) Scan(dest ...any) error { return l.scanner.Scan(append(l.first, dest...)...) }

// DocumentsOf lists the documents of orders, by order and number. The caller has
// checked that the actor may see the order.
func (s *Store) DocumentsOf(ctx context.Context, orderNos ...string) ([]Document, error) {
	if len(orderNos) == 0 {
		return nil, nil
	}
	args := make([]any, len(orderNos))
	for i, no := range orderNos {
		args[i] = no
	}
	marks, args := inList(args)
	return list(ctx, s, scanDocument, "SELECT "+documentColumns+" FROM documents WHERE order_no IN ("+marks+") AND order_no <> '' ORDER BY order_no, no", args...)
}

// Documents lists an account's documents, newest first.
func (s *Store) Documents(ctx context.Context, account string, limit int) ([]Document, error) {
	return list(ctx, s, scanDocument, "SELECT "+documentColumns+" FROM documents WHERE account_id = ? ORDER BY issued_at DESC, no DESC LIMIT ?", account, limit)
}

// DocumentPDF is the kept PDF of a document; nil when none was made yet. The
// caller has checked that the actor may see it.
func (s *Store) DocumentPDF(ctx context.Context, no string) ([]byte, error) {
	var pdf []byte
	err := s.get(ctx, "SELECT pdf FROM document_files WHERE no = ?", []any{no}, &pdf)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return pdf, err
}

// KeepDocument keeps the PDF of a document and returns the bytes that count:
// these, or those that somebody else kept before. Kinds: NotFound.
func (s *Store) KeepDocument(ctx context.Context, no string, pdf []byte) ([]byte, error) {
	kept := pdf
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		err := t.row("SELECT pdf FROM document_files WHERE no = ?", no).Scan(&kept)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var known string
		if err := t.row("SELECT no FROM documents WHERE no = ?", no).Scan(&known); errors.Is(err, sql.ErrNoRows) {
			return notFound("This document")
		} else if err != nil {
			return err
		}
		kept = pdf
		sum := sha256.Sum256(pdf)
		_, err = t.exec("INSERT INTO document_files (no, pdf, pdf_sha256, made_at) VALUES (?, ?, ?, ?)", no, pdf, hex.EncodeToString(sum[:]), at(t.now))
		return err
	})
	return kept, err
}

// UnmadeDocuments are the facts of documents that have no PDF yet, by number.
func (s *Store) UnmadeDocuments(ctx context.Context, limit int) ([]document.Facts, error) {
	return list(ctx, s, func(r scanner) (f document.Facts, err error) {
		var text string
		if err := r.Scan(&text); err != nil {
			return f, err
		}
		return document.Unmarshal([]byte(text))
	}, "SELECT d.facts FROM document_queue queue CROSS JOIN documents d WHERE d.no = queue.no ORDER BY queue.no LIMIT ?", limit)
}
