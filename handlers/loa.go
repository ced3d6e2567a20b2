package handlers

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/web/paths"
)

const noLOATitle = "The LOA is not issued yet"

// ShowLOA is View LOA: the newest letter, and what it is still good for.
func (h *Handlers) ShowLOA(c echo.Context) error {
	ctx := c.Request().Context()
	conn, err := h.Store.Connection(ctx, h.actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	l, err := h.Store.LOA(ctx, conn.ID)
	if err != nil {
		return err
	}
	if l == nil {
		return h.noLOA(c, conn)
	}
	v := views.LOAPage{Interface: h.readBy(c, conn), Letter: l.Snapshot}
	v.Stamp, v.Note = loaStanding(*l, h.Store.Now())
	if v.Stamp != "" && v.Stamp != "Used" && lifecycle.Can(conn.Stage, lifecycle.ApplyForLOA, roleOf(c)) {
		v.NoteText, v.NoteHref = applyLOATitle, paths.NewLOAApplication(conn.ID)
	}
	return h.render(c, http.StatusOK, views.LOAShow(h.page(c, l.Snapshot.Title(), aboutInterface(conn)...), v))
}

// loaStanding is what is stamped on a letter that is no longer good for an
// installation, and a sentence about it; both empty for a letter in force.
func loaStanding(l store.LOA, now time.Time) (stamp, note string) {
	day := func(t time.Time) string { return l.Snapshot.FormatDate(t) }
	switch {
	case l.Status == "used":
		return "Used", "This letter was used on " + day(l.EndedAt) + ". It covered the initial installation only."
	case l.Status == "revoked":
		return "Revoked", "This letter was revoked on " + day(l.EndedAt) + ". Nobody is admitted with it."
	case l.Status == "superseded":
		return "Superseded", "A later version replaced this letter on " + day(l.EndedAt) + "."
	case l.Status == "expired", !now.Before(l.ExpiresAt):
		return "Expired", "This letter expired on " + day(l.ExpiresAt) + "."
	}
	return "", ""
}

// noLOA answers for a letter that does not exist: where the interface stands
// and what leads to a letter.
func (h *Handlers) noLOA(c echo.Context, conn store.Connection) error {
	n := views.NotNow{Interface: h.readBy(c, conn), Title: noLOATitle}
	switch {
	case conn.Stage == lifecycle.PendingPayment:
		n.Text = "Pay the initial installation fee first, then apply for the LOA."
	case conn.Stage == lifecycle.InApplication:
		n.Text = h.Operator + " is reviewing your application. You get a message when it is approved or when something needs a correction."
		n.LinkText, n.Href = applicationTitle, paths.LOAApplication(conn.ID)
	case conn.Stage == lifecycle.LOARejected:
		n.Text = "Correct your application and send it again."
	case conn.Stage == lifecycle.ToApplyForLOA:
		n.Text = "Tell us who installs the line and when. The letter lets them into the data center."
	default:
		n.Title, n.Text = "No LOA was issued", "The interface ended before a letter was issued."
	}
	if n.Interface.Can(lifecycle.ApplyForLOA) {
		n.LinkText, n.Href = applyLOATitle, paths.NewLOAApplication(conn.ID)
	}
	return h.render(c, http.StatusNotFound, views.NotNowPage(h.page(c, "LOA", aboutInterface(conn)...), n))
}

// DownloadLOA sends the stored letter as a PDF, the same bytes each time.
func (h *Handlers) DownloadLOA(c echo.Context) error {
	conn, err := h.Store.Connection(c.Request().Context(), h.actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	err = h.sendLOA(c, conn.ID)
	if store.KindOf(err) == store.NotFound {
		return h.noLOA(c, conn)
	}
	return err
}

// sendLOA answers with a letter of an interface that the actor may see: the
// version that is asked for, or the newest. The entity tag is the hash of the
// document. Who took it is kept, so that they can be told when it is no longer
// good.
func (h *Handlers) sendLOA(c echo.Context, id string) error {
	ctx := c.Request().Context()
	version, ok := versionParam(c)
	if !ok {
		return echo.ErrNotFound
	}
	name, pdf, version, err := h.Store.LOAPDF(ctx, id, version)
	if err != nil {
		return err
	}
	if err := h.Store.NoteLOAAccess(ctx, h.actor(c), id, version, store.AccessDownload); err != nil {
		return err
	}
	sum := sha256.Sum256(pdf)
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "application/pdf")
	header.Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	header.Set(echo.HeaderCacheControl, "no-store")
	header.Set(echo.HeaderXContentTypeOptions, "nosniff")
	header.Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(pdf))
	return nil
}

// versionParam is the version of a letter that the address asks for, 0 when it
// asks for none; false when that is no version.
func versionParam(c echo.Context) (int, bool) {
	text := c.QueryParam("version")
	if text == "" {
		return 0, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0
}
