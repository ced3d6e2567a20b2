package views

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"demarc/store/catalog"
	"demarc/store/pricing"
	"demarc/views/ui"
	"demarc/web/paths"
)

// NotRedundant is the value of the answer "Not redundant" to Redundant
// Connection ID.
const NotRedundant = "none"

// ApplyForm is the form Apply for New Interface as it was sent, choice by
// choice. Errors are by field name: region, sp, ap, spec, ptype, redundant,
// name, description, terms.
type ApplyForm struct {
	Region, SP, AccessPoint, Spec, PortType, Redundant string
	Name, Description                                  string
	Terms                                              bool
	Key                                                string
	Errors                                             map[string]string
}

// Href is the form's address with these choices: what a link comes back to.
func (f ApplyForm) Href() string {
	terms := ""
	if f.Terms {
		terms = "on"
	}
	return paths.With(paths.NewInterface, "region", f.Region, "sp", f.SP, "ap", f.AccessPoint, "spec", f.Spec, "ptype", f.PortType,
		"redundant", f.Redundant, "name", f.Name, "description", f.Description, "terms", terms)
}

// ApplyCandidate is an interface of the account that a new one can be redundant
// with.
type ApplyCandidate struct {
	ID, Name      string
	AccessPointID string
	DeviceID      string // the access device it is on; "" when it holds no port
	Reason        string // why it cannot be chosen; "" when it can
}

// ApplyFacts is what the form offers from: the catalogue, and what the store
// says of ports, prices and the account.
type ApplyFacts struct {
	Catalogue  *catalog.Catalogue
	Operator   string
	TermsURL   string // address of the operator's Terms of Service; "" where none is set
	HomeRegion string
	// Free is the number of free ports by access device and port type.
	Free map[string]map[catalog.PortType]int
	// Quote says what a specification costs in a region; false: no price is set.
	Quote func(region string, spec catalog.Spec) (pricing.Quote, bool)
	// Whitelist says how 40G and 100G stand for the account in the chosen
	// region: "Whitelist required", "Whitelist requested 20 Nov".
	Whitelist map[catalog.Spec]WhitelistWord
	// Candidates are the account's interfaces in the chosen region.
	Candidates []ApplyCandidate
	// The quotas of the account, and how many of its interfaces are at each
	// access point.
	NotEnabled, NotEnabledLimit, PerAccessPointLimit int
	At                                               map[string]int
}

// WhitelistWord is how a specification that needs the whitelist stands.
type WhitelistWord struct {
	Text    string // "Whitelist granted until 31 Dec 2026"
	Granted bool
	Asked   bool // a request is open: asking again is no use
}

// ApplyRow is one choice of the form.
type ApplyRow struct {
	ui.Control
	Wait   string      // the choice above that has to be made first; "" when the options show
	Carry  []ui.Hidden // choices that wait for the one above, kept until it is made
	Select bool        // too many options for cards
	Note   string      // what was cleared, and what to do
	Then   string      // the row that the button "Update the options below" goes on to; "" for the last
}

// Target is the id that a link in the error summary goes to.
func (r ApplyRow) Target() string {
	if r.Wait != "" || r.Select {
		if r.ID != "" {
			return r.ID
		}
		return r.Name
	}
	return r.FirstOption()
}

// Update is where the button without a script asks for the rows below.
func (r ApplyRow) Update() string { return paths.NewInterface + "#" + r.Then + "-l" }

// LabelID is the id of the row's label.
func (r ApplyRow) LabelID() string {
	if r.ID != "" {
		return r.ID + "-l"
	}
	return r.Name + "-l"
}

// Apply is the form with everything narrowed by what is chosen above it.
type Apply struct {
	Form ApplyForm

	Region, SP, AccessPoint, Spec, PortType, Redundant ApplyRow

	CrossRegion string // the note on another region than the account's own
	OnlyPoint   string // the hint for a region with one access point
	Quota       string // how many interfaces the account may have
	QuotaFull   bool   // no more now
	TermsURL    string // where the Terms of Service are read; "" where nobody said
	Choose      string // why a redundant connection has to be chosen or declined

	WhitelistAsk  string // "Request the whitelist for 40G"; "" when there is nothing to ask
	WhitelistHref string

	// The bar: what is picked, and the fees. Empty until enough is chosen.
	PickSpec, PickRest, PickRedundant string
	Installation, Monthly             string
	NoPrice                           bool   // a specification is chosen that has no price
	PriceVersion                      string // the price list that the prices on the page are of; "" without prices
	Said                              string
}

// mostCards is how many interfaces show as cards; more turn into a list.
const mostCards = 8

// NewApply narrows the form from the top: each row offers what goes with the
// rows above. A choice that is no longer offered is cleared, with a note that
// says so. The store judges again when the order is placed.
func NewApply(form ApplyForm, facts ApplyFacts) Apply {
	if form.Errors == nil {
		form.Errors = map[string]string{}
	}
	a := &applying{Apply: Apply{Form: form, TermsURL: facts.TermsURL}, ApplyFacts: facts}
	a.quota()
	a.regions()
	a.sps()
	a.points()
	a.specs()
	a.portTypes()
	a.redundant()
	a.bar()
	var said []string
	for _, r := range []*ApplyRow{&a.Region, &a.SP, &a.AccessPoint, &a.Spec, &a.PortType, &a.Redundant} {
		r.Error = form.Errors[r.Control.Name]
		if r.Error != "" {
			r.Note = "" // the error says the same, or more
		}
		if r.Note != "" {
			said = append(said, r.Note)
		}
	}
	if a.Redundant.Error != "" {
		a.Choose = ""
	}
	a.Said = strings.Join(said, " ")
	return a.Apply
}

// applying is a form on its way down the rows.
type applying struct {
	Apply
	ApplyFacts

	region catalog.Region
	sp     catalog.SP
	point  catalog.AccessPoint
	spec   catalog.Spec
	kind   catalog.PortType
}

func (a *applying) quota() {
	limit := "Your account may have " + strconv.Itoa(a.PerAccessPointLimit) + " at each access point."
	if a.NotEnabled >= a.NotEnabledLimit {
		a.QuotaFull = true
		a.Quota = "Your account has " + strconv.Itoa(a.NotEnabled) + " of " + strconv.Itoa(a.NotEnabledLimit) +
			" interfaces that are not Enabled yet. Finish or cancel one first, or ask " + a.Operator + " to raise the limit. " + limit
		return
	}
	a.Quota = "Your account has " + strconv.Itoa(a.NotEnabled) + " of " + strconv.Itoa(a.NotEnabledLimit) + " interfaces that are not Enabled yet. " + limit
}

func (a *applying) regions() {
	a.Region = ApplyRow{Then: "sp", Control: ui.Control{Name: "region", Label: "Region",
		Hint: "Select the region where the leased line is deployed. We recommend the region of your VPC: another region adds a fee for cross-region Cloud Enterprise Network (CEN) or a peering connection."}}
	for _, r := range a.Catalogue.Regions() {
		group := "Outside the Chinese mainland"
		if r.Mainland {
			group = "Chinese mainland"
		}
		n := len(a.Catalogue.AccessPointsIn(r.ID, ""))
		o := ui.Option{Value: r.ID, Label: r.Name, Group: group, Sub: counted(n, "access point"), Disabled: n == 0}
		if n == 0 {
			o.Sub = "No access point yet"
		}
		a.Region.add(o)
	}
	r, ok := a.Catalogue.Region(a.Form.Region)
	if ok && len(a.Catalogue.AccessPointsIn(r.ID, "")) == 0 {
		ok = false
	}
	if !ok {
		if a.Form.Region != "" {
			a.Region.Note = "This region is not offered. Select a Region."
			a.Form.Region = ""
		}
		return
	}
	a.region, a.Region.Value = r, r.ID
	if home, ok := a.Catalogue.Region(a.HomeRegion); ok && home.ID != r.ID {
		a.CrossRegion = "The home region of your account is " + home.Name + ". A connection in " + r.Name +
			" adds a fee for cross-region Cloud Enterprise Network (CEN) or a peering connection."
	}
}

func (a *applying) sps() {
	a.SP = ApplyRow{Then: "ap", Control: ui.Control{Name: "sp", Label: "SP", Columns: "chip",
		Hint: "Select the service provider of the leased line. The access points below depend on it."}}
	if a.region.ID == "" {
		a.SP.wait("Select a Region first", a.Form.SP)
		return
	}
	offered := a.Catalogue.SPsIn(a.region.ID)
	for _, sp := range offered {
		a.SP.add(ui.Option{Value: string(sp), Label: sp.Label()})
	}
	sp := catalog.SP(a.Form.SP)
	if only := a.SP.only(); sp == "" && only != "" && a.Form.Errors["sp"] == "" {
		sp, a.Form.SP = catalog.SP(only), only
	}
	switch {
	case slices.Contains(offered, sp):
		a.sp, a.SP.Value = sp, string(sp)
	case sp != "" && slices.Contains(catalog.SPs(), sp):
		a.SP.Note = sp.Label() + " has no access point in " + a.region.Name + ". Select another SP or region."
		a.Form.SP = ""
	default:
		a.Form.SP = ""
	}
}

func (a *applying) points() {
	a.AccessPoint = ApplyRow{Then: "spec", Control: ui.Control{Name: "ap", Label: "Access Point", Columns: "wide",
		Hint: "Select the access point closest to your on-premises data center."}}
	if a.region.ID != "" && len(a.Catalogue.AccessPointsIn(a.region.ID, "")) == 1 {
		a.OnlyPoint = "One access point: choose a redundant connection to get another device."
	}
	chosen, known := a.Catalogue.AccessPoint(a.Form.AccessPoint)
	if a.region.ID == "" || a.sp == "" {
		if a.region.ID != "" && known && chosen.Region != a.region.ID {
			a.Form.AccessPoint = ""
		}
		first := "Select an SP first"
		if a.region.ID == "" {
			first = "Select a Region first"
		}
		a.AccessPoint.wait(first, a.Form.AccessPoint)
		return
	}
	for _, ap := range a.inOrder(a.Catalogue.AccessPointsIn(a.region.ID, a.sp)) {
		o := ui.Option{Value: ap.ID, Label: ap.Name, Sub: "Run by " + ap.RunByName(a.Operator) + "\n" + a.specList(ap.ID)}
		if ap.Status == catalog.StatusRecommended {
			o.Tag = "Recommended"
		}
		if ap.Status == catalog.StatusHot {
			o.Sub += "\nNearly full"
		}
		if reason := a.pointReason(ap); reason != "" {
			o.Disabled, o.Tag = true, ""
			o.Sub = "Run by " + ap.RunByName(a.Operator) + "\n" + reason
		}
		a.AccessPoint.add(o)
	}
	if only := a.AccessPoint.only(); a.Form.AccessPoint == "" && only != "" && a.Form.Errors["ap"] == "" {
		a.Form.AccessPoint = only
		chosen, known = a.Catalogue.AccessPoint(only)
	}
	switch {
	case a.Form.AccessPoint == "":
		return
	case !known:
		a.AccessPoint.Note = "This access point does not exist. Select another Access Point."
	case chosen.Region != a.region.ID:
		a.AccessPoint.Note = chosen.Name + " is not in " + a.region.Name + ". Select another Access Point."
	case !chosen.Accepts(a.sp):
		a.AccessPoint.Note = chosen.Name + " is not offered by " + a.sp.Label() + ". Select another Access Point."
	case chosen.Status == catalog.StatusDisabled || a.pointReason(chosen) != "":
		a.AccessPoint.Note = chosen.Name + " cannot be selected now. Select another Access Point."
	default:
		a.point, a.AccessPoint.Value = chosen, chosen.ID
		return
	}
	a.Form.AccessPoint = ""
}

// inOrder puts the recommended access points first and those that cannot be
// selected last.
func (a *applying) inOrder(list []catalog.AccessPoint) []catalog.AccessPoint {
	rank := func(ap catalog.AccessPoint) int {
		switch {
		case a.pointReason(ap) != "":
			return 2
		case ap.Status == catalog.StatusRecommended:
			return 0
		}
		return 1
	}
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(x, y catalog.AccessPoint) int { return rank(x) - rank(y) })
	return out
}

// pointReason says why an access point takes no new interface of this account.
func (a *applying) pointReason(ap catalog.AccessPoint) string {
	if !ap.Status.TakesOrders() {
		return "Full: takes no new interfaces"
	}
	free := 0
	for _, t := range a.Catalogue.PortTypesAt(ap.ID, a.sp, "") {
		free += a.free(ap.ID, t.Type, "")
	}
	if free == 0 {
		return "No free port for " + a.sp.Label()
	}
	if n := a.At[ap.ID]; n >= a.PerAccessPointLimit {
		return "Your account has " + strconv.Itoa(n) + " of " + strconv.Itoa(a.PerAccessPointLimit) + " interfaces here"
	}
	return ""
}

func (a *applying) specList(ap string) string {
	var out []string
	for _, s := range a.Catalogue.SpecsAt(ap, a.sp) {
		out = append(out, string(s))
	}
	return strings.Join(out, ", ")
}

// free counts the free ports of a type at an access point, on any device but
// one.
func (a *applying) free(ap string, kind catalog.PortType, but string) int {
	n := 0
	for _, d := range a.Catalogue.Devices(ap) {
		if d.ID != but {
			n += a.Free[d.ID][kind]
		}
	}
	return n
}

func (a *applying) specs() {
	a.Spec = ApplyRow{Then: "ptype", Control: ui.Control{Name: "spec", Label: "Port Specification",
		Hint: "Each specification has its own resource occupation fee. For 40G and 100G, request the whitelist first."}}
	if a.point.ID == "" {
		a.Spec.wait(a.firstMissing(), a.Form.Spec)
		return
	}
	offered := a.Catalogue.SpecsAt(a.point.ID, a.sp)
	ok := false
	for _, s := range offered {
		o := ui.Option{Value: string(s), Label: s.Label(), Sub: "Price on request"}
		if q, ok := a.Quote(a.region.ID, s); ok {
			o.Sub = q.Monthly.String() + " a month"
			a.PriceVersion = q.Version
		}
		free := 0
		for _, t := range a.Catalogue.PortTypesAt(a.point.ID, a.sp, s) {
			free += a.free(a.point.ID, t.Type, "")
		}
		switch {
		case free == 0:
			o.Disabled = true
			o.Sub += "\nNo free port"
		case s.NeedsWhitelist():
			o.Sub += "\n" + a.Whitelist[s].Text
		}
		a.Spec.add(o)
		ok = ok || (string(s) == a.Form.Spec && !o.Disabled)
	}
	// What needs the whitelist is asked for on purpose.
	if only := a.Spec.only(); a.Form.Spec == "" && only != "" && !catalog.Spec(only).NeedsWhitelist() && a.Form.Errors["spec"] == "" {
		ok, a.Form.Spec = true, only
	}
	switch {
	case ok:
		a.spec, a.Spec.Value = catalog.Spec(a.Form.Spec), a.Form.Spec
	case slices.Contains(offered, catalog.Spec(a.Form.Spec)):
		a.Spec.Note = "No " + a.Form.Spec + " port is free at " + a.point.Name + ". Select a port specification."
		a.Form.Spec = ""
	case slices.Contains(catalog.Specs(), catalog.Spec(a.Form.Spec)):
		a.Spec.Note = a.Form.Spec + " is not offered at " + a.point.Name + ". Select a port specification."
		a.Form.Spec = ""
	default:
		a.Form.Spec = ""
	}
	a.whitelist(offered)
}

// whitelist offers the request in place: for the chosen specification, or for
// those on offer.
func (a *applying) whitelist(offered []catalog.Spec) {
	if a.spec != "" && !a.spec.NeedsWhitelist() {
		return
	}
	for _, s := range offered {
		if !s.NeedsWhitelist() || (a.spec != "" && s != a.spec) {
			continue
		}
		if w := a.Whitelist[s]; w.Granted || w.Asked {
			continue
		}
		back := a.Form
		if a.spec == "" {
			back.Spec = string(s)
		}
		a.WhitelistAsk = "Request the whitelist for " + s.Label()
		a.WhitelistHref = paths.With(paths.Whitelist, "spec", string(s), "region", a.region.ID, "next", back.Href())
		return
	}
}

func (a *applying) portTypes() {
	a.PortType = ApplyRow{Then: "redundant", Control: ui.Control{Name: "ptype", Label: "Port Type", Columns: "wide"}}
	if a.spec == "" {
		a.PortType.wait(a.firstMissing(), a.Form.PortType)
		return
	}
	a.PortType.Hint = "Offered by " + a.point.Name + " for " + a.sp.Label() + ". Consult your service provider before you choose."
	offered := a.Catalogue.PortTypesAt(a.point.ID, a.sp, a.spec)
	var free []catalog.PortType
	for _, t := range offered {
		o := ui.Option{Value: string(t.Type), Label: t.Label, Sub: string(t.Type) + ", " + t.Reach}
		switch n := a.free(a.point.ID, t.Type, ""); {
		case n == 0:
			o.Disabled = true
			o.Sub += "\nNo free port"
		case n <= FewPorts:
			o.Sub += "\nFew left: " + strconv.Itoa(n)
		default:
			o.Sub += "\n" + strconv.Itoa(n) + " free"
		}
		if !o.Disabled {
			free = append(free, t.Type)
		}
		a.PortType.add(o)
	}
	kind := catalog.PortType(a.Form.PortType)
	_, known := catalog.PortTypeOf(string(kind))
	switch {
	case slices.Contains(free, kind):
		a.kind = kind
	case len(free) == 1:
		// One answer is no question. What was cleared for it is still said.
		a.kind = free[0]
		if known {
			a.PortType.Note = string(kind) + " is not offered for " + a.spec.Label() + " at " + a.point.Name + ". " + string(a.kind) + " is selected."
		}
	case known:
		a.PortType.Note = string(kind) + " is not offered for " + a.spec.Label() + " at " + a.point.Name + ". Select a port type."
	}
	a.PortType.Value, a.Form.PortType = string(a.kind), string(a.kind)
}

// firstMissing names the topmost choice that is still to be made.
func (a *applying) firstMissing() string {
	switch {
	case a.region.ID == "":
		return "Select a Region first"
	case a.sp == "":
		return "Select an SP first"
	case a.point.ID == "":
		return "Select an Access Point first"
	}
	return "Select a Port Specification first"
}

const (
	sameSite  = "Same access point: a different access device will be allocated"
	otherSite = "Different access points: redundant by nature, nothing else to do"
)

func (a *applying) redundant() {
	a.Redundant = ApplyRow{Control: ui.Control{Name: "redundant", Label: "Redundant Connection ID", Columns: "wide", Optional: true,
		Hint: "Select a connection you already requested in the same region. The two links share traffic by Equal-Cost Multi-Path routing (ECMP)."}}
	r := &a.Redundant
	if a.point.ID == "" {
		r.wait(a.firstMissing(), a.Form.Redundant)
		return
	}
	var same, other []ui.Option
	for _, c := range a.Candidates {
		ap, _ := a.Catalogue.AccessPoint(c.AccessPointID)
		o := ui.Option{Value: c.ID, Label: c.ID, Mono: true, Sub: ap.Name}
		if c.Name != "" {
			o.Sub = c.Name + " · " + ap.Name
		}
		reason := c.Reason
		here := c.AccessPointID == a.point.ID
		if here && reason == "" && a.kind != "" && a.free(a.point.ID, a.kind, c.DeviceID) == 0 {
			reason = "No free " + string(a.kind) + " port on a different access device"
		}
		switch {
		case reason != "":
			o.Disabled = true
			o.Sub += "\n" + reason
		case here:
			o.Sub += "\n" + sameSite
		default:
			o.Sub += "\n" + otherSite
		}
		if here {
			same = append(same, o)
		} else {
			other = append(other, o)
		}
	}
	none := ui.Option{Value: "", Label: "No redundant connection", Sub: "Connections at different access points are redundant by nature"}
	if len(same) > 0 {
		r.Optional = false
		none = ui.Option{Value: NotRedundant, Label: "Not redundant", Sub: "The new port may be on the same access device"}
		a.Choose = "You have " + countedAn(len(same), "interface") + " at " + a.point.Name + ". Select the one that this interface backs up, or Not redundant."
	} else if a.Form.Redundant == NotRedundant {
		a.Form.Redundant = ""
	}
	if len(same)+len(other) == 0 {
		none.Sub = "Your account has no other connection in " + a.region.Name + " whose installation fee is paid"
	}
	options := append(same, none)
	if len(same) == 0 {
		options = append([]ui.Option{none}, other...)
	} else {
		options = append(options, other...)
	}
	chosen := slices.IndexFunc(options, func(o ui.Option) bool { return o.Value == a.Form.Redundant && !o.Disabled })
	if chosen < 0 && a.Form.Redundant != "" {
		r.Note = a.Form.Redundant + " cannot be selected here. Select another connection, or " + inSentence(none.Label) + "."
		a.Form.Redundant = ""
	}
	r.Value = a.Form.Redundant
	if r.Select = len(same)+len(other) > mostCards; r.Select {
		// The id goes with the site: what the reader picked at another site
		// does not stay picked in a list that is morphed in place.
		r.ID = "redundant-" + a.point.ID
		r.Options = nil
		if len(same) > 0 {
			r.Options = append(r.Options, ui.Option{Value: "", Label: "Select a connection, or Not redundant"})
		}
		for _, o := range options {
			if o.Value != "" && o.Value != NotRedundant {
				lines := strings.SplitN(o.Sub, "\n", 2)
				o.Group = otherSite
				if slices.ContainsFunc(same, func(s ui.Option) bool { return s.Value == o.Value }) {
					o.Group = sameSite
				}
				o.Label += ", " + lines[0]
				if o.Disabled {
					o.Label += ": " + inSentence(lines[1])
				}
			}
			r.Options = append(r.Options, o)
		}
		return
	}
	for _, o := range options {
		r.add(o)
	}
}

func (a *applying) bar() {
	if a.spec == "" {
		return
	}
	a.PickSpec = a.spec.Label()
	a.PickRest = " · " + a.point.Name + " · " + a.sp.Label()
	if a.Redundant.Value != "" && a.Redundant.Value != NotRedundant {
		a.PickRedundant = a.Redundant.Value
	}
	q, ok := a.Quote(a.region.ID, a.spec)
	if !ok {
		a.NoPrice = true
		return
	}
	a.Installation, a.Monthly = q.Installation.String(), q.Monthly.String()
}

// add appends a card whose id belongs to its value and to whether it can be
// selected: in a form that is morphed in place, the mark that a reader set on a
// card must not pass to another one, nor stay on one that has been withdrawn.
func (r *ApplyRow) add(o ui.Option) {
	o.ID = r.Name + "-" + o.Value
	if o.Disabled {
		o.ID += "-off"
	}
	r.Options = append(r.Options, o)
}

// only is the option of a row that offers nothing else, "" when there are several or it cannot be selected. It answers
// where nothing was chosen: what was withdrawn is not replaced by another place or another fee.
func (r *ApplyRow) only() string {
	if len(r.Options) != 1 || r.Options[0].Disabled {
		return ""
	}
	return r.Options[0].Value
}

// wait shows the row without options; value is kept for when they come.
func (r *ApplyRow) wait(first, value string) {
	r.Wait = first
	if value != "" {
		r.Carry = []ui.Hidden{{Name: r.Name, Value: value}}
	}
}

// Summary is the error summary, in the order of the page.
func (a Apply) Summary() []ui.FieldError {
	out := ui.ErrorList(a.Form.Errors, "region", "sp", "ap", "spec", "ptype", "redundant", "name", "description", "terms")
	rows := map[string]ApplyRow{"region": a.Region, "sp": a.SP, "ap": a.AccessPoint, "spec": a.Spec, "ptype": a.PortType, "redundant": a.Redundant}
	for i := range out {
		if r, ok := rows[out[i].ID]; ok {
			out[i].ID = r.Target()
		}
		if out[i].ID == "form" { // about all of it
			out[i].ID = "buy"
		}
	}
	return out
}

// firstFeeWords say when the installation fee is due and for how long the prices
// hold.
func firstFeeWords() string {
	return "Due with this order, for every port specification. Prices are valid for " + strconv.Itoa(pricing.QuoteDays) + " days from the order, and an unpaid order is kept that long."
}

func (a Apply) nameField() ui.Control {
	return ui.Control{Name: "name", Label: "Name", Optional: true, Value: a.Form.Name, Error: a.Form.Errors["name"], MaxLength: 128,
		Hint: nameHint}
}

func (a Apply) descriptionField() ui.Control {
	return ui.Control{Name: "description", Label: "Description", Optional: true, Value: a.Form.Description, Error: a.Form.Errors["description"], MaxLength: 256,
		Hint: descriptionHint}
}

// The rules of an interface's name and description, wherever they are typed.
const (
	nameHint        = "2 to 128 characters. Start with a letter; letters, digits, underscores, hyphens and dots may follow."
	descriptionHint = "2 to 256 characters."
)

func (a Apply) termsField() ui.Control {
	return ui.Control{Name: "terms", Label: "I agree to the Express Connect Terms of Service", Checked: a.Form.Terms, Error: a.Form.Errors["terms"],
		Hint: "The initial installation fee is charged once and is not refunded after the LOA is approved."}
}

func (a Apply) quotaTone() string {
	if a.QuotaFull {
		return ui.ToneWarn
	}
	return ui.ToneInfo
}

// PurchaseSteps are the steps from the form to the result.
func PurchaseSteps() []string { return []string{"Configure", "Confirm order", "Pay", "Finish"} }

// counted is "1 access point" or "7 access points".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// countedAn is "an interface" or "3 interfaces".
func countedAn(n int, noun string) string {
	if n == 1 {
		return "an " + noun
	}
	return counted(n, noun)
}

func inSentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// WhitelistWords says how a specification stands, from the newest word on it.
func WhitelistWords(status string, created, until time.Time, now time.Time, zone *time.Location) WhitelistWord {
	switch status {
	case "granted":
		switch {
		case until.IsZero():
			return WhitelistWord{Text: "Whitelist granted", Granted: true}
		case until.After(now):
			return WhitelistWord{Text: "Whitelist granted until " + ui.FormatDay(until, zone), Granted: true}
		}
		return WhitelistWord{Text: "Whitelist required: the grant ended " + ui.FormatDay(until, zone)}
	case "requested":
		return WhitelistWord{Text: "Whitelist requested " + created.In(orUTC(zone)).Format("2 Jan"), Asked: true}
	case "declined":
		return WhitelistWord{Text: "Whitelist required: the request was declined"}
	case "revoked":
		return WhitelistWord{Text: "Whitelist required: the grant was revoked"}
	}
	return WhitelistWord{Text: "Whitelist required"}
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}
