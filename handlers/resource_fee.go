package handlers

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ShowResourceFee is the page Pay Resource Fee, with the duration of the query.
// An interface that owes no resource fee now has no such page: its own one says
// where it stands. Kinds: NotFound.
func (h *Handlers) ShowResourceFee(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	if !lifecycle.Can(conn.Stage, lifecycle.PayResourceFee, roleOf(c)) {
		return h.done(c, paths.Interface(conn.ID), views.Flash{Tone: ui.ToneInfo,
			Text: conn.Title() + " is in the " + conn.Stage.Label() + " state. There is no resource fee to pay now."})
	}
	form := views.ResourceFeeForm{Months: pricing.Periods()[0], Key: formKey(), Confirmed: c.QueryParam("confirm") != "", AutoRenew: c.QueryParam("auto_renew") != ""}
	form.Method = c.QueryParam("method")
	if n, err := strconv.Atoi(c.QueryParam("months")); err == nil && pricing.ValidPeriod(n) {
		form.Months = n
	}
	if reqctx.IsHtmx(c.Request()) {
		// The address carries the choices and nothing else of the form.
		confirm, autoRenew := "", ""
		if form.Confirmed {
			confirm = "on"
		}
		if form.AutoRenew {
			autoRenew = "on"
		}
		c.Response().Header().Set("HX-Replace-Url", paths.With(paths.ResourceFee(conn.ID), "months", strconv.Itoa(form.Months), "confirm", confirm, "auto_renew", autoRenew))
	}
	return h.resourceFeePage(c, http.StatusOK, conn, form)
}

// PayResourceFee confirms the deployment, pays and enables the port. Kinds:
// NotFound, Forbidden.
func (h *Handlers) PayResourceFee(c echo.Context) error {
	ctx, by, id := c.Request().Context(), h.actor(c), c.Param("id")
	months, err := strconv.Atoi(value(c, "months"))
	if err != nil {
		months = 0 // the store says what is on offer
	}
	form := views.ResourceFeeForm{Months: months, AutoRenew: value(c, "auto_renew") != "", Confirmed: value(c, "confirm") != "", Method: h.method(c), Key: keptKey(c)}
	in := store.NewResourceFee{Months: form.Months, AutoRenew: form.AutoRenew, Confirmed: form.Confirmed, Method: form.Method}
	if form.Method == store.MethodCard && h.Cards != nil {
		var no string
		if no, err = h.Store.OrderResourceFee(ctx, by, id, rev(c), in); err == nil {
			if err = h.toCardPage(c, no); err == nil {
				return nil
			}
		}
	} else if _, err = h.Store.PayResourceFee(ctx, by, id, rev(c), in); err == nil {
		conn, err := h.Store.Connection(ctx, by, id)
		if err != nil {
			return err
		}
		return h.done(c, paths.Interface(id), views.Flash{Tone: ui.ToneOK, Text: conn.Title() + " is enabled. The leased line connection is completed."})
	}
	status, fields, msg, ok := h.cardRefused(c, err)
	if !ok {
		return err
	}
	form.Errors = fields
	if len(fields) == 0 {
		form.Conflict = msg
	}
	conn, err := h.Store.Connection(ctx, by, id)
	if err != nil {
		return err
	}
	return h.resourceFeePage(c, status, conn, form)
}

func (h *Handlers) resourceFeePage(c echo.Context, status int, conn store.Connection, form views.ResourceFeeForm) error {
	ctx := c.Request().Context()
	account, err := h.Store.Account(ctx, h.actor(c), conn.AccountID)
	if err != nil {
		return err
	}
	report, err := h.Store.DeliveryReport(ctx, conn.ID)
	if err != nil {
		return err
	}
	port, err := h.Store.PortOf(ctx, conn.ID)
	if err != nil {
		return err
	}
	v := views.ResourceFee{Interface: h.readBy(c, conn), Operator: h.Operator, NOC: h.NOC, Form: form}
	if v.Pay, err = h.payForm(c, views.PayForm{}, account, conn.Monthly); err != nil {
		return err
	}
	rules, err := h.Store.FeeRules(ctx)
	if err != nil {
		return err
	}
	v.Rule = views.ResourceRule(rules.ResourceRule())
	if conn.LateCredit.Minor > 0 {
		v.Credit, v.CreditWhy = conn.LateCredit.String(), conn.LateReason
	}
	if report != nil {
		v.Labels, v.LabelFound, v.FinishedAt = report.Labels, report.LabelFound, report.CompletedAt
		if report.LightDBm10 != nil {
			v.Light = fmt.Sprintf("%.1f dBm", float64(*report.LightDBm10)/10)
		}
	}
	if port != nil {
		v.Port = port.Name
		if d, ok := h.Store.Catalogue().Device(port.Device); ok {
			v.Port += " of " + d.Name
		}
	}
	for _, months := range pricing.Periods() {
		total, err := pricing.Total(conn.Monthly, months)
		if err == nil {
			total, err = total.Sub(conn.LateCredit)
		}
		if err != nil {
			return fmt.Errorf("resource fee of %s: %w", conn.ID, err)
		}
		v.Totals = append(v.Totals, views.ResourceFeeTotal{Months: months, Total: total.String()})
		if months == form.Months {
			if v.Pay, err = h.payForm(c, views.PayForm{}, account, total); err != nil {
				return err
			}
			v.PaidThrough = pricing.PaidThrough(h.Store.Now(), months, h.Store.Catalogue().Zone(conn.Region))
		}
	}
	p := h.page(c, "Pay resource fee and enable the port", applyCrumb, views.Crumb{Label: conn.Title(), Href: paths.Interface(conn.ID)})
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.ResourceFeePage(p, v))
}
