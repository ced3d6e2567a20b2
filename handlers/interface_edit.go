package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// EditInterface shows the form of name and description.
func (h *Handlers) EditInterface(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	f := views.InterfaceForm{Interface: h.readBy(c, conn), Name: conn.Name, Description: conn.Description, Key: formKey()}
	return h.editForm(c, http.StatusOK, conn, f)
}

// pairOptions fills in what the interface can be redundant with; those that
// cannot be selected say why. Nothing, when there is nothing to select.
func (h *Handlers) pairOptions(c echo.Context, conn store.Connection, f *views.InterfaceForm) error {
	ctx := c.Request().Context()
	partner, err := h.Store.Partner(ctx, conn)
	if err != nil {
		return err
	}
	candidates, err := h.applyCandidates(ctx, h.actor(c), conn.Region, conn.AccessPointID)
	if err != nil {
		return err
	}
	f.Partners = []ui.Option{{Value: store.NotRedundant, Label: "Not redundant"}}
	now := store.NotRedundant
	if partner != nil {
		now = partner.ID
		if !slices.ContainsFunc(candidates, func(v views.ApplyCandidate) bool { return v.ID == now }) {
			f.Partners = append(f.Partners, ui.Option{Value: now, Label: partner.Title()})
		}
	}
	for _, v := range candidates {
		if v.ID == conn.ID {
			continue
		}
		o := ui.Option{Value: v.ID, Label: v.ID}
		if v.Name != "" {
			o.Label = v.Name + " (" + v.ID + ")"
		}
		if v.Reason != "" && v.ID != now {
			o.Label, o.Disabled = o.Label+": "+v.Reason, true
		}
		f.Partners = append(f.Partners, o)
	}
	if len(f.Partners) == 1 {
		f.Partners = nil
	}
	if f.Redundant == "" {
		f.Redundant = now
	}
	return nil
}

// SaveInterface changes name, description and the redundant connection.
func (h *Handlers) SaveInterface(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	f := views.InterfaceForm{Name: value(c, "name"), Description: multiline(c, "description"), Redundant: value(c, "redundant"), Key: keptKey(c)}
	f.Errors = unprintable(c)
	// The interface is read before anything is said about it: another
	// account's ID does not exist here, whatever was sent.
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	if len(f.Errors) > 0 {
		f.Interface = h.readBy(c, conn)
		return h.editForm(c, http.StatusUnprocessableEntity, conn, f)
	}
	before, err := h.Store.Partner(ctx, conn)
	if err != nil {
		return err
	}
	saved := "Name and description saved."
	if was := store.NotRedundant; f.Redundant != "" {
		if before != nil {
			was = before.ID
		}
		if was != f.Redundant {
			saved = "Name, description and redundant connection saved."
		}
	}
	if f.Redundant == "" { // the form had no such field
		err = h.Store.EditConnection(ctx, h.actor(c), id, rev(c), f.Name, f.Description)
	} else {
		err = h.Store.EditConnectionAndPair(ctx, h.actor(c), id, rev(c), f.Name, f.Description, f.Redundant)
	}
	if err == nil {
		return h.done(c, paths.Interface(id), views.Flash{Tone: "ok", Text: saved})
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	if conn, err = h.connection(c); err != nil {
		return err
	}
	f.Interface, f.Errors = h.readBy(c, conn), fields
	f.Conflict = conflictOnly(status, msg)
	return h.editForm(c, status, conn, f)
}

func (h *Handlers) editForm(c echo.Context, status int, conn store.Connection, f views.InterfaceForm) error {
	if err := h.pairOptions(c, conn, &f); err != nil {
		return err
	}
	if !lifecycle.Can(f.Stage, lifecycle.EditNameDescription, roleOf(c)) {
		f.Closed = true
		if f.Conflict == "" {
			status, f.Conflict = http.StatusConflict, f.Interface.Title()+" is in the "+f.Stage.Label()+" state. Its name and description stay as they are."
		}
	}
	p, partial := h.modalPage(c, "Edit "+f.Interface.Title(), f.Interface, status)
	return h.render(c, status, views.EditInterface(p, partial, f))
}

// modalPage is the page around a dialog of an interface. A dialog over the page
// needs nothing around it, and must not use up the sentences for the next page.
func (h *Handlers) modalPage(c echo.Context, title string, i views.Interface, status int) (p views.Page, partial bool) {
	if reqctx.IsPartial(c.Request()) {
		return views.Page{Title: title, Operator: h.Operator}, true
	}
	p = h.page(c, title, interfacesCrumb, views.Crumb{Label: i.Title(), Href: paths.Interface(i.ID)})
	p.Failed = status != http.StatusOK
	return p, false
}
