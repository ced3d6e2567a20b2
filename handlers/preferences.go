package handlers

import (
	"github.com/labstack/echo/v4"

	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// SavePreferences keeps what the person prefers and returns to the page they
// were on: theme (light, dark, or system), the columns of the list of interfaces,
// or a note they put away.
func (h *Handlers) SavePreferences(c echo.Context) error {
	ctx := c.Request().Context()
	if key := value(c, "dismiss"); key != "" && len(key) <= 40 {
		reqctx.Of(ctx).Session.Dismiss(key)
	}
	if _, sent := posted(c)["theme"]; sent {
		theme := value(c, "theme")
		if theme == "system" {
			theme = ""
		}
		if err := h.Store.SetTheme(ctx, h.actor(c), theme); err != nil {
			return err
		}
	}
	if _, sent := posted(c)["columns"]; sent { // no box is sent when none is ticked
		if err := h.Store.SetListColumns(ctx, h.actor(c), values(c, "column")); err != nil {
			return err
		}
	}
	if _, sent := posted(c)["mail"]; sent {
		on := value(c, "mail") == "on"
		if err := h.Store.SetMailNotices(ctx, h.actor(c), on); err != nil {
			return err
		}
		text := "Your messages are no longer mailed to you."
		if on {
			text = "Your messages are also mailed to you."
		}
		return h.done(c, paths.Local(value(c, "next"), paths.Messages), views.Flash{Tone: ui.ToneOK, Text: text})
	}
	return h.done(c, paths.Local(value(c, "next"), paths.Home))
}
