package views

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"demarc/store/catalog"
	"demarc/views/ui"
	"demarc/web/paths"
)

// WhitelistEntry is one request for 40G or 100G ports and its answer.
type WhitelistEntry struct {
	Spec      string // "40G"
	Region    string // a region's name, or "Every region"
	Ports     int
	Status    string // requested, granted, declined, revoked
	Reason    string
	Answer    string
	CreatedAt time.Time
	Until     time.Time
	DecidedAt time.Time
	Now       time.Time
	Zone      *time.Location
}

// state is how the request stands.
func (e WhitelistEntry) state() Look {
	switch e.Status {
	case "granted":
		if !e.Until.IsZero() && !e.Until.After(e.Now) {
			return Look{"Ended " + ui.FormatDay(e.Until, e.Zone), ui.ToneIdle, ui.ShapeDash}
		}
		if e.Until.IsZero() {
			return Look{"Approved", ui.ToneOK, ui.ShapeDot}
		}
		return Look{"Approved until " + ui.FormatDay(e.Until, e.Zone), ui.ToneOK, ui.ShapeDot}
	case "declined":
		return Look{"Declined", ui.ToneBad, ui.ShapeDot}
	case "revoked":
		return Look{"Revoked", ui.ToneBad, ui.ShapeDash}
	}
	return Look{"Requested " + e.CreatedAt.In(orUTC(e.Zone)).Format("2 Jan"), ui.ToneInfo, ui.ShapeHalf}
}

// over reports whether asking again makes sense.
func (e WhitelistEntry) over() bool {
	return e.Status == "declined" || e.Status == "revoked" || (e.Status == "granted" && !e.Until.IsZero() && !e.Until.After(e.Now))
}

// WhitelistSpec is a specification that needs the whitelist, with the account's
// requests, newest first.
type WhitelistSpec struct {
	Spec    string
	Entries []WhitelistEntry
}

// ask is the link to the form for this specification; "" while the newest
// request is open or granted for every region.
func (w WhitelistSpec) ask() (label, href string) {
	href = paths.With(paths.Whitelist, "spec", w.Spec) + "#request"
	switch {
	case len(w.Entries) == 0:
		return "Request", href
	case w.Entries[0].over():
		return "Request again", href
	}
	return "", ""
}

// WhitelistForm is the request as sent.
type WhitelistForm struct {
	Spec, Region, Reason, Ports string
	Next                        string // where the reader came from, a local path
	Key                         string
	Errors                      map[string]string
	Problem                     string // what belongs to no field
}

// Whitelist is the page Port Whitelist.
type Whitelist struct {
	Specs   []WhitelistSpec
	Regions []catalog.Region
	Form    WhitelistForm
}

func (w Whitelist) spec() ui.Control {
	c := ui.Control{ID: "wl-spec", Name: "spec", Label: "Port Specification", Value: w.Form.Spec, Error: w.Form.Errors["spec"]}
	for _, s := range w.Specs {
		c.Options = append(c.Options, ui.Option{Value: s.Spec, Label: s.Spec})
	}
	return c
}

func (w Whitelist) region() ui.Control {
	c := ui.Control{ID: "wl-region", Name: "region", Label: "Region", Value: w.Form.Region, Error: w.Form.Errors["region"], Options: []ui.Option{{Value: "", Label: "Every region"}}}
	for _, r := range w.Regions {
		group := "Outside the Chinese mainland"
		if r.Mainland {
			group = "Chinese mainland"
		}
		c.Options = append(c.Options, ui.Option{Value: r.ID, Label: r.Name, Group: group})
	}
	return c
}

func (w Whitelist) reason() ui.Control {
	return ui.Control{ID: "wl-reason", Name: "reason", Label: "Reason", Value: w.Form.Reason, Error: w.Form.Errors["reason"], MaxLength: 500,
		Hint: "20 to 500 characters: what the line carries, and how much of it."}
}

func (w Whitelist) ports() ui.Control {
	return ui.Control{ID: "wl-ports", Name: "ports", Label: "Expected number of ports", Value: w.Form.Ports, Error: w.Form.Errors["ports"], InputMode: "numeric", Short: true}
}

func (w Whitelist) summary() []ui.FieldError {
	out := ui.ErrorList(w.Form.Errors, "spec", "region", "reason", "ports")
	for i := range out {
		if id := "wl-" + out[i].ID; id == "wl-spec" {
			out[i].ID = w.spec().FirstOption()
		} else {
			out[i].ID = id
		}
	}
	return out
}

// back is where Cancel and the cross go.
func (w Whitelist) back() string {
	if w.Form.Next != "" {
		return w.Form.Next
	}
	return paths.Whitelist
}

func portsWords(n int) string {
	if n == 1 {
		return "1 port"
	}
	return strconv.Itoa(n) + " ports"
}

// whitelistPost sends the dialog's form in place: a refusal replaces the dialog
// and the page below keeps what was typed.
func whitelistPost(dialog bool) templ.Attributes {
	if !dialog {
		return nil
	}
	return templ.Attributes{"hx-post": paths.Whitelist, "hx-target": "#layer", "hx-swap": "innerHTML", "hx-disable": "find button[type=submit]"}
}
