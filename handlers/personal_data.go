package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// ShowPersonalData is the form that asks about whom, what and why.
func (h *Handlers) ShowPersonalData(c echo.Context) error {
	return h.personalDataPage(c, http.StatusOK, views.PersonalDataForm{})
}

// HandlePersonalData exports what is kept about a person, as a file, or erases it.
func (h *Handlers) HandlePersonalData(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.PersonalDataForm{Who: value(c, "who"), Reason: multiline(c, "reason"), Sure: value(c, "sure") == "yes"}
	form.Errors = unprintable(c)
	if form.Who == "" {
		form.Errors["who"] = "Enter the e-mail address or the full name"
	}
	erase := value(c, "do") == "erase"
	if erase && !form.Sure {
		form.Errors["sure"] = "Tick that you understand that this cannot be undone"
	}
	if len(form.Errors) > 0 {
		if form.Reason == "" {
			form.Errors["reason"] = "Say why"
		}
		return h.personalDataPage(c, http.StatusUnprocessableEntity, form)
	}
	var held store.PersonalData
	var done store.Erasure
	var err error
	if erase {
		done, err = h.Store.ErasePerson(ctx, h.actor(c), form.Who, form.Reason)
	} else {
		held, err = h.Store.PersonalData(ctx, h.actor(c), form.Who, form.Reason)
	}
	switch store.KindOf(err) {
	case store.NotFound:
		form.Errors["who"] = store.MessageOf(err)
		return h.personalDataPage(c, http.StatusUnprocessableEntity, form)
	case store.Conflict:
		form.Problem = store.MessageOf(err)
		return h.personalDataPage(c, http.StatusConflict, form)
	}
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.personalDataPage(c, status, form)
	}
	if err != nil {
		return err
	}
	if erase {
		return h.done(c, paths.AdminPersonalData, views.Flash{Tone: ui.ToneOK, Text: fmt.Sprintf("Erased: %d people who sign in, %d entries as field engineer, the name in %d staff notes. Issued letters stay as they are.", done.Users, done.Engineers, done.Notes)})
	}
	b, err := json.MarshalIndent(held, "", "  ")
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="personal-data.json"`)
	return c.Blob(http.StatusOK, "application/json; charset=utf-8", b)
}

func (h *Handlers) personalDataPage(c echo.Context, status int, form views.PersonalDataForm) error {
	form.Key = keptKey(c)
	p := h.page(c, "Personal data", views.Crumb{Label: "Settings"})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.PersonalDataPage(p, form))
}
