package handlers

import (
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// Card payments are in the menu of whoever sees all accounts, where there is a
// gateway, and nowhere else.
func TestCardPaymentsInTheMenu(t *testing.T) {
	for _, cards := range []bool{false, true} {
		for _, role := range append(lifecycle.CustomerRoles(), lifecycle.StaffRoles()...) {
			found := false
			for _, g := range nav(role, "/elsewhere", 0, 0, store.QueueCounts{}, cards) {
				for _, it := range g.Items {
					found = found || it.Href == paths.AdminPayments
				}
			}
			if want := cards && lifecycle.May(lifecycle.SeeAccounts, role); found != want {
				t.Errorf("%s, cards %t: in the menu %t", role, cards, found)
			}
		}
	}
}
