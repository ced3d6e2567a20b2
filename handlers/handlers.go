// Package handlers has one file per resource. A handler reads the request,
// calls one method of the store and chooses a view. It returns its error: the
// edge turns that into an answer, and logs it once.
package handlers

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/passkey"
	"demarc/web/paths"
	"demarc/web/reqctx"
	"demarc/web/sso"
)

// Attempts bounds how often somebody may try to sign in. The edge provides it.
type Attempts interface {
	// Take counts one attempt. When there were too many, ok is false and wait
	// says when the next one will be looked at. familiar names a browser in
	// which the account has signed in before, or is "".
	Take(email, ip, familiar string) (wait time.Duration, ok bool)
	// Forget clears the count after a sign-in that succeeded.
	Forget(email, ip, familiar string)
}

// Deps is what the handlers work with.
type Deps struct {
	Store     *store.Store
	Operator  string // the provider's name, printed wherever the provider is meant
	PublicURL string // scheme and host under which people reach the console, without a final slash
	TermsURL  string // address of the operator's Terms of Service; "" where none is set
	// RequireSecondFactor keeps staff who signed in without one out of every
	// page but their own Sign-in and security.
	RequireSecondFactor bool
	// RequireOfCustomers keeps customers out too.
	RequireOfCustomers bool
	Demo               bool   // invented data: the sign-in page lists the demo people
	NOC                string // phone of the operator's network operations center, printed in letters
	Address            string // address of the operator, printed in letters
	Attempts           Attempts
	Checks             Checks
	Cards              Cards         // nil where no card gateway is configured: cards are not spoken of
	Passkeys           *passkey.Site // nil where browsers make none: neither https nor localhost
	SSO                *sso.Client
	Log                *slog.Logger
	// MailServer and MailFrom say to administrators how mails are sent.
	MailServer, MailFrom string
	// DemoPeople can be entered as with one button, and DemoPassword is theirs:
	// shown on the sign-in page when Demo is set, and never otherwise.
	DemoPeople   []views.DemoPerson
	DemoPassword string
}

// Handlers answers the requests of people.
type Handlers struct {
	Deps
	comparing chan struct{} // one place for each file that is compared
}

// New returns handlers over d. Log may be nil.
func New(d Deps) *Handlers {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	d.PublicURL = strings.TrimRight(d.PublicURL, "/")
	return &Handlers{Deps: d, comparing: make(chan struct{}, comparing)}
}

// page is what the shell shows around a page: who is signed in, the
// navigation with its counts, unread messages, sentences from the last action.
// crumbs are the steps between the service and the page itself; page adds
// both ends. Taking the flashes uses them up: call it once per answer.
func (h *Handlers) page(c echo.Context, title string, crumbs ...views.Crumb) views.Page {
	p := h.frame(c, title)
	ctx := c.Request().Context()
	user, ok := reqctx.User(ctx)
	if !ok {
		return p
	}
	var needs, answered int
	var queues store.QueueCounts
	var err error
	if user.Role.IsCustomer() {
		needs, err = h.Store.NeedsAction(ctx, user.AccountID, user.Role)
		if err == nil && lifecycle.May(lifecycle.AskTickets, user.Role) {
			answered, err = h.Store.AnsweredTickets(ctx, user.AccountID)
		}
		p.Regions = h.regions(c)
		if err == nil {
			p.Fees, err = h.feeAlert(ctx, c, user.AccountID)
		}
	} else {
		queues, err = h.queueCounts(c)
	}
	if err != nil {
		// A page without numbers in its navigation is better than no page.
		reqctx.Of(ctx).Incomplete()
		h.Log.WarnContext(ctx, "navigation counts are missing", "request_id", reqctx.ID(ctx), "error", err)
	}
	p.Nav = ownNav(user, nav(user.Role, c.Request().URL.Path, needs, answered, queues, h.Cards != nil))
	if path := c.Request().URL.Path; path != paths.Home && path != paths.Admin {
		p.Crumbs = append([]views.Crumb{{Label: views.Service, Href: p.HomeHref}}, crumbs...)
		p.Crumbs = append(p.Crumbs, views.Crumb{Label: title})
	}
	return p
}

// queueCounts counts the queues of the staff, once for each request.
func (h *Handlers) queueCounts(c echo.Context) (store.QueueCounts, error) {
	const key = "queue counts"
	if counts, ok := c.Get(key).(store.QueueCounts); ok {
		return counts, nil
	}
	counts, err := h.Store.QueueCounts(c.Request().Context())
	if err == nil {
		c.Set(key, counts)
	}
	return counts, err
}

// frame is page without anything that asks the store, for answers that must
// not fail.
func (h *Handlers) frame(c echo.Context, title string) views.Page {
	r := c.Request()
	req := reqctx.Of(r.Context())
	p := views.Page{
		Title:    title,
		Operator: h.Operator,
		Path:     returnPath(r),
		Demo:     h.Demo,
		HomeHref: paths.Home,
	}
	if !reqctx.IsPartial(r) { // a fragment has no place for them
		p.Flashes = req.Session.Flashes()
	}
	u := req.User
	if u.ID == "" {
		return p
	}
	p.Theme, p.Unread, p.MessagesHref = u.Theme, u.Unread, paths.Messages
	p.User = &views.PageUser{Name: u.Name, Email: u.Email, AccountName: u.AccountName, Staff: u.Role.IsStaff()}
	p.User.RoleLabel, p.Role = u.Role.Label(), u.Role
	if u.StaffRole != "" { // the person's own things stay away
		p.Viewing, p.MessagesHref, p.Unread, p.User.RoleLabel = u.AccountName, "", 0, h.Operator+", "+u.StaffRole.Label()
	}
	if u.Role.IsCustomer() {
		p.Area, p.SearchAction = views.AreaCustomer, paths.Interfaces
	} else {
		p.Area, p.SearchAction, p.HomeHref = views.AreaStaff, paths.AdminInterfaces, paths.Admin
	}
	if r.URL.Path == p.SearchAction {
		p.SearchValue = r.URL.Query().Get("q")
	}
	p.Nav = ownNav(u, nav(u.Role, r.URL.Path, 0, 0, store.QueueCounts{}, h.Cards != nil))
	return p
}

// ownNav leaves out what is a person's own while they look at a customer's
// console.
func ownNav(u store.User, groups []views.NavGroup) []views.NavGroup {
	if u.StaffRole == "" {
		return groups
	}
	for i := range groups {
		groups[i].Items = slices.DeleteFunc(groups[i].Items, func(it views.NavItem) bool { return it.Href == paths.Messages })
	}
	return groups
}

// Problem answers with an error page. A fragment gets a dialog instead, and a
// part of a page that refreshes itself stays as it is. It asks nothing of the
// store. reference is shown when it is not "".
func (h *Handlers) Problem(c echo.Context, status int, title, text, reference string) error {
	p := h.frame(c, title)
	if r := c.Request(); reqctx.IsPartial(r) || reqctx.IsHtmx(r) && r.Method != http.MethodGet {
		if r.Method == http.MethodGet && !strings.Contains(r.Header.Get("HX-Target"), "layer") {
			c.Response().Header().Set("HX-Reswap", "none")
			return c.NoContent(status)
		}
		overPage(c)
		if reference != "" {
			text += " Reference " + reference + "."
		}
		dialog := views.Modal(p, true, ui.Frame{Title: title, CloseHref: p.HomeHref})
		return h.render(c, status, withChildren(dialog, ui.Text(text)))
	}
	link, href := "Sign in", paths.Login
	switch {
	case p.Area == views.AreaStaff:
		link, href = "Work queue", paths.Admin
	case p.Area == views.AreaCustomer:
		link, href = "Physical Connection Interfaces", paths.Interfaces
	}
	return h.render(c, status, views.ErrorPage(p, status, title, text, link, href, reference, resend(c, status)))
}

// resend is the form that failed on our side, or came too soon, to be sent again: a
// browser that goes back shows it empty. Its key keeps it from being done twice. What proves
// who somebody is is not put into a page: such a form is typed anew.
func resend(c echo.Context, status int) *views.Resend {
	r := c.Request()
	if r.Method != http.MethodPost || status < http.StatusInternalServerError && status != http.StatusTooManyRequests || r.MultipartForm != nil || len(r.PostForm) == 0 {
		return nil
	}
	again := &views.Resend{Action: r.URL.RequestURI()}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if slices.Contains(secretFields, name) {
			return nil
		}
		for _, v := range r.PostForm[name] {
			again.Fields = append(again.Fields, ui.Hidden{Name: name, Value: v})
		}
	}
	return again
}

// withChildren is a component with its children, built outside a template.
func withChildren(parent, children templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return parent.Render(templ.WithChildren(ctx, children), w)
	})
}

// returnPath is where the forms of the shell come back to: the page itself,
// or the page before when this one answers a form.
func returnPath(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	if u, err := url.Parse(r.Referer()); err == nil && u.Host == r.Host {
		return paths.Local(u.RequestURI(), "")
	}
	return ""
}

func (h *Handlers) regions(c echo.Context) []views.RegionLink {
	chosen := ""
	if c.Request().URL.Path == paths.Interfaces {
		chosen = c.QueryParam("region")
	}
	regions := h.Store.Catalogue().Regions()
	out := make([]views.RegionLink, 0, len(regions)+1)
	out = append(out, views.RegionLink{Label: "All regions", Href: paths.Interfaces, Current: chosen == ""})
	for _, r := range regions {
		out = append(out, views.RegionLink{Label: r.Name, Href: paths.With(paths.Interfaces, "region", r.ID), Current: chosen == r.ID})
	}
	return out
}

// nav is the navigation of a role: only what it may use.
func nav(role lifecycle.Role, path string, needs, answered int, q store.QueueCounts, cards bool) []views.NavGroup {
	const waiting, yours = "waiting", "need your action"
	var groups []views.NavGroup
	add := func(title string, items ...views.NavItem) {
		if len(items) > 0 {
			groups = append(groups, views.NavGroup{Title: title, Items: items})
		}
	}
	if role.IsCustomer() {
		add("", views.NavItem{Label: "Overview", Href: paths.Home})
		add("Physical Connections",
			views.NavItem{Label: "Physical Connection Interfaces", Href: paths.Interfaces, Count: needs, CountWords: yours},
			views.NavItem{Label: "Access Points", Href: paths.AccessPoints},
			views.NavItem{Label: "Port Whitelist", Href: paths.Whitelist})
		add("Expenses", views.NavItem{Label: "Billing", Href: paths.Billing}, views.NavItem{Label: "Orders", Href: paths.Orders})
		var account []views.NavItem
		if lifecycle.May(lifecycle.ManageAccountPeople, role) {
			account = append(account, views.NavItem{Label: "People", Href: paths.People})
		}
		if lifecycle.May(lifecycle.SeeActivity, role) {
			account = append(account, views.NavItem{Label: "Activity", Href: paths.Activity})
		}
		add("Account", account...)
		add("Support", views.NavItem{Label: "Tickets", Href: paths.Tickets, Count: answered, CountWords: yours}, views.NavItem{Label: "Messages", Href: paths.Messages})
	} else {
		add("", views.NavItem{Label: "Work queue", Href: paths.Admin})
		var queues, capacity, settings []views.NavItem
		if lifecycle.May(lifecycle.SeeReviews, role) {
			queues = append(queues, views.NavItem{Label: "LOA applications", Href: paths.AdminLOAs, Count: q.LOA, CountWords: waiting})
		}
		if lifecycle.May(lifecycle.SeeCabling, role) {
			queues = append(queues,
				views.NavItem{Label: "Cabling", Href: paths.AdminCabling, Count: q.Cabling, CountWords: waiting},
				views.NavItem{Label: "Removals", Href: paths.AdminRemovals, Count: q.Removals + q.PortChecks, CountWords: waiting})
		}
		if lifecycle.May(lifecycle.SeeReviews, role) {
			queues = append(queues, views.NavItem{Label: "Whitelist requests", Href: paths.AdminWhitelist, Count: q.Whitelist, CountWords: waiting})
		}
		if lifecycle.May(lifecycle.SeeTickets, role) {
			queues = append(queues, views.NavItem{Label: "Tickets", Href: paths.AdminTickets, Count: q.Tickets, CountWords: waiting})
		}
		add("Queues", queues...)
		customers := []views.NavItem{{Label: "Interfaces", Href: paths.AdminInterfaces}}
		if lifecycle.May(lifecycle.SeeAccounts, role) {
			customers = append(customers, views.NavItem{Label: "Accounts", Href: paths.AdminAccounts}, views.NavItem{Label: "Orders", Href: paths.AdminOrders}, views.NavItem{Label: "Overdue fees", Href: paths.AdminOverdue})
			settings = append(settings, views.NavItem{Label: "Rules about fees", Href: paths.AdminFeeRules})
		}
		if cards && lifecycle.May(lifecycle.SeeAccounts, role) {
			customers = append(customers, views.NavItem{Label: "Card payments", Href: paths.AdminPayments})
		}
		add("Customers", customers...)
		if lifecycle.May(lifecycle.SeeBooks, role) {
			add("Money", views.NavItem{Label: pricesTitle, Href: paths.AdminPrices}, views.NavItem{Label: ledgerTitle, Href: paths.AdminLedger})
		}
		if lifecycle.May(lifecycle.SeeSites, role) {
			capacity = append(capacity, views.NavItem{Label: "Access points", Href: paths.AdminAccessPoints})
		}
		if lifecycle.May(lifecycle.SeeInventory, role) {
			capacity = append(capacity, views.NavItem{Label: "Inventory", Href: paths.AdminInventory})
		}
		add("Capacity", capacity...)
		if lifecycle.May(lifecycle.SeePeople, role) {
			settings = append(settings, views.NavItem{Label: "People", Href: paths.AdminPeople})
		}
		if lifecycle.May(lifecycle.ManageSignIn, role) {
			settings = append(settings, views.NavItem{Label: "Single sign-on", Href: paths.AdminSSO})
		}
		if lifecycle.May(lifecycle.SeeMail, role) {
			settings = append(settings, views.NavItem{Label: "Mail", Href: paths.AdminMail})
		}
		if lifecycle.May(lifecycle.ManagePersonalData, role) {
			settings = append(settings, views.NavItem{Label: "Personal data", Href: paths.AdminPersonalData})
		}
		if lifecycle.May(lifecycle.SeeLetterKeys, role) {
			settings = append(settings, views.NavItem{Label: "Letter keys", Href: paths.AdminLetterKeys})
		}
		settings = append(settings, views.NavItem{Label: "Working days", Href: paths.AdminCalendar})
		if lifecycle.May(lifecycle.SeeAudit, role) {
			settings = append(settings, views.NavItem{Label: "Audit log", Href: paths.AdminAudit})
		}
		add("Settings", settings...)
	}
	markCurrent(groups, path)
	return groups
}

// markCurrent marks the entry whose address is the longest beginning of path.
func markCurrent(groups []views.NavGroup, path string) {
	switch inPort := strings.HasPrefix(path, paths.AdminPortPages+"/"); {
	case inPort && strings.HasSuffix(path, "/check"):
		path = paths.AdminRemovals // the queue that it is work of
	case inPort || path == paths.AdminPortPages || strings.HasPrefix(path, paths.AdminDevices+"/"), path == paths.AdminRegions || strings.HasPrefix(path, paths.AdminRegions+"/"), path == paths.AdminNewRegion, path == paths.AdminNewSite:
		path = paths.AdminAccessPoints // regions are above the sites, devices and ports below
	}
	var best *views.NavItem
	for g := range groups {
		for i := range groups[g].Items {
			it := &groups[g].Items[i]
			exact := path == it.Href
			under := it.Href != paths.Home && it.Href != paths.Admin && strings.HasPrefix(path, it.Href+"/")
			if (exact || under) && (best == nil || len(it.Href) > len(best.Href)) {
				best = it
			}
		}
	}
	if best != nil {
		best.Current = true
	}
}

// buffers are shared by all answers: a page is complete before its status is
// sent, so a view that fails half way is still an error page.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render answers with a whole page or a fragment.
func (h *Handlers) render(c echo.Context, status int, component templ.Component) error {
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= 1<<20 { // one huge page does not stay in memory
			b.Reset()
			buffers.Put(b)
		}
	}()
	// Views look at nothing but the values of the context, and the page that
	// says a request took too long must still be drawn.
	ctx, err := context.WithoutCancel(c.Request().Context()), error(nil)
	if status < http.StatusBadRequest {
		err = component.Render(ctx, b)
	} else {
		err = ui.RenderRefused(ctx, b, component)
	}
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/html; charset=utf-8")
	header.Set(echo.HeaderContentLength, strconv.Itoa(b.Len()))
	c.Response().WriteHeader(status)
	_, err = c.Response().Write(b.Bytes())
	return err
}

// actor is who asks, with the request's reference and the key of the form.
func (h *Handlers) actor(c echo.Context) store.Actor {
	a := reqctx.Actor(c.Request().Context())
	if key := value(c, "key"); len(key) <= 64 {
		a.Key = key
	}
	return a
}

// done answers a form that did its work: go to href, where the sentences show.
// A 303 would be followed inside fetch and end up in a fragment, so htmx is
// told where to go instead.
func (h *Handlers) done(c echo.Context, href string, flash ...views.Flash) error {
	reqctx.Of(c.Request().Context()).Session.Flash(flash...)
	if reqctx.IsHtmx(c.Request()) {
		c.Response().Header().Set("HX-Redirect", href)
		c.Response().Header().Set(echo.HeaderContentLength, "0")
		c.Response().WriteHeader(http.StatusOK)
		return nil
	}
	return c.Redirect(http.StatusSeeOther, href)
}

// refused says how to answer an error that the person can act on: 422 with a
// message by field for Invalid, 409 with a sentence for Conflict. ok is false
// for everything else, which the handler returns as it is. The pattern is
//
//	if status, fields, msg, ok := refused(err); ok {
//		form.Errors = fields
//		p := h.page(c, title)
//		p.Failed = true
//		return h.render(c, status, views.SomeForm(p, form, msg))
//	}
//	return err
//
// with the form as it was sent, over data read again from the store. fields is
// never nil; msg is the sentence for what belongs to no field.
func refused(err error) (status int, fields map[string]string, msg string, ok bool) {
	switch store.KindOf(err) {
	case store.Invalid:
		status = http.StatusUnprocessableEntity
	case store.Conflict:
		status = http.StatusConflict
	default:
		return 0, nil, "", false
	}
	if fields = store.FieldsOf(err); fields == nil {
		fields = map[string]string{}
	}
	return status, fields, store.MessageOf(err), true
}

// conflictOnly is the sentence of a refusal that belongs to no field.
func conflictOnly(status int, msg string) string {
	if status == http.StatusConflict {
		return msg
	}
	return ""
}

// formKey is the idempotency key of one rendered form. A form that is shown
// again after a refusal keeps the key it was sent with: nothing was done.
func formKey() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// keptKey is the key that the form was sent with, or a new one.
func keptKey(c echo.Context) string {
	if key := value(c, "key"); key != "" && len(key) <= 64 {
		return key
	}
	return formKey()
}

// rev is the row version that the person saw, from the posted field "rev"; 0
// when the form carries none.
func rev(c echo.Context) int {
	n, err := strconv.Atoi(value(c, "rev"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// posted is the fields of the body. The query string never counts: a link
// must not be able to fill in a form.
func posted(c echo.Context) url.Values {
	r := c.Request()
	if r.PostForm == nil {
		// The edge parses forms and answers for broken ones; here a broken
		// body has no fields.
		if err := r.ParseForm(); err != nil {
			return url.Values{}
		}
	}
	return r.PostForm
}

// value is one posted field on one line: trimmed, in NFC. Control characters
// are taken out, and unprintable then lists the field, so that the form can say
// so instead of keeping something else than what was sent.
func value(c echo.Context, name string) string {
	v := posted(c)[name]
	if len(v) == 0 {
		return ""
	}
	return clean(c, name, v[0], false)
}

// ticked reports whether a box was sent ticked.
func ticked(c echo.Context, name string) bool { return value(c, name) != "" }

// values is every posted field of that name, each as value gives it. Empty
// ones stay, so that rows keep their numbers.
func values(c echo.Context, name string) []string {
	v := posted(c)[name]
	out := make([]string, len(v))
	for i := range v {
		out[i] = clean(c, name, v[i], false)
	}
	return out
}

// multiline is one posted field that may have several lines, separated by "\n".
func multiline(c echo.Context, name string) string {
	v := posted(c)[name]
	if len(v) == 0 {
		return ""
	}
	return clean(c, name, v[0], true)
}

const unprintableKey = "unprintable"

// unprintable says which of the fields read so far held control characters or
// broken text: field name -> message. Start a form's Errors with it:
//
//	form.Name = value(c, "name")
//	form.Errors = unprintable(c)
func unprintable(c echo.Context) map[string]string {
	out := map[string]string{}
	bad, _ := c.Get(unprintableKey).([]string)
	for _, name := range bad {
		out[name] = "Remove the characters that cannot be printed"
	}
	return out
}

// joiners stand between letters that scripts such as Persian and Malayalam join
// or part. Alone they are nothing.
const joiners = "\u200c\u200d"

// unseen reports whether a character draws nothing, or turns the direction of
// text around: it can make a name read as another, or as none, so that a link
// with it cannot be seen. No letter can print it either.
func unseen(r rune) bool {
	switch r {
	case unicode.ReplacementChar, '\u2028', '\u2029', '\u034f', '\u115f', '\u1160', '\u2800', '\u3164', '\uffa0':
		return true // the last five are letters and marks without a shape
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && !strings.ContainsRune(joiners, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

func clean(c echo.Context, name, s string, lines bool) string {
	if lines {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	was := s
	s = strings.Map(func(r rune) rune {
		if unseen(r) && !(r == '\n' && lines) {
			return -1
		}
		return r
	}, s)
	if strings.Trim(s, joiners+" ") == "" {
		s = strings.Trim(s, joiners)
	}
	if s != was {
		bad, _ := c.Get(unprintableKey).([]string)
		c.Set(unprintableKey, append(bad, name))
	}
	return norm.NFC.String(strings.TrimSpace(s))
}
