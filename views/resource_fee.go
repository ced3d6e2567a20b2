package views

import (
	"strconv"
	"time"

	"demarc/store/lifecycle"
	"demarc/store/pricing"
	"demarc/views/ui"
)

// ResourceFee is the page Pay Resource Fee.
type ResourceFee struct {
	Interface  Interface
	Port       string // "XGE1/0/17 of CSW-YH-A-02"
	Labels     []string
	LabelFound string
	Light      string // "-7.2 dBm"; "" when not measured
	FinishedAt time.Time
	Operator   string
	NOC        string

	Form ResourceFeeForm
	Pay  PayForm

	Totals      []ResourceFeeTotal
	Credit      string // given because the cabling was late; taken off the totals
	CreditWhy   string
	Rule        string    // about refunds
	PaidThrough time.Time // with the chosen duration, if paid now
}

// ResourceFeeTotal is what a duration costs.
type ResourceFeeTotal struct {
	Months int
	Total  string
}

// ResourceFeeForm is the form as sent.
type ResourceFeeForm struct {
	Months    int
	AutoRenew bool
	Confirmed bool
	Method    string
	Key       string
	Errors    map[string]string
	Conflict  string
}

func (r ResourceFee) autoRenew() ui.Control {
	return ui.Control{Name: "auto_renew", Label: autoRenewLabel(r.Pay.Credit != ""), Checked: r.Form.AutoRenew}
}

func (r ResourceFee) total() string {
	for _, t := range r.Totals {
		if t.Months == r.Form.Months {
			return t.Total
		}
	}
	return ""
}

func (r ResourceFee) facts() []ui.Pair {
	i := r.Interface
	out := []ui.Pair{
		{Term: "Leased line code", Value: i.LineCode, Mono: true},
		{Term: "Cables", Content: ids(r.Labels)},
		{Term: "Port", Value: r.Port},
		{Term: "Cabling finished", Content: ui.Stamp(r.FinishedAt, i.Zone)},
	}
	if r.LabelFound != "" {
		out = append(out, ui.Pair{Term: "Label as found", Value: r.LabelFound, Mono: true})
	}
	if r.Light != "" {
		out = append(out, ui.Pair{Term: "Light level", Value: r.Light})
	}
	return out
}

func (r ResourceFee) months() ui.Control {
	c := ui.Control{Name: "months", Label: "Duration", Value: strconv.Itoa(r.Form.Months), Error: r.Form.Errors["months"],
		Hint: "The fee is paid in advance for the whole duration."}
	for _, t := range r.Totals {
		v := strconv.Itoa(t.Months)
		c.Options = append(c.Options, ui.Option{Value: v, Label: pricing.PeriodLabel(t.Months), Sub: t.Total, ID: "months-" + v})
	}
	return c
}

func (r ResourceFee) confirm() ui.Control {
	return ui.Control{Name: "confirm", Label: "I confirm that the physical connection interface is deployed", Checked: r.Form.Confirmed, Error: r.Form.Errors["confirm"]}
}

func (r ResourceFee) method() PayForm {
	f := r.Pay
	f.Errors, f.Method = r.Form.Errors, r.Form.Method
	return f
}

func (r ResourceFee) summary() []ui.FieldError {
	out := ui.ErrorList(r.Form.Errors, "confirm", "months", "method")
	for i := range out {
		if out[i].ID == "months" {
			out[i].ID = r.months().FirstOption()
		}
	}
	return out
}

// doubt says whom to call instead of paying.
func (r ResourceFee) doubt() string {
	call := "No light or no link? Do not pay yet: call " + r.Operator
	if r.NOC != "" {
		call += ", " + r.NOC
	}
	return call + "."
}

// payable reports whether the fee is due now.
func (r ResourceFee) payable() bool {
	return r.Interface.Can(lifecycle.PayResourceFee)
}
