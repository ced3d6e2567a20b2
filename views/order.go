package views

import (
	"strconv"
	"time"

	"demarc/store/lifecycle"
	"demarc/store/payment"
	"demarc/store/pricing"
	"demarc/views/ui"
	"demarc/web/paths"
)

// Order is the bill for an installation fee or a resource fee, as pages show it.
type Order struct {
	No          string
	Kind        string // installation, resource
	State       string // unpaid, paid, expired, canceled, refunded
	Amount      string // "$1,500.00"
	Unit        string // per month, of a resource fee
	Months      int
	From, To    time.Time // what a resource fee pays for
	RefundRule  string    // as the order keeps it
	Refunded    string    // "" when nothing went back
	Lines       []OrderLine
	Documents   []OrderDocument
	AutoRenew   int // what paying it switches on
	CreatedAt   time.Time
	ExpiresAt   time.Time
	PaidAt      time.Time
	Method      payment.Method // how it was paid
	InvoiceNo   string         // the monthly invoice that it is on; "" until that is made
	PriceList   string         // version of the price list
	Interface   Interface
	SP, Spec    string // codes, for a new application with the same choices
	AccountName string
	Operator    string // who is paid
}

// OrderLine is one line of the bill. Unit is empty where it is the amount.
type OrderLine struct {
	Words, Note  string // "Credit", "Late hand-over"
	Quantity     int
	Unit, Amount string
}

// value is the amount of a line, with how it came about.
func (l OrderLine) value() string {
	if l.Quantity > 1 && l.Unit != "" {
		return l.Amount + " (" + strconv.Itoa(l.Quantity) + " × " + l.Unit + ")"
	}
	return l.Amount
}

// OrderDocument is an issued receipt, credit note or invoice of an order.
type OrderDocument struct {
	Title, No, Href, Amount string
	IssuedAt                time.Time
}

// OrderKind is what an order is for, in words.
func OrderKind(kind string) string {
	switch kind {
	case "resource":
		return "Resource occupation fee"
	case "renewal":
		return "Renewal of the resource occupation fee"
	}
	return "Initial installation fee"
}

// OrderLook is how the state of an order is drawn.
func OrderLook(state string) Look {
	switch state {
	case "unpaid":
		return Look{"Unpaid", ui.ToneAction, ui.ShapeRing}
	case "paid":
		return Look{"Paid", ui.ToneOK, ui.ShapeDot}
	case "expired":
		return Look{"Expired", ui.ToneIdle, ui.ShapeDash}
	case "canceled":
		return Look{"Canceled", ui.ToneIdle, ui.ShapeDash}
	case "refunded":
		return Look{"Refunded", ui.ToneInfo, ui.ShapeDot}
	}
	return Look{state, ui.ToneIdle, ui.ShapeDash}
}

// PayForm is how an order is paid.
type PayForm struct {
	Balance  string // of the account: "$1,240.00"
	Short    bool   // the balance does not cover the amount
	Credit   string // what is left of the account's credit; "" for one that does not pay by invoice
	Owing    bool   // the credit does not cover the amount
	Gateway  string // who takes cards; "" where none are taken
	Method   string // the one that was chosen
	Card     *CardNotice
	Key      string
	Errors   map[string]string
	Conflict string // why the last attempt changed nothing
}

// Payable reports whether the page takes a payment: an installation fee that is
// due and not overdue.
func (o Order) Payable() bool { return o.State == "unpaid" && !o.overdue() }

func (o Order) overdue() bool { return !o.ExpiresAt.IsZero() && !o.ExpiresAt.After(o.Interface.Now) }

// Look is the look of the order now: an unpaid one whose time is over has
// expired, even before the system closed it.
func (o Order) Look() Look {
	if o.State == "unpaid" && o.overdue() {
		return OrderLook("expired")
	}
	return OrderLook(o.State)
}

// pays is the step of the interface that the payment is.
func (o Order) pays() lifecycle.Action {
	switch o.Kind {
	case "resource":
		return lifecycle.PayResourceFee
	case "renewal":
		return lifecycle.Renew
	}
	return lifecycle.PayInstallationFee
}

// promise is what the payment brings.
func (o Order) promise(cards bool) string {
	switch o.Kind {
	case "resource":
		return "The port is enabled with this payment."
	case "renewal":
		return "The paid time is extended with this payment, from its present end on."
	}
	text := "A port is reserved for you with this payment. If none is free, nothing is charged"
	if cards {
		text += ", and what a card paid goes back by itself"
	}
	return text + "."
}

// words say how an order stands that cannot be paid; "" for a paid one.
func (o Order) words() (tone, text string) {
	switch {
	case o.State == "expired" || (o.State == "unpaid" && o.overdue()):
		return ui.ToneWarn, "This order expired on " + ui.FormatStamp(o.ExpiresAt, o.Interface.Zone) + ". Nothing was charged."
	case o.State == "canceled" && o.Kind != "installation":
		return ui.ToneWarn, "This order was closed: another one took its place, or the interface has ended. Nothing was charged."
	case o.State == "refunded" && o.Kind != "installation":
		return ui.ToneInfo, "The interface was terminated before this period began: " + o.Amount + o.wentBack()
	case o.State == "canceled":
		return ui.ToneWarn, "This order was closed because the interface was canceled. Nothing was charged."
	case o.State == "refunded":
		return ui.ToneInfo, "The interface was canceled before it was enabled: " + o.Amount + o.wentBack()
	}
	return "", ""
}

// wentBack ends a sentence about money that was refunded. What was to be paid by
// invoice came off it, or went to the balance when it was made already.
func (o Order) wentBack() string {
	if o.Method == payment.Invoice {
		return " was refunded."
	}
	return " went back to the account balance."
}

// again is the application form with the choices of this order.
func (o Order) again() string {
	i := o.Interface
	return ApplyForm{Region: i.RegionID, SP: o.SP, AccessPoint: i.AccessPointID, Spec: o.Spec, PortType: i.PortType, Redundant: i.RedundantID, Name: i.Name, Description: i.Description}.Href()
}

// pairs are the facts of the order and of what was ordered.
func (o Order) pairs() []ui.Pair {
	i := o.Interface
	out := []ui.Pair{
		{Term: "Account", Value: o.AccountName},
		{Term: "Provider", Value: o.Operator},
		{Term: "Product", Value: "Physical connection interface"},
		{Term: "Interface", Value: i.ID, Mono: true, Href: paths.Interface(i.ID)},
	}
	if i.Name != "" {
		out = append(out, ui.Pair{Term: "Name", Value: i.Name})
	}
	out = append(out,
		ui.Pair{Term: "Region", Value: i.Region},
		ui.Pair{Term: "SP", Value: i.SP},
		ui.Pair{Term: "Access Point", Value: i.AccessPoint},
		ui.Pair{Term: "Port Specification", Value: i.Spec},
		ui.Pair{Term: "Port Type", Value: i.PortTypeLabel + " (" + i.PortType + ")"})
	if i.RedundantID != "" {
		out = append(out, ui.Pair{Term: "Redundant Connection ID", Value: i.RedundantID, Mono: true, Href: paths.Interface(i.RedundantID)})
	} else {
		out = append(out, ui.Pair{Term: "Redundant Connection ID", Value: "Not redundant"})
	}
	return out
}

// bill are the lines of the order, their total, and what went back of it.
func (o Order) bill() []ui.Pair {
	var out []ui.Pair
	for _, l := range o.Lines {
		words := l.Words
		if l.Note != "" {
			words += ": " + l.Note
		}
		out = append(out, ui.Pair{Term: words, Value: l.value()})
	}
	out = append(out, ui.Pair{Term: "Total", Content: strong(o.Amount)})
	if o.Refunded != "" {
		term := "Refunded to the account balance"
		if o.Method == payment.Invoice {
			term = "Refunded"
		}
		out = append(out, ui.Pair{Term: term, Value: o.Refunded})
	}
	return out
}

// terms are what the fee depends on, and what it can be given back by.
func (o Order) terms() []ui.Pair {
	if o.Kind != "installation" {
		out := []ui.Pair{{Term: "Resource occupation fee, " + o.Interface.Spec, Value: o.Unit + " a month"}, {Term: "Duration", Value: pricing.PeriodLabel(o.Months)}}
		if o.Kind == "renewal" || !o.PaidAt.IsZero() {
			out = append(out, ui.Pair{Term: "Pays for", Value: ui.FormatDay(o.From, o.Interface.Zone) + " to " + ui.FormatDay(o.To, o.Interface.Zone)})
		}
		if o.AutoRenew > 0 && o.PaidAt.IsZero() {
			out = append(out, ui.Pair{Term: "Auto Renew", Value: AutoRenewWords(o.AutoRenew) + ", switched on by the payment"})
		}
		return append(out, ui.Pair{Term: "Refunds", Value: ResourceRule(o.RefundRule)})
	}
	return []ui.Pair{
		{Term: "Resource occupation fee", Value: o.Interface.Monthly + " a month, paid later, after the cables are connected"},
		{Term: "Refunds", Value: InstallationRule(o.RefundRule)},
	}
}

// dates say when the order was made and settled.
func (o Order) dates() []ui.Pair {
	zone := o.Interface.Zone
	out := []ui.Pair{{Term: "State", Value: o.Look().Label}, {Term: "Ordered", Content: ui.Stamp(o.CreatedAt, zone)}}
	switch {
	case o.State == "unpaid":
		out = append(out, ui.Pair{Term: "Quote valid until", Content: ui.Stamp(o.ExpiresAt, zone)})
	case !o.PaidAt.IsZero():
		out = append(out, ui.Pair{Term: "Paid", Content: ui.Stamp(o.PaidAt, zone)}, ui.Pair{Term: "Paid with", Value: o.Method.Label()})
	}
	if o.InvoiceNo != "" {
		out = append(out, ui.Pair{Term: "On invoice", Value: o.InvoiceNo, Mono: true, Href: paths.Invoice(o.InvoiceNo)})
	}
	return append(out, ui.Pair{Term: "Price list", Value: o.PriceList})
}

// payChoice are the ways to pay, each with what it means.
func (f PayForm) payChoice() ui.Control {
	sub := f.Balance
	if f.Short {
		sub += ", less than the amount due"
	}
	c := ui.Control{Name: "method", Label: "Pay with", Columns: "wide", Value: f.Method, Error: f.Errors["method"],
		Options: []ui.Option{{Value: string(payment.Balance), Label: payment.Balance.Label(), Sub: sub, ID: "method"}}}
	if f.Credit != "" {
		sub := "Due 30 days after the end of the month. " + f.Credit + " of credit left"
		if f.Owing {
			sub += ", less than the amount due"
		}
		c.Options = append(c.Options, ui.Option{Value: string(payment.Invoice), Label: payment.Invoice.Label(), Sub: sub + ".", ID: "method-invoice"})
	}
	if f.Gateway != "" {
		c.Options = append(c.Options, ui.Option{Value: string(payment.Card), Label: payment.Card.Label(), Sub: "On the page of " + f.Gateway + ". Paid when your bank confirms it.", ID: "method-card"})
	}
	if c.Value == "" {
		c.Value = string(payment.Balance)
		if f.Short && f.Gateway != "" {
			c.Value = string(payment.Card)
		}
	}
	return c
}

func (f PayForm) summary() []ui.FieldError { return ui.ErrorList(f.Errors, "method") }

// canApply reports whether the LOA can be applied for now.
func (o Order) canApply() bool {
	return o.Interface.Can(lifecycle.ApplyForLOA)
}
