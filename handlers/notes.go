package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/note"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// notesShown is how many staff notes the page of an interface has.
const notesShown = 10

// WriteNote adds a staff note about an interface. Kinds: NotFound, Forbidden.
func (h *Handlers) WriteNote(c echo.Context) error {
	form := views.StaffNotes{Body: multiline(c, "note")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.staffInterfacePage(c, http.StatusUnprocessableEntity, form)
	}
	id := c.Param("id")
	err := h.Store.WriteNote(c.Request().Context(), h.actor(c), id, form.Body)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.staffInterfacePage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminNotesRead(id, 0), views.Flash{Tone: ui.ToneOK, Text: "Note added. Only colleagues read it."})
}

// TakeBackNote takes back what the reader wrote. Kinds: NotFound, Forbidden.
func (h *Handlers) TakeBackNote(c echo.Context) error {
	id := c.Param("id")
	n, err := strconv.Atoi(c.Param("n"))
	if err != nil {
		return &store.Error{Kind: store.NotFound, Msg: "This note does not exist.", Err: err}
	}
	err = h.Store.TakeBackNote(c.Request().Context(), h.actor(c), id, n)
	if status, _, msg, ok := refused(err); ok {
		return h.staffInterfacePage(c, status, views.StaffNotes{Conflict: msg})
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminNotesRead(id, 0), views.Flash{Tone: ui.ToneOK, Text: "The note is taken back."})
}

// staffNotes fills in the notes about an interface, from where the address says.
func (h *Handlers) staffNotes(c echo.Context, conn store.Connection, form views.StaffNotes) (views.StaffNotes, error) {
	by := h.actor(c)
	before, err := strconv.Atoi(c.QueryParam("before"))
	if err != nil || before < 1 { // an address nobody gave out
		before = 0
	}
	notes, more, err := h.Store.Notes(c.Request().Context(), by, conn.ID, before, notesShown)
	if err != nil {
		return form, err
	}
	form.InterfaceID, form.Key, form.MayWrite = conn.ID, keptKey(c), lifecycle.May(lifecycle.WriteNotes, by.Role)
	form.Zone = h.zoneOf(conn)
	for _, n := range notes {
		shown := h.staffNote(n)
		shown.Mine = form.MayWrite && n.TakenBackAt.IsZero() && note.MayTakeBack(n.UserID, by.UserID)
		form.Notes = append(form.Notes, shown)
	}
	if more {
		form.Older = paths.AdminNotesRead(conn.ID, notes[len(notes)-1].N)
	}
	if before > 0 {
		form.Newest = paths.AdminNotesRead(conn.ID, 0)
	}
	return form, nil
}

func (h *Handlers) staffNote(n store.Note) views.StaffNote {
	return views.StaffNote{N: n.N, At: n.At, Who: h.who(true, n.Role, n.Name), Body: n.Body, TakenBackAt: n.TakenBackAt}
}

// noteLine says how many staff notes stand about an interface, and the newest.
func (h *Handlers) noteLine(c echo.Context, conn store.Connection) (views.NoteLine, error) {
	count, newest, err := h.Store.StandingNotes(c.Request().Context(), h.actor(c), conn.ID)
	return views.NoteLine{Count: count, Newest: h.staffNote(newest), Zone: h.zoneOf(conn), Href: paths.AdminNotesRead(conn.ID, 0)}, err
}

func (h *Handlers) zoneOf(conn store.Connection) *time.Location {
	return h.Store.Catalogue().Zone(conn.Region)
}
