package catalog

// SP is the operator of the customer's leased line, by the code that the
// real API uses.
type SP string

// The line operators. CO is for a licensed Chinese operator that is none of
// the three; Equinix and Other are for access points outside the mainland.
const (
	ChinaTelecom  SP = "CT"
	ChinaUnicom   SP = "CU"
	ChinaMobile   SP = "CM"
	OtherMainland SP = "CO"
	EquinixSP     SP = "Equinix"
	OtherSP       SP = "Other"
)

// SPs returns every line operator in the order in which forms list them.
func SPs() []SP {
	return []SP{ChinaTelecom, ChinaUnicom, ChinaMobile, OtherMainland, EquinixSP, OtherSP}
}

// Label returns the name shown to people; an unknown code is its own label.
func (s SP) Label() string {
	switch s {
	case ChinaTelecom:
		return "China Telecom"
	case ChinaUnicom:
		return "China Unicom"
	case ChinaMobile:
		return "China Mobile"
	case OtherMainland:
		return "Other (Chinese Mainland)"
	}
	return string(s)
}

func (s SP) known() bool {
	switch s {
	case ChinaTelecom, ChinaUnicom, ChinaMobile, OtherMainland, EquinixSP, OtherSP:
		return true
	}
	return false
}

// Spec is a port specification: the price class of a port.
type Spec string

// The port specifications. Spec1G covers everything up to 1 Gbit/s.
const (
	Spec1G   Spec = "1G"
	Spec10G  Spec = "10G"
	Spec40G  Spec = "40G"
	Spec100G Spec = "100G"
)

// Specs returns every port specification, slowest first.
func Specs() []Spec { return []Spec{Spec1G, Spec10G, Spec40G, Spec100G} }

// Label returns the words of the order form: "1G and below", "10G", …
func (s Spec) Label() string {
	if s == Spec1G {
		return "1G and below"
	}
	return string(s)
}

// NeedsWhitelist reports whether an account needs a whitelist entry before it
// may order this specification: 40G and 100G do.
func (s Spec) NeedsWhitelist() bool { return s == Spec40G || s == Spec100G }

// Mbps returns the upper bound of the bandwidth in Mbit/s, 0 for an unknown
// specification.
func (s Spec) Mbps() int {
	switch s {
	case Spec1G:
		return 1000
	case Spec10G:
		return 10000
	case Spec40G:
		return 40000
	case Spec100G:
		return 100000
	}
	return 0
}

// PortType is the Ethernet interface of a port. SDH ports (155M CPOS, V.35,
// G.703) do not exist here and are never to be added: the procedure excludes
// them.
type PortType string

// The port types.
const (
	Type100BaseT   PortType = "100Base-T"
	Type1000BaseT  PortType = "1000Base-T"
	Type1000BaseLX PortType = "1000Base-LX"
	Type10GBaseT   PortType = "10GBase-T"
	Type10GBaseLR  PortType = "10GBase-LR"
	Type40GBaseLR  PortType = "40GBase-LR"
	Type100GBaseLR PortType = "100GBase-LR"
)

// PortTypeInfo says what a port type means to the people who order it and to
// those who plug it in.
type PortTypeInfo struct {
	Type      PortType
	Spec      Spec
	Label     string // order form: "10GE single-mode optical port"
	Short     string // tables: "10GE single-mode"
	Medium    string // "single-mode fiber, duplex, 1310 nm", "copper, Cat 6A"
	Connector string // "LC/UPC duplex" or "RJ45"
	Optic     string // the module that fits, "" for copper
	Reach     string // "up to 10 km", "up to 100 m"
	Optical   bool
}

const (
	connectorLC   = "LC/UPC duplex"
	connectorRJ45 = "RJ45"
)

// portTypes is in the order of the form. The LR ports of 40G and 100G carry
// four wavelengths on one fibre pair (LR4), hence LC duplex and not MPO.
var portTypes = [...]PortTypeInfo{
	{Type100BaseT, Spec1G, "FE electrical port", "FE electrical", "copper, Cat 5e", connectorRJ45, "", "up to 100 m", false},
	{Type1000BaseT, Spec1G, "GE electrical port", "GE electrical", "copper, Cat 5e", connectorRJ45, "", "up to 100 m", false},
	{Type1000BaseLX, Spec1G, "GE single-mode optical port", "GE single-mode", "single-mode fiber, duplex, 1310 nm", connectorLC, "SFP 1000Base-LX, up to 10 km", "up to 10 km", true},
	{Type10GBaseT, Spec10G, "10GE electrical port", "10GE electrical", "copper, Cat 6A", connectorRJ45, "", "up to 100 m", false},
	{Type10GBaseLR, Spec10G, "10GE single-mode optical port", "10GE single-mode", "single-mode fiber, duplex, 1310 nm", connectorLC, "SFP+ 10GBase-LR, up to 10 km", "up to 10 km", true},
	{Type40GBaseLR, Spec40G, "40GE single-mode optical port", "40GE single-mode", "single-mode fiber, duplex, four wavelengths 1271–1331 nm", connectorLC, "QSFP+ 40GBase-LR4, up to 10 km", "up to 10 km", true},
	{Type100GBaseLR, Spec100G, "100GE single-mode optical port", "100GE single-mode", "single-mode fiber, duplex, four wavelengths 1295–1310 nm", connectorLC, "QSFP28 100GBase-LR4, up to 10 km", "up to 10 km", true},
}

// PortTypes returns every port type in the order of the form: by
// specification, then copper before fibre.
func PortTypes() []PortTypeInfo {
	all := portTypes
	return all[:]
}

// PortTypeOf looks a port type up by its exact name, for text that comes from
// outside.
func PortTypeOf(name string) (PortTypeInfo, bool) {
	for i := range portTypes {
		if string(portTypes[i].Type) == name {
			return portTypes[i], true
		}
	}
	return PortTypeInfo{}, false
}

// Info returns what is known of the type. An unknown type is its own label
// and has no specification.
func (t PortType) Info() PortTypeInfo {
	if info, ok := PortTypeOf(string(t)); ok {
		return info
	}
	return PortTypeInfo{Type: t, Label: string(t), Short: string(t)}
}

// Status says whether an access point takes new connections.
type Status string

// The statuses of an access point. Existing connections go on under each.
const (
	StatusOpen        Status = "open"
	StatusRecommended Status = "recommended"
	StatusHot         Status = "hot"      // nearly full
	StatusFull        Status = "full"     // no new connection; shown, not selectable
	StatusDisabled    Status = "disabled" // not shown to customers
)

// Statuses returns every status.
func Statuses() []Status {
	return []Status{StatusOpen, StatusRecommended, StatusHot, StatusFull, StatusDisabled}
}

// Label returns the word shown to people; an unknown status is its own label.
func (s Status) Label() string {
	switch s {
	case StatusOpen:
		return "Open"
	case StatusRecommended:
		return "Recommended"
	case StatusHot:
		return "Hot"
	case StatusFull:
		return "Full"
	case StatusDisabled:
		return "Disabled"
	}
	return string(s)
}

// TakesOrders reports whether a new connection may be ordered: open,
// recommended and hot access points take them.
func (s Status) TakesOrders() bool {
	return s == StatusOpen || s == StatusRecommended || s == StatusHot
}

func (s Status) known() bool {
	switch s {
	case StatusOpen, StatusRecommended, StatusHot, StatusFull, StatusDisabled:
		return true
	}
	return false
}
