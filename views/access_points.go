package views

import "demarc/views/ui"

// How many ports are free, in words: enough to choose a place. The order form
// counts them.
const (
	PortsAvailable = "Available"
	PortsFewLeft   = "Few left"
	PortsNone      = "None"
)

// FewPorts is how many free ports are called few, on every page.
const FewPorts = 3

// PortOffer is what an access point offers of one port specification or type.
type PortOffer struct {
	Spec  string // "10G"
	Types string // "10GBase-T, 10GBase-LR"
	Free  string // a word above
	// Only on the page of the access point:
	Label, Medium, SPs    string
	Installation, Monthly string
	Apply                 string // the form with the choices set, "" when nothing can be ordered
}

func (o PortOffer) look() Look { return freeLook(o.Free) }

func freeLook(word string) Look {
	switch word {
	case PortsAvailable:
		return Look{word, ui.ToneOK, ui.ShapeDot}
	case PortsFewLeft:
		return Look{word, ui.ToneWarn, ui.ShapeHalf}
	}
	return Look{word, ui.ToneIdle, ui.ShapeDash}
}

// AccessPointRow is one access point of the list.
type AccessPointRow struct {
	ID, Name, Region, Href string
	Hint                   string // what is special about the region
	Tag                    string // "Recommended", "Hot", "Full"
	SPs                    []string
	Offers                 []PortOffer
	Apply                  string // the form with the choices set
	Reason                 string // why nothing can be ordered, instead of Apply
}

// freeMark says how much is left, and of what when that differs.
type freeMark struct {
	Look
	Of string
}

// free is one mark when everything is the same, else one for each
// specification.
func (r AccessPointRow) free() []freeMark {
	var out []freeMark
	same := true
	for _, o := range r.Offers {
		same = same && o.Free == r.Offers[0].Free
		out = append(out, freeMark{o.look(), o.Spec})
	}
	if same && len(out) > 0 {
		return []freeMark{{out[0].Look, ""}}
	}
	return out
}

// AccessPointList is the page Select an access point.
type AccessPointList struct {
	Rows             []AccessPointRow
	Region, SP, Spec ui.Control
	Tokens           []ui.Token
	Clear            string
	Count            string // "3 access points"
}

// AccessPointShow is the page of one access point.
type AccessPointShow struct {
	ID, Name, Tag string
	Facts         []ui.Pair
	Offers        []PortOffer
	Apply         string
	Reason        string
	Hint          string
}

func statusTone(tag string) string {
	switch tag {
	case "Recommended":
		return ui.ToneOK
	case "Hot":
		return ui.ToneWarn
	}
	return ui.ToneIdle
}
