package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// Who keeps accounts sees the orders of all of them, narrows them and takes them
// as a file; nobody else does.
func TestStaffOrders(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	finance := s.as(financeMail)
	if a := finance.get(paths.AdminOrders).want(http.StatusOK); !strings.Contains(a.text(), "No orders yet") {
		t.Errorf("without orders: %s", a.text())
	}
	enabled := s.At(t, lifecycle.Enabled, named("hz-primary"))
	s.At(t, lifecycle.Canceled)
	theirs := s.Order(t, s.OtherOwner, func(in *store.NewConnection) { in.Name = "their-line" })
	s.Clock.Advance(8 * 24 * time.Hour)
	late := s.Order(t, s.Owner)
	finance = s.as(financeMail) // the sessions are over by now
	orders, err := s.Orders(t.Context(), s.Northwind, "", 50)
	if err != nil {
		t.Fatal(err)
	}
	var first, fee string // of the enabled interface
	for _, o := range orders.Items {
		if o.ConnectionID == enabled.ID && o.Kind == store.KindInstallation {
			first = o.No
		} else if o.ConnectionID == enabled.ID {
			fee = o.No
		}
	}
	numbers := func(a *answer) []string {
		return a.want(http.StatusOK).doc().Find("tr[id^='row-']").Map(func(_ int, r *goquery.Selection) string { return strings.TrimPrefix(r.AttrOr("id", ""), "row-") })
	}
	everything := numbers(finance.get(paths.AdminOrders))
	if len(everything) != 5 || everything[0] != late.No || !slices.IsSortedFunc(everything, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("all: %v", everything)
	}
	for query, want := range map[string][]string{
		"?account=" + s.Southwind:                        {theirs.No},
		"?account=southw&state=unpaid&type=installation": {theirs.No},
		"?account=" + s.Southwind + "&state=paid":        nil,
		"?type=resource":                                 {fee},
		"?type=resource&state=paid&account=Northwind":    {fee},
		"?type=renewal":                                  nil,
		"?state=unpaid":                                  {late.No, theirs.No},
		"?q=" + first:                                    {first},
		"?q=" + first + "&type=resource":                 nil,
		"?q=" + late.No[:8]:                              {late.No},
		"?state=lost&type=gift&after=":                   everything,
		"?after=" + everything[3]:                        everything[4:],
		"?q=" + url.QueryEscape("%' OR 1=1 --"):          nil,
	} {
		a := finance.get(paths.AdminOrders + query)
		if got := numbers(a); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
		if strings.Contains(query, "after=2") {
			continue // a file has no pages
		}
		var file []string
		for _, r := range sheetOf(t, finance.get(a.doc().Find("#tools a[aria-label='Export as CSV']").AttrOr("href", ""))) {
			file = append(file, r["Order number"])
		}
		if !slices.Equal(file, want) {
			t.Errorf("%s: the file has %v, want %v", query, file, want)
		}
	}
	page := finance.get(paths.AdminOrders).doc()
	row := page.Find("#row-" + fee)
	if got := folded(row); !strings.Contains(got, "Resource fee") || !strings.Contains(got, "1 month") || !strings.Contains(got, "Northwind Trading") || !strings.Contains(got, "$720.00") || !strings.Contains(got, "Paid") {
		t.Errorf("a row: %s", got)
	}
	for _, link := range []string{paths.AdminInterface(enabled.ID), paths.AdminAccount(s.Northwind)} {
		if row.Find("a[href='"+link+"']").Length() != 1 {
			t.Errorf("no link to %s", link)
		}
	}
	row.Find("td[data-label=Documents] a").Each(func(_ int, d *goquery.Selection) { finance.get(d.AttrOr("href", "")).want(http.StatusOK) })
	if got := folded(page.Find("#row-" + theirs.No + " .status")); got != "Expired" {
		t.Errorf("an order whose quote has ended is %s", got)
	}
	if finance.get(paths.AdminAccount(s.Northwind)).doc().Find("a[href='"+paths.AdminOrders+"?account="+s.Northwind+"']").Length() != 1 {
		t.Error("the page of an account does not lead to its orders")
	}
	for _, r := range sheetOf(t, finance.get(paths.AdminOrdersCSV+"?q="+fee)) {
		if r["Type"] != "Resource fee" || r["Amount"] != "720.00" || r["Currency"] != "USD" || r["Account"] != "Northwind Trading" || r["Paid with"] == "" || r["Paid (UTC)"] == "" || r["Months"] != "1" {
			t.Errorf("%v", r)
		}
	}
	// An account that is not clear is asked about.
	if a := finance.get(paths.AdminOrders + "?account=nobody"); len(numbers(a)) != 0 || !strings.Contains(a.text(), "No account is called “nobody”") {
		t.Error(a.text())
	}
	finance.get(paths.AdminOrdersCSV + "?account=nobody").want(http.StatusUnprocessableEntity)
	for who, status := range map[string]int{adminMail: 200, auditorMail: 200, reviewerMail: 403, techMail: 403, customerMail: 403, payerMail: 403} {
		browser := s.as(who)
		browser.get(paths.AdminOrders).want(status)
		browser.get(paths.AdminOrdersCSV).want(status)
		home := paths.Admin
		if who == customerMail || who == payerMail {
			home = paths.Home
		}
		if got := browser.get(home).doc().Find("nav a[href='"+paths.AdminOrders+"']").Length() > 0; got != (status == 200) {
			t.Errorf("%s: in the menu: %v", who, got)
		}
	}
}
