package e2e

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// visit is a page, or a state of one, as one person sees it.
type visit struct {
	who    string // e-mail address; "" for somebody who is not signed in
	path   string
	state  string // what is shown, if not the page as it comes
	status int    // 200 when zero
	press  string // the control that brings the state about
	layer  string // the dialog that is fetched into the page
	open   string // the menu that is opened
}

func (v visit) String() string {
	s := v.path
	if v.state != "" {
		s += ", " + v.state
	}
	return s
}

// noPage are the routes that answer GET with something else than a page, and
// what tests them.
var noPage = map[string]string{
	"paths.Static":                  "files",
	"paths.Robots":                  "a file",
	"paths.Health":                  "for machines",
	"paths.Ready":                   "for machines",
	"paths.LetterKeys":              "for machines",
	"paths.AdminAuditJSONL":         "a file",
	"paths.AdminAuditCSV":           "a file",
	"paths.LetterSchema":            "for machines",
	"paths.InterfacesCSV":           "a file",
	"paths.StatementCSV":            "a file",
	"paths.ActivityCSV":             "a file",
	"paths.AdminInventoryCSV":       "a file",
	"paths.AdminInventoryReport":    "a file",
	"paths.SecondFactor":            "a step on the way: sign_in_test.go",
	`paths.SSOReturn(":id")`:        "where identity providers send people back to: handlers/sign_in_test.go",
	`paths.InterfaceLive(":id")`:    "a part of the page of the interface",
	`paths.OrderCard(":no")`:        "it leads to another host: TestCardInTheBrowser goes there",
	`paths.InterfaceDates(":id")`:   "a file",
	`paths.LOAPDF(":id")`:           "a PDF",
	`paths.AdminLOADocument(":id")`: "a PDF",
	`paths.Document(":no")`:         "a PDF",
	`paths.AdminDocument(":no")`:    "a PDF",
	"paths.AdminLedgerCSV":          "a file",
	"paths.AdminInterfacesCSV":      "a file",
	"paths.AdminOrdersCSV":          "a file",
}

// getRoutes are the first arguments of all calls of get in web/routes.go, as
// they stand there.
func getRoutes(t *testing.T) []string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "../routes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		if fun, ok := call.Fun.(*ast.SelectorExpr); ok && fun.Sel.Name == "get" {
			var b strings.Builder
			if err := printer.Fprint(&b, fset, call.Args[0]); err != nil {
				t.Fatal(err)
			}
			routes = append(routes, b.String())
		}
		return true
	})
	if len(routes) < 40 {
		t.Fatalf("only %d routes found in web/routes.go: the search is broken", len(routes))
	}
	return routes
}

// site is a demo program with what the visits need to know of it.
type site struct {
	*Program
	line                        map[string]store.Connection // by the demo's names, also after a change of name
	order, unpaid               string
	port, freePort              store.Port
	account, owner              string
	colleague                   string // an engineer of the owner's account, with a long name
	careful, provider           string // somebody with a second factor, an identity provider
	openRequest, grantedRequest string
	ticket, closedTicket        string            // of the demo's customer: full of long and strange words, and closed
	code                        map[string]string // of letters, by the demo's names; "superseded" of an older version
	leftPort                    string            // ID of a port that a letter named and its interface left
	gonePort                    string            // ID of a port that was deleted
	unusedSite                  string            // an access point that nothing ever used, with long and strange words
	prices                      string            // the version of a price list that is scheduled
	year, nextYear              string            // the present year and the next one
}

const (
	wide    = "寬" // two columns wide
	hostile = `<script>alert(1)</script>"'&`
)

// newSite starts the demo with names that are as long and as strange as they
// can be.
func newSite(t *testing.T) *site {
	s := &site{Program: startDemo(t)}
	s.quietly(func() {
		s.line = byName(t, s.Program)
		db := openData(t, s.Program)
		defer db.Close()
		ctx := context.Background()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		owner := ownerOf(t, db, northwind)
		s.account, s.owner = owner.AccountID, owner.UserID
		for name, to := range map[string]string{
			"hz-branch-lab": strings.Repeat(wide, 128), "hz-dc1-redundant": strings.Repeat("w", 128), "mumbai-support": strings.Repeat(wide, 127) + "1",
			"sg-core-b": strings.Repeat("M", 128), "sha-old-office": strings.Repeat(wide+"-", 64), "fra-europe": strings.Repeat("W", 128),
		} {
			c := s.line[name]
			must(db.EditConnection(ctx, owner, c.ID, c.Version, to, strings.Repeat(hostile, 8)))
		}
		s.colleague = must1(db.CreateUser(ctx, store.NewUser{Email: strings.Repeat("w", 60) + "@northwind.example", Name: strings.Repeat(wide, 32), Role: lifecycle.Engineer, AccountID: owner.AccountID}, ""))(t).ID
		by := must1(db.UserByEmail(ctx, admin))(t)
		person := must1(db.CreateUser(ctx, store.NewUser{Email: "careful@cloud.example", Name: strings.Repeat(wide, 32), Role: lifecycle.Reviewer}, ""))(t)
		s.careful = person.ID
		must(db.AddPasskey(ctx, store.Actor{UserID: person.ID, Role: person.Role}, "Key", "AAAA", "{}"))
		must(db.AddIdentityProvider(ctx, store.Actor{UserID: by.ID, Name: by.Name, Role: by.Role}, store.NewIdentityProvider{ID: store.NewProviderID(), Name: strings.Repeat(wide, 64), Issuer: "https://login." + strings.Repeat("w", 60) + ".example", ClientID: "c", ClientSecret: "s", Domain: strings.Repeat("w", 60) + ".example"}))
		s.provider = must1(db.IdentityProviders(ctx))(t)[0].ID
		// A letter applied for with text that wants to be code.
		late, err := db.Connection(ctx, owner, s.line["syd-archive"].ID)
		must(err)
		must(db.ApplyForLOA(ctx, owner, late.ID, late.Version, store.NewLOAApplication{
			CompanyName: strings.Repeat(wide, 128), ConstructionCompany: strings.Repeat(hostile, 4), ConstructionType: "Others", OtherType: strings.Repeat("w", 64),
			ScheduledAt: late.CreatedAt.AddDate(0, 0, 40).Format("2006-01-02") + "T10:00", Location: strings.Repeat("W", 256), Bandwidth: "500",
			Engineers: slices.Repeat([]store.Engineer{{Name: hostile + strings.Repeat("w", 30), Contact: "+61 2 5550 0100"}}, 1),
		}))
		for _, w := range must1(db.Whitelist(ctx, owner.AccountID))(t) {
			switch w.Status {
			case "requested":
				s.openRequest = w.ID
			case "granted":
				s.grantedRequest = w.ID
			}
		}
		s.ticket = must1(db.OpenTicket(ctx, owner, store.NewTicket{Topic: "letter", ConnectionID: s.line["hz-dc1-primary"].ID, Title: strings.Repeat("W", 120), Body: strings.Repeat(hostile+"\n", 40) + strings.Repeat("w", 300)}))(t)
		must(db.WriteTicket(ctx, owner, s.ticket, 0, strings.Repeat(wide, 400), false))
		closed, _, err := db.OwnTickets(ctx, owner.AccountID, true, "", 1)
		must(err)
		s.closedTicket = closed[0].ID
		for i, text := range []string{strings.Repeat("w", 1000), strings.Repeat(hostile+"\n", 30), strings.Repeat(wide, 1000)} {
			must(db.WriteNote(ctx, store.Actor{UserID: by.ID, Name: strings.Repeat(wide, 32), Role: by.Role}, s.line["sg-core-b"].ID, text))
			if i == 1 {
				must(db.TakeBackNote(ctx, store.Actor{UserID: by.ID, Name: by.Name, Role: by.Role}, s.line["sg-core-b"].ID, i+1))
			}
		}
		for range 12 {
			must(db.WriteNote(ctx, store.Actor{UserID: by.ID, Name: by.Name, Role: by.Role}, s.line["sha-old-office"].ID, "One of many"))
		}
		s.port = *must1(db.PortOf(ctx, s.line["hz-dc1-primary"].ID))(t)
		for _, port := range must1(db.Ports(ctx, s.port.Device))(t) {
			if port.State == "free" {
				s.freePort = port
			}
		}
		s.leftPort = must1(db.PortsToCheck(ctx, 1))(t)[0].ID
		office := store.Actor{UserID: "usr-test", Name: "Zoe Adler", Role: lifecycle.Administrator, RequestID: "T-1"}
		must1(db.AddRegion(ctx, office, "aa-"+strings.Repeat("w", 61), store.RegionEdit{Name: strings.Repeat(wide, 64), Zone: "America/Argentina/ComodRivadavia"}))(t)
		must1(db.AddCalendar(ctx, office, "own-"+strings.Repeat("w", 60), store.CalendarEdit{Name: strings.Repeat(wide, 64), Weekend: []string{"Friday"}}))(t)
		must1(db.SaveYear(ctx, office, "hong-kong", db.Now().Year(), 0, store.NewYear{Source: strings.Repeat(hostile, 4), Days: "01-01 " + strings.Repeat("w", 100) + "\n07-01..07-03 " + hostile}))(t)
		for i, port := range must1(db.Ports(ctx, s.port.Device))(t) {
			if port.State == "free" && port.ID != s.freePort.ID && s.gonePort == "" && i > 0 {
				s.gonePort = port.ID
				must(db.DeletePort(ctx, office, port.ID, 0, port.Name, hostile))
			}
		}
		s.unusedSite = must1(db.AddAccessPoint(ctx, office, "ap-"+strings.Repeat("w", 61), "cn-hangzhou", store.AccessPointEdit{Name: strings.Repeat("W", 64), RunBy: strings.Repeat(wide, 64), Status: "open", LOADays: "366",
			FacilityName: strings.Repeat(hostile, 4), Address: strings.Repeat("w", 256), InstallerNotes: strings.Repeat(hostile+" ", 30)}))(t)
		s.code = map[string]string{}
		for _, name := range []string{"hz-dc1-primary", "sv-analytics", "sg-core", "hz-branch-lab"} {
			all := must1(db.LOAs(ctx, s.line[name].ID))(t)
			s.code[name], s.code["superseded"] = all[0].Snapshot.CheckCode, all[len(all)-1].Snapshot.CheckCode
		}

		s.prices = db.PriceBooks()[0].Version
		s.year, s.nextYear = strconv.Itoa(db.Now().Year()), strconv.Itoa(db.Now().Year()+1)
		s.order = must1(db.OrdersOf(ctx, s.line["hz-dc1-primary"].ID))(t)[0].No
		s.unpaid = must1(db.OrdersOf(ctx, s.line["tokyo-edge"].ID))(t)[0].No
	})
	return s
}

func must1[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// visits are all pages by their route in web/routes.go, and the states that
// belong to them.
func (s *site) visits() map[string][]visit {
	id := func(name string) string { return s.line[name].ID }
	one := func(who, path string) []visit { return []visit{{who: who, path: path}} }
	refused := func(who, path, press string) visit {
		return visit{who: who, path: path, press: press, status: http.StatusUnprocessableEntity, state: "refused"}
	}
	var interfaces, staffInterfaces []visit
	for name := range s.line {
		switch name { // one of each stage and of each long name
		case "hz-dc1-primary", "hz-branch-lab", "sha-finance-02", "sha-finance-01", "qd-warehouse", "sg-core", "sv-analytics", "tokyo-edge",
			"ldn-market-data", "hz-dc2-trial", "dubai-branch", "sha-old-office", "hohhot-render", "fra-europe", "sz-factory", "zjk-archive", "hk-trading":
			interfaces = append(interfaces, visit{who: northwind, path: paths.Interface(id(name)), state: name})
		}
		switch name {
		case "hz-dc1-primary", "mumbai-support", "sha-old-office", "hohhot-render-2", "sg-core-b":
			staffInterfaces = append(staffInterfaces, visit{who: admin, path: paths.AdminInterface(id(name)), state: name})
		}
	}
	staffInterfaces = append(staffInterfaces, visit{who: auditor, path: paths.AdminInterface(id("mumbai-support")), state: "read only"},
		visit{who: admin, path: paths.With(paths.AdminInterface(id("sha-old-office")), "before", "4"), state: "older notes"}, refused(technician, paths.AdminInterface(id("hz-branch-lab")), "Add note"))
	detail := paths.Interface(id("hz-dc1-primary"))
	interfaces = append(interfaces,
		visit{who: northwind, path: detail, state: "menu", open: "More"},
		visit{who: northwind, path: detail, state: "dialog cancel", layer: paths.Cancellation(id("hz-dc1-primary"))},
		visit{who: northwind, path: detail, state: "dialog terminate", layer: paths.Termination(id("bj-hq-1"))},
		visit{who: northwind, path: detail, state: "dialog withdraw", layer: paths.Withdrawal(id("mumbai-support"))},
		visit{who: northwind, path: detail, state: "drawer delivery report", layer: paths.DeliveryReport(id("hz-branch-lab"))},
		visit{who: northwind, path: detail, state: "dialog that is too late", layer: paths.Cancellation(id("bj-hq-1"))},
		visit{who: northwind, path: paths.Interface("pc-00000000000000000"), state: "unknown", status: http.StatusNotFound},
		visit{who: southwind, path: detail, state: "of another account", status: http.StatusNotFound},
	)
	review := paths.AdminLOA(id("mumbai-support"))
	ap := s.line["hz-dc1-primary"].AccessPointID
	panel := paths.With(paths.AdminPanel(ap), "room", s.port.Room, "cabinet", s.port.Cabinet, "panel", s.port.Panel)
	return map[string][]visit{
		"paths.Login":           {{path: paths.Login}, {path: paths.Login, press: "Sign in", status: http.StatusUnprocessableEntity, state: "refused"}},
		`paths.Setup(":token")`: {{path: paths.Setup("no-such-token"), status: http.StatusNotFound, state: "link used up"}},
		"paths.LOAChecks":       {{path: paths.LOAChecks}, {path: paths.LOAChecks + "?code=+", state: "refused", status: http.StatusUnprocessableEntity}},
		`paths.LOACheck(":code")`: {{path: paths.LOACheck(s.code["hz-dc1-primary"]), state: "valid"}, {path: paths.LOACheck(s.code["superseded"]), state: "superseded"}, {path: paths.LOACheck(s.code["sv-analytics"]), state: "revoked"},
			{path: paths.LOACheck(s.code["sg-core"]), state: "used"}, {path: paths.LOACheck("7KQ4-M2XD-9PZA-3HTV"), state: "unknown", status: http.StatusNotFound},
			{path: paths.LOACheck(s.code["hz-dc1-primary"]), press: "Compare file", status: http.StatusUnprocessableEntity, state: "no file chosen"}},
		"paths.Session":  one(northwind, paths.Session),
		"paths.Messages": {{who: northwind, path: paths.Messages}, {who: southwind, path: paths.Messages, state: "empty"}, {who: reviewer, path: paths.Messages}},
		"paths.Home":     {{who: northwind, path: paths.Home}, {who: southwind, path: paths.Home, state: "empty"}, {who: northwind, path: paths.Home, state: "theme menu", open: "Color theme"}, {who: northwind, path: paths.Home, state: "account menu", open: "Account of Lin Wei, Northwind Trading"}},
		"paths.Interfaces": {{who: northwind, path: paths.Interfaces}, {who: southwind, path: paths.Interfaces, state: "empty"},
			{who: northwind, path: paths.Interfaces + "?q=nothing-like-this", state: "no match"},
			{who: northwind, path: paths.Interfaces + "?region=cn-hangzhou&status=waiting&sort=name", state: "filtered"},
			{who: northwind, path: paths.Interfaces + "?q=" + hostile, state: "hostile filter"},
			{who: northwind, path: paths.Interfaces, open: "More actions for " + id("hz-dc2-primary"), state: "row menu"}},
		"paths.AccessPoints":         {{who: northwind, path: paths.AccessPoints}, {who: northwind, path: paths.AccessPoints + "?region=cn-qingdao", state: "one access point"}},
		`paths.AccessPoint(":id")`:   one(northwind, paths.AccessPoint(ap)),
		"paths.Orders":               {{who: northwind, path: paths.Orders}, {who: southwind, path: paths.Orders, state: "empty"}},
		"paths.Billing":              {{who: northwind, path: paths.Billing}, {who: southwind, path: paths.Billing, state: "empty"}},
		`paths.Order(":no")`:         {{who: northwind, path: paths.Order(s.unpaid), state: "to confirm"}, {who: northwind, path: paths.Order(s.order), state: "receipt"}, {who: southwind, path: paths.Order(s.order), state: "of another account", status: http.StatusNotFound}},
		`paths.OrderDone(":no")`:     one(northwind, paths.OrderDone(s.order)),
		`paths.Interface(":id")`:     interfaces,
		`paths.EditInterface(":id")`: {{who: northwind, path: paths.EditInterface(id("hz-branch-lab"))}},
		`paths.Cancellation(":id")`:  {{who: northwind, path: paths.Cancellation(id("hz-dc1-primary"))}, refused(northwind, paths.Cancellation(id("hz-dc1-primary")), "Cancel interface"), {who: northwind, path: paths.Cancellation(id("bj-hq-1")), state: "too late", status: http.StatusConflict}},
		`paths.Termination(":id")`:   {{who: northwind, path: paths.Termination(id("fra-europe"))}, refused(northwind, paths.Termination(id("fra-europe")), "Terminate interface")},
		`paths.NewLOAApplication(":id")`: {{who: northwind, path: paths.NewLOAApplication(id("sha-finance-02"))}, {who: northwind, path: paths.NewLOAApplication(id("qd-warehouse")), state: "to correct"}, {who: northwind, path: paths.NewLOAApplication(id("sv-analytics")), state: "after a revocation"},
			refused(northwind, paths.NewLOAApplication(id("sha-finance-02")), "OK"), {who: northwind, path: paths.NewLOAApplication(id("bj-hq-1")), state: "not now", status: http.StatusConflict}},
		`paths.LOAApplication(":id")`: {{who: northwind, path: paths.LOAApplication(id("mumbai-support"))}, {who: northwind, path: paths.LOAApplication(id("syd-archive")), state: "hostile"}, {who: northwind, path: paths.LOAApplication(id("qd-warehouse")), state: "rejected"}, {who: northwind, path: paths.LOAApplication(id("sg-core-b")), state: "remote hands"}},
		`paths.Withdrawal(":id")`:     one(northwind, paths.Withdrawal(id("mumbai-support"))),
		`paths.LOA(":id")`:            {{who: northwind, path: paths.LOA(id("hz-dc1-primary"))}, {who: northwind, path: paths.LOA(id("hz-branch-lab")), state: "reissued"}, {who: northwind, path: paths.LOAVersion(id("hz-branch-lab"), 1), state: "superseded"}, {who: northwind, path: paths.LOA(id("sha-finance-02")), state: "not issued", status: http.StatusNotFound}},
		`paths.DeliveryReport(":id")`: {{who: northwind, path: paths.DeliveryReport(id("hz-branch-lab"))}, {who: northwind, path: paths.DeliveryReport(id("ldn-market-data")), state: "to correct"}, {who: northwind, path: paths.DeliveryReport(id("bj-hq-1")), state: "sent"}, refused(northwind, paths.DeliveryReport(id("hz-branch-lab")), "OK")},
		"paths.NewInterface": {{who: northwind, path: paths.NewInterface}, {who: northwind, path: paths.NewInterface + "?region=cn-qingdao&sp=CU", state: "one access point"},
			refused(northwind, paths.NewInterface, "Buy Now"),
			{who: northwind, path: paths.NewInterface, state: "dialog whitelist", layer: paths.Whitelist + "?spec=100G&region=cn-shanghai"}},
		`paths.ResourceFee(":id")`: {{who: northwind, path: paths.ResourceFee(id("sg-core"))}, {who: northwind, path: paths.ResourceFee(id("bj-hq-1")), state: "nothing due"}, refused(northwind, paths.ResourceFee(id("sg-core")), "Pay and enable")},
		`paths.Renewal(":id")`:     {{who: northwind, path: paths.Renewal(id("bj-hq-1"))}, {who: northwind, path: paths.Renewal(id("sg-core")), state: "nothing to renew"}},
		`paths.AutoRenew(":id")`:   {{who: northwind, path: paths.AutoRenew(id("bj-hq-1"))}, {who: northwind, path: paths.AutoRenew(id("sg-core")), state: "not now", status: http.StatusConflict}, {who: northwind, path: detail, state: "dialog auto renew", layer: paths.AutoRenew(id("bj-hq-1"))}},
		"paths.Tickets":            {{who: northwind, path: paths.Tickets}, {who: northwind, path: paths.With(paths.Tickets, "view", "closed"), state: "closed"}, {who: southwind, path: paths.Tickets, state: "empty"}},
		"paths.NewTicket":          {{who: northwind, path: paths.NewTicketAbout("cabling", id("hz-dc1-primary"))}, refused(northwind, paths.NewTicket, "Open ticket")},
		`paths.Ticket(":id")`:      {{who: northwind, path: paths.Ticket(s.ticket)}, {who: northwind, path: paths.Ticket(s.closedTicket), state: "closed"}, refused(northwind, paths.Ticket(s.ticket), "Send")},
		"paths.Whitelist":          {{who: northwind, path: paths.Whitelist}, {who: southwind, path: paths.Whitelist, state: "empty"}, refused(southwind, paths.Whitelist, "Request whitelist")},

		"paths.Admin": {{who: reviewer, path: paths.Admin}, {who: technician, path: paths.Admin}, {who: finance, path: paths.Admin}, {who: admin, path: paths.Admin}, {who: northwind, path: paths.Admin, state: "refused to a customer", status: http.StatusForbidden}},
		"paths.AdminInterfaces": {{who: admin, path: paths.AdminInterfaces}, {who: technician, path: paths.AdminInterfaces + "?q=nothing-like-this", state: "no match"}, {who: admin, path: paths.AdminInterfaces + "?account=" + s.account, state: "of one account"},
			{who: reviewer, path: paths.AdminInterfaces + "?view=late&region=cn-hangzhou&status=waiting", state: "late, in a region"}, {who: admin, path: paths.AdminInterfaces + "?account=xyz", state: "no such account"},
			{who: admin, path: paths.AdminInterfaces, state: "columns", open: "Columns"}},
		`paths.AdminInterface(":id")`: staffInterfaces,
		"paths.AdminOrders": {{who: finance, path: paths.AdminOrders}, {who: admin, path: paths.With(paths.AdminOrders, "account", s.account, "state", "paid", "type", "installation"), state: "filtered"}, {who: admin, path: paths.AdminOrders + "?q=2099", state: "no match"},
			{who: admin, path: paths.AdminOrders + "?account=xyz", state: "no such account"}},
		"paths.Activity": {{who: northwind, path: paths.Activity}, {who: southwind, path: paths.Activity, state: "of a new account"}, {who: northwind, path: paths.With(paths.Activity, "kind", "all-sign-in", "who", "operator", "object", "pc-", "from", "2026-01-01"), state: "an object that is not there"},
			{who: northwind, path: paths.With(paths.Activity, "to", "2020-01-01"), state: "no match"}, {who: northwind, path: paths.With(paths.Activity, "from", "2026-02-02", "to", "2026-02-01"), state: "wrong days", status: http.StatusUnprocessableEntity}},
		"paths.AdminAudit": {{who: admin, path: paths.AdminAudit}, {who: finance, path: paths.AdminAudit}, {who: admin, path: paths.With(paths.AdminAudit, "account", s.account, "action", "all-letters", "from", "2026-01-01"), state: "filtered"},
			{who: admin, path: paths.With(paths.AdminAudit, "who", hostile, "object", hostile, "account", hostile), state: "not clear"}},
		"paths.AdminCalendar":                {{who: reviewer, path: paths.AdminCalendar}, {who: admin, path: paths.AdminCalendar}, {who: admin, path: paths.AdminCalendar, state: "no calendar selected", status: http.StatusUnprocessableEntity, press: "Give it this calendar"}},
		"paths.AdminNewCalendar":             {{who: admin, path: paths.AdminNewCalendar}, refused(admin, paths.AdminNewCalendar, "Add calendar")},
		`paths.AdminCalendarEdit(":id")`:     one(admin, paths.AdminCalendarEdit("own-"+strings.Repeat("w", 60))),
		`paths.AdminCalendarDeletion(":id")`: {{who: admin, path: paths.AdminCalendarDeletion("own-" + strings.Repeat("w", 60))}, refused(admin, paths.AdminCalendarDeletion("own-"+strings.Repeat("w", 60)), "Delete calendar")},
		`paths.AdminCalendarYear(":id", ":year")`: {{who: admin, path: paths.AdminCalendarYear("china", s.nextYear)}, {who: admin, path: paths.With(paths.AdminCalendarYear("china", s.nextYear), "copy", s.year), state: "copied"},
			refused(admin, paths.With(paths.AdminCalendarYear("china", s.nextYear), "copy", s.year), "Preview the changes"), {who: admin, path: paths.AdminCalendarYear("hong-kong", s.year), state: "hostile"}},
		`paths.AdminCalendarRemoval(":id", ":year")`: {{who: admin, path: paths.AdminCalendarRemoval("hong-kong", s.year)}, refused(admin, paths.AdminCalendarRemoval("hong-kong", s.year), "Remove the table")},
		"paths.AdminPersonalData":                    {{who: admin, path: paths.AdminPersonalData}, refused(admin, paths.AdminPersonalData, "Export as JSON")},
		"paths.AdminLetterKeys":                      {{who: admin, path: paths.AdminLetterKeys}, refused(admin, paths.AdminLetterKeys, "Make new keys")},
		"paths.AdminLOAs": {{who: reviewer, path: paths.AdminLOAs}, {who: reviewer, path: paths.AdminLOAs + "?view=approved", state: "approved"}, {who: reviewer, path: paths.AdminLOAs + "?view=rejected", state: "rejected"},
			{who: reviewer, path: paths.AdminLOAs + "?account=North&region=cn-hangzhou", state: "filtered"}, {who: reviewer, path: paths.AdminLOAs + "?account=nothing-like-this", state: "unclear"}, {who: reviewer, path: paths.AdminLOAs + "?age=undated", state: "no match"}},
		`paths.AdminLOA(":id")`: {{who: reviewer, path: review}, {who: reviewer, path: paths.AdminLOA(id("syd-archive")), state: "hostile"}, {who: reviewer, path: paths.AdminLOA(id("hz-branch-lab")), state: "approved"}, {who: reviewer, path: paths.AdminLOA(id("sha-finance-01")), state: "redundant"},
			{who: reviewer, path: review, state: "drawer reject", layer: paths.AdminRejection(id("mumbai-support"))},
			{who: reviewer, path: review, state: "dialog revoke", layer: paths.AdminRevocation(id("hz-branch-lab"))},
			{who: reviewer, path: review, state: "dialog ID number", layer: paths.AdminIDNumber(id("mumbai-support"), "1")}},
		`paths.AdminLetter(":id")`:           {{who: reviewer, path: paths.AdminLetter(id("hz-branch-lab")), state: "reissued"}, {who: reviewer, path: paths.AdminLetterVersion(id("hz-branch-lab"), 1), state: "superseded"}, {who: reviewer, path: paths.AdminLetter(id("sha-finance-02")), state: "not issued", status: http.StatusNotFound}},
		`paths.AdminReissue(":id")`:          {{who: reviewer, path: paths.AdminReissue(id("hz-branch-lab"))}, refused(reviewer, paths.AdminReissue(id("hz-branch-lab")), "Issue new version"), {who: reviewer, path: paths.AdminReissue(id("sg-core")), state: "too late", status: http.StatusConflict}},
		`paths.AdminPlaybook(":id")`:         {{who: reviewer, path: paths.AdminPlaybook(ap)}},
		`paths.AdminRejection(":id")`:        {{who: reviewer, path: paths.AdminRejection(id("mumbai-support"))}, refused(reviewer, paths.AdminRejection(id("syd-archive")), "Reject application")},
		`paths.AdminRevocation(":id")`:       {{who: reviewer, path: paths.AdminRevocation(id("hz-branch-lab"))}, refused(reviewer, paths.AdminRevocation(id("hz-branch-lab")), "Revoke LOA")},
		`paths.AdminIDNumber(":id", ":n")`:   one(reviewer, paths.AdminIDNumber(id("mumbai-support"), "1")),
		"paths.AdminWhitelist":               {{who: reviewer, path: paths.AdminWhitelist}, {who: reviewer, path: paths.AdminWhitelist + "?view=granted", state: "granted"}, {who: reviewer, path: paths.AdminWhitelist + "?view=declined", state: "none declined"}},
		`paths.AdminWhitelistGrant(":id")`:   {{who: reviewer, path: paths.AdminWhitelistGrant(s.openRequest)}, {who: reviewer, path: paths.AdminWhitelist, state: "dialog grant", layer: paths.AdminWhitelistGrant(s.openRequest)}},
		`paths.AdminWhitelistDecline(":id")`: {{who: reviewer, path: paths.AdminWhitelistDecline(s.openRequest)}, refused(reviewer, paths.AdminWhitelistDecline(s.openRequest), "Decline")},
		`paths.AdminWhitelistRevoke(":id")`:  {{who: reviewer, path: paths.AdminWhitelistRevoke(s.grantedRequest)}, refused(reviewer, paths.AdminWhitelistRevoke(s.grantedRequest), "Revoke")},
		"paths.AdminCabling":                 one(technician, paths.AdminCabling),
		`paths.AdminCablingJob(":id")`:       {{who: technician, path: paths.AdminCablingJob(id("hz-dc1-primary"))}, {who: technician, path: paths.AdminCablingJob(id("sg-core-b"))}, {who: technician, path: paths.AdminCablingJob(id("sg-core")), state: "done"}, refused(technician, paths.AdminCablingJob(id("hz-dc1-primary")), "Finish cabling"), {who: technician, path: paths.AdminCablingJob(id("sg-core-b")), state: "drawer report a problem", layer: paths.AdminCablingReturn(id("sg-core-b"))}},
		`paths.AdminCablingReturn(":id")`:    {{who: technician, path: paths.AdminCablingReturn(id("hz-dc1-primary"))}, refused(technician, paths.AdminCablingReturn(id("hz-dc1-primary")), "Return delivery report")},
		"paths.AdminRemovals":                one(technician, paths.AdminRemovals),
		`paths.AdminPortCheck(":id")`:        {{who: technician, path: paths.AdminPortCheck(s.leftPort)}, {who: technician, path: paths.AdminPortCheck(s.freePort.ID), state: "done"}, refused(technician, paths.AdminPortCheck(s.leftPort), "Confirm"), {who: admin, path: paths.AdminPort(s.leftPort), state: "left"}, {who: technician, path: paths.AdminPort(s.gonePort), state: "deleted"}},
		`paths.AdminRemoval(":id")`:          {{who: technician, path: paths.AdminRemoval(id("sha-old-office"))}, {who: technician, path: paths.AdminRemoval(id("dubai-branch"))}, {who: technician, path: paths.AdminRemoval(id("hohhot-render")), state: "done"}, refused(technician, paths.AdminRemoval(id("sha-old-office")), "Confirm removal")},
		"paths.AdminAccounts":                {{who: finance, path: paths.AdminAccounts}, {who: finance, path: paths.AdminAccounts + "?q=nothing-like-this", state: "no match"}},
		`paths.AdminAccount(":id")`:          {{who: finance, path: paths.AdminAccount(s.account)}, {who: admin, path: paths.AdminAccount(s.account)}, {who: reviewer, path: paths.AdminAccount(s.account)}, refused(finance, paths.AdminAccount(s.account), "Record transfer"), refused(admin, paths.AdminAccount(s.account), "Save quotas")},
		"paths.AdminOverdue":                 {{who: finance, path: paths.AdminOverdue}, {who: admin, path: paths.AdminOverdue}},
		"paths.AdminFeeRules":                one(finance, paths.AdminFeeRules),
		`paths.AdminFree(":id")`:             {{who: finance, path: paths.AdminFree(id("hohhot-render-2"))}, {who: finance, path: paths.AdminFree(id("bj-hq-1")), state: "not now", status: http.StatusConflict}, refused(finance, paths.AdminFree(id("hohhot-render-2")), "End interface"), {who: finance, path: paths.AdminOverdue, state: "dialog end", layer: paths.AdminFree(id("hohhot-render-2"))}},
		"paths.AdminAccessPoints":            {{who: technician, path: paths.AdminAccessPoints}, {who: admin, path: paths.AdminAccessPoints + "?region=cn-hangzhou", state: "filtered"}},
		"paths.AdminPortPages": {{who: technician, path: paths.AdminPortPages}, {who: admin, path: paths.AdminPortPages + "?q=ODF", state: "many"}, {who: technician, path: paths.AdminPortPages + "?q=CSW&access_point=" + ap, state: "at one access point"},
			{who: technician, path: paths.AdminPortPages + "?q=nothing-like-this", state: "no match"}},
		"paths.AdminTickets":                    {{who: technician, path: paths.AdminTickets}, {who: finance, path: paths.With(paths.AdminTickets, "topic", "fees"), state: "no match"}, {who: auditor, path: paths.With(paths.AdminTickets, "view", "answered"), state: "answered"}},
		"paths.AdminNewTicket":                  {{who: reviewer, path: paths.AdminNewTicketAbout(id("hz-dc1-primary"))}, refused(technician, paths.AdminNewTicket, "Open ticket")},
		`paths.AdminTicket(":id")`:              {{who: technician, path: paths.AdminTicket(s.ticket)}, {who: auditor, path: paths.AdminTicket(s.ticket), state: "read only"}, refused(technician, paths.AdminTicket(s.ticket), "Send and close")},
		`paths.AdminAccessPoint(":id")`:         {{who: technician, path: paths.AdminAccessPoint(ap)}, {who: admin, path: paths.AdminAccessPoint(ap)}},
		`paths.AdminAccessPointEdit(":id")`:     one(admin, paths.AdminAccessPointEdit(ap)),
		`paths.AdminAccessPointDeletion(":id")`: {{who: admin, path: paths.AdminAccessPointDeletion(ap), state: "in use"}, {who: admin, path: paths.AdminAccessPointDeletion(s.unusedSite), state: "unused"}},
		"paths.AdminNewSite":                    {{who: admin, path: paths.AdminNewSite}, refused(admin, paths.AdminNewSite, "Add an access point")},
		"paths.AdminRegions":                    one(admin, paths.AdminRegions),
		"paths.AdminNewRegion":                  {{who: admin, path: paths.AdminNewRegion}, refused(admin, paths.AdminNewRegion, "Add a region")},
		`paths.AdminRegion(":id")`:              one(admin, paths.AdminRegion("cn-hangzhou")),
		`paths.AdminRegionDeletion(":id")`:      one(admin, paths.AdminRegionDeletion("cn-hangzhou")),
		`paths.AdminPorts(":id")`:               {{who: admin, path: paths.AdminPorts(ap)}, refused(admin, paths.AdminPorts(ap), "Preview")},
		`paths.AdminDevice(":id")`:              {{who: technician, path: paths.AdminDevice(s.port.Device)}, {who: technician, path: paths.AdminDevice(s.port.Device) + "#port-" + s.port.ID, state: "at a port"}, {who: admin, path: paths.AdminDevice(s.port.Device)}},
		`paths.AdminDeviceEdit(":id")`:          one(admin, paths.AdminDeviceEdit(s.port.Device)),
		`paths.AdminDeviceDeletion(":id")`:      one(admin, paths.AdminDeviceDeletion(s.port.Device)),
		`paths.AdminPort(":id")`:                {{who: technician, path: paths.AdminPort(s.port.ID), state: "in use"}, {who: admin, path: paths.AdminPort(s.freePort.ID), state: "free"}},
		`paths.AdminPortDemarcation(":id")`:     one(admin, paths.AdminPortDemarcation(s.freePort.ID)),
		`paths.AdminPortOutage(":id")`:          one(admin, paths.AdminPortOutage(s.freePort.ID)),
		`paths.AdminPortReturn(":id")`:          one(admin, paths.AdminPortReturn(s.freePort.ID)),
		`paths.AdminPortDeletion(":id")`:        one(admin, paths.AdminPortDeletion(s.freePort.ID)),
		`paths.AdminPanel(":id")`:               one(admin, panel),
		"paths.AdminInventory":                  one(admin, paths.AdminInventory),
		"paths.AdminPeople":                     {{who: admin, path: paths.AdminPeople}, {who: auditor, path: paths.AdminPeople}},
		"paths.AdminMail":                       one(admin, paths.AdminMail),
		"paths.Forgotten":                       {{path: paths.Forgotten}, {path: paths.Forgotten + "?sent=1", state: "sent"}},
		"paths.People":                          {{who: northwind, path: paths.People}, refused(northwind, paths.People, "Add and make a one-time link"), {who: northwind, path: paths.People, state: "row menu", open: "More actions for Gu Bo"}},
		`paths.PersonRole(":id")`:               {{who: northwind, path: paths.PersonRole(s.colleague)}, {who: northwind, path: paths.People, state: "dialog role", layer: paths.PersonRole(s.colleague)}},
		`paths.PersonRemoval(":id")`:            {{who: northwind, path: paths.PersonRemoval(s.colleague)}, {who: northwind, path: paths.People, state: "dialog remove", layer: paths.PersonRemoval(s.colleague)}},
		`paths.AdminPersonRole(":id")`:          one(admin, paths.AdminPersonRole(s.colleague)),
		`paths.AdminPersonRemoval(":id")`:       one(admin, paths.AdminPersonRemoval(s.colleague)),
		"paths.AdminNewCustomer":                one(admin, paths.AdminNewCustomer),
		"":                                      {{who: northwind, path: "/nowhere", status: http.StatusNotFound}, {path: "/nowhere", status: http.StatusNotFound}, {who: admin, path: "/admin/nowhere", status: http.StatusNotFound}},
	}
}

// moreVisits are those of features that keep theirs in a file of their own.
var moreVisits []func(*site) map[string][]visit

// Every page of the program, with data that is as awkward as it can be, in both
// themes, at three widths, and on a phone with letters of twice the size (WCAG
// 2.2, 1.4.4 and 1.4.10): nothing for axe to find, nothing beyond the right edge, one heading of the first level, no error in the console, no other host.
func TestEveryPageIsAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	visits := s.visits()
	for _, more := range moreVisits {
		maps.Copy(visits, more(s))
	}
	for _, route := range getRoutes(t) {
		if _, ok := visits[route]; !ok && noPage[route] == "" {
			t.Errorf("web/routes.go answers GET %s, and this test does not visit it", route)
		}
	}
	for route := range visits {
		if route != "" && !slices.Contains(getRoutes(t), route) {
			t.Errorf("this test visits %s, which web/routes.go does not have", route)
		}
	}
	byPerson := map[string][]visit{}
	for _, some := range visits {
		for _, v := range some {
			byPerson[v.who] = append(byPerson[v.who], v)
		}
	}
	for _, who := range slices.Sorted(maps.Keys(byPerson)) {
		list := byPerson[who]
		slices.SortStableFunc(list, func(a, b visit) int { return strings.Compare(a.String(), b.String()) })
		n := 0
		for part := range slices.Chunk(list, 15) { // each has a tab of its own
			n++
			t.Run(fmt.Sprintf("%s-%d", cmp.Or(who, "nobody"), n), func(t *testing.T) {
				t.Parallel()
				tab := newPerson(t, "nobody", s.URL)
				if who != "" {
					tab = signIn(t, s.Program, who)
				}
				for _, v := range part {
					s.look(t, tab, v)
				}
				tab.refusals()
				clean(t, tab)
			})
		}
	}
}

func (s *site) look(t *testing.T, tab *Page, v visit) {
	t.Helper()
	tab.Goto(strings.ReplaceAll(v.path, hostile, "%3Cscript%3Ealert(1)%3C/script%3E%22'%26"))
	if v.press != "" {
		tab.Click(v.press)
		tab.See("to continue")
	}
	if v.layer != "" {
		tab.fetchDialog(v.layer)
	}
	if v.open != "" {
		tab.Click(v.open)
	}
	want := v.status
	if want == 0 {
		want = http.StatusOK
	}
	if got := tab.Status(); got != want {
		t.Errorf("%s: %s answers %d, want %d", tab.name, v, got, want)
		return
	}
	if h := tab.headings(); len(h) != 1 || h[0] == "" {
		t.Errorf("%s: %s has the first headings %q", tab.name, v, h)
	}
	tab.AccessibleInBothThemes(v.String())
	tab.Screenshot("page-" + tab.name + v.String() + "-1440")
	for _, width := range []int{320, 390} {
		tab.Viewport(width, 844)
		if over := tab.SidewaysScroll(); over > 0 {
			t.Errorf("%s: %s: %d pixels lie beyond the right edge at %d: %s", tab.name, v, over, width, strings.Join(tab.tooWide(), "\n    "))
		}
	}
	tab.AccessibleInBothThemes(v.String() + ", 390 wide")
	tab.Screenshot("page-" + tab.name + v.String() + "-390")
	tab.letters(200)
	if over := tab.SidewaysScroll(); over > 0 {
		t.Errorf("%s: %s: %d pixels lie beyond the right edge with letters of twice the size: %s", tab.name, v, over, strings.Join(tab.tooWide(), "\n    "))
	}
	tab.letters(100)
	tab.Viewport(1440, 900)
}

// fetchDialog brings up a dialog over the page as a link to it does.
func (p *Page) fetchDialog(path string) {
	p.t.Helper()
	_ = evaluate[bool](p, fmt.Sprintf(`(htmx.ajax("GET", %q, {target: "#layer", swap: "innerHTML"}), true)`, path))
	p.until("the dialog "+path, func() string {
		if p.HasDialog() {
			return ""
		}
		return "none is open"
	})
	p.settle()
}

// tooWide are the elements that reach beyond the right edge, the innermost.
func (p *Page) tooWide() []string {
	p.t.Helper()
	return evaluate[[]string](p, `[...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 &&
		![...e.children].some(c => c.getBoundingClientRect().right > document.documentElement.clientWidth + 1)).slice(0, 4).map(e => e.outerHTML.replace(/\s+/g, " ").slice(0, 200))`)
}
