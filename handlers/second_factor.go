package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/passkey"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ShowSecondFactor asks for the second factor of the person whose password was
// right.
func (h *Handlers) ShowSecondFactor(c echo.Context) error {
	id, key := reqctx.Of(c.Request().Context()).Session.Step()
	st, err := h.Store.Step(c.Request().Context(), store.StepSecondFactor, id, key)
	if err != nil {
		return h.stepOver(c, err)
	}
	return h.secondFactorPage(c, http.StatusOK, st, map[string]string{})
}

// stepOver sends the person back to the beginning when the half-done sign-in is
// over.
func (h *Handlers) stepOver(c echo.Context, err error) error {
	if store.KindOf(err) != store.Unauthenticated {
		return err
	}
	ctx := c.Request().Context()
	h.Log.InfoContext(ctx, "a sign-in was over", "request_id", reqctx.ID(ctx))
	reqctx.Of(ctx).Session.StartStep("", "")
	return h.done(c, paths.Login, views.Flash{Tone: ui.ToneWarn, Text: store.MessageOf(err)})
}

// guessing counts a try of a second factor, beyond those that one step bears:
// with the password, which is known by then, a step can be begun again and again.
// It is counted apart from passwords, like them by person and client. forget
// clears the count of somebody who passed.
func (h *Handlers) guessing(c echo.Context, st store.Step) (forget func(), refusal string, err error) {
	ctx := c.Request().Context()
	u, err := h.Store.User(ctx, st.UserID)
	if err != nil {
		return nil, "", err
	}
	name, ip, familiar := "code "+u.Email, c.RealIP(), reqctx.Of(ctx).Session.Familiar(u.Email)
	if wait, ok := h.Attempts.Take(name, ip, familiar); !ok {
		h.Log.WarnContext(ctx, "tries of a second factor limited", "request_id", reqctx.ID(ctx))
		return nil, tooMany(c, wait), nil
	}
	return func() { h.Attempts.Forget(name, ip, familiar) }, "", nil
}

// PassSecondFactor takes the code of an authenticator app, or a recovery code.
func (h *Handlers) PassSecondFactor(c echo.Context) error {
	ctx := c.Request().Context()
	sess := reqctx.Of(ctx).Session
	id, key := sess.Step()
	code := value(c, "code")
	st, err := h.Store.Step(ctx, store.StepSecondFactor, id, key)
	if err != nil {
		return h.stepOver(c, err)
	}
	if code == "" || len(code) > 40 {
		return h.secondFactorPage(c, http.StatusUnprocessableEntity, st, map[string]string{"code": "Enter the code that the app shows, or a recovery code"})
	}
	forget, refusal, err := h.guessing(c, st)
	if err != nil {
		return err
	}
	if refusal != "" {
		return h.secondFactorPage(c, http.StatusTooManyRequests, st, map[string]string{"code": refusal})
	}
	st, method, err := h.Store.PassWithCode(ctx, id, key, code, reqctx.ID(ctx))
	if status, fields, _, ok := refused(err); ok {
		h.Log.InfoContext(ctx, "second factor refused", "request_id", reqctx.ID(ctx))
		return h.secondFactorPage(c, status, st, fields)
	}
	if err != nil {
		return h.stepOver(c, err)
	}
	forget()
	var flash []views.Flash
	if method == store.MethodRecovery {
		_, left, err := h.Store.Factors(ctx, st.UserID)
		if err != nil {
			return err
		}
		flash = append(flash, views.Flash{Tone: ui.ToneWarn, Text: "You used a recovery code; it does not open again. " + codesLeft(left),
			LinkText: "Sign-in and security", Href: paths.Security})
	}
	return h.passed(c, st, method, flash...)
}

// PassWithPasskey takes what the browser proved with a passkey.
func (h *Handlers) PassWithPasskey(c echo.Context) error {
	ctx := c.Request().Context()
	id, key := reqctx.Of(ctx).Session.Step()
	st, err := h.Store.Step(ctx, store.StepSecondFactor, id, key)
	if err != nil {
		return h.stepOver(c, err)
	}
	_, p, err := h.passkeysOf(c, st.UserID)
	if err != nil {
		return err
	}
	if h.Passkeys == nil || st.Data == "" || len(p.Credentials) == 0 {
		return h.secondFactorPage(c, http.StatusUnprocessableEntity, st, map[string]string{"code": "No passkey can be used here. Enter a code instead."})
	}
	forget, refusal, err := h.guessing(c, st)
	if err != nil {
		return err
	}
	if refusal != "" {
		return h.secondFactorPage(c, http.StatusTooManyRequests, st, map[string]string{"code": refusal})
	}
	credentialID, credential, err := h.Passkeys.Answered(p, st.Data, secret(c, "credential"))
	if errors.Is(err, passkey.ErrRefused) {
		h.Log.InfoContext(ctx, "passkey refused", "request_id", reqctx.ID(ctx), "error", err)
		if err := h.Store.CountStepTry(ctx, id, reqctx.ID(ctx)); err != nil {
			return err
		}
		return h.secondFactorPage(c, http.StatusUnprocessableEntity, st, map[string]string{"code": "The passkey was not accepted. Try again, or enter a code."})
	}
	if err != nil {
		return err
	}
	if st, err = h.Store.PassWithPasskey(ctx, id, key, credentialID, credential); err != nil {
		return h.stepOver(c, err)
	}
	forget()
	return h.passed(c, st, store.MethodPasskey)
}

// passed lets in who has proved a second factor.
func (h *Handlers) passed(c echo.Context, st store.Step, method store.Method, flash ...views.Flash) error {
	user, err := h.Store.User(c.Request().Context(), st.UserID)
	if err != nil {
		return err
	}
	if err := h.startSession(c, user, method); err != nil {
		return err
	}
	return h.done(c, paths.Local(st.Next, paths.Home), flash...)
}

// passkeysOf is the person with their passkeys, as package passkey takes them.
func (h *Handlers) passkeysOf(c echo.Context, userID string) (store.User, passkey.Person, error) {
	ctx := c.Request().Context()
	user, err := h.Store.User(ctx, userID)
	if err != nil {
		return user, passkey.Person{}, err
	}
	factors, _, err := h.Store.Factors(ctx, userID)
	p := passkey.Person{ID: user.ID, Email: user.Email, Name: user.Name}
	for _, f := range factors {
		if f.Kind == store.FactorPasskey {
			p.Credentials = append(p.Credentials, f.Credential)
		}
	}
	return user, p, err
}

func (h *Handlers) secondFactorPage(c echo.Context, status int, st store.Step, errs map[string]string) error {
	ctx := c.Request().Context()
	p := h.publicFrame(c, "Second step of signing in", status)
	form := views.SecondFactorForm{Errors: errs}
	if h.Passkeys != nil {
		_, who, err := h.passkeysOf(c, st.UserID)
		if err != nil {
			return err
		}
		if len(who.Credentials) > 0 {
			options, state, err := h.Passkeys.Ask(who)
			if err != nil {
				return err
			}
			if err := h.Store.SetStepData(ctx, st.ID, state); err != nil {
				return err
			}
			form.Passkey, p.Passkeys = options, true
		}
	}
	return h.render(c, status, views.SecondFactorPage(p, form))
}

// publicFrame is the shell of a page before sign-in: whoever is signed in in
// this browser may be somebody else.
func (h *Handlers) publicFrame(c echo.Context, title string, status int) views.Page {
	p := h.frame(c, title)
	p.User, p.Area, p.Nav = nil, views.AreaPublic, nil
	p.Failed = status != http.StatusOK
	return p
}

// device names a browser in a few words, from what it says of itself: enough
// for its owner to know it again.
func device(agent string) string {
	find := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	// The order matters: most browsers claim to be others as well.
	browser := find("Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "CriOS/", "Chrome", "FxiOS/", "Firefox", "Safari/", "Safari")
	system := find("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "" || system != "":
		return browser + system
	}
	return "Unknown browser"
}
