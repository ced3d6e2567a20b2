package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// freeWord says how many ports of the types are free, without a number.
func freeWord(ap catalog.AccessPoint, counts []store.PortCount, types ...catalog.PortType) string {
	n := 0
	for _, t := range types {
		n += store.Free(counts, t)
	}
	switch {
	case n == 0 || !ap.Status.TakesOrders():
		return views.PortsNone
	case n <= views.FewPorts || ap.Status == catalog.StatusHot:
		return views.PortsFewLeft
	}
	return views.PortsAvailable
}

// siteTag is the status of an access point where it is worth a word.
func siteTag(s catalog.Status) string {
	if s == catalog.StatusOpen {
		return ""
	}
	return s.Label()
}

const onlyOneSite = "One access point: choose a redundant connection to get another device."

// siteChoices is the order form with what is known already set. The names are
// those of the form's fields.
func siteChoices(ap catalog.AccessPoint, sp catalog.SP, spec catalog.Spec, kind catalog.PortType) string {
	if sps := ap.SPs(); sp == "" && len(sps) == 1 {
		sp = sps[0]
	}
	return paths.With(paths.NewInterface, "region", ap.Region, "sp", string(sp), "ap", ap.ID, "spec", string(spec), "ptype", string(kind))
}

func codes[T any](list []T, code func(T) string) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = code(v)
	}
	return strings.Join(out, ", ")
}

// ListAccessPoints is the page Select an access point. It asks the database
// one question, for the free ports.
func (h *Handlers) ListAccessPoints(c echo.Context) error {
	cat := h.Store.Catalogue()
	region, _ := cat.Region(c.QueryParam("region"))
	sp, spec := catalog.SP(c.QueryParam("sp")), catalog.Spec(c.QueryParam("spec"))
	if !slices.Contains(catalog.SPs(), sp) {
		sp = ""
	}
	if !slices.Contains(catalog.Specs(), spec) {
		spec = ""
	}
	free, err := h.Store.AllPortCounts(c.Request().Context())
	if err != nil {
		return err
	}
	l := views.AccessPointList{
		Region: ui.Control{Name: "region", Label: "Region", Value: region.ID, Options: []ui.Option{{Label: "All regions"}}},
		SP:     ui.Control{Name: "sp", Label: "SP", Value: string(sp), Options: []ui.Option{{Label: "All SPs"}}},
		Spec:   ui.Control{Name: "spec", Label: "Port Specification", Value: string(spec), Options: []ui.Option{{Label: "All specifications"}}},
		Clear:  paths.AccessPoints,
	}
	for _, r := range cat.Regions() {
		l.Region.Options = append(l.Region.Options, ui.Option{Value: r.ID, Label: r.Name})
		if region.ID != "" && r.ID != region.ID {
			continue
		}
		for _, ap := range cat.AccessPointsIn(r.ID, sp) {
			row, ok := siteRow(cat, r, ap, sp, spec, free[ap.ID])
			if ok {
				l.Rows = append(l.Rows, row)
			}
		}
	}
	for _, s := range catalog.SPs() {
		l.SP.Options = append(l.SP.Options, ui.Option{Value: string(s), Label: s.Label()})
	}
	for _, s := range catalog.Specs() {
		l.Spec.Options = append(l.Spec.Options, ui.Option{Value: string(s), Label: s.Label()})
	}
	l.Count = strconv.Itoa(len(l.Rows)) + " access points"
	if len(l.Rows) == 1 {
		l.Count = "1 access point"
	}
	address := func(region, sp, spec string) string {
		return paths.With(paths.AccessPoints, "region", region, "sp", sp, "spec", spec)
	}
	if region.ID != "" {
		l.Tokens = append(l.Tokens, ui.Token{Text: "Region: " + region.Name, Href: address("", string(sp), string(spec))})
	}
	if sp != "" {
		l.Tokens = append(l.Tokens, ui.Token{Text: "SP: " + sp.Label(), Href: address(region.ID, "", string(spec))})
	}
	if spec != "" {
		l.Tokens = append(l.Tokens, ui.Token{Text: "Port Specification: " + spec.Label(), Href: address(region.ID, string(sp), "")})
	}
	return h.render(c, http.StatusOK, views.AccessPointsPage(h.page(c, "Access Points", views.Crumb{Label: "Physical Connections"}), l))
}

// siteRow is an access point as the list shows it; false when it does not
// offer the specification.
func siteRow(cat *catalog.Catalogue, r catalog.Region, ap catalog.AccessPoint, sp catalog.SP, spec catalog.Spec, free []store.PortCount) (views.AccessPointRow, bool) {
	row := views.AccessPointRow{ID: ap.ID, Name: ap.Name, Region: r.Name, Href: paths.AccessPoint(ap.ID), Tag: siteTag(ap.Status)}
	if len(cat.AccessPointsIn(r.ID, "")) == 1 {
		row.Hint = onlyOneSite
	}
	for _, s := range ap.SPs() {
		row.SPs = append(row.SPs, s.Label())
	}
	some := false
	for _, s := range cat.SpecsAt(ap.ID, sp) {
		if spec != "" && s != spec {
			continue
		}
		types := cat.PortTypesAt(ap.ID, sp, s)
		kinds := make([]catalog.PortType, len(types))
		for i, t := range types {
			kinds[i] = t.Type
		}
		word := freeWord(ap, free, kinds...)
		some = some || word != views.PortsNone
		row.Offers = append(row.Offers, views.PortOffer{Spec: s.Label(), Types: codes(kinds, func(k catalog.PortType) string { return string(k) }), Free: word})
	}
	switch {
	case len(row.Offers) == 0:
		return row, spec == ""
	case !ap.Status.TakesOrders():
		row.Reason = "Takes no new interfaces"
	case !some:
		row.Reason = "No free port"
	default:
		row.Apply = siteChoices(ap, sp, spec, "")
	}
	return row, true
}

// ShowAccessPoint is the page of one access point. Kinds: NotFound, also for
// one that is not shown to customers.
func (h *Handlers) ShowAccessPoint(c echo.Context) error {
	cat := h.Store.Catalogue()
	ap, ok := cat.AccessPoint(c.Param("id"))
	if !ok || ap.Status == catalog.StatusDisabled {
		return echo.ErrNotFound
	}
	free, err := h.Store.PortCounts(c.Request().Context(), ap.ID)
	if err != nil {
		return err
	}
	region, _ := cat.Region(ap.Region)
	a := views.AccessPointShow{ID: ap.ID, Name: ap.Name, Tag: siteTag(ap.Status)}
	if len(cat.AccessPointsIn(ap.Region, "")) == 1 {
		a.Hint = onlyOneSite
	}
	devices := len(cat.Devices(ap.ID))
	asked := []string{"Name", "contact information"}
	for _, v := range []struct {
		on   bool
		word string
	}{{ap.Visitor.Gender, "gender"}, {ap.Visitor.IDType, "ID type"}, {ap.Visitor.IDNumber, "ID number"}} {
		if v.on {
			asked = append(asked, v.word)
		}
	}
	a.Facts = []ui.Pair{
		{Term: "Access point ID", Content: ui.IDLine(ap.ID)},
		{Term: "Region", Value: region.Name},
		{Term: "SP", Value: codes(ap.SPs(), catalog.SP.Label)},
		{Term: "Run by", Value: ap.RunByName(h.Operator)},
		{Term: "Time zone", Value: ui.FormatOffset(h.Store.Now(), cat.Zone(ap.Region))},
		{Term: "Access devices", Value: strconv.Itoa(devices)},
		{Term: "LOA valid for", Value: strconv.Itoa(ap.LOADays) + " days"},
		{Term: "Visitors give", Value: strings.Join(asked, ", ")},
		{Term: "For the installer", Value: ap.InstallerNotes},
	}
	some := false
	for _, t := range cat.PortTypesAt(ap.ID, "", "") {
		var sps []catalog.SP
		for _, s := range ap.SPs() {
			if slices.Contains(ap.Offers[s], t.Type) {
				sps = append(sps, s)
			}
		}
		o := views.PortOffer{Spec: t.Spec.Label(), Types: string(t.Type), Label: t.Label, Medium: strings.ToUpper(t.Medium[:1]) + t.Medium[1:] + ", " + t.Connector, SPs: codes(sps, catalog.SP.Label), Free: freeWord(ap, free, t.Type)}
		if quote, err := h.Store.Quote(ap.Region, t.Spec); err == nil {
			o.Installation, o.Monthly = quote.Installation.String(), quote.Monthly.String()
		}
		if o.Free != views.PortsNone {
			var only catalog.SP
			if len(sps) == 1 {
				only = sps[0]
			}
			o.Apply, some = siteChoices(ap, only, t.Spec, t.Type), true
		}
		a.Offers = append(a.Offers, o)
	}
	switch {
	case !ap.Status.TakesOrders():
		a.Reason = "This access point takes no new interfaces. Select another access point."
	case !some:
		a.Reason = "No port is free at this access point. Select another access point."
	default:
		a.Apply = siteChoices(ap, "", "", "")
	}
	return h.render(c, http.StatusOK, views.AccessPointPage(h.page(c, ap.Name, views.Crumb{Label: "Physical Connections"}, views.Crumb{Label: "Access Points", Href: paths.AccessPoints}), a))
}
