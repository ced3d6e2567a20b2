package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"demarc/web/pay"
	"demarc/web/reqctx"
)

// webhookLimit is how large a webhook may be, in bytes. Stripe's are a few
// kilobytes.
const webhookLimit = 256 << 10

// cardWebhook takes what the card gateway says. Nobody is signed in: the
// signature says who speaks. What is not to be believed gets 400 and is never
// sent again; whatever could not be worked on gets an error, so that the gateway
// says it again.
func (s *Server) cardWebhook(c echo.Context) error {
	if s.cfg.Cards == nil {
		return echo.ErrNotFound
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, webhookLimit))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return echo.ErrStatusRequestEntityTooLarge
		}
		return echo.ErrBadRequest
	}
	err = s.cfg.Cards.Hear(c.Request().Context(), body, c.Request().Header.Get("Stripe-Signature"))
	var forged *pay.Forged
	if errors.As(err, &forged) {
		s.log.WarnContext(c.Request().Context(), "a webhook was not believed", "request_id", reqctx.ID(c.Request().Context()), "reason", forged.Reason)
		return c.NoContent(http.StatusBadRequest)
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusOK)
}
