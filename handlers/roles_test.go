package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"demarc/store/lifecycle"
	"demarc/web/paths"
)

const (
	engineerMail = "engineer@northwind.example"
	payerMail    = "finance@northwind.example"
	viewerMail   = "viewer@northwind.example"
	auditorMail  = "auditor@cloud.example"
)

// What a role of a customer may do opens; what it may not answers 403 and
// changes nothing; and no page offers it.
func TestCustomerRoles(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	people := map[lifecycle.Role]*client{}
	for role, mail := range map[lifecycle.Role]string{lifecycle.Owner: customerMail, lifecycle.Engineer: engineerMail, lifecycle.CustomerFinance: payerMail, lifecycle.Viewer: viewerMail} {
		people[role] = s.as(mail)
	}
	at := map[lifecycle.Stage]string{}
	for _, stage := range lifecycle.Stages() {
		at[stage] = s.At(t, stage).ID
	}
	unpaid := s.Order(t, s.Owner)
	everybody := lifecycle.CustomerRoles()
	engineers := []lifecycle.Role{lifecycle.Owner, lifecycle.Engineer}
	payers := []lifecycle.Role{lifecycle.Owner, lifecycle.CustomerFinance}
	owners := []lifecycle.Role{lifecycle.Owner}
	for _, c := range []struct {
		path string
		post bool
		who  []lifecycle.Role
		link string // a page that links there
	}{
		{path: paths.Home, who: everybody},
		{path: paths.Interfaces, who: everybody},
		{path: paths.InterfacesCSV, who: everybody},
		{path: paths.AccessPoints, who: everybody},
		{path: paths.Orders, who: everybody},
		{path: paths.Order(unpaid.No), who: everybody},
		{path: paths.Whitelist, who: everybody},
		{path: paths.Messages, who: everybody},
		{path: paths.Interface(at[lifecycle.Enabled]), who: everybody},
		{path: paths.LOAApplication(at[lifecycle.InApplication]), who: everybody},
		{path: paths.LOA(at[lifecycle.ApprovedLOA]), who: everybody},
		{path: paths.LOAPDF(at[lifecycle.ApprovedLOA]), who: everybody},
		{path: paths.DeliveryReport(at[lifecycle.WaitingForCabling]), who: everybody},

		{path: paths.NewInterface, who: engineers, link: paths.Interfaces},
		{path: paths.NewInterface, who: engineers, link: paths.Home},
		{path: paths.NewInterface, who: engineers, link: paths.Interface(at[lifecycle.Terminated])},
		{path: paths.Interfaces, post: true, who: engineers},
		{path: paths.Whitelist, post: true, who: engineers},
		{path: paths.NewLOAApplication(at[lifecycle.ToApplyForLOA]), who: engineers, link: paths.Interface(at[lifecycle.ToApplyForLOA])},
		{path: paths.NewLOAApplication(at[lifecycle.LOARejected]), who: engineers, link: paths.Interface(at[lifecycle.LOARejected])},
		{path: paths.LOAApplication(at[lifecycle.ToApplyForLOA]), post: true, who: engineers},
		{path: paths.Withdrawal(at[lifecycle.InApplication]), who: engineers, link: paths.LOAApplication(at[lifecycle.InApplication])},
		{path: paths.DeliveryReport(at[lifecycle.ApprovedLOA]), post: true, who: engineers},
		{path: paths.EditInterface(at[lifecycle.Enabled]), who: engineers, link: paths.Interface(at[lifecycle.Enabled])},
		{path: paths.EditInterface(at[lifecycle.Enabled]), post: true, who: engineers},
		{path: paths.Cancellation(at[lifecycle.PendingPayment]), who: engineers, link: paths.Interface(at[lifecycle.PendingPayment])},
		{path: paths.Cancellation(at[lifecycle.ApprovedLOA]), who: owners, link: paths.Interface(at[lifecycle.ApprovedLOA])},
		{path: paths.Termination(at[lifecycle.Enabled]), who: owners, link: paths.Interface(at[lifecycle.Enabled])},
		{path: paths.Termination(at[lifecycle.Enabled]), post: true, who: owners},
		{path: paths.ResourceFee(at[lifecycle.WaitingForPayment]), who: payers, link: paths.Interface(at[lifecycle.WaitingForPayment])},
		{path: paths.ResourceFee(at[lifecycle.WaitingForPayment]), post: true, who: payers},
		{path: paths.Renewal(at[lifecycle.Enabled]), who: payers, link: paths.Interface(at[lifecycle.Enabled])},
		{path: paths.Renewal(at[lifecycle.Enabled]), post: true, who: payers},
		{path: paths.AutoRenew(at[lifecycle.Enabled]), who: payers, link: paths.Interface(at[lifecycle.Enabled])},
		{path: paths.AutoRenew(at[lifecycle.Enabled]), post: true, who: payers},
	} {
		for role, browser := range people {
			mine := false
			for _, r := range c.who {
				mine = mine || r == role
			}
			var a *answer
			if c.post {
				a = browser.post(c.path, url.Values{"key": {"k" + c.path + string(role)}})
			} else {
				a = browser.get(c.path)
			}
			if mine == (a.status == http.StatusForbidden) || (mine && a.status != http.StatusOK && a.status != http.StatusUnprocessableEntity && !(c.post && (a.status == http.StatusConflict || a.status == http.StatusSeeOther))) {
				t.Errorf("%s at %s (post %v): %d\n%s", role, c.path, c.post, a.status, a.text())
			}
			if a.status == http.StatusForbidden && !strings.Contains(a.text(), "of your account") {
				t.Errorf("%s at %s is not told whom to ask: %s", role, c.path, a.text())
			}
			if c.link != "" {
				if shown := strings.Contains(browser.get(c.link).want(http.StatusOK).body, `href="`+c.path+`"`); shown != mine {
					t.Errorf("%s sees a link to %s on %s: %v", role, c.path, c.link, shown)
				}
			}
		}
	}
	// Money last: the order is paid once, by finance.
	people[lifecycle.Engineer].post(paths.OrderPayment(unpaid.No), url.Values{"key": {"p"}, "method": {"balance"}}).want(http.StatusForbidden)
	people[lifecycle.Viewer].post(paths.OrderPayment(unpaid.No), url.Values{"key": {"p"}, "method": {"balance"}}).want(http.StatusForbidden)
	if page := people[lifecycle.Engineer].get(paths.Order(unpaid.No)).want(http.StatusOK); !strings.Contains(page.text(), "Only for Owner or Finance of your account") {
		t.Errorf("the order does not say who pays: %s", page.text())
	}
	people[lifecycle.CustomerFinance].post(paths.OrderPayment(unpaid.No), url.Values{"key": {"p"}, "method": {"balance"}}).want(http.StatusSeeOther)
	if got := s.Get(t, unpaid.ConnectionID).Stage; got != lifecycle.ToApplyForLOA {
		t.Errorf("paid by finance: %s", got)
	}
	s.Sound(t)
}

// An auditor sees what the others see, without a form that changes it, and every
// write is refused.
func TestAuditorOnlyReads(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	auditor := s.as(auditorMail)
	inReview, waiting, ending := s.At(t, lifecycle.InApplication).ID, s.At(t, lifecycle.WaitingForCabling).ID, s.At(t, lifecycle.Terminating).ID
	approved := s.At(t, lifecycle.ApprovedLOA).ID
	ap := s.APID(t, "Hangzhou-Yuhang-A")
	device := s.Catalogue().Devices(ap)[0].ID
	for _, path := range []string{paths.Admin, paths.AdminLOAs, paths.AdminLOA(inReview), paths.AdminLOA(approved), paths.AdminLOADocument(approved), paths.AdminLetter(approved), paths.AdminCabling, paths.AdminCablingJob(waiting), paths.AdminRemovals, paths.AdminRemoval(ending),
		paths.AdminWhitelist, paths.AdminInterfaces, paths.AdminOrders, paths.AdminInterface(waiting), paths.AdminAccounts, paths.AdminAccount(s.Northwind), paths.AdminAccessPoints, paths.AdminAccessPoint(ap), paths.AdminDevice(device),
		paths.AdminInventory, paths.AdminInventoryCSV, paths.AdminPeople, paths.AdminCalendar, paths.AdminAudit, paths.AdminLetterKeys} {
		a := auditor.get(path).want(http.StatusOK)
		if a.header.Get("Content-Type") != "text/html; charset=utf-8" {
			continue
		}
		// How one's own list looks is no change of anything else.
		if forms := a.doc().Find("main form[method=post]:not([action$='/customer-view'], [action='" + paths.Preferences + "'])"); forms.Length() > 0 {
			action, _ := forms.First().Attr("action")
			t.Errorf("%s shows the auditor a form to %s", path, action)
		}
	}
	for _, path := range []string{paths.AdminApproval(inReview), paths.AdminRejection(inReview), paths.AdminRevocation(approved), paths.AdminPortMove(inReview), paths.AdminReissue(approved), paths.AdminPlaybook(ap), paths.AdminCablingCompletion(waiting), paths.AdminCablingReturn(waiting),
		paths.AdminRemoval(ending), paths.AdminTransfers(s.Northwind), paths.AdminQuotas(s.Northwind), paths.AdminPeople, paths.AdminLetterKeys, paths.AdminNewLink, paths.AdminAccountPeople(s.Northwind), paths.AdminNewCustomer, paths.AdminIDNumber(inReview, "1"),
		paths.AdminAccessPointEdit(ap), paths.AdminPorts(ap), paths.AdminDeviceEdit(device), paths.AdminDeviceDeletion(device)} {
		auditor.post(path, url.Values{}).want(http.StatusForbidden)
	}
}
