package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
)

func TestMailALetterToTheDataCenter(t *testing.T) {
	s := newSite(t, storetest.WithMail())
	c := s.At(t, lifecycle.ApprovedLOA)
	owner, reviewer := s.as(asOwner), s.as(asReviewer)
	form := func(who *client, page string) (action, key string) {
		a := who.get(page).want(http.StatusOK)
		f := a.doc().Find("form[action$='/mail']")
		action, _ = f.Attr("action")
		return action, f.Find("[name=key]").AttrOr("value", "")
	}
	if action, _ := form(owner, paths.LOA(c.ID)); action != "" {
		t.Error("a letter can be mailed without an address")
	}
	if err := s.SavePlaybook(t.Context(), s.Reviewer, c.AccessPointID, 0, store.Playbook{Email: "letters@facility.example"}); err != nil {
		t.Fatal(err)
	}
	if action, _ := form(reviewer, paths.AdminLetter(c.ID)); action != paths.AdminLetterMail(c.ID) {
		t.Errorf("staff mail to %q", action)
	}
	action, key := form(owner, paths.LOA(c.ID))
	if action != paths.LOAMail(c.ID) || key == "" {
		t.Fatal(action, key)
	}
	for range 2 { // twice is once
		owner.post(action, url.Values{"key": {key}}).want(http.StatusSeeOther)
	}
	if a := owner.get(paths.Interface(c.ID)).want(http.StatusOK); strings.Count(a.text(), "LOA mailed to the data center") != 1 || strings.Contains(a.text(), "letters@facility.example") {
		t.Error(a.text())
	}
	if a := reviewer.post(paths.AdminLetterMail(c.ID), url.Values{}).want(http.StatusConflict); !strings.Contains(a.text(), "less than an hour ago") {
		t.Error(a.text())
	}
	s.as("owner@southwind.example").post(action, url.Values{}).want(http.StatusNotFound)
	s.as(asTechnician).post(paths.AdminLetterMail(c.ID), url.Values{}).want(http.StatusForbidden)
}
