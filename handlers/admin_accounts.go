package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// statementRows is how many movements a page of a statement has.
const statementRows = 20

// ListAccounts lists the customers' accounts, all or those whose ID or name
// begins with what was typed.
func (h *Handlers) ListAccounts(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	query := shortened(clean(c, "q", c.QueryParam("q"), false), queryLimit)
	after := shortened(c.QueryParam("after"), 2*queryLimit)
	items, next, err := h.Store.AccountPage(ctx, query, after, defaultRows)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		after = ""
		items, next, err = h.Store.AccountPage(ctx, query, after, defaultRows)
	}
	if err != nil {
		return err
	}
	ids := make([]string, len(items))
	for i, a := range items {
		ids[i] = a.ID
	}
	counts, err := h.Store.StageCountsOf(ctx, ids)
	if err != nil {
		return err
	}
	l := views.AccountList{MayOpen: lifecycle.May(lifecycle.OpenAccounts, user.Role), Pages: keysetPages(paths.With(paths.AdminAccounts, "q", query), after, next),
		Query: ui.Control{ID: "account-q", Name: "q", Type: "search", Value: query, Placeholder: "Enter the beginning of an ID or a name", MaxLength: queryLimit}}
	if query != "" {
		l.Tokens = []ui.Token{{Text: "Account: " + query, Href: paths.AdminAccounts}}
	}
	for _, a := range items {
		region, _ := h.Store.Catalogue().Region(a.HomeRegion)
		n := counts[a.ID]
		l.Rows = append(l.Rows, views.AccountRow{ID: a.ID, Name: a.Name, HomeRegion: region.Name, Balance: a.Balance.String(),
			Open: n.Of(store.ViewNeedsAction) + n.Of(store.ViewWithOperator), Enabled: n.Of(store.ViewEnabled)})
	}
	return h.render(c, http.StatusOK, views.AccountsPage(h.page(c, "Accounts", views.Crumb{Label: "Customers"}), l))
}

// accountForms are the forms of an account's page as they were sent; nil where
// a form was not.
type accountForms struct {
	transfer *views.TransferForm
	limit    *views.InvoiceLimitForm
	invoice  *views.InvoicePaymentForm
	quotas   *views.QuotaForm
	member   *views.MemberForm
	conflict string
}

// ShowAccount is the page of one account: the money for finance, the quotas for
// reviewers, everything for administrators.
func (h *Handlers) ShowAccount(c echo.Context) error {
	return h.accountPage(c, http.StatusOK, accountForms{})
}

// accountOrders is how many orders the page of an account shows.
const accountOrders = 8

func (h *Handlers) accountPage(c echo.Context, status int, sent accountForms) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	account, err := h.Store.Account(ctx, actor, c.Param("id"))
	if err != nil {
		return err
	}
	counts, err := h.Store.StageCounts(ctx, account.ID)
	if err != nil {
		return err
	}
	people, err := h.Store.AccountUsers(ctx, account.ID)
	if err != nil {
		return err
	}
	requests, err := h.Store.Whitelist(ctx, account.ID)
	if err != nil {
		return err
	}
	cat := h.Store.Catalogue()
	region, _ := cat.Region(account.HomeRegion)
	notEnabled := 0
	for stage, n := range counts {
		if stage.CountsAsNotEnabled() {
			notEnabled += n
		}
	}
	a := views.AccountShow{ID: account.ID, Name: account.Name, WithMoney: lifecycle.May(lifecycle.SeeAccounts, actor.Role), Balance: account.Balance.String(), Conflict: sent.conflict}
	a.Facts = []ui.Pair{
		{Term: "Home region", Value: region.Name},
		{Term: "Opened", Content: ui.Stamp(account.CreatedAt, cat.Zone(account.HomeRegion))},
		{Term: "Interfaces per access point", Value: "At most " + strconv.Itoa(account.QuotaPerAccessPoint)},
		{Term: "Interfaces not yet Enabled", Value: strconv.Itoa(notEnabled) + " of " + strconv.Itoa(account.QuotaNotEnabled)},
	}
	if a.WithMoney {
		a.Facts = append([]ui.Pair{{Term: "Balance", Content: ui.Money(a.Balance)}}, a.Facts...)
	}
	if a.LastChange, err = h.lastChange(ctx, store.AccountSubject(account.ID), cat.Zone(account.HomeRegion)); err != nil {
		return err
	}
	for _, v := range []struct {
		view  store.View
		label string
	}{{store.ViewNeedsAction, "Customer's turn"}, {store.ViewWithOperator, "Our turn"}, {store.ViewEnabled, "Enabled"}, {store.ViewClosed, "Closed"}} {
		a.Interfaces = append(a.Interfaces, ui.ViewTab{Label: v.label, Count: counts.Of(v.view), Href: paths.With(paths.AdminInterfaces, "view", string(v.view), "account", account.ID)})
	}
	for _, u := range people {
		a.People = append(a.People, h.personView(actor, u))
	}
	for _, r := range requests {
		a.Whitelist = append(a.Whitelist, h.whitelistRow(r, account.Name, actor.Role))
	}
	if a.WithMoney {
		if err := h.statement(c, &a); err != nil {
			return err
		}
		orders, err := h.Store.Orders(ctx, account.ID, "", accountOrders)
		if err != nil {
			return err
		}
		if a.Orders, err = h.orderRows(c, account.ID, orders.Items); err != nil {
			return err
		}
		a.MoreOrders = orders.Next != ""
	}
	if lifecycle.May(lifecycle.RecordTransfers, actor.Role) {
		if err := h.accountInvoices(c, &a, sent); err != nil {
			return err
		}
		if a.Transfer = sent.transfer; a.Transfer == nil {
			a.Transfer = &views.TransferForm{}
		}
		a.Transfer.Key = formKey()
		if sent.transfer != nil {
			a.Transfer.Key = keptKey(c)
		}
	}
	if lifecycle.May(lifecycle.SetQuotas, actor.Role) {
		if a.Quotas = sent.quotas; a.Quotas == nil {
			a.Quotas = &views.QuotaForm{PerAccessPoint: strconv.Itoa(account.QuotaPerAccessPoint), NotEnabled: strconv.Itoa(account.QuotaNotEnabled), Key: formKey()}
		} else {
			a.Quotas.Key = keptKey(c)
		}
	}
	if lifecycle.May(lifecycle.ManagePeople, actor.Role) {
		if a.Member = sent.member; a.Member == nil {
			a.Member = &views.MemberForm{Role: string(lifecycle.Owner)}
		}
		a.Member.Roles = roleOptions(lifecycle.CustomerRoles())
	}
	if lifecycle.May(lifecycle.ViewAsCustomer, actor.Role) {
		a.ViewAs = paths.AdminCustomerView(account.ID)
	}
	crumbs := []views.Crumb{{Label: "Customers"}}
	if a.WithMoney {
		crumbs = append(crumbs, views.Crumb{Label: "Accounts", Href: paths.AdminAccounts})
	}
	p := h.page(c, account.Name, crumbs...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.AccountPage(p, a))
}

func (h *Handlers) statement(c echo.Context, a *views.AccountShow) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	after := shortened(c.QueryParam("after"), 2*queryLimit)
	lines, next, err := h.Store.StatementPage(ctx, actor, a.ID, after, statementRows)
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		after = ""
		lines, next, err = h.Store.StatementPage(ctx, actor, a.ID, after, statementRows)
	}
	if err != nil {
		return err
	}
	a.Statement = statementView(lines, nil, nil)
	a.Pages = keysetPages(paths.AdminAccount(a.ID), after, next)
	return nil
}

// RecordTransfer adds an incoming transfer to the account's balance.
func (h *Handlers) RecordTransfer(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	form := views.TransferForm{Amount: value(c, "amount"), Reference: value(c, "reference")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.accountPage(c, http.StatusUnprocessableEntity, accountForms{transfer: &form})
	}
	err := h.Store.RecordTransfer(ctx, h.actor(c), id, form.Amount, form.Reference)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.accountPage(c, status, accountForms{transfer: &form, conflict: conflictOnly(status, msg)})
	}
	if err != nil {
		return err
	}
	a, err := h.Store.Account(ctx, h.actor(c), id)
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccount(id), views.Flash{Tone: ui.ToneOK, Text: "The transfer is recorded. The balance of " + a.Name + " is " + a.Balance.String() + "."})
}

// SetQuotas changes how many interfaces the account may have.
func (h *Handlers) SetQuotas(c echo.Context) error {
	id := c.Param("id")
	form := views.QuotaForm{PerAccessPoint: value(c, "per_access_point"), NotEnabled: value(c, "not_enabled"), Reason: value(c, "reason")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.accountPage(c, http.StatusUnprocessableEntity, accountForms{quotas: &form})
	}
	err := h.Store.SetQuotas(c.Request().Context(), h.actor(c), id, wholeNumber(form.PerAccessPoint), wholeNumber(form.NotEnabled), form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.accountPage(c, status, accountForms{quotas: &form, conflict: conflictOnly(status, msg)})
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccount(id), views.Flash{Tone: ui.ToneOK, Text: "The quotas are saved."})
}

// wholeNumber is the number that was typed; -1 for anything else, which the
// store refuses in its own words.
func wholeNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// AddMember adds a person to the account and shows their one-time link, once.
func (h *Handlers) AddMember(c echo.Context) error {
	id := c.Param("id")
	form := views.MemberForm{Name: value(c, "name"), Email: value(c, "email"), Role: value(c, "role")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.accountPage(c, http.StatusUnprocessableEntity, accountForms{member: &form})
	}
	if _, err := h.Store.Account(c.Request().Context(), h.actor(c), id); err != nil {
		return err
	}
	if !lifecycle.Role(form.Role).IsCustomer() {
		form.Errors["role"] = "Select a role"
		return h.accountPage(c, http.StatusUnprocessableEntity, accountForms{member: &form})
	}
	link, err := h.Store.Invite(c.Request().Context(), h.actor(c), store.NewUser{Name: form.Name, Email: form.Email, Role: lifecycle.Role(form.Role), AccountID: id})
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.accountPage(c, status, accountForms{member: &form})
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccount(id), h.linkOnce(form.Name+" was added.", form.Email, link))
}

// NewCustomer is the form that opens an account.
func (h *Handlers) NewCustomer(c echo.Context) error {
	return h.customerForm(c, http.StatusOK, views.CustomerForm{})
}

// OpenCustomer opens an account with its first person and shows the one-time
// link, once: how an installation without demo data gets its first customer.
func (h *Handlers) OpenCustomer(c echo.Context) error {
	form := views.CustomerForm{Company: value(c, "company"), Region: value(c, "region"), Name: value(c, "name"), Email: value(c, "email")}
	if form.Errors = unprintable(c); len(form.Errors) > 0 {
		return h.customerForm(c, http.StatusUnprocessableEntity, form)
	}
	id, token, err := h.Store.OpenAccount(c.Request().Context(), h.actor(c), form.Company, form.Region, store.FirstUser{Name: form.Name, Email: form.Email})
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.customerForm(c, status, form)
	}
	if err != nil {
		return err
	}
	flash := views.Flash{Tone: ui.ToneInfo, Text: form.Company + " has an account already, opened by this form. The one-time link was shown once; make a new one under People."}
	if token != "" {
		flash = h.linkOnce(form.Company+" has an account, and "+form.Name+" can sign in for it.", form.Email, store.Link{Token: token, Mailed: h.Store.Mailing()})
	}
	return h.done(c, paths.AdminAccount(id), flash)
}

func (h *Handlers) customerForm(c echo.Context, status int, form views.CustomerForm) error {
	form.Key = keptKey(c)
	form.Regions = []ui.Option{{Label: "None"}}
	for _, r := range h.Store.Catalogue().Regions() {
		form.Regions = append(form.Regions, ui.Option{Value: r.ID, Label: r.Name})
	}
	p := h.page(c, "New account", views.Crumb{Label: "Customers"}, views.Crumb{Label: "Accounts", Href: paths.AdminAccounts})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.NewCustomerPage(p, form))
}
