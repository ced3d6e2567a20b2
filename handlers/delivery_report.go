package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

const reportTitle = "Delivery Report"

// ShowDeliveryReport is the form Delivery Report while the letter is out, and
// the report as it was sent after that.
func (h *Handlers) ShowDeliveryReport(c echo.Context) error {
	ctx := c.Request().Context()
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	last, err := h.Store.DeliveryReport(ctx, conn.ID)
	if err != nil {
		return err
	}
	switch {
	case lifecycle.Can(conn.Stage, lifecycle.ReportDelivery, roleOf(c)):
		form, err := h.reportForm(c, conn, last)
		if err != nil {
			return err
		}
		form.Key, form.Labels = formKey(), []string{""}
		if form.Returned != "" {
			form.LineCode, form.Labels, form.Contact = last.LineCode, last.Labels, last.Contact
		}
		return h.reportFormPage(c, conn, http.StatusOK, form)
	case last != nil:
		return h.reportPage(c, conn, *last)
	}
	n := views.NotNow{Interface: h.readBy(c, conn), Title: reportTitle, Text: "The delivery report is sent after the installation, once the LOA is approved."}
	switch {
	case lifecycle.CustomerCan(conn.Stage, lifecycle.ReportDelivery):
		n.Text = "The installation is not reported yet. An owner or an engineer of your account sends the report."
	case lifecycle.Can(conn.Stage, lifecycle.ApplyForLOA, roleOf(c)):
		n.LinkText, n.Href = applyLOATitle, paths.NewLOAApplication(conn.ID)
	case conn.Stage == lifecycle.InApplication:
		n.LinkText, n.Href = applicationTitle, paths.LOAApplication(conn.ID)
	case conn.Stage.Ended():
		n.Text = "The interface ended before a delivery report was sent."
	}
	return h.render(c, http.StatusConflict, views.NotNowPage(h.page(c, reportTitle, aboutInterface(conn)...), n))
}

// reportForm is the form without what people fill in.
func (h *Handlers) reportForm(c echo.Context, conn store.Connection, last *store.DeliveryReport) (views.DeliveryReportForm, error) {
	form := views.DeliveryReportForm{Interface: h.readBy(c, conn), Operator: h.Operator, MaxCables: store.MaxCables, Partial: reqctx.IsPartial(c.Request())}
	// A report that came back is corrected; one under an earlier letter was
	// about another installation.
	if last != nil && last.Status == "returned" && conn.Problem != "" {
		form.Returned = store.ProblemLabel(last.ProblemKind) + ": " + last.Reason
	}
	var err error
	form.Port, err = h.reportedPort(c, conn.ID)
	return form, err
}

// reportedPort is the port that the letter names.
func (h *Handlers) reportedPort(c echo.Context, id string) (views.ReportedPort, error) {
	l, err := h.Store.LOA(c.Request().Context(), id)
	if err != nil || l == nil {
		return views.ReportedPort{}, err
	}
	s := l.Snapshot
	return views.ReportedPort{Device: s.Device, Port: s.Port, Cabinet: s.Cabinet, Panel: s.Panel, Position: s.Position}, nil
}

// ReportDelivery sends the report, or adds or removes a cable in the form.
func (h *Handlers) ReportDelivery(c echo.Context) error {
	ctx := c.Request().Context()
	actor := h.actor(c)
	conn, err := h.Store.Connection(ctx, actor, c.Param("id"))
	if err != nil {
		return err
	}
	in := store.NewDeliveryReport{LineCode: value(c, "line_code"), Contact: value(c, "contact")}
	for n := range rows(c, "label-", "", store.MaxCables+1) {
		in.Labels = append(in.Labels, value(c, store.LabelField(n)))
	}
	answer := func(status int, change func(*views.DeliveryReportForm)) error {
		// The state may be another one by now than when the form was sent.
		conn, err := h.Store.Connection(ctx, actor, conn.ID)
		if err != nil {
			return err
		}
		last, err := h.Store.DeliveryReport(ctx, conn.ID)
		if err != nil {
			return err
		}
		form, err := h.reportForm(c, conn, last)
		if err != nil {
			return err
		}
		form.Key, form.LineCode, form.Labels, form.Contact = keptKey(c), in.LineCode, in.Labels, in.Contact
		if len(form.Labels) == 0 {
			form.Labels = []string{""}
		}
		if status != http.StatusConflict {
			form.Interface.Rev = rev(c) // what the person saw is still that
		}
		change(&form)
		return h.reportFormPage(c, conn, status, form)
	}
	switch do := value(c, "do"); {
	case do == "add":
		return answer(http.StatusOK, func(f *views.DeliveryReportForm) {
			if len(f.Labels) < store.MaxCables {
				f.Labels = append(f.Labels, "")
			}
			f.Focus = store.LabelField(len(f.Labels) - 1)
		})
	case strings.HasPrefix(do, "remove-"):
		return answer(http.StatusOK, func(f *views.DeliveryReportForm) {
			if n, err := strconv.Atoi(do[len("remove-"):]); err == nil && n >= 0 && n < len(f.Labels) && len(f.Labels) > 1 {
				f.Labels = slices.Delete(f.Labels, n, n+1)
			}
			f.Focus = views.AddCableID
		})
	}
	if bad := unprintable(c); len(bad) > 0 {
		return answer(http.StatusUnprocessableEntity, func(f *views.DeliveryReportForm) { f.Errors = bad })
	}
	err = h.Store.ReportDelivery(ctx, actor, conn.ID, rev(c), in)
	if err == nil {
		return h.done(c, paths.Interface(conn.ID), views.Flash{Tone: ui.ToneOK, Text: h.reportSent(c, conn)})
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	return answer(status, func(f *views.DeliveryReportForm) {
		f.Errors = fields
		if len(fields) == 0 {
			f.Conflict = msg
		}
	})
}

// reportSent says what happens after the report, and by when as far as that is
// known.
func (h *Handlers) reportSent(c echo.Context, conn store.Connection) string {
	region, _ := h.Store.Catalogue().Region(conn.Region)
	days := "two"
	if lifecycle.CablingDays(region.Mainland) == 3 {
		days = "three"
	}
	text := "Delivery report sent. " + h.Operator + " connects the cables within " + days + " working days"
	now, err := h.Store.Connection(c.Request().Context(), h.actor(c), conn.ID)
	if err == nil && now.Stage == lifecycle.WaitingForCabling && !now.DueAt.IsZero() {
		text += ", by " + ui.FormatStamp(now.DueAt, h.Store.Catalogue().Zone(conn.Region))
	}
	return text + "."
}

func (h *Handlers) reportFormPage(c echo.Context, conn store.Connection, status int, form views.DeliveryReportForm) error {
	if form.Partial {
		return h.render(c, status, views.DeliveryReportFormPage(views.Page{}, form)) // sentences wait for the next page
	}
	p := h.page(c, reportTitle, aboutInterface(conn)...)
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.DeliveryReportFormPage(p, form))
}

func (h *Handlers) reportPage(c echo.Context, conn store.Connection, r store.DeliveryReport) error {
	port, err := h.reportedPort(c, conn.ID)
	if err != nil {
		return err
	}
	v := views.DeliveryReport{Interface: h.readBy(c, conn), Port: port, Version: r.Version, Status: r.Status, LineCode: r.LineCode, Labels: r.Labels, Contact: r.Contact,
		SubmittedAt: r.SubmittedAt, SubmittedBy: r.SubmittedBy, CompletedAt: r.CompletedAt, LabelFound: r.LabelFound}
	if r.Status == "returned" {
		v.Problem = store.ProblemLabel(r.ProblemKind) + ": " + r.Reason
	}
	if r.LightDBm10 != nil {
		v.Light = fmt.Sprintf("%.1f dBm", float64(*r.LightDBm10)/10)
	}
	return h.render(c, http.StatusOK, views.DeliveryReportPage(h.page(c, reportTitle, aboutInterface(conn)...), v))
}
