package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// portPlace is the place of a port state in a tally.
func portPlace(s store.PortState) int {
	switch s {
	case store.PortAllocated:
		return views.PortAllocated
	case store.PortInUse:
		return views.PortInUse
	case store.PortQuarantined:
		return views.PortQuarantined
	case store.PortOutOfService:
		return views.PortOutOfService
	}
	return views.PortFree
}

// tally sums the counts that match.
func tally(counts []store.PortCount, match func(store.PortCount) bool) (t views.PortTally) {
	for _, n := range counts {
		if match == nil || match(n) {
			t[portPlace(n.State)] += n.N
		}
	}
	return t
}

// ListStaffAccessPoints lists the access points of all regions with how full
// they are: one question to the database.
func (h *Handlers) ListStaffAccessPoints(c echo.Context) error {
	cat := h.Store.Catalogue()
	region, _ := cat.Region(c.QueryParam("region"))
	status := catalog.Status(c.QueryParam("status"))
	if !slices.Contains(catalog.Statuses(), status) {
		status = ""
	}
	query := shortened(clean(c, "q", c.QueryParam("q"), false), queryLimit)
	counts, err := h.Store.AllPortCounts(c.Request().Context())
	if err != nil {
		return err
	}
	l := views.StaffAccessPoints{MayImport: reqctx.Actor(c.Request().Context()).Role == lifecycle.Administrator, Clear: paths.AdminAccessPoints,
		Query:  ui.Control{ID: "site-q", Name: "q", Label: "Access point, facility, address or device", Type: "search", Value: query, Placeholder: "Access point, facility or device", MaxLength: queryLimit},
		Port:   portSearchField(""),
		Region: ui.Control{Name: "region", Label: "Region", Value: region.ID, Options: []ui.Option{{Label: "All regions"}}},
		Status: ui.Control{Name: "status", Label: "Status", Value: string(status), Options: []ui.Option{{Label: "All statuses"}}}}
	for _, r := range cat.Regions() {
		l.Region.Options = append(l.Region.Options, ui.Option{Value: r.ID, Label: r.Name})
	}
	for _, s := range catalog.Statuses() {
		l.Status.Options = append(l.Status.Options, ui.Option{Value: string(s), Label: s.Label()})
	}
	for _, ap := range cat.AccessPoints() {
		if (region.ID != "" && ap.Region != region.ID) || (status != "" && ap.Status != status) || !siteSays(cat, ap, query) {
			continue
		}
		r, _ := cat.Region(ap.Region)
		row := views.StaffAccessPointRow{ID: ap.ID, Name: ap.Name, Region: r.Name, Status: ap.Status, Demo: ap.Demo, NoLetter: ap.FacilityName == "" || ap.Address == "",
			Devices: len(cat.Devices(ap.ID)), Ports: tally(counts[ap.ID], nil)}
		for _, sp := range ap.SPs() {
			row.SPs = append(row.SPs, sp.Label())
		}
		for s, n := range row.Ports {
			l.Ports[s] += n
		}
		l.Rows = append(l.Rows, row)
	}
	shown := map[string]bool{}
	for _, r := range l.Rows {
		shown[r.ID] = true
	}
	if l.RunsOut, err = h.runsOut(c.Request().Context(), shown); err != nil {
		return err
	}
	l.Count = strconv.Itoa(len(l.Rows)) + " access points"
	if len(l.Rows) == 1 {
		l.Count = "1 access point"
	}
	if query != "" {
		l.Tokens = append(l.Tokens, ui.Token{Text: "Search: " + query, Href: paths.With(paths.AdminAccessPoints, "region", region.ID, "status", string(status))})
	}
	if region.ID != "" {
		l.Tokens = append(l.Tokens, ui.Token{Text: "Region: " + region.Name, Href: paths.With(paths.AdminAccessPoints, "q", query, "status", string(status))})
	}
	if status != "" {
		l.Tokens = append(l.Tokens, ui.Token{Text: "Status: " + status.Label(), Href: paths.With(paths.AdminAccessPoints, "q", query, "region", region.ID)})
	}
	return h.render(c, http.StatusOK, views.StaffAccessPointsPage(h.page(c, "Access points", views.Crumb{Label: "Capacity"}), l))
}

// siteSays reports whether an access point is named by what somebody typed:
// its own name, ID, facility and address, and the names of its devices.
func siteSays(cat *catalog.Catalogue, ap catalog.AccessPoint, typed string) bool {
	typed = strings.ToLower(typed)
	says := func(text string) bool { return strings.Contains(strings.ToLower(text), typed) }
	return says(ap.Name) || says(ap.ID) || says(ap.FacilityName) || says(ap.Address) ||
		slices.ContainsFunc(cat.Devices(ap.ID), func(d catalog.Device) bool { return says(d.Name) || says(d.ID) })
}

// site is the access point that the address names. Kinds: NotFound.
func (h *Handlers) site(c echo.Context) (catalog.AccessPoint, error) {
	ap, ok := h.Store.Catalogue().AccessPoint(c.Param("id"))
	if !ok {
		return ap, &store.Error{Kind: store.NotFound, Msg: "This access point does not exist."}
	}
	return ap, nil
}

// ShowStaffAccessPoint is one access point with every device and port.
func (h *Handlers) ShowStaffAccessPoint(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	ap, err := h.site(c)
	if err != nil {
		return err
	}
	counts, err := h.Store.PortCounts(ctx, ap.ID)
	if err != nil {
		return err
	}
	cat := h.Store.Catalogue()
	region, _ := cat.Region(ap.Region)
	a := views.StaffAccessPoint{ID: ap.ID, Name: ap.Name, Status: ap.Status, Demo: ap.Demo, NoLetter: ap.FacilityName == "" || ap.Address == "",
		Ports: tally(counts, nil), MayEdit: user.Role == lifecycle.Administrator, Matrix: offerMatrix(cat, ap)}
	a.Facts = []ui.Pair{
		{Term: "Facility name", Value: ap.FacilityName},
		{Term: "Address", Value: ap.Address},
		{Term: "Run by", Value: ap.RunByName(h.Operator)},
		{Term: "Region", Value: region.Name},
		{Term: "Time zone", Value: region.Zone + " (" + ui.FormatOffset(h.Store.Now(), cat.Zone(ap.Region)) + ")"},
		{Term: "LOA validity", Value: strconv.Itoa(ap.LOADays) + " days"},
		{Term: "Visitor policy", Value: ap.Visitor.Words()},
		{Term: "Notes for the installer", Value: ap.InstallerNotes},
	}
	for _, info := range catalog.PortTypes() {
		t := views.TypeTally{Type: string(info.Type), Ports: tally(counts, func(n store.PortCount) bool { return n.Type == info.Type })}
		if t.Ports.Total() > 0 {
			if t.Trend, err = h.capacityTrend(ctx, ap, info.Type); err != nil {
				return err
			}
			a.Types = append(a.Types, t)
		}
	}
	for _, d := range cat.Devices(ap.ID) {
		ports, err := h.Store.Ports(ctx, d.ID)
		if err != nil {
			return err
		}
		a.Devices = append(a.Devices, h.staffDevice(d, ports))
	}
	if a.Panels, err = h.panelRows(ctx, ap.ID, a.MayEdit); err != nil {
		return err
	}
	if a.LastChange, err = h.lastChange(ctx, store.AccessPointSubject(ap.ID), cat.Zone(ap.Region)); err != nil {
		return err
	}
	p := h.page(c, ap.Name, accessPointCrumbs...)
	return h.render(c, http.StatusOK, views.StaffAccessPointPage(p, a))
}

var accessPointCrumbs = []views.Crumb{{Label: "Capacity"}, {Label: "Access points", Href: paths.AdminAccessPoints}}

func offerMatrix(cat *catalog.Catalogue, ap catalog.AccessPoint) views.OfferMatrix {
	var m views.OfferMatrix
	sps := ap.SPs()
	for _, sp := range sps {
		m.SPs = append(m.SPs, sp.Label())
	}
	for _, info := range cat.PortTypesAt(ap.ID, "", "") {
		row := views.OfferMatrixRow{Type: string(info.Type)}
		for _, sp := range sps {
			row.Offered = append(row.Offered, slices.Contains(ap.Offers[sp], info.Type))
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// NewPorts is the form that adds ports: to the device that the address names,
// or to a new one.
func (h *Handlers) NewPorts(c echo.Context) error {
	return h.portsForm(c, http.StatusOK, views.PortsForm{DeviceID: c.QueryParam("device"), Position: "pairs"})
}

// AddPorts shows the ports that a form means, and adds those that were shown:
// to a device, or as a device with its first ports.
func (h *Handlers) AddPorts(c echo.Context) error {
	form := views.PortsForm{DeviceID: value(c, "device"), Name: value(c, "name"), Room: value(c, "room"), Cabinet: value(c, "cabinet"), Pattern: value(c, "pattern"), Type: value(c, "port_type"),
		Panel: value(c, "panel"), PanelRoom: value(c, "panel_room"), PanelCabinet: value(c, "panel_cabinet"), First: value(c, "first"), Position: value(c, "layout"), Connector: value(c, "connector"), Polish: value(c, "polish"), Fibers: value(c, "fibers"), Side: value(c, "side")}
	form.Errors = unprintable(c)
	if form.Position != "pairs" && form.Position != "single" {
		form.Errors["layout"] = "Select how many positions each port takes"
	}
	if len(form.Errors) > 0 {
		return h.portsForm(c, http.StatusUnprocessableEntity, form)
	}
	ap, err := h.site(c)
	if err != nil {
		return err
	}
	in := store.NewPorts{Device: form.DeviceID, Name: form.Name, Room: form.Room, Cabinet: form.Cabinet, Pattern: form.Pattern, Type: form.Type, Panel: form.Panel,
		PanelRoom: form.PanelRoom, PanelCabinet: form.PanelCabinet, First: form.First,
		Pairs: form.Position == "pairs", Connector: form.Connector, Polish: form.Polish, Fibers: form.Fibers, Side: form.Side}
	in.Seen, _ = strconv.Atoi(value(c, "seen")) // nothing was shown when it is no number
	if in.Seen == 0 || value(c, "step") != "add" {
		return h.portsPreview(c, http.StatusOK, ap.ID, in, form)
	}
	id, err := h.Store.AddPorts(c.Request().Context(), h.actor(c), ap.ID, in)
	if status, fields, msg, ok := refused(err); ok {
		if form.Errors = fields; status == http.StatusConflict {
			form.Conflict = msg
			return h.portsPreview(c, status, ap.ID, in, form)
		}
		return h.portsForm(c, status, form)
	}
	if err != nil {
		return err
	}
	names, _ := store.PortNames(form.Pattern)
	device, _ := h.Store.Catalogue().Device(id)
	words := strconv.Itoa(len(names)) + " ports of "
	if len(names) == 1 {
		words = "1 port of "
	}
	return h.done(c, paths.AdminDevice(id), views.Flash{Tone: ui.ToneOK, Text: words + device.Name + " were added and are free.", LinkText: "Add ports of another type", Href: paths.With(paths.AdminPorts(ap.ID), "device", id)})
}

// portsPreview shows the form with the ports that it means.
func (h *Handlers) portsPreview(c echo.Context, status int, ap string, in store.NewPorts, form views.PortsForm) error {
	ports, err := h.Store.PreviewPorts(c.Request().Context(), h.actor(c), ap, in)
	if bad, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.portsForm(c, bad, form)
	}
	if err != nil {
		return err
	}
	form.Seen = store.PortsRev(ports)
	d, ok := h.Store.Catalogue().Device(form.DeviceID)
	if !ok {
		d.Room, d.Cabinet = form.Room, form.Cabinet
	}
	for _, p := range ports {
		rule := h.Store.PanelRule(store.PanelPlace{AccessPoint: ap, Room: p.Room, Cabinet: p.Cabinet, Panel: p.Panel})
		form.Preview = append(form.Preview, views.NewPort{Number: p.Number, Name: p.Name, Panel: p.Panel, Position: rule.Words(p.Position), Elsewhere: elsewhere(p, d), Connector: p.ConnectorWords()})
	}
	return h.portsForm(c, status, form)
}

func (h *Handlers) portsForm(c echo.Context, status int, form views.PortsForm) error {
	ap, err := h.site(c)
	if err != nil {
		return err
	}
	cat := h.Store.Catalogue()
	form.AccessPointID, form.AccessPoint, form.Key, form.Most = ap.ID, ap.Name, keptKey(c), store.MaxPortsAtOnce
	title := "Add a device"
	if form.DeviceID != "" {
		device, ok := cat.Device(form.DeviceID)
		if !ok || device.AccessPoint != ap.ID {
			return &store.Error{Kind: store.NotFound, Msg: "This device does not exist."}
		}
		form.Device, title = device.Name+", "+device.Room+", cabinet "+device.Cabinet, "Add ports"
	}
	form.Polishes = catalog.Polishes()
	form.Types = []ui.Option{{Label: "Select a Port Type"}}
	for _, info := range cat.PortTypesAt(ap.ID, "", "") {
		form.Types = append(form.Types, ui.Option{Value: string(info.Type), Label: string(info.Type) + " (" + info.Label + ")"})
	}
	p := h.page(c, title, append(slices.Clone(accessPointCrumbs), views.Crumb{Label: ap.Name, Href: paths.AdminAccessPoint(ap.ID)})...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.PortsFormPage(p, form))
}
