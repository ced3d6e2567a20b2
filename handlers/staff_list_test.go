package handlers_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// sheetOf is the rows of a CSV file without its head, by the head.
func sheetOf(t *testing.T, a *answer) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(a.want(http.StatusOK).body)).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = r[i]
			if strings.IndexAny(r[i], "=+-@\t\r") == 0 {
				t.Errorf("cell %q begins like a formula", r[i])
			}
		}
		out = append(out, m)
	}
	return out
}

// Staff narrow their list by account, region, access point, status, whose turn
// it is and what is late, by all of it at once, and take what is left as a file.
func TestStaffListNarrowed(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	elsewhere := func(in *store.NewConnection) {
		in.Region, in.SP, in.AccessPoint = "ap-southeast-1", catalog.EquinixSP, s.APID(t, "Singapore-A")
	}
	late := s.At(t, lifecycle.InApplication, named("late-review"))
	s.Clock.Advance(time.Minute)
	other := s.At(t, lifecycle.InApplication, elsewhere, named("late-singapore"))
	s.Clock.Advance(30 * 24 * time.Hour)
	review := s.At(t, lifecycle.InApplication, named("in-time"), func(in *store.NewConnection) { in.Description = "=1+1" })
	s.Clock.Advance(time.Minute)
	unpaid := s.AtOf(t, s.OtherOwner, lifecycle.PendingPayment, elsewhere, named("unpaid"))
	reviewer := s.as(reviewerMail)
	here, there := late.AccessPointID, other.AccessPointID
	for _, c := range []struct {
		query string
		want  []string // in this order
	}{
		{"", []string{unpaid.ID, review.ID, other.ID, late.ID}},
		{"?region=ap-southeast-1", []string{unpaid.ID, other.ID}},
		{"?region=cn-hangzhou", []string{review.ID, late.ID}},
		{"?region=ap-southeast-1&view=with-operator", []string{other.ID}},
		{"?region=ap-southeast-1&view=needs-action", []string{unpaid.ID}},
		{"?region=ap-southeast-1&status=pending_payment&view=with-operator", nil},
		{"?ap=" + there, []string{unpaid.ID, other.ID}},
		{"?ap=" + there + "&account=" + s.Southwind, []string{unpaid.ID}},
		{"?ap=" + there + "&account=" + s.Northwind + "&status=in_application", []string{other.ID}},
		{"?ap=" + here + "&region=ap-southeast-1", []string{unpaid.ID, other.ID}}, // of another region than the access point: the region counts
		{"?view=late", []string{late.ID, other.ID}},
		{"?view=late&region=ap-southeast-1", []string{other.ID}},
		{"?view=late&ap=" + here, []string{late.ID}},
		{"?view=late&account=" + s.Southwind, nil},
		{"?view=late&account=" + s.Northwind + "&region=cn-hangzhou&status=in_application", []string{late.ID}},
		{"?view=late&status=enabled", nil},
		{"?view=late&q=late-s", []string{other.ID}},
		{"?account=northw&region=ap-southeast-1", []string{other.ID}},
		{"?by=account&q=Southwind+Logistics", []string{unpaid.ID}},
		{"?q=in-&by=name&region=ap-southeast-1", nil},
		{"?q=in-&by=name&region=cn-hangzhou&ap=" + here + "&status=in_application&view=with-operator", []string{review.ID}},
	} {
		a := reviewer.get(paths.AdminInterfaces + c.query).want(http.StatusOK)
		got := rowsOf(a)
		if c.query == "?view=late" {
			slices.Sort(got)
			slices.Sort(c.want)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.query, got, c.want)
		}
		link := a.doc().Find("#tools a[aria-label='Export as CSV']").AttrOr("href", "")
		var file []string
		for _, r := range sheetOf(t, reviewer.get(link)) {
			file = append(file, r["Interface ID"])
		}
		slices.Sort(file)
		slices.Sort(got)
		if !slices.Equal(file, got) {
			t.Errorf("%s: the file at %s has %v, the list %v", c.query, link, file, got)
		}
	}
	tabs := texts(reviewer.get(paths.AdminInterfaces).doc().Find("nav[aria-label=Views] a"))
	if got := strings.Join(tabs, "; "); got != "All 4; Customer's turn 1; Our turn 3; Late 2; Enabled 0; Closed 0" && got != "All4; Customer's turn1; Our turn3; Late2; Enabled0; Closed0" {
		t.Errorf("views: %s", got)
	}
	// The choice of access points is that of the region.
	options := reviewer.get(paths.AdminInterfaces + "?region=ap-southeast-1").doc().Find("#ap option").Map(func(_ int, o *goquery.Selection) string { return o.AttrOr("value", "") })
	if !slices.Contains(options, there) || slices.Contains(options, here) {
		t.Errorf("access points of a region: %v", options)
	}
	// Who is not meant clearly is asked about, and no file of everything goes out.
	for query, want := range map[string]string{"?account=nobody": "No account is called “nobody”", "?by=account&q=%3Cb%3E": "No account is called “<b>”"} {
		a := reviewer.get(paths.AdminInterfaces + query).want(http.StatusOK)
		if len(rowsOf(a)) != 0 || !strings.Contains(a.text(), want) || a.doc().Find("a[aria-label='Export as CSV']").Length() != 0 {
			t.Errorf("%s: %s", query, a.text())
		}
	}
	reviewer.get(paths.AdminInterfacesCSV + "?account=nobody").want(http.StatusUnprocessableEntity)
	// What no address can mean is not asked for.
	if got := rowsOf(reviewer.get(paths.AdminInterfaces + "?region=%27&ap=x&view=never&after=" + url.QueryEscape("in_application 2026~x"))); len(got) != 4 {
		t.Errorf("nonsense: %v", got)
	}
	reviewer.get(paths.AdminInterfaces + "?view=late&after=nonsense").want(http.StatusOK)
	// The file says whose it is and where it ends, and nothing in it is a formula.
	for _, r := range sheetOf(t, reviewer.get(paths.AdminInterfacesCSV+"?q="+review.ID)) {
		if r["Account"] != "Northwind Trading" || r["Account ID"] != s.Northwind || r["Access point ID"] != here || r["Device"] == "" || r["Port"] == "" || r["Description"] != "'=1+1" {
			t.Errorf("%v", r)
		}
	}
	for _, who := range []string{customerMail, viewerMail} {
		s.as(who).get(paths.AdminInterfacesCSV).want(http.StatusForbidden)
	}
	for _, who := range []string{techMail, financeMail, auditorMail} {
		s.as(who).get(paths.AdminInterfacesCSV).want(http.StatusOK)
	}
}

// Staff choose the columns of their own list; what they look at as a customer
// has the usual ones.
func TestColumnsOfTheStaffList(t *testing.T) {
	s := newSite(t)
	i := s.At(t, lifecycle.InApplication)
	me := s.as(adminMail)
	heads := func() []string {
		return texts(me.get(paths.AdminInterfaces).want(http.StatusOK).doc().Find("#list thead th"))
	}
	usual := []string{"Interface ID / Name", "Account", "Status", "Access Point / SP", "Port Specification", "Device / port", "Created", "Actions"}
	if got := heads(); !slices.Equal(got, usual) {
		t.Errorf("usual: %q", got)
	}
	choose := func(names ...string) *answer {
		return me.post(paths.Preferences, url.Values{"columns": {"interfaces"}, "column": names, "next": {paths.AdminInterfaces + "?view=late"}})
	}
	if to := choose("region", "fee", "redundant").want(http.StatusSeeOther).header.Get("Location"); to != paths.AdminInterfaces+"?view=late" {
		t.Errorf("leads to %s", to)
	}
	if got := heads(); !slices.Equal(got, []string{"Interface ID / Name", "Account", "Status", "Access Point", "Region", "Port Specification", "Redundant Connection ID", "Fee", "Actions"}) {
		t.Errorf("chosen: %q", got)
	}
	row := me.get(paths.AdminInterfaces).doc().Find("#row-" + i.ID)
	if n := row.Children().Length(); n != 9 || !strings.Contains(row.Text(), "$720.00") || !strings.Contains(row.Text(), "China (Hangzhou)") {
		t.Errorf("%d cells: %s", n, folded(row))
	}
	choose("port", "created", "sp").want(http.StatusSeeOther)
	if got := heads(); !slices.Equal(got, usual) {
		t.Errorf("usual again: %q", got)
	}
	choose("account").want(http.StatusUnprocessableEntity)
	s.as(customerMail).post(paths.Preferences, url.Values{"columns": {"interfaces"}, "column": {"port"}}).want(http.StatusUnprocessableEntity)
}

// What the staff's list reads does not grow with its rows.
func TestTheStaffListTakesThreeStatements(t *testing.T) {
	s := newSite(t)
	s.At(t, lifecycle.InApplication)
	reviewer := s.as(reviewerMail)
	reviewer.get(paths.AdminInterfaces).want(http.StatusOK)
	for _, size := range []string{"50", "100"} {
		before := s.Reads()
		reviewer.get(paths.With(paths.AdminInterfaces, "size", size)).want(http.StatusOK)
		if n := s.Reads() - before; n != 3 {
			t.Errorf("%s rows at the most: %d statements, want 3: the rows, how many are late, and the numbers of the menu", size, n)
		}
		for range 5 {
			s.Order(t, s.Owner)
		}
		reviewer.get(paths.AdminInterfaces).want(http.StatusOK)
	}
}
