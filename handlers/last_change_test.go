package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

// Every record says when it was changed last and by whom; a look is no change,
// and what nobody changed says nothing.
func TestRecordsSayWhenTheyWereChanged(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.Enabled)
	cat := s.Catalogue()
	ap, _ := cat.AccessPoint(c.AccessPointID)
	region, _ := cat.Region(c.Region)
	port, err := s.PortOf(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	line := func(path string) string {
		return strings.Join(strings.Fields(s.as(adminMail).get(path).want(http.StatusOK).doc().Find("main span:contains('Last change') span:contains('Last change'), main span:contains('Last change')").Last().Text()), " ")
	}
	for _, path := range []string{paths.AdminAccessPoint(ap.ID), paths.AdminRegion(region.ID)} {
		if got := line(path); got != "" {
			t.Errorf("%s says %q, nobody changed it", path, got)
		}
	}
	s.Clock.Advance(time.Hour)
	site, zoneName := store.AccessPointEditOf(ap), store.RegionEditOf(region)
	site.FacilityName, site.Reason, zoneName.Name = "Another name", "The operator was bought", "Another name"
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err, store.FieldsOf(err))
		}
	}
	must(s.UpdateAccessPoint(t.Context(), s.Admin, ap.ID, 0, site))
	must(s.UpdateRegion(t.Context(), s.Admin, region.ID, 0, zoneName))
	must(s.SetQuotas(t.Context(), s.Reviewer, s.Northwind, 9, 9, "A larger site"))
	changed := s.Clock.Now()
	s.Clock.Advance(time.Hour)
	s.as(reviewerMail).post(paths.AdminCustomerView(s.Northwind), nil).want(http.StatusSeeOther) // looks, and changes nothing
	for path, by := range map[string]store.Actor{paths.AdminAccessPoint(ap.ID): s.Admin, paths.AdminRegion(region.ID): s.Admin, paths.AdminAccount(s.Northwind): s.Reviewer} {
		account := path == paths.AdminAccount(s.Northwind)
		zone := cat.Zone(c.Region)
		if account {
			a, err := s.Account(t.Context(), s.Admin, s.Northwind)
			must(err)
			zone = cat.Zone(a.HomeRegion)
		}
		want := "Last change " + ui.FormatSiteStamp(changed, zone) + " by " + by.Name + ", " + strings.ToLower(by.Role.Label())
		if got := line(path); got != want {
			t.Errorf("%s says %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]string{paths.AdminInterface(c.ID): "Last change ", paths.AdminPort(port.ID): "Last change "} {
		if got := line(path); !strings.HasPrefix(got, want) || !strings.Contains(got, " by ") {
			t.Errorf("%s says %q", path, got)
		}
	}
	// A year later the day alone would not tell which one.
	s.Clock.Advance(366 * 24 * time.Hour)
	if got, want := line(paths.AdminAccessPoint(ap.ID)), "Last change "+ui.FormatDay(changed, cat.Zone(c.Region))+" by "; !strings.HasPrefix(got, want) {
		t.Errorf("a year later: %q, want %q…", got, want)
	}
	// The page of a port names the cables that are in it.
	if text := s.as(adminMail).get(paths.AdminPort(port.ID)).want(http.StatusOK).text(); !strings.Contains(text, "Labels") || !strings.Contains(text, c.LineCode) {
		t.Errorf("the port does not name its cables: %s", text)
	}
}

// Finance see on the page of an account what it ordered, also what is not paid.
func TestAccountPageShowsItsOrders(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	if text := s.as(financeMail).get(paths.AdminAccount(s.Northwind)).want(http.StatusOK).text(); !strings.Contains(text, "Nothing was ordered.") {
		t.Errorf("an account without orders: %s", text)
	}
	theirs := s.Order(t, s.OtherOwner)
	var last store.Order
	for range 10 {
		last = s.Order(t, s.Owner)
		s.Clock.Advance(time.Minute)
	}
	card := s.as(financeMail).get(paths.AdminAccount(s.Northwind)).want(http.StatusOK).doc().Find("[aria-labelledby=orders-h]")
	if n, all := card.Find("li").Length(), card.Find("a:contains('All orders')").AttrOr("href", ""); n != 8 || all != paths.AdminOrders+"?account="+s.Northwind {
		t.Errorf("%d orders, the others at %q: %s", n, all, card.Text())
	}
	first := card.Find("li").First()
	if text := first.Text(); !strings.Contains(text, last.No) || !strings.Contains(text, "Installation") || !strings.Contains(text, last.Amount.String()) || !strings.Contains(text, "Quote valid until") ||
		first.Find("a[href='"+paths.AdminInterface(last.ConnectionID)+"']").Length() != 1 || strings.Contains(card.Text(), theirs.No) {
		t.Errorf("the newest one: %s", text)
	}
	if card.Find("a[href^='"+paths.Orders+"'], a[href^='/interfaces']").Length() != 0 {
		t.Error("a link to a page of customers")
	}
	// A reviewer sees the account without its money.
	if n := s.as(reviewerMail).get(paths.AdminAccount(s.Northwind)).want(http.StatusOK).doc().Find("[aria-labelledby=orders-h]").Length(); n != 0 {
		t.Error("a reviewer sees the orders")
	}
}
