package handlers

import (
	"errors"
	"image"
	"net/http"
	"strconv"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"
	"github.com/pquerna/otp"

	"demarc/store"
	"demarc/store/password"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/passkey"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ShowSecurity is the page on which people look after how they sign in.
func (h *Handlers) ShowSecurity(c echo.Context) error {
	return h.securityPage(c, http.StatusOK, nil)
}

const securityTitle = "Sign-in and security"

func (h *Handlers) securityPage(c echo.Context, status int, errs map[string]string) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	factors, left, err := h.Store.Factors(ctx, user.ID)
	if err != nil {
		return err
	}
	sessions, err := h.Store.Sessions(ctx, user.ID)
	if err != nil {
		return err
	}
	v := views.Security{HasPassword: user.HasPassword, CodesLeft: left, CodesWords: codesLeft(left), Errors: errs,
		Required: h.needsFactor(user) && !user.Strong, Stale: !h.lately(user), Minutes: int(store.FreshLimit / time.Minute), Staff: user.Role.IsStaff(), CanPasskey: h.Passkeys != nil,
		PasswordHint: strconv.Itoa(password.Min) + " to " + strconv.Itoa(password.Max) + " characters. Every other session of yours ends."}
	for _, f := range factors {
		v.Factors = append(v.Factors, views.SecurityFactor{Name: f.Name, Kind: f.Kind.Label(), Added: f.CreatedAt, Used: f.LastUsedAt, RemoveHref: paths.SecurityFactorRemoval(f.ID)})
	}
	current := reqctx.Of(ctx).Session.ID()
	for _, s := range sessions {
		v.Sessions = append(v.Sessions, views.SecuritySession{ID: s.ID, Device: s.Device, Method: s.Method.Label(), Started: s.CreatedAt, Seen: s.LastSeenAt, Current: s.ID == current})
	}
	p := h.page(c, securityTitle)
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.SecurityPage(p, v))
}

// lately reports whether the person's session is so young that nobody else is
// likely to sit at it.
func (h *Handlers) lately(u store.User) bool {
	return h.Store.Now().Sub(u.SignedInAt) < store.FreshLimit
}

// SignedInLately lets nobody change how they sign in, or end sessions, who did
// not sign in a short while ago, with their second factor if they have one: who
// finds an open browser takes nothing over.
func (h *Handlers) SignedInLately(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if u, _ := reqctx.User(c.Request().Context()); h.lately(u) {
			return next(c)
		}
		return h.done(c, paths.Security, views.Flash{Tone: ui.ToneWarn, Text: "Sign in again first. Nothing was changed."})
	}
}

func codesLeft(n int) string {
	switch n {
	case 0:
		return "No recovery codes are left. Make new ones."
	case 1:
		return "1 recovery code is left. Make new ones before you need it."
	case 2, 3:
		return strconv.Itoa(n) + " recovery codes are left. Make new ones before they run out."
	}
	return strconv.Itoa(n) + " recovery codes are left."
}

// ChangePassword replaces the person's own password. Who has none gets none here.
func (h *Handlers) ChangePassword(c echo.Context) error {
	ctx := c.Request().Context()
	by := h.actor(c)
	if u, _ := reqctx.User(ctx); !u.HasPassword {
		// Nothing proves here that it is them, and their provider decides who gets in.
		return h.done(c, paths.Security, views.Flash{Tone: ui.ToneWarn, Text: "You sign in with your identity provider and have no password here. Nothing was changed."})
	}
	password := secret(c, "password")
	err := h.proveOwn(c)
	if err == nil && password != "" && password != secret(c, "again") {
		err = &store.Error{Kind: store.Invalid, Fields: map[string]string{"again": "Enter the same password twice"}}
	}
	if err == nil {
		err = h.Store.ChangePassword(ctx, by, reqctx.Of(ctx).Session.ID(), password)
	}
	if status, fields, _, ok := refused(err); ok {
		return h.securityPage(c, status, fields)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.Security, views.Flash{Tone: ui.ToneOK, Text: "The password was changed. Every other session of yours has ended."})
}

// proveOwn checks the password of the person who is signed in, within the
// limits of signing in.
func (h *Handlers) proveOwn(c echo.Context) error {
	ctx := c.Request().Context()
	by := h.actor(c)
	ip, familiar := c.RealIP(), "session "+reqctx.Of(ctx).Session.ID()
	if wait, ok := h.Attempts.Take(by.Email, ip, familiar); !ok {
		return &store.Error{Kind: store.Invalid, Fields: map[string]string{"current": tooMany(c, wait)}}
	}
	if err := h.Store.CheckOwnPassword(ctx, by, secret(c, "current")); err != nil {
		if store.KindOf(err) == store.Invalid && secret(c, "current") != "" {
			h.Log.InfoContext(ctx, "proof refused", "request_id", by.RequestID)
			h.Store.NoteRefusedProof(by)
		}
		return err
	}
	h.Attempts.Forget(by.Email, ip, familiar)
	return nil
}

// RevokeSession ends one of the person's own sessions.
func (h *Handlers) RevokeSession(c echo.Context) error {
	ctx := c.Request().Context()
	id := value(c, "session")
	if err := h.Store.EndSession(ctx, h.actor(c), id); err != nil {
		return err
	}
	if id == reqctx.Of(ctx).Session.ID() {
		reqctx.Of(ctx).Session.End()
		return h.done(c, paths.Login, views.Flash{Tone: ui.ToneInfo, Text: "You are signed out."})
	}
	return h.done(c, paths.Security, views.Flash{Tone: ui.ToneOK, Text: "The session was ended."})
}

// RevokeOtherSessions ends all of the person's sessions but this one.
func (h *Handlers) RevokeOtherSessions(c echo.Context) error {
	ctx := c.Request().Context()
	if err := h.Store.EndOtherSessions(ctx, h.actor(c), reqctx.Of(ctx).Session.ID()); err != nil {
		return err
	}
	return h.done(c, paths.Security, views.Flash{Tone: ui.ToneOK, Text: "You are signed out everywhere else."})
}

// AskAuthenticator begins to set up an authenticator app.
func (h *Handlers) AskAuthenticator(c echo.Context) error {
	id, key, err := h.Store.DraftTOTP(c.Request().Context(), h.actor(c))
	if store.KindOf(err) == store.Conflict {
		return h.done(c, paths.Security, views.Flash{Tone: ui.ToneWarn, Text: store.MessageOf(err)})
	}
	if err != nil {
		return err
	}
	return h.authenticatorPage(c, http.StatusOK, views.AuthenticatorForm{Draft: id}, key)
}

// AddAuthenticator puts the app to use when it shows the right code. The
// session goes on as one that began with a second factor.
func (h *Handlers) AddAuthenticator(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.AuthenticatorForm{Draft: value(c, "draft"), Name: value(c, "name")}
	form.Errors = unprintable(c)
	key, err := h.Store.OpenTOTP(ctx, h.actor(c), form.Draft)
	if store.KindOf(err) == store.NotFound {
		return h.done(c, paths.Security, views.Flash{Tone: ui.ToneWarn, Text: "This set-up was finished or begun again elsewhere. Check the list, then try again."})
	}
	if err != nil {
		return err
	}
	code := value(c, "code")
	switch {
	case len(form.Errors) > 0:
	case code == "":
		form.Errors["code"] = "Enter the code that the app shows"
	default:
		if err = h.proveOwn(c); err == nil {
			err = h.Store.ConfirmTOTP(ctx, h.actor(c), form.Draft, form.Name, code)
		}
	}
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.authenticatorPage(c, status, form, key)
	}
	if err != nil {
		return err
	}
	if len(form.Errors) > 0 {
		return h.authenticatorPage(c, http.StatusUnprocessableEntity, form, key)
	}
	return h.factorAdded(c, store.MethodTOTP, "The authenticator app is set up.")
}

// factorAdded begins the session anew: rights grew, so its secret changes. Who
// has no recovery codes yet is sent to make them.
func (h *Handlers) factorAdded(c echo.Context, method store.Method, text string) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	if err := h.startSession(c, user, method); err != nil {
		return err
	}
	_, left, err := h.Store.Factors(ctx, user.ID)
	if err != nil {
		return err
	}
	if left == 0 {
		return h.done(c, paths.SecurityRecovery, views.Flash{Tone: ui.ToneOK, Text: text + " Make recovery codes now, for the day that it is lost."})
	}
	return h.done(c, paths.Security, views.Flash{Tone: ui.ToneOK, Text: text})
}

func (h *Handlers) authenticatorPage(c echo.Context, status int, form views.AuthenticatorForm, key string) error {
	user, _ := reqctx.User(c.Request().Context())
	url := "otpauth://totp/" + pathText(h.Operator) + ":" + pathText(user.Email) + "?secret=" + key + "&issuer=" + pathText(h.Operator)
	k, err := otp.NewKeyFromURL(url)
	if err != nil {
		return err
	}
	code, err := qr.Encode(k.URL(), qr.M, qr.Auto)
	if err != nil {
		return err
	}
	form.QR, form.Key, form.HasPassword = modules(code), groups(key), user.HasPassword
	p := h.page(c, "Set up an authenticator app", views.Crumb{Label: securityTitle, Href: paths.Security})
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.AuthenticatorPage(p, form))
}

// modules is the QR code as rows of dark and light.
func modules(code image.Image) [][]bool {
	b := code.Bounds()
	out := make([][]bool, b.Dy())
	for y := range out {
		out[y] = make([]bool, b.Dx())
		for x := range out[y] {
			r, _, _, _ := code.At(b.Min.X+x, b.Min.Y+y).RGBA()
			out[y][x] = r < 0x8000
		}
	}
	return out
}

// groups makes a long key readable aloud.
func groups(key string) string {
	var out []byte
	for i := range len(key) {
		if i > 0 && i%4 == 0 {
			out = append(out, ' ')
		}
		out = append(out, key[i])
	}
	return string(out)
}

// AskPasskey begins to register a passkey.
func (h *Handlers) AskPasskey(c echo.Context) error {
	return h.passkeyPage(c, http.StatusOK, views.PasskeyForm{Errors: map[string]string{}})
}

func (h *Handlers) passkeyPage(c echo.Context, status int, form views.PasskeyForm) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	if h.Passkeys == nil {
		return h.done(c, paths.Security, views.Flash{Tone: ui.ToneWarn, Text: "Browsers make passkeys only where the console is reached over https. Set up an authenticator app instead."})
	}
	_, who, err := h.passkeysOf(c, user.ID)
	if err != nil {
		return err
	}
	options, state, err := h.Passkeys.Register(who)
	if err != nil {
		return err
	}
	id, key, err := h.Store.StartStep(ctx, h.actor(c), store.Step{Kind: store.StepPasskey, UserID: user.ID, Data: state})
	if err != nil {
		return err
	}
	reqctx.Of(ctx).Session.StartStep(id, key)
	form.Options, form.HasPassword = options, user.HasPassword
	p := h.page(c, "Add a passkey", views.Crumb{Label: securityTitle, Href: paths.Security})
	p.Failed, p.Passkeys = status != http.StatusOK, true
	return h.render(c, status, views.PasskeyPage(p, form))
}

// AddPasskey keeps the passkey that the browser has made.
func (h *Handlers) AddPasskey(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.PasskeyForm{Name: value(c, "name")}
	form.Errors = unprintable(c)
	err := h.proveOwn(c)
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.passkeyPage(c, status, form)
	}
	if err != nil {
		return err
	}
	user, _ := reqctx.User(ctx)
	id, key := reqctx.Of(ctx).Session.Step()
	st, err := h.Store.TakeStep(ctx, store.StepPasskey, id, key)
	if store.KindOf(err) == store.Unauthenticated || (err == nil && st.UserID != user.ID) || h.Passkeys == nil {
		form.Errors["name"] = "This took too long. Try again."
		return h.passkeyPage(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	_, who, err := h.passkeysOf(c, user.ID)
	if err != nil {
		return err
	}
	credentialID, credential, err := h.Passkeys.Registered(who, st.Data, secret(c, "credential"))
	if errors.Is(err, passkey.ErrRefused) {
		h.Log.InfoContext(ctx, "passkey refused", "request_id", reqctx.ID(ctx), "error", err)
		form.Errors["name"] = "The browser did not make a passkey. Try again."
		return h.passkeyPage(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	err = h.Store.AddPasskey(ctx, h.actor(c), form.Name, credentialID, credential)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		if msg != "" && len(fields) == 0 {
			form.Errors["name"] = msg
		}
		return h.passkeyPage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.factorAdded(c, store.MethodPasskey, "The passkey was added.")
}

// AskFactorRemoval asks before a second factor goes.
func (h *Handlers) AskFactorRemoval(c echo.Context) error {
	return h.factorRemovalPage(c, http.StatusOK, nil)
}

func (h *Handlers) factorRemovalPage(c echo.Context, status int, errs map[string]string) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	factors, _, err := h.Store.Factors(ctx, user.ID)
	if err != nil {
		return err
	}
	for _, f := range factors {
		if f.ID != c.Param("id") {
			continue
		}
		v := views.FactorRemoval{Name: f.Name, Kind: f.Kind.Label(), Action: paths.SecurityFactorRemoval(f.ID), HasPassword: user.HasPassword,
			Last: len(factors) == 1, Needed: h.needsFactor(user), Errors: errs}
		p := h.page(c, "Remove "+f.Name, views.Crumb{Label: securityTitle, Href: paths.Security})
		p.Failed = status != http.StatusOK
		return h.render(c, status, views.FactorRemovalPage(p, v))
	}
	return &store.Error{Kind: store.NotFound, Msg: "This second factor was not found. It may have been removed already."}
}

// RemoveFactor takes one of the person's own second factors away.
func (h *Handlers) RemoveFactor(c echo.Context) error {
	ctx := c.Request().Context()
	err := h.proveOwn(c)
	if err == nil {
		err = h.Store.RemoveFactor(ctx, h.actor(c), c.Param("id"))
	}
	if status, fields, _, ok := refused(err); ok {
		return h.factorRemovalPage(c, status, fields)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.Security, views.Flash{Tone: ui.ToneOK, Text: "It was removed."})
}

// AskRecoveryCodes asks before new recovery codes replace the old ones.
func (h *Handlers) AskRecoveryCodes(c echo.Context) error {
	return h.recoveryPage(c, http.StatusOK, nil, nil)
}

func (h *Handlers) recoveryPage(c echo.Context, status int, codes []string, errs map[string]string) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	_, left, err := h.Store.Factors(ctx, user.ID)
	if err != nil {
		return err
	}
	p := h.page(c, "Recovery codes", views.Crumb{Label: securityTitle, Href: paths.Security})
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.RecoveryPage(p, views.Recovery{Codes: codes, Whose: user.Email + " at " + h.Operator, Made: h.Store.Now(), Left: left, HasPassword: user.HasPassword, Errors: errs}))
}

// MakeRecoveryCodes replaces the recovery codes and shows the new ones, once.
func (h *Handlers) MakeRecoveryCodes(c echo.Context) error {
	err := h.proveOwn(c)
	var codes []string
	if err == nil {
		codes, err = h.Store.NewRecoveryCodes(c.Request().Context(), h.actor(c))
	}
	if store.KindOf(err) == store.Conflict {
		return h.done(c, paths.Security, views.Flash{Tone: ui.ToneWarn, Text: store.MessageOf(err)})
	}
	if status, fields, _, ok := refused(err); ok {
		return h.recoveryPage(c, status, nil, fields)
	}
	if err != nil {
		return err
	}
	return h.recoveryPage(c, http.StatusOK, codes, nil)
}

// AskFactorReset asks an administrator why somebody's second factors go.
func (h *Handlers) AskFactorReset(c echo.Context) error {
	return h.factorResetPage(c, http.StatusOK, "", nil)
}

func (h *Handlers) factorResetPage(c echo.Context, status int, reason string, errs map[string]string) error {
	user, err := h.Store.User(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	v := views.FactorReset{Name: user.Name, Email: user.Email, Has: user.SecondFactor, Action: paths.AdminFactorReset(user.ID), Back: backToPeople(user), Reason: reason, Errors: errs}
	p := h.page(c, "Reset the second factors of "+user.Name, views.Crumb{Label: "People", Href: v.Back})
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.FactorResetPage(p, v))
}

func backToPeople(u store.User) string {
	if u.AccountID != "" {
		return paths.AdminAccount(u.AccountID)
	}
	return paths.AdminPeople
}

// AskSessionsEnd asks an administrator before somebody is signed out everywhere.
func (h *Handlers) AskSessionsEnd(c echo.Context) error {
	ctx := c.Request().Context()
	user, err := h.Store.User(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	sessions, err := h.Store.Sessions(ctx, user.ID)
	if err != nil {
		return err
	}
	f := views.SessionsEnd{Name: user.Name, Email: user.Email, Action: paths.AdminSessionsEnd(user.ID), Back: backToPeople(user), Self: user.ID == h.actor(c).UserID}
	for _, s := range sessions {
		f.Sessions = append(f.Sessions, views.SecuritySession{Device: s.Device, Method: s.Method.Label(), Started: s.CreatedAt, Seen: s.LastSeenAt})
	}
	p, partial := h.personPage(c, "Sign out "+user.Name+" everywhere?", f.Back, http.StatusOK)
	return h.render(c, http.StatusOK, views.SessionsEndPage(p, partial, f))
}

// EndSessionsOf signs somebody out everywhere, because a device of theirs was
// lost, for example.
func (h *Handlers) EndSessionsOf(c echo.Context) error {
	ctx, by := c.Request().Context(), h.actor(c)
	user, err := h.Store.EndAllSessions(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	if user.ID == by.UserID {
		reqctx.Of(ctx).Session.End()
		return h.done(c, paths.Login, views.Flash{Tone: ui.ToneInfo, Text: "You are signed out everywhere."})
	}
	return h.done(c, backToPeople(user), views.Flash{Tone: ui.ToneOK, Text: user.Name + " is signed out everywhere."})
}

// ResetFactors takes somebody's second factors away, because they lost them.
func (h *Handlers) ResetFactors(c echo.Context) error {
	ctx := c.Request().Context()
	reason := value(c, "reason")
	err := h.Store.ResetFactors(ctx, h.actor(c), c.Param("id"), reason)
	if status, fields, msg, ok := refused(err); ok {
		if msg != "" && len(fields) == 0 {
			fields["reason"] = msg
		}
		return h.factorResetPage(c, status, reason, fields)
	}
	if err != nil {
		return err
	}
	user, err := h.Store.User(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	return h.done(c, backToPeople(user), views.Flash{Tone: ui.ToneOK, Text: user.Name + " signs in with the password alone now, and is asked to set up a second factor again."})
}
