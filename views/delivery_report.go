package views

import (
	"strconv"
	"time"

	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

// DeliveryReportForm is Delivery Report: everything as typed.
type DeliveryReportForm struct {
	Interface Interface
	Operator  string
	Key       string
	Port      ReportedPort

	LineCode string
	Labels   []string // one per cable
	Contact  string

	MaxCables int
	// Returned is what the technician found when the last report came back.
	Returned string
	Errors   map[string]string
	Conflict string // why the form was refused although it is correct
	Focus    string // id of the control to go on with after a cable came or went
	Partial  bool   // shown over the page that asked
}

// ReportedPort is where the line ends: the port in the letter.
type ReportedPort struct{ Device, Port, Cabinet, Panel, Position string }

func (r ReportedPort) pairs() []ui.Pair {
	return []ui.Pair{{Term: "Port", Value: r.Device + ", " + r.Port}, {Term: "Cabinet", Value: r.Cabinet}, {Term: "Patch panel", Value: r.Panel}, {Term: "Position", Value: r.Position}}
}

// AddCableID is the id of the button Add cable, which a message about the list
// as a whole leads to.
const AddCableID = "labels"

// LabelID is the id of the field of cable n, from 0, and its name.
func LabelID(n int) string { return "label-" + strconv.Itoa(n) }

func (f DeliveryReportForm) summary() []ui.FieldError {
	ids := []string{"line_code"}
	for n := range f.Labels {
		ids = append(ids, LabelID(n))
	}
	return ui.ErrorList(f.Errors, append(ids, AddCableID, "contact")...)
}

func (f DeliveryReportForm) blocked() string { return notNow(f.Interface, lifecycle.ReportDelivery) }

func (f DeliveryReportForm) count() string {
	return strconv.Itoa(len(f.Labels)) + " of " + strconv.Itoa(f.MaxCables)
}

func (f DeliveryReportForm) announcement() string {
	if f.Focus == "" {
		return ""
	}
	return f.count() + " cables"
}

func (f DeliveryReportForm) addButton() ui.Button {
	b := ui.Button{Label: "Add cable", Icon: "plus", ID: AddCableID, Name: "do", Value: "add",
		Attrs: rowAttrs(paths.DeliveryReport(f.Interface.ID), "cables", "add", f.Focus == AddCableID)}
	if len(f.Labels) >= f.MaxCables {
		b.Reason = "At most " + strconv.Itoa(f.MaxCables) + " cables"
		b.Attrs = nil
	}
	return b
}

func cable(n int) string { return "Cable " + strconv.Itoa(n+1) }

// DeliveryReport is a report as it was sent, and what became of it.
type DeliveryReport struct {
	Interface   Interface
	Port        ReportedPort
	Version     int
	Status      string // open, returned, completed, canceled
	LineCode    string
	Labels      []string
	Contact     string
	SubmittedAt time.Time
	SubmittedBy string
	Problem     string // what the technician found
	CompletedAt time.Time
	LabelFound  string
	Light       string // "-7.2 dBm", "" when not measured
}

func (r DeliveryReport) status() ui.Pair {
	look := struct{ label, tone, shape string }{"Closed with the interface", ui.ToneIdle, ui.ShapeDash}
	switch r.Status {
	case "open":
		look.label, look.tone, look.shape = "Cables being connected", ui.ToneInfo, ui.ShapeHalf
	case "returned":
		look.label, look.tone, look.shape = "Returned", ui.ToneBad, ui.ShapeDot
	case "completed":
		look.label, look.tone, look.shape = "Cables connected", ui.ToneOK, ui.ShapeDot
	}
	return ui.Pair{Term: "Outcome", Content: ui.Status(look.label, look.tone, look.shape, false)}
}

func (r DeliveryReport) facts() []ui.Pair {
	out := []ui.Pair{
		{Term: "Leased line code", Value: r.LineCode, Mono: true},
	}
	for n, l := range r.Labels {
		out = append(out, ui.Pair{Term: cable(n), Value: l, Mono: true})
	}
	return append(out,
		ui.Pair{Term: "SP contact for the line", Value: r.Contact},
		ui.Pair{Term: "Sent", Content: ui.Stamp(r.SubmittedAt, r.Interface.Zone)},
		ui.Pair{Term: "Sent by", Value: r.SubmittedBy})
}

func (r DeliveryReport) outcome() []ui.Pair {
	out := []ui.Pair{r.status()}
	add := func(p ui.Pair) { out = append(out, p) }
	switch {
	case r.Status == "open" && !r.Interface.DueAt.IsZero():
		add(ui.Pair{Term: "Due", Content: ui.Stamp(r.Interface.DueAt, r.Interface.Zone)})
	case r.Status == "returned":
		add(ui.Pair{Term: "Reason", Value: r.Problem})
	case r.Status == "completed":
		add(ui.Pair{Term: "Connected", Content: ui.Stamp(r.CompletedAt, r.Interface.Zone)})
		add(ui.Pair{Term: "Label as found", Value: r.LabelFound, Mono: true})
		if r.Light != "" {
			add(ui.Pair{Term: "Light level", Value: r.Light})
		}
	}
	return out
}
