package letter_test

import (
	"slices"
	"strings"
	"testing"

	"demarc/store/letter"
)

// first is a letter as the first release stored it.
const first = `{"schema":1,"number":"LOA-2026-004817","version":2,"supersedes":"LOA-2026-004816 version 1","issued_at":"2026-11-09T07:10:22Z","expires_at":"2027-02-07T15:59:59Z","zone":"Asia/Shanghai","issuer":{"legal_name":"Example Cloud","address":"1 Example Road","noc":"+65 6100 0199","service":"Express Connect"},"issued_by":"Sun Jia","company_name":"Northwind Trading","construction_company":"Hualin","construction_type":"MSTP","scheduled_at":"2026-11-18T01:30:00Z","engineers":["Zhou Ming"],"remote_hands":false,"interface_id":"pc-1","interface_name":"","redundant_id":"","keep_apart_from":"","region":"China (Hangzhou)","access_point_id":"ap-1","access_point_name":"Hangzhou-Yuhang-A","sp":"China Telecom","facility_name":"Yuhang A","address":"88 Demo Road","room":"3F","cabinet":"C-07","panel":"ODF 12","position":"17-18","connector":"LC duplex","device":"CSW-1","port":"XGE1/0/17","port_type":"10GBase-LR","port_type_label":"10GE (10GBase-LR)","medium":"single-mode fiber","optic":"1310 nm","note":"","installer_notes":"","location":"","demo":true}`

// A letter that is out says what it said when it was issued, whatever newer
// letters say.
func TestFirstSchemaIsStillRead(t *testing.T) {
	s, err := letter.Unmarshal([]byte(first))
	if err != nil {
		t.Fatal(err)
	}
	if s.CheckCode != "" || !s.Start().Equal(s.IssuedAt) {
		t.Errorf("code %q, good from %s", s.CheckCode, s.Start())
	}
	conditions := s.Conditions()
	for n, want := range map[int]string{
		0: "Single use, initial installation only. This letter covers no change, move, repair or removal, and passes to nobody else. Only the field engineers named above are admitted under this letter.",
		6: "This letter ends when the line is installed or when Example Cloud revokes or supersedes it, and expires on 7 Feb 2027, 23:59 (UTC+08:00) in any case.",
	} {
		if conditions[n] != want {
			t.Errorf("condition %d is\n%s\nwas\n%s", n+1, conditions[n], want)
		}
	}
	for _, f := range slices.Concat(s.Parties(), s.Installation()) {
		if strings.Contains(f.Label, "hain") || strings.Contains(f.Label, "Reason") {
			t.Errorf("%s: %s was not in the letter", f.Label, f.Value)
		}
	}
	if _, err := s.Marshal(); err == nil {
		t.Error("a letter of the first schema is marshaled again")
	}
}

// A letter of the first schema with a field that came later was not written by
// this program.
func TestFirstSchemaHasNoFieldOfTheSecond(t *testing.T) {
	for _, field := range []string{`"check_code":"7KQ4-M2XD-9PZA-3HTV"`, `"check_url":"https://console.example/"`, `"reason":"another"`, `"changes":[]`, `"may_sub_delegate":true`, `"valid_from":"2026-11-16T16:00:00Z"`} {
		text := strings.Replace(first, "{", "{"+field+",", 1)
		if _, err := letter.Unmarshal([]byte(text)); err == nil || !strings.Contains(err.Error(), "fields of schema 2 in a letter of schema 1") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestSubDelegation(t *testing.T) {
	s := sample()
	if text := s.Chain() + s.Conditions()[0]; !strings.Contains(text, "Northwind Trading → China Telecom → 浙江华临布线有限公司") ||
		!strings.Contains(text, "may not sub-delegate.") || !strings.Contains(text, "passes to nobody else") {
		t.Error(text)
	}
	s.MaySubDelegate = true
	if text := s.Chain() + s.Conditions()[0]; !strings.Contains(text, "may sub-delegate to one subcontractor") || strings.Contains(text, "passes to nobody else") {
		t.Error(text)
	}
}

// The point of "Ltd." is the point of the sentence too. What is out says what it
// said.
func TestNoDoublePoint(t *testing.T) {
	s := sample()
	s.Issuer.LegalName, s.CompanyName, s.ConstructionCompany = "Example Cloud Pte. Ltd.", "Northwind Ltd.", "Hualin Co., Ltd."
	for _, text := range append(s.Conditions(), s.Chain(), s.Authorization()) {
		if strings.Contains(text, "..") {
			t.Error(text)
		}
	}
	old, err := letter.Unmarshal([]byte(strings.Replace(first, `"Example Cloud"`, `"Example Ltd."`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := old.Conditions()[3]; !strings.HasSuffix(got, "to Example Ltd..") {
		t.Errorf("a letter of the first schema says now %q", got)
	}
}
