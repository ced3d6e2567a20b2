// Package views turns values into pages. Everything here is a pure function of its arguments: no store, no request, no
// clock. A page struct embeds or carries a Page, which holds what the shell around it shows.
package views

import (
	"cmp"
	"strconv"

	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

// Service is the name of the service in titles and in the navigation.
const Service = "Express Connect"

// Area is the part of the product that a page belongs to; it decides the shell.
type Area int

// The areas.
const (
	AreaPublic   Area = iota // signed out: one centred card, no navigation
	AreaCustomer             // light bar
	AreaStaff                // dark bar with the tag Staff, so that nobody confuses the two
)

// Crumb is one step of the breadcrumb; the last one is the page itself and needs no Href.
type Crumb struct{ Label, Href string }

// Flash tells the result of the last action. Tone is ok, info, warn or bad; the link is the next step.
type Flash struct{ Tone, Text, LinkText, Href string }

// NavItem is an entry of the navigation. Count is shown when above zero; CountWords say what it counts ("need your
// action", "waiting") for those who do not see the badge.
type NavItem struct {
	Label, Href string
	Count       int
	CountWords  string
	Current     bool
}

// NavGroup is a titled run of entries; the first group usually has no title.
type NavGroup struct {
	Title string
	Items []NavItem
}

// PageUser is who is signed in.
type PageUser struct {
	Name, Email, AccountName, RoleLabel string
	Staff                               bool
}

// words names the account menu.
func (u PageUser) words() string {
	switch {
	case u.Staff:
		return "Account of " + u.Name + ", staff"
	case u.AccountName != "":
		return "Account of " + u.Name + ", " + u.AccountName
	}
	return "Account of " + u.Name
}

// RegionLink is an entry of the region selector of the top bar.
type RegionLink struct {
	Label, Href string
	Current     bool
}

// FeeAlert says on every page that resource fees need somebody.
type FeeAlert struct{ Tone, Text, LinkText, Href string }

// Page is what the shell needs to know.
type Page struct {
	Title    string // of the page, without the name of the service
	Operator string // the provider's name, a setting
	Area     Area
	Path     string // request path and query; the theme form returns to it
	Theme    string // "", "light" or "dark"; "" follows the system
	User     *PageUser
	Viewing  string         // the customer whose console a person of the staff looks at; "" usually
	Role     lifecycle.Role // of the person signed in; what they may not do is not offered
	Nav      []NavGroup
	Crumbs   []Crumb
	Unread   int // messages
	Flashes  []Flash
	Fees     *FeeAlert // resource fees of the account that need somebody; nil when none does
	Demo     bool      // invented data: the shell says so
	Passkeys bool      // a form of the page asks the browser for a passkey
	Failed   bool      // a form was refused: the title begins with "Error: "
	Regions  []RegionLink

	SearchAction string // "" leaves the search field out
	SearchValue  string
	MessagesHref string // "" leaves the bell out
	HomeHref     string // "/" when empty

	Unlisted bool // search engines are asked to forget the page
}

// may reports whether the person's role may ever do the action; whoever looks at
// a page without a role is taken for the owner of an account.
func (p Page) may(a lifecycle.Action) bool {
	return lifecycle.MayDo(a, cmp.Or(p.Role, lifecycle.Owner))
}

// has reports whether the person's role has the right.
func (p Page) has(r lifecycle.Right) bool {
	return lifecycle.May(r, cmp.Or(p.Role, lifecycle.Owner))
}

// docTitle is the content of <title>.
func (p Page) docTitle() string {
	t := p.Title
	if t == "" {
		t = Service
	}
	if p.Failed {
		t = "Error: " + t
	}
	if p.Area == AreaStaff {
		return t + " - " + Service + " staff"
	}
	return t + " - " + Service + " console"
}

func (p Page) theme() string {
	if p.Theme == "light" || p.Theme == "dark" {
		return p.Theme
	}
	return ""
}

func (p Page) home() string {
	if p.HomeHref == "" {
		return paths.Home
	}
	return p.HomeHref
}

// back is the crumb that a phone shows alone, as the way back: the last one that
// leads anywhere.
func (p Page) back() int {
	for i := len(p.Crumbs) - 2; i >= 0; i-- {
		if p.Crumbs[i].Href != "" {
			return i
		}
	}
	return -1
}

// homeWords is what the first page of the area is called where it is named as a
// page and not as the service.
func (p Page) homeWords() string {
	if p.Area == AreaStaff {
		return "Work queue"
	}
	return "Overview"
}

func (p Page) returnPath() string {
	if p.Path == "" {
		return p.home()
	}
	return p.Path
}

func (p Page) navName() string {
	if p.Area == AreaStaff {
		return "Staff"
	}
	return Service
}

func (p Page) topbarClass() string {
	if p.Area == AreaStaff {
		return "topbar topbar--staff"
	}
	return "topbar"
}

func (p Page) messagesWords() string {
	if p.Unread == 0 {
		return "Messages"
	}
	return "Messages, " + strconv.Itoa(p.Unread) + " unread"
}

// unread keeps the badge narrow.
func (p Page) unread() string {
	if p.Unread > 99 {
		return "99+"
	}
	return strconv.Itoa(p.Unread)
}

// region is the label of the selector's button.
func (p Page) region() string {
	for _, r := range p.Regions {
		if r.Current {
			return r.Label
		}
	}
	return "All regions"
}

func (p Page) regionItems() []ui.MenuItem {
	out := make([]ui.MenuItem, len(p.Regions))
	for i, r := range p.Regions {
		out[i] = ui.MenuItem{Label: r.Label, Href: r.Href, Current: r.Current}
	}
	return out
}

// themeItems are forms: choosing a theme is a write, and works without the script.
func (p Page) themeItems() []ui.MenuItem {
	item := func(label, theme string, current bool) ui.MenuItem {
		return ui.MenuItem{Label: label, Post: paths.Preferences, Current: current,
			Fields: []ui.Hidden{{Name: "theme", Value: theme}, {Name: "next", Value: p.returnPath()}}}
	}
	return []ui.MenuItem{
		item("Same as system", "system", p.theme() == ""),
		item("Light", "light", p.theme() == "light"),
		item("Dark", "dark", p.theme() == "dark"),
	}
}
