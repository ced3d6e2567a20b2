package handlers

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/panel"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// device is the access device that the address names. Kinds: NotFound.
func (h *Handlers) device(c echo.Context) (catalog.Device, error) {
	d, ok := h.Store.Catalogue().Device(c.Param("id"))
	if !ok {
		return d, &store.Error{Kind: store.NotFound, Msg: "This device does not exist."}
	}
	return d, nil
}

// deviceCrumbs lead from the access points to what is below a device's access
// point.
func (h *Handlers) deviceCrumbs(d catalog.Device, more ...views.Crumb) []views.Crumb {
	ap, _ := h.Store.Catalogue().AccessPoint(d.AccessPoint)
	return append(append(slices.Clone(accessPointCrumbs), views.Crumb{Label: ap.Name, Href: paths.AdminAccessPoint(ap.ID)}), more...)
}

// staffDevice is a device with its ports in words.
func (h *Handlers) staffDevice(d catalog.Device, ports []store.Port) views.StaffDevice {
	out := views.StaffDevice{ID: d.ID, Name: d.Name, Room: d.Room, Cabinet: d.Cabinet}
	for _, p := range ports {
		row := views.StaffPort{ID: p.ID, Number: p.Number, Name: p.Name, Type: string(p.Type), Panel: p.Panel, Position: h.Store.PositionWords(p), Connector: p.ConnectorWords(), State: portPlace(p.State), HolderID: cmp.Or(p.ConnectionID, p.LeftBy), Elsewhere: elsewhere(p.Port, d)}
		if row.HolderID != "" {
			row.HolderHref = paths.AdminInterface(row.HolderID)
		}
		out.Tally[row.State]++
		out.Ports = append(out.Ports, row)
	}
	return out
}

// elsewhere is where a port is handed over when it is not in the cabinet of its
// device; "" when it is.
func elsewhere(p catalog.Port, d catalog.Device) string {
	if p.Room == d.Room && p.Cabinet == d.Cabinet {
		return ""
	}
	return p.Room + ", cabinet " + p.Cabinet
}

// ShowDevice is one access device with its front panel.
func (h *Handlers) ShowDevice(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	d, err := h.device(c)
	if err != nil {
		return err
	}
	ports, err := h.Store.Ports(ctx, d.ID)
	if err != nil {
		return err
	}
	ap, _ := h.Store.Catalogue().AccessPoint(d.AccessPoint)
	show := views.DeviceShow{Device: h.staffDevice(d, ports), AccessPointID: ap.ID, AccessPoint: ap.Name, Demo: ap.Demo, MayEdit: user.Role == lifecycle.Administrator, Held: store.DeviceHeld(d.Name, ports)}
	show.Facts = []ui.Pair{
		{Term: "Access Point", Value: ap.Name, Href: paths.AdminAccessPoint(ap.ID)},
		{Term: "Room", Value: d.Room},
		{Term: "Cabinet", Value: d.Cabinet},
		{Term: "Facility name", Value: ap.FacilityName},
	}
	for _, info := range catalog.PortTypes() {
		t := views.TypeTally{Type: string(info.Type)}
		for _, p := range ports {
			if p.Type == info.Type {
				t.Ports[portPlace(p.State)]++
			}
		}
		if t.Ports.Total() > 0 {
			show.Types = append(show.Types, t)
		}
	}
	return h.render(c, http.StatusOK, views.DevicePage(h.page(c, d.Name, h.deviceCrumbs(d)...), show))
}

// EditDevice is the form that changes a device.
func (h *Handlers) EditDevice(c echo.Context) error {
	d, err := h.device(c)
	if err != nil {
		return err
	}
	return h.deviceForm(c, http.StatusOK, d, views.DeviceForm{Name: d.Name, Room: d.Room, Cabinet: d.Cabinet})
}

// SaveDevice changes the name and the place of a device.
func (h *Handlers) SaveDevice(c echo.Context) error {
	d, err := h.device(c)
	if err != nil {
		return err
	}
	form := views.DeviceForm{Name: value(c, "name"), Room: value(c, "room"), Cabinet: value(c, "cabinet"), Reason: multiline(c, "reason")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.deviceForm(c, http.StatusUnprocessableEntity, d, form)
	}
	err = h.Store.EditDevice(c.Request().Context(), h.actor(c), d.ID, rev(c), store.DeviceEdit{Name: form.Name, Room: form.Room, Cabinet: form.Cabinet, Reason: form.Reason})
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.deviceForm(c, status, d, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminDevice(d.ID), views.Flash{Tone: ui.ToneOK, Text: form.Name + " was saved."})
}

func (h *Handlers) deviceForm(c echo.Context, status int, d catalog.Device, form views.DeviceForm) error {
	if now, ok := h.Store.Catalogue().Device(d.ID); ok {
		d = now // a refusal is shown over what the device says now
	}
	form.ID, form.Device, form.Key, form.Rev = d.ID, d.Name, keptKey(c), seenRev(c, status, store.DeviceRev(d))
	form.Effect = "Ports that are handed over in the device's own cabinet go with it."
	p := h.page(c, "Edit "+d.Name, h.deviceCrumbs(d, views.Crumb{Label: d.Name, Href: paths.AdminDevice(d.ID)})...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.DeviceFormPage(p, form))
}

// seenRev is the version that a form carries: what the person saw is still what
// they correct, but after a conflict they see what is there now.
func seenRev(c echo.Context, status, now int) int {
	if status == http.StatusUnprocessableEntity && rev(c) != 0 {
		return rev(c)
	}
	return now
}

// AskDeviceDeletion is the form that deletes a device.
func (h *Handlers) AskDeviceDeletion(c echo.Context) error {
	d, err := h.device(c)
	if err != nil {
		return err
	}
	return h.deviceDeletion(c, http.StatusOK, d, views.StepForm{})
}

// DeleteDevice removes a device with its ports.
func (h *Handlers) DeleteDevice(c echo.Context) error {
	d, err := h.device(c)
	if err != nil {
		return err
	}
	form := views.StepForm{Reason: multiline(c, "reason"), Typed: value(c, "confirm")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.deviceDeletion(c, http.StatusUnprocessableEntity, d, form)
	}
	err = h.Store.DeleteDevice(c.Request().Context(), h.actor(c), d.ID, rev(c), form.Typed, form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.deviceDeletion(c, status, d, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccessPoint(d.AccessPoint), views.Flash{Tone: ui.ToneOK, Text: d.Name + " was deleted with its ports."})
}

func (h *Handlers) deviceDeletion(c echo.Context, status int, d catalog.Device, form views.StepForm) error {
	if now, ok := h.Store.Catalogue().Device(d.ID); ok {
		d = now
	}
	ports, err := h.Store.Ports(c.Request().Context(), d.ID)
	if err != nil {
		return err
	}
	form.About = []ui.Pair{{Term: "Device", Value: d.Name, Mono: true}, {Term: "Place", Value: d.Room + ", cabinet " + d.Cabinet}, {Term: "Ports", Value: strconv.Itoa(len(ports))}}
	form.Text = "The device and all its ports are taken out of the inventory. Their history stays in the record. This cannot be undone."
	form.Action, form.Back, form.Label, form.Danger = paths.AdminDeviceDeletion(d.ID), paths.AdminDevice(d.ID), "Delete device", true
	form.Expect, form.What, form.BackLabel, form.Hint = d.Name, "Device name", "Keep device", "It stays in the history."
	form.Key, form.Rev, form.Blocked = keptKey(c), seenRev(c, status, store.DeviceRev(d)), store.DeviceHeld(d.Name, ports)
	p := h.page(c, "Delete "+d.Name, h.deviceCrumbs(d, views.Crumb{Label: d.Name, Href: paths.AdminDevice(d.ID)})...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.StepPage(p, form))
}

// panelRows are the panels of an access point with an example of how each
// position is named.
func (h *Handlers) panelRows(ctx context.Context, ap string, mayEdit bool) ([]views.PanelRow, error) {
	panels, err := h.Store.Panels(ctx, ap)
	if err != nil {
		return nil, err
	}
	rows := make([]views.PanelRow, len(panels))
	for i, p := range panels {
		ours := p.Ports[0].Position
		rows[i] = views.PanelRow{Panel: p.Panel, Room: p.Room, Cabinet: p.Cabinet, Ports: len(p.Ports), Rule: p.Rule.String(), Ours: ours, Theirs: p.Rule.Words(ours)}
		if mayEdit {
			rows[i].Href = panelHref(p.PanelPlace, "")
		}
	}
	return rows, nil
}

func panelHref(p store.PanelPlace, rule string) string {
	return paths.With(paths.AdminPanel(p.AccessPoint), "room", p.Room, "cabinet", p.Cabinet, "panel", p.Panel, "rule", rule)
}

// panelAt is the panel of an access point that room, cabinet and panel name.
// Kinds: NotFound.
func (h *Handlers) panelAt(c echo.Context, ap, room, cabinet, name string) (store.PanelAt, error) {
	panels, err := h.Store.Panels(c.Request().Context(), ap)
	if err != nil {
		return store.PanelAt{}, err
	}
	place := store.PanelPlace{AccessPoint: ap, Room: room, Cabinet: cabinet, Panel: name}
	i := slices.IndexFunc(panels, func(p store.PanelAt) bool { return p.PanelPlace == place })
	if i < 0 {
		return store.PanelAt{}, &store.Error{Kind: store.NotFound, Msg: "This panel does not exist."}
	}
	return panels[i], nil
}

// EditPanel is the form that says how a facility names the positions of a
// panel. With the query parameter rule it shows what that rule would give.
func (h *Handlers) EditPanel(c echo.Context) error {
	ap, err := h.site(c)
	if err != nil {
		return err
	}
	p, err := h.panelAt(c, ap.ID, c.QueryParam("room"), c.QueryParam("cabinet"), c.QueryParam("panel"))
	if err != nil {
		return err
	}
	form := views.PanelForm{Rule: p.Rule.String()}
	if q := c.QueryParams(); q.Has("rule") {
		form.Rule = q.Get("rule")
		if runes := []rune(form.Rule); len(runes) > 2*panel.MaxRule {
			form.Rule = string(runes[:2*panel.MaxRule]) // too long is told, but need not be repeated
		}
	}
	return h.panelForm(c, http.StatusOK, ap, p, form)
}

// SavePanel sets how a facility names the positions of a panel.
func (h *Handlers) SavePanel(c echo.Context) error {
	ap, err := h.site(c)
	if err != nil {
		return err
	}
	p, err := h.panelAt(c, ap.ID, value(c, "room"), value(c, "cabinet"), value(c, "panel"))
	if err != nil {
		return err
	}
	form := views.PanelForm{Rule: value(c, "rule")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.panelForm(c, http.StatusUnprocessableEntity, ap, p, form)
	}
	err = h.Store.SetPanelRule(c.Request().Context(), h.actor(c), p.PanelPlace, rev(c), form.Rule)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.panelForm(c, status, ap, p, form)
	}
	if err != nil {
		return err
	}
	words := p.Panel + ": positions are given in our own form."
	if rule, err := panel.Parse(form.Rule); err == nil && !rule.IsZero() {
		words = p.Panel + ": position " + p.Ports[0].Position + " is now printed as " + rule.Words(p.Ports[0].Position) + "."
	}
	return h.done(c, paths.AdminAccessPoint(ap.ID)+"#panels-h", views.Flash{Tone: ui.ToneOK, Text: words})
}

func (h *Handlers) panelForm(c echo.Context, status int, ap catalog.AccessPoint, p store.PanelAt, form views.PanelForm) error {
	form.AccessPointID, form.AccessPoint, form.Panel, form.Room, form.Cabinet = ap.ID, ap.Name, p.Panel, p.Room, p.Cabinet
	form.Key, form.Rev, form.Ports = keptKey(c), seenRev(c, status, store.PanelRev(h.Store.PanelRule(p.PanelPlace))), len(p.Ports)
	rule, err := panel.Parse(form.Rule)
	if err != nil {
		form.Problem = err.Error()
	} else {
		form.Problem = store.RuleProblem(rule, p.Ports)
		examples(&form, rule, p.Ports)
	}
	title := "Positions of " + p.Panel
	page := h.page(c, title, append(slices.Clone(accessPointCrumbs), views.Crumb{Label: ap.Name, Href: paths.AdminAccessPoint(ap.ID)})...)
	page.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.PanelFormPage(page, form))
}

// examples shows the first, a middle and the last position of a panel, and
// counts those that the rule does not fit.
func examples(form *views.PanelForm, rule panel.Rule, ports []store.PanelPort) {
	for i, p := range ports {
		theirs, err := rule.Format(p.Position)
		e := views.PanelExample{Port: p.Name, Ours: p.Position, Theirs: rule.Words(p.Position)}
		if err != nil {
			form.Unfit++
			e.Problem = err.Error()
		} else if theirs == p.Position {
			e.Theirs = p.Position
		}
		if i == 0 || i == len(ports)/2 || i == len(ports)-1 {
			form.Examples = append(form.Examples, e)
		}
	}
}
