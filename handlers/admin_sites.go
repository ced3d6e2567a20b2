package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// EditAccessPoint is the form that changes an access point.
func (h *Handlers) EditAccessPoint(c echo.Context) error {
	ap, err := h.site(c)
	if err != nil {
		return err
	}
	return h.accessPointForm(c, http.StatusOK, ap, accessPointView(store.AccessPointEditOf(ap)))
}

// accessPointView is the form with what it says.
func accessPointView(in store.AccessPointEdit) views.AccessPointForm {
	form := views.AccessPointForm{Name: in.Name, RunBy: in.RunBy, FacilityName: in.FacilityName, Address: in.Address, Status: in.Status, LOADays: in.LOADays, Notes: in.InstallerNotes,
		Gender: in.Visitor.Gender, IDType: in.Visitor.IDType, IDNumber: in.Visitor.IDNumber, Demo: in.Demo, Reason: in.Reason, Offers: map[string]bool{}}
	if form.RunBy == catalog.RunByProvider {
		form.RunBy = ""
	}
	for sp, types := range in.Offers {
		for _, t := range types {
			form.Offers[views.OfferValue(sp, t)] = true
		}
	}
	return form
}

// accessPointSent is the form of an access point as it was sent. A port type or
// an SP that does not exist is dropped: no form offers it.
func accessPointSent(c echo.Context) store.AccessPointEdit {
	in := store.AccessPointEdit{Name: value(c, "name"), RunBy: value(c, "run_by"), FacilityName: value(c, "facility_name"), Address: value(c, "address"), Status: value(c, "status"), LOADays: value(c, "loa_days"),
		InstallerNotes: multiline(c, "installer_notes"), Demo: ticked(c, "demo"), Reason: multiline(c, "reason"), Offers: map[catalog.SP][]catalog.PortType{},
		Visitor: catalog.VisitorPolicy{Gender: ticked(c, "visitor_gender"), IDType: ticked(c, "visitor_id_type"), IDNumber: ticked(c, "visitor_id_number")}}
	sent := values(c, "offer")
	for _, sp := range catalog.SPs() {
		for _, info := range catalog.PortTypes() {
			if slices.Contains(sent, views.OfferValue(sp, info.Type)) {
				in.Offers[sp] = append(in.Offers[sp], info.Type)
			}
		}
	}
	return in
}

// SaveAccessPoint changes what is said about an access point.
func (h *Handlers) SaveAccessPoint(c echo.Context) error {
	ap, err := h.site(c)
	if err != nil {
		return err
	}
	in := accessPointSent(c)
	form := accessPointView(in)
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.accessPointForm(c, http.StatusUnprocessableEntity, ap, form)
	}
	err = h.Store.UpdateAccessPoint(c.Request().Context(), h.actor(c), ap.ID, rev(c), in)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.accessPointForm(c, status, ap, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccessPoint(ap.ID), views.Flash{Tone: ui.ToneOK, Text: in.Name + " was saved."})
}

func (h *Handlers) accessPointForm(c echo.Context, status int, ap catalog.AccessPoint, form views.AccessPointForm) error {
	// A refusal is shown over what the access point says now.
	if now, ok := h.Store.Catalogue().AccessPoint(ap.ID); ok {
		ap = now
	}
	form.ID, form.WasDemo, form.Key, form.Rev = ap.ID, ap.Demo, keptKey(c), seenRev(c, status, store.AccessPointRev(ap))
	form.Operator = h.Operator
	counts, err := h.Store.PortCounts(c.Request().Context(), ap.ID)
	if err != nil {
		return err
	}
	held := tally(counts, nil).Held()
	form.Effect = strconv.Itoa(held) + " interfaces hold a port here. They go on, whatever the status."
	if held == 1 {
		form.Effect = "1 interface holds a port here. It goes on, whatever the status."
	}
	p := h.page(c, "Edit "+ap.Name, siteCrumbs(ap)...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.AccessPointFormPage(p, form))
}

// siteCrumbs lead from the access points to what is below one of them.
func siteCrumbs(ap catalog.AccessPoint) []views.Crumb {
	return append(slices.Clone(accessPointCrumbs), views.Crumb{Label: ap.Name, Href: paths.AdminAccessPoint(ap.ID)})
}

// NewAccessPoint is the form that adds an access point.
func (h *Handlers) NewAccessPoint(c echo.Context) error {
	region, _ := h.Store.Catalogue().Region(c.QueryParam("region"))
	return h.newAccessPointForm(c, http.StatusOK, views.AccessPointForm{Region: region.ID, Status: string(catalog.StatusOpen), LOADays: strconv.Itoa(catalog.DefaultLOADays)})
}

// AddAccessPoint adds an access point to a region.
func (h *Handlers) AddAccessPoint(c echo.Context) error {
	in := accessPointSent(c)
	form := accessPointView(in)
	form.NewID, form.Region = value(c, "id"), value(c, "region")
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.newAccessPointForm(c, http.StatusUnprocessableEntity, form)
	}
	id, err := h.Store.AddAccessPoint(c.Request().Context(), h.actor(c), form.NewID, form.Region, in)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.newAccessPointForm(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccessPoint(id), views.Flash{Tone: ui.ToneOK, Text: in.Name + " was added. Add its devices next."})
}

func (h *Handlers) newAccessPointForm(c echo.Context, status int, form views.AccessPointForm) error {
	form.New, form.Key, form.Operator = true, keptKey(c), h.Operator
	form.Regions = []ui.Option{{Label: "Select a Region"}}
	for _, r := range h.Store.Catalogue().Regions() {
		form.Regions = append(form.Regions, ui.Option{Value: r.ID, Label: r.Name})
	}
	p := h.page(c, "Add an access point", accessPointCrumbs...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.AccessPointFormPage(p, form))
}

// AskAccessPointDeletion is the form that deletes an access point.
func (h *Handlers) AskAccessPointDeletion(c echo.Context) error {
	ap, err := h.site(c)
	if err != nil {
		return err
	}
	return h.accessPointDeletion(c, http.StatusOK, ap, views.StepForm{})
}

// DeleteAccessPoint removes an access point that nothing ever used.
func (h *Handlers) DeleteAccessPoint(c echo.Context) error {
	ap, err := h.site(c)
	if err != nil {
		return err
	}
	form := views.StepForm{Reason: multiline(c, "reason"), Typed: value(c, "confirm")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.accessPointDeletion(c, http.StatusUnprocessableEntity, ap, form)
	}
	err = h.Store.DeleteAccessPoint(c.Request().Context(), h.actor(c), ap.ID, rev(c), form.Typed, form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.accessPointDeletion(c, status, ap, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccessPoints, views.Flash{Tone: ui.ToneOK, Text: ap.Name + " was deleted."})
}

func (h *Handlers) accessPointDeletion(c echo.Context, status int, ap catalog.AccessPoint, form views.StepForm) error {
	if now, ok := h.Store.Catalogue().AccessPoint(ap.ID); ok {
		ap = now
	}
	used, err := h.Store.AccessPointUse(c.Request().Context(), ap.ID)
	if err != nil {
		return err
	}
	region, _ := h.Store.Catalogue().Region(ap.Region)
	form.About = []ui.Pair{{Term: "Access Point", Value: ap.Name}, {Term: "ID", Value: ap.ID, Mono: true}, {Term: "Region", Value: region.Name}}
	form.Text = "The access point is taken out of the inventory with the naming rules of its panels. Its history stays in the record. This cannot be undone."
	form.Action, form.Back, form.Label, form.Danger = paths.AdminAccessPointDeletion(ap.ID), paths.AdminAccessPoint(ap.ID), "Delete access point", true
	form.Expect, form.What, form.BackLabel, form.Hint = ap.Name, "Access point name", "Keep access point", "It stays in the record."
	form.Key, form.Rev, form.Blocked = keptKey(c), seenRev(c, status, store.AccessPointRev(ap)), used
	p := h.page(c, "Delete "+ap.Name, siteCrumbs(ap)...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.StepPage(p, form))
}

var regionCrumbs = []views.Crumb{{Label: "Capacity"}, {Label: "Access points", Href: paths.AdminAccessPoints}, {Label: "Regions", Href: paths.AdminRegions}}

// ListRegions lists the regions with how many access points each has.
func (h *Handlers) ListRegions(c echo.Context) error {
	user, _ := reqctx.User(c.Request().Context())
	cat := h.Store.Catalogue()
	sites := map[string]int{}
	for _, ap := range cat.AccessPoints() {
		sites[ap.Region]++
	}
	var rows []views.RegionRow
	for _, r := range cat.Regions() {
		rows = append(rows, views.RegionRow{ID: r.ID, Name: r.Name, Zone: r.Zone + " (" + ui.FormatOffset(h.Store.Now(), cat.Zone(r.ID)) + ")", Mainland: r.Mainland, Calendar: calendarName(h.Store, r), AccessPoints: sites[r.ID]})
	}
	return h.render(c, http.StatusOK, views.RegionsPage(h.page(c, "Regions", accessPointCrumbs...), rows, user.Role == lifecycle.Administrator))
}

// regionAt is the region that the address names. Kinds: NotFound.
func (h *Handlers) regionAt(c echo.Context) (catalog.Region, error) {
	r, ok := h.Store.Catalogue().Region(c.Param("id"))
	if !ok {
		return r, &store.Error{Kind: store.NotFound, Msg: "This region does not exist."}
	}
	return r, nil
}

func regionView(in store.RegionEdit) views.RegionForm {
	return views.RegionForm{Name: in.Name, Zone: in.Zone, Mainland: in.Mainland, Order: in.Order, Calendar: in.Calendar}
}

func regionSent(c echo.Context) store.RegionEdit {
	return store.RegionEdit{Name: value(c, "name"), Zone: value(c, "zone"), Mainland: ticked(c, "mainland"), Order: value(c, "order"), Calendar: value(c, "calendar")}
}

// NewRegion is the form that adds a region.
func (h *Handlers) NewRegion(c echo.Context) error {
	return h.regionForm(c, http.StatusOK, "", views.RegionForm{Order: strconv.Itoa(10 * (len(h.Store.Catalogue().Regions()) + 1))})
}

// AddRegion adds a region.
func (h *Handlers) AddRegion(c echo.Context) error {
	in := regionSent(c)
	form := regionView(in)
	form.NewID = value(c, "id")
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.regionForm(c, http.StatusUnprocessableEntity, "", form)
	}
	_, err := h.Store.AddRegion(c.Request().Context(), h.actor(c), form.NewID, in)
	return h.regionSaved(c, err, "", in, form, " was added. Add its access points next.")
}

// EditRegion is the form that changes a region.
func (h *Handlers) EditRegion(c echo.Context) error {
	r, err := h.regionAt(c)
	if err != nil {
		return err
	}
	return h.regionForm(c, http.StatusOK, r.ID, regionView(store.RegionEditOf(r)))
}

// SaveRegion changes a region.
func (h *Handlers) SaveRegion(c echo.Context) error {
	r, err := h.regionAt(c)
	if err != nil {
		return err
	}
	in := regionSent(c)
	form := regionView(in)
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.regionForm(c, http.StatusUnprocessableEntity, r.ID, form)
	}
	return h.regionSaved(c, h.Store.UpdateRegion(c.Request().Context(), h.actor(c), r.ID, rev(c), in), r.ID, in, form, " was saved.")
}

// regionSaved answers the form of a region.
func (h *Handlers) regionSaved(c echo.Context, err error, id string, in store.RegionEdit, form views.RegionForm, done string) error {
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.regionForm(c, status, id, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminRegions, views.Flash{Tone: ui.ToneOK, Text: in.Name + done})
}

func (h *Handlers) regionForm(c echo.Context, status int, id string, form views.RegionForm) error {
	form.Key, form.Action = keptKey(c), paths.AdminNewRegion
	form.Calendars = h.calendarOptions("No calendar yet")
	title := "Add a region"
	if r, ok := h.Store.Catalogue().Region(id); ok {
		form.ID, form.Action, title = r.ID, paths.AdminRegion(r.ID), "Edit "+r.Name
		form.Rev = seenRev(c, status, store.RegionRev(r))
		var err error
		if form.LastChange, err = h.lastChange(c.Request().Context(), store.RegionSubject(r.ID), h.Store.Catalogue().Zone(r.ID)); err != nil {
			return err
		}
	}
	p := h.page(c, title, regionCrumbs...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.RegionFormPage(p, form))
}

// AskRegionDeletion is the form that deletes a region.
func (h *Handlers) AskRegionDeletion(c echo.Context) error {
	r, err := h.regionAt(c)
	if err != nil {
		return err
	}
	return h.regionDeletion(c, http.StatusOK, r, views.StepForm{})
}

// DeleteRegion removes a region that nothing names.
func (h *Handlers) DeleteRegion(c echo.Context) error {
	r, err := h.regionAt(c)
	if err != nil {
		return err
	}
	form := views.StepForm{Reason: multiline(c, "reason"), Typed: value(c, "confirm")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.regionDeletion(c, http.StatusUnprocessableEntity, r, form)
	}
	err = h.Store.DeleteRegion(c.Request().Context(), h.actor(c), r.ID, rev(c), form.Typed, form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.regionDeletion(c, status, r, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminRegions, views.Flash{Tone: ui.ToneOK, Text: r.Name + " was deleted."})
}

func (h *Handlers) regionDeletion(c echo.Context, status int, r catalog.Region, form views.StepForm) error {
	if now, ok := h.Store.Catalogue().Region(r.ID); ok {
		r = now
	}
	used, err := h.Store.RegionUse(c.Request().Context(), r.ID)
	if err != nil {
		return err
	}
	form.About = []ui.Pair{{Term: "Region", Value: r.Name}, {Term: "ID", Value: r.ID, Mono: true}}
	form.Text = "The region is taken out of the inventory. This cannot be undone."
	form.Action, form.Back, form.Label, form.Danger = paths.AdminRegionDeletion(r.ID), paths.AdminRegions, "Delete region", true
	form.Expect, form.What, form.BackLabel, form.Hint = r.Name, "Region name", "Keep region", "It stays in the record."
	form.Key, form.Rev, form.Blocked = keptKey(c), seenRev(c, status, store.RegionRev(r)), used
	p := h.page(c, "Delete "+r.Name, regionCrumbs...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.StepPage(p, form))
}
