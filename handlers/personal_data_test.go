package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/chain"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

func TestPersonalDataPage(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	admin := s.as(adminMail)
	c := s.At(t, lifecycle.InApplication)
	admin.get(paths.AdminPersonalData).want(http.StatusOK)
	// What is missing keeps what was typed.
	a := admin.post(paths.AdminPersonalData, url.Values{"who": {"Zhou Ming"}, "do": {"erase"}})
	a.want(http.StatusUnprocessableEntity)
	if a.field("who") != "Zhou Ming" || !strings.Contains(a.text(), "Say why") || !strings.Contains(a.text(), "cannot be undone") {
		t.Error(a.text())
	}
	admin.post(paths.AdminPersonalData, url.Values{"who": {"Nobody At All"}, "reason": {"They asked"}, "do": {"export"}}).want(http.StatusUnprocessableEntity)
	a = admin.post(paths.AdminPersonalData, url.Values{"who": {"zhou ming"}, "reason": {"They asked for it"}, "do": {"export"}}).want(http.StatusOK)
	var held store.PersonalData
	if err := json.Unmarshal([]byte(a.body), &held); err != nil || len(held.FieldEngineers) != 1 || held.FieldEngineers[0].ConnectionID != c.ID || !strings.Contains(a.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v %s", err, a.body)
	}
	erase := url.Values{"who": {"Zhou Ming"}, "reason": {"They asked for it"}, "sure": {"yes"}, "do": {"erase"}}
	if a := admin.post(paths.AdminPersonalData, erase).want(http.StatusConflict); !strings.Contains(a.text(), "is in force") {
		t.Error(a.text())
	}
	s.Do(t, c.ID, lifecycle.WithdrawApplication)
	admin.post(paths.AdminPersonalData, erase).want(http.StatusSeeOther)
	if held, err := s.PersonalData(t.Context(), s.Admin, "Zhou Ming", "Is it gone"); store.KindOf(err) != store.NotFound {
		t.Errorf("%+v %v", held, err)
	}
	// The customer is told, on the timeline of the interface.
	if a := s.as(customerMail).get(paths.Interface(c.ID)); !strings.Contains(a.text(), "Data of a field engineer erased") || !strings.Contains(a.text(), "Data of a field engineer exported") {
		t.Error(a.text())
	}
	// A person who signs in is out at once.
	viewer := s.as(viewerMail)
	viewer.get(paths.Interfaces).want(http.StatusOK)
	admin.post(paths.AdminPersonalData, url.Values{"who": {viewerMail}, "reason": {"Left the company"}, "sure": {"yes"}, "do": {"erase"}}).want(http.StatusSeeOther)
	viewer.get(paths.Interfaces).want(http.StatusSeeOther)
	s.Sound(t)
}

func TestAuditExportPage(t *testing.T) {
	s := newSite(t)
	s.Everybody(t)
	s.At(t, lifecycle.Enabled)
	a := s.as(auditorMail).get(paths.AdminAuditJSONL).want(http.StatusOK)
	v := chain.NewVerifier()
	for line := range strings.Lines(a.body) {
		var r chain.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		v.Next(r)
	}
	if p := v.Finish(v.Head()); len(p) > 0 || v.Head().N < 10 {
		t.Errorf("%v %q", v.Head(), p)
	}
	if a := s.as(auditorMail).get(paths.AdminAudit); !strings.Contains(a.body, `href="`+paths.AdminAuditJSONL+`"`) {
		t.Error("no link to the export")
	}
	if a := s.as(financeMail).get(paths.AdminAudit); strings.Contains(a.body, paths.AdminAuditJSONL) {
		t.Error("a link for somebody who may not follow it")
	}
}

// pdfText is what a reader of the PDF sees.
func pdfText(t *testing.T, pdf string) string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-", "-")
	cmd.Stdin = strings.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// An ID number that a customer types is in no answer but the one that reveals
// it, in no file and in no letter.
func TestAPlantedIDNumberIsNowhere(t *testing.T) {
	const planted = "PLANTED0815QXZ"
	s := newSite(t)
	c := s.At(t, lifecycle.ToApplyForLOA, func(in *store.NewConnection) {
		in.Region, in.SP, in.AccessPoint = "ap-southeast-1", "Equinix", s.APID(t, "Singapore-A")
	})
	in := s.Application(c)
	in.Engineers[0].IDNumber = planted
	if err := s.ApplyForLOA(t.Context(), s.Owner, c.ID, c.Version, in); err != nil {
		t.Fatal(err)
	}
	reviewer, customer, admin := s.as(reviewerMail), s.as(customerMail), s.as(adminMail)
	reveal := paths.AdminIDNumber(c.ID, "1")
	a := reviewer.get(reveal).want(http.StatusOK)
	form := url.Values{"reason": {"Check at the door"}, "version": {a.field("version")}, "key": {a.field("key")}}
	if a := reviewer.post(reveal, form).want(http.StatusOK); !strings.Contains(a.body, planted) {
		t.Fatalf("the reviewer does not see it:\n%s", a.text())
	}
	page := reviewer.get(paths.AdminLOA(c.ID)).want(http.StatusOK)
	approve := url.Values{"looked": {"yes"}, "key": {page.field("key")}, "rev": {page.field("rev")}}
	reviewer.post(paths.AdminApproval(c.ID), approve).want(http.StatusSeeOther)
	for who, get := range map[string]*answer{
		"the customer's page": customer.get(paths.Interface(c.ID)), "the application": customer.get(paths.LOAApplication(c.ID)), "the letter": customer.get(paths.LOAPDF(c.ID)),
		"the review": reviewer.get(paths.AdminLOA(c.ID)), "the audit log": admin.get(paths.AdminAudit), "the messages": customer.get(paths.Messages), "the list": customer.get(paths.InterfacesCSV), "the export of the log": admin.get(paths.AdminAuditJSONL),
	} {
		if get.status != http.StatusOK || strings.Contains(get.body, planted) {
			t.Errorf("%s: %d, planted number %v", who, get.status, strings.Contains(get.body, planted))
		}
		if who == "the letter" && strings.Contains(pdfText(t, get.body), planted) {
			t.Error("the letter prints the ID number")
		}
		if who == "the customer's page" && !strings.Contains(get.text(), "Check at the door") {
			t.Error("the customer does not see that the number was read, and why")
		}
	}
	err := filepath.WalkDir(s.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), planted) {
			t.Errorf("%s holds the ID number", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
