package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// retrySeconds is when to try again after a 503.
const retrySeconds = 5

// turnedAwayBy says in the access log why somebody was turned away, when whoever
// did has not.
var turnedAwayBy = map[int]string{http.StatusForbidden: "not_allowed", http.StatusTooManyRequests: "too_many"}

// fail is the one place where an error becomes an answer.
func (s *Server) fail(err error, c echo.Context) {
	status, text := statusOf(err)
	if status >= http.StatusInternalServerError {
		c.Set(noted, err)
	}
	if why := turnedAwayBy[status]; why != "" && c.Get(turnedAway) == nil {
		c.Set(turnedAway, why)
	}
	if c.Response().Committed || abandoned(c.Request(), err) {
		return
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	var aerr error
	if status == http.StatusUnauthorized {
		aerr = s.askToSignIn(c)
	} else {
		seconds := 0
		var fast *tooFast
		switch {
		case errors.As(err, &fast):
			seconds = int(math.Ceil(fast.wait.Seconds()))
		case status == http.StatusServiceUnavailable:
			seconds = retrySeconds
		}
		aerr = s.answer(c, status, seconds, text)
	}
	if aerr == nil {
		return
	}
	c.Set(noted, errors.Join(err, fmt.Errorf("error page: %w", aerr)))
	if !c.Response().Committed {
		// The error page itself failed: words without a page. If they fail
		// too, there is nobody to read them.
		_ = c.String(http.StatusInternalServerError, "The request failed on our side. Reference "+reqctx.ID(c.Request().Context()))
	}
}

// statusOf is the table of errors. text replaces the standard words when the
// store said something more exact.
func statusOf(err error) (status int, text string) {
	var se *store.Error
	var he *echo.HTTPError
	var fast *tooFast
	switch {
	case errors.As(err, &fast):
		return http.StatusTooManyRequests, ""
	case errors.As(err, &se):
		switch se.Kind {
		case store.Invalid:
			return http.StatusUnprocessableEntity, se.Msg
		case store.NotFound:
			return http.StatusNotFound, se.Msg
		case store.Conflict:
			return http.StatusConflict, se.Msg
		case store.Forbidden:
			return http.StatusForbidden, se.Msg
		case store.Unauthenticated:
			return http.StatusUnauthorized, se.Msg
		case store.Unavailable:
			return http.StatusServiceUnavailable, se.Msg
		}
	case errors.As(err, &he):
		return he.Code, ""
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, ""
	}
	return http.StatusInternalServerError, ""
}

// answer sends the page of an error. seconds is when to try again, 0 when that is
// not known.
func (s *Server) answer(c echo.Context, status, seconds int, text string) error {
	if seconds > 0 {
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(seconds))
	}
	title, standard := views.ErrorWords(status, seconds)
	if text == "" {
		text = standard
	}
	reference := ""
	if status >= http.StatusInternalServerError {
		reference = reqctx.ID(c.Request().Context())
	}
	return s.handlers.Problem(c, status, title, text, reference)
}

// askToSignIn sends the browser to the sign-in page, and back afterwards: to
// the page itself, or to the page with the form that was sent. A page that
// sends a form by script, or asks before it does, stays where it is, with what
// was typed.
func (s *Server) askToSignIn(c echo.Context) error {
	r := c.Request()
	req := reqctx.Of(r.Context())
	sess, _ := req.Session.(*session)
	if reqctx.IsHtmx(r) && (r.Method != http.MethodGet || r.URL.Path == paths.Session) {
		why := ""
		if sess != nil {
			why = sess.gone
		}
		if why != "" && r.URL.Path == paths.Session {
			// The page that asks by itself may make room for the sign-in, which
			// then says why.
			sess.Flash(views.Flash{Tone: ui.ToneInfo, Text: why})
		}
		return s.handlers.SignInAgain(c, why)
	}
	if sess != nil && sess.gone != "" {
		sess.Flash(views.Flash{Tone: ui.ToneInfo, Text: sess.gone})
	}
	next := r.URL.RequestURI()
	if r.Method != http.MethodGet || reqctx.IsPartial(r) {
		next = ""
		from := r.Header.Get("HX-Current-URL")
		if from == "" {
			from = r.Referer()
		}
		if u, err := url.Parse(from); err == nil && u.Host == r.Host {
			next = u.RequestURI()
		}
	}
	login := paths.LoginNext(paths.Local(next, paths.Home))
	if reqctx.IsHtmx(r) {
		c.Response().Header().Set("HX-Redirect", login)
		return c.NoContent(http.StatusUnauthorized)
	}
	return c.Redirect(http.StatusSeeOther, login)
}
