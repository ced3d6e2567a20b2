package handlers

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v4"

	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// portsFound is how many ports a search lists at most.
const portsFound = 100

// FindPorts finds ports across all access points: by their place on a panel, or
// by device and name.
func (h *Handlers) FindPorts(c echo.Context) error {
	cat := h.Store.Catalogue()
	query := shortened(clean(c, "q", c.QueryParam("q"), false), queryLimit)
	ap, _ := cat.AccessPoint(c.QueryParam("access_point"))
	l := views.PortSearch{Query: portSearchField(query), Asked: query != "", Most: portsFound, AccessPoint: ui.Control{Name: "access_point", Label: "Access Point", Value: ap.ID, Options: []ui.Option{{Label: "All access points"}}}}
	for _, site := range cat.AccessPoints() {
		if len(cat.Devices(site.ID)) > 0 {
			l.AccessPoint.Options = append(l.AccessPoint.Options, ui.Option{Value: site.ID, Label: site.Name})
		}
	}
	l.Query.Hint = "Type what the label says: a panel, alone or with a position, in our words or the facility's, or a device, alone or with a port. Spaces, hyphens and capital letters do not matter."
	ports, more, err := h.Store.FindPorts(c.Request().Context(), query, ap.ID, portsFound)
	if err != nil {
		return err
	}
	l.More = more
	for _, p := range ports {
		d, _ := cat.Device(p.Device)
		site, _ := cat.AccessPoint(d.AccessPoint)
		row := views.FoundPort{ID: p.ID, Name: p.Name, Type: string(p.Type), Device: d.Name, DeviceID: d.ID, AccessPoint: site.Name, AccessPointID: site.ID,
			Panel: p.Panel, Position: h.Store.PositionWords(p), Where: p.Room + ", cabinet " + p.Cabinet, State: portPlace(p.State), HolderID: cmp.Or(p.ConnectionID, p.LeftBy)}
		if row.HolderID != "" {
			row.HolderHref = paths.AdminInterface(row.HolderID)
		}
		l.Rows = append(l.Rows, row)
	}
	if ap.ID != "" {
		l.Tokens = append(l.Tokens, ui.Token{Text: "Access Point: " + ap.Name, Href: paths.With(paths.AdminPortPages, "q", query)})
	}
	return h.render(c, http.StatusOK, views.PortSearchPage(h.page(c, "Find a port", accessPointCrumbs...), l))
}

// portSearchField is the field that a port is looked for with.
func portSearchField(query string) ui.Control {
	return ui.Control{ID: "port-q", Name: "q", Type: "search", Label: "Panel and position, or device and port", Value: query, Placeholder: "ODF 12 / 25, or CSW-01 XGE1/0/5", MaxLength: queryLimit}
}
