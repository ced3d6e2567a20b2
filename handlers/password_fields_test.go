package handlers_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"demarc/web/paths"
)

// Passwords are masked where they are typed, and whatever keeps passwords for
// people may fill them in and paste them.
func TestPasswordFieldsAreMaskedAndCanBePasted(t *testing.T) {
	s := newSite(t)
	_, link, err := s.NewLink(t.Context(), s.Admin, s.Owner.UserID)
	if err != nil {
		t.Fatal(err)
	}
	c := s.as("reviewer@cloud.example")
	for path, want := range map[string]int{paths.Login: 1, paths.Setup(link.Token): 2, paths.Security: 3, paths.SecurityAuthenticator: 1, paths.SecurityRecovery: 1} {
		by := c
		if path == paths.Login || strings.HasPrefix(path, "/setup") {
			by = s.anyone()
		}
		n := 0
		by.get(path).want(http.StatusOK).doc().Find(`input[name="password"], input[name="again"], input[name="current"]`).Each(func(_ int, in *goquery.Selection) {
			n++
			if kept := in.AttrOr("autocomplete", ""); in.AttrOr("type", "") != "password" || kept != "current-password" && kept != "new-password" || in.AttrOr("value", "") != "" {
				h, _ := goquery.OuterHtml(in)
				t.Errorf("%s: %s", path, h)
			}
			if _, short := in.Attr("maxlength"); short {
				t.Errorf("%s cuts what is pasted", path)
			}
		})
		if n != want {
			t.Errorf("%s has %d password fields, want %d", path, n, want)
		}
	}
	script, err := os.ReadFile("../static/js/app.js")
	if err != nil || strings.Contains(string(script), "paste") {
		t.Errorf("the script meddles with pasting: %v", err)
	}
}

// Every page of who is signed in has its way out, error pages too.
func TestEverySignedInPageSignsOut(t *testing.T) {
	s := newSite(t)
	for email, pages := range map[string][]string{
		"owner@northwind.example":  {paths.Home, paths.Interfaces, paths.Messages, paths.Security, paths.People, "/nowhere"},
		"owner@southwind.example":  {paths.Interfaces, paths.Orders},
		"admin@cloud.example":      {paths.Admin, paths.AdminPeople, paths.AdminAccounts, paths.AdminSSO, paths.Security, "/nowhere"},
		"technician@cloud.example": {paths.Admin, paths.Messages},
	} {
		c := s.as(email)
		for _, path := range pages {
			if a := c.get(path); a.doc().Find(`form[method="post"][action="`+paths.Logout+`"] button`).Length() == 0 {
				t.Errorf("%s: %s has no way to sign out (%d)", email, path, a.status)
			}
		}
	}
}
