package handlers

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"demarc/store/letter"
	"demarc/store/letter/signing"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// LetterKeys publishes the public half of every key that ever signed a letter,
// as a JWK set, for programs of others too.
func (h *Handlers) LetterKeys(c echo.Context) error {
	set, err := h.Store.PublishedLetterKeys()
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(set, "", "  ")
	if err != nil {
		return err
	}
	return forPrograms(c, "application/jwk-set+json", b)
}

// LetterSchema publishes the schema of the facts in a letter.
func (h *Handlers) LetterSchema(c echo.Context) error {
	return forPrograms(c, "application/schema+json", letter.JSONSchema)
}

// forPrograms answers with a public file that pages of others may read.
func forPrograms(c echo.Context, mime string, b []byte) error {
	header := c.Response().Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set(echo.HeaderCacheControl, "public, max-age=300")
	header.Del(echo.HeaderVary)
	return c.Blob(http.StatusOK, mime, b)
}

// ShowLetterKeys is the page about what letters are signed with.
func (h *Handlers) ShowLetterKeys(c echo.Context) error {
	return h.letterKeysPage(c, http.StatusOK, views.KeyForm{})
}

// RotateLetterKeys makes new keys.
func (h *Handlers) RotateLetterKeys(c echo.Context) error {
	form := views.KeyForm{Reason: multiline(c, "reason")}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.letterKeysPage(c, http.StatusUnprocessableEntity, form)
	}
	err := h.Store.RotateLetterKeys(c.Request().Context(), h.actor(c), form.Reason)
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.letterKeysPage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminLetterKeys, views.Flash{Tone: ui.ToneOK, Text: "New keys are made. Letters are signed with them from now on; the old keys stay published."})
}

func (h *Handlers) letterKeysPage(c echo.Context, status int, form views.KeyForm) error {
	set, err := h.Store.PublishedLetterKeys()
	if err != nil {
		return err
	}
	keys := h.Store.LetterKeys()
	cert := keys.Chain[0]
	form.Key = keptKey(c)
	v := views.LetterKeys{
		Form: form, Own: h.Store.OwnLetterCertificate(), SelfSigned: signing.SelfSigned(keys.Chain), Published: h.PublicURL + paths.LetterKeys, Schema: h.PublicURL + paths.LetterSchema,
		Subject: cert.Subject.String(), Issuer: cert.Issuer.String(), Algorithm: signing.Algorithm(keys.PDF.Public()), From: cert.NotBefore, Until: cert.NotAfter, Fingerprint: signing.Fingerprint(cert),
	}
	if err := keys.Check(h.Store.Now()); err != nil {
		v.Problem = err.Error()
	}
	for _, k := range set.Keys {
		row := views.LetterKey{ID: k.Kid, PDF: k.Purpose == signing.ForPDF, Algorithm: k.Alg, Created: k.CreatedAt, Active: k.Status == signing.Active}
		if k.RetiredAt != nil {
			row.Retired = *k.RetiredAt
		}
		v.Keys = append(v.Keys, row)
	}
	p := h.page(c, "Letter keys", views.Crumb{Label: "Settings"})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.LetterKeysPage(p, v))
}
