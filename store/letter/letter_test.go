package letter_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"demarc/store/letter"
)

func sample() letter.Snapshot {
	return letter.Snapshot{
		Schema: letter.Schema, Number: "LOA-2026-004817", Version: 2, Supersedes: "LOA-2026-004817 version 1",
		IssuedAt:  time.Date(2026, 11, 9, 7, 10, 22, 0, time.UTC),
		ExpiresAt: time.Date(2027, 2, 7, 7, 10, 22, 0, time.UTC),
		Zone:      "Asia/Shanghai",
		Reason:    "The position was occupied.", Changes: []letter.Change{{Label: "Position", From: "15-16", To: "17-18"}},
		CheckCode: "7KQ4-M2XD-9PZA-3HTV", CheckURL: "https://console.example/loa/check/7KQ4-M2XD-9PZA-3HTV",
		ValidFrom: time.Date(2026, 11, 16, 16, 0, 0, 0, time.UTC),
		Issuer: letter.Issuer{
			LegalName: "Example Cloud", Address: "1 Example Road", NOC: "+65 6100 0199, noc@cloud.example", Service: "Express Connect",
		},
		IssuedBy:    "Sun Jia",
		CompanyName: "Northwind Trading", ConstructionCompany: "浙江华临布线有限公司", ConstructionType: "MSTP",
		ScheduledAt: time.Date(2026, 11, 18, 1, 30, 0, 0, time.UTC),
		Engineers:   []string{"Zhou Ming", "陈喆"},
		InterfaceID: "pc-bp1ca4wca27exn6h2", InterfaceName: "hz-dc1-primary",
		RedundantID: "pc-bp1m8x4n2c7dqz5tw", KeepApartFrom: "device CSW-YH-A-05, cabinet E-11",
		Region: "China (Hangzhou)", AccessPointID: "ap-cn-hangzhou-yh-A", AccessPointName: "Hangzhou-Yuhang-A", SP: "China Telecom",
		FacilityName: "Hangzhou Yuhang Data Center A", Address: "88 Demo Road", Room: "3F, room 2", Cabinet: "C-07",
		Panel: "ODF 12", Position: "17-18", Connector: "LC duplex",
		Device: "CSW-YH-A-02", Port: "XGE1/0/17", PortType: "10GBase-LR", PortTypeLabel: "10GE single-mode optical port (10GBase-LR)",
		Medium: "single-mode fiber", Optic: "1310 nm",
		Note: "Use the overhead route.", InstallerNotes: "North gate.\nBring an ID.", Location: "Binjiang", Demo: true,
	}
}

func TestMarshalRoundTrip(t *testing.T) {
	want := sample()
	first, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := letter.Unmarshal(first)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// The same moments in another zone and with fractions are the same letter.
	other := sample()
	other.IssuedAt = other.IssuedAt.In(time.FixedZone("", 8*3600)).Add(300 * time.Millisecond)
	other.ScheduledAt = other.ScheduledAt.In(time.FixedZone("", -5*3600))
	second, err := other.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(second) {
		t.Errorf("bytes differ:\n%s\n%s", first, second)
	}
}

// Every field must survive storage: a new one without its own JSON name, or with a name taken twice, is lost.
func TestMarshalKeepsEveryField(t *testing.T) {
	var names []string
	for _, typ := range []reflect.Type{reflect.TypeFor[letter.Snapshot](), reflect.TypeFor[letter.Issuer]()} {
		for field := range typ.Fields() {
			names = append(names, typ.Name()+"."+field.Tag.Get("json"))
			if field.Tag.Get("json") == "" {
				t.Errorf("%s.%s has no JSON name", typ, field.Name)
			}
		}
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names twice in %v", names)
	}
	for _, forbidden := range []string{"phone", "gender", "id_number", "id_type", "contact"} {
		for _, name := range names {
			if strings.Contains(name, forbidden) {
				t.Errorf("the letter has a field %s", name)
			}
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	good, err := sample().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":          "",
		"not JSON":       "letter",
		"no schema":      "{}",
		"another schema": strings.Replace(string(good), `"schema":2`, `"schema":3`, 1),
		"too new for 1":  strings.Replace(string(good), `"schema":2`, `"schema":1`, 1),
		"unknown field":  strings.Replace(string(good), `"schema":2`, `"schema":2,"phone":"1"`, 1),
		"cut off":        string(good[:len(good)-1]),
		"two letters":    string(good) + string(good),
	} {
		if _, err := letter.Unmarshal([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	s := sample()
	s.Schema = 0
	if _, err := s.Marshal(); err == nil {
		t.Error("a letter without a schema was marshaled")
	}
}

func TestValidate(t *testing.T) {
	if err := sample().Validate(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		field  string // the one problem, or "" for none
		change func(*letter.Snapshot)
	}{
		{"Schema", func(s *letter.Snapshot) { s.Schema = 0 }},
		{"Number", func(s *letter.Snapshot) { s.Number = "" }},
		{"Number", func(s *letter.Snapshot) { s.Number = "LOA-2026-004817\r\nX: y" }},
		{"Number", func(s *letter.Snapshot) { s.Number = "../LOA-2026-004817" }},
		{"Version", func(s *letter.Snapshot) { s.Version = 0 }},
		{"Supersedes", func(s *letter.Snapshot) { s.Supersedes = "" }},
		{"Reason", func(s *letter.Snapshot) { s.Reason = "" }},
		{"", func(s *letter.Snapshot) { s.Version, s.Supersedes, s.Reason, s.Changes = 1, "", "", nil }},
		{"Changes", func(s *letter.Snapshot) { s.Changes[0].To = "A\x00" }},
		{"Changes", func(s *letter.Snapshot) { s.Changes[0].To = s.Changes[0].From }},
		{"CheckCode", func(s *letter.Snapshot) { s.CheckCode = "7KQ4M2XD9PZA3HTV" }},
		{"CheckURL", func(s *letter.Snapshot) { s.CheckCode = "0KQ4-M2XD-9PZA-3HTV" }},
		{"CheckURL", func(s *letter.Snapshot) { s.CheckURL = "javascript:alert(1)" }},
		{"ValidFrom", func(s *letter.Snapshot) { s.ValidFrom = time.Time{} }},
		{"ValidFrom", func(s *letter.Snapshot) { s.ValidFrom = s.ScheduledAt.Add(time.Second) }},
		{"", func(s *letter.Snapshot) { s.ValidFrom = s.ScheduledAt }},
		{"IssuedAt", func(s *letter.Snapshot) { s.IssuedAt = time.Time{} }},
		{"ExpiresAt", func(s *letter.Snapshot) { s.ExpiresAt = time.Time{} }},
		{"ExpiresAt", func(s *letter.Snapshot) { s.ScheduledAt = s.ExpiresAt.Add(time.Second) }},
		{"", func(s *letter.Snapshot) { s.ScheduledAt = s.ExpiresAt }},
		{"", func(s *letter.Snapshot) { s.ValidFrom = s.IssuedAt; s.ScheduledAt = s.IssuedAt.Add(-time.Hour) }},
		{"ScheduledAt", func(s *letter.Snapshot) { s.ScheduledAt = time.Time{} }},
		{"Zone", func(s *letter.Snapshot) { s.Zone = "" }},
		{"Zone", func(s *letter.Snapshot) { s.Zone = "Local" }},
		{"Zone", func(s *letter.Snapshot) { s.Zone = "Asia/Hangzhou" }},
		{"Engineers", func(s *letter.Snapshot) { s.Engineers = nil }},
		{"Engineers", func(s *letter.Snapshot) { s.RemoteHands = true }},
		{"", func(s *letter.Snapshot) { s.RemoteHands, s.Engineers = true, nil }},
		{"Engineers", func(s *letter.Snapshot) { s.Engineers = slices.Repeat([]string{"A"}, letter.MaxEngineers+1) }},
		{"", func(s *letter.Snapshot) { s.Engineers = slices.Repeat([]string{"A"}, letter.MaxEngineers) }},
		{"Engineers", func(s *letter.Snapshot) { s.Engineers = []string{"A", " "} }},
		{"Engineers", func(s *letter.Snapshot) { s.Engineers = []string{"A\nB"} }},
		{"CompanyName", func(s *letter.Snapshot) { s.CompanyName = "A\u202eB" }},
		{"CompanyName", func(s *letter.Snapshot) { s.CompanyName = "A\nB" }},
		{"CompanyName", func(s *letter.Snapshot) { s.CompanyName = "A\xff" }},
		{"Note", func(s *letter.Snapshot) { s.Note = "A\tB" }},
		{"", func(s *letter.Snapshot) { s.Note = "A\nB" }},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, tt.field), func(t *testing.T) {
			s := sample()
			tt.change(&s)
			if got := problems(t, s.Validate()); tt.field == "" && len(got) > 0 || tt.field != "" && !slices.Equal(got, []string{tt.field}) {
				t.Errorf("problems in %q, want %q", got, tt.field)
			}
		})
	}
}

// Each text is either mandatory or known to be optional here.
func TestValidateEachText(t *testing.T) {
	optional := []string{
		"Supersedes", "Reason", "InterfaceName", "RedundantID", "KeepApartFrom", "Optic", "Note", "InstallerNotes", "Location",
	}
	check := func(t *testing.T, name string, set func(*letter.Snapshot, string)) {
		s := sample()
		s.Version = 1
		set(&s, "  ")
		switch got := problems(t, s.Validate()); {
		case slices.Contains(optional, name):
			if len(got) > 0 {
				t.Errorf("%s may be empty, but: %v", name, got)
			}
		case !slices.Equal(got, []string{name}):
			t.Errorf("without %s: problems in %v", name, got)
		}
		set(&s, "A\x00B")
		if got := problems(t, s.Validate()); !slices.Equal(got, []string{name}) {
			t.Errorf("%s with a control character: problems in %v", name, got)
		}
	}
	for field := range reflect.TypeFor[letter.Snapshot]().Fields() {
		if field.Type.Kind() == reflect.String {
			check(t, field.Name, func(s *letter.Snapshot, v string) { reflect.ValueOf(s).Elem().FieldByIndex(field.Index).SetString(v) })
		}
	}
	for field := range reflect.TypeFor[letter.Issuer]().Fields() {
		check(t, "Issuer."+field.Name, func(s *letter.Snapshot, v string) {
			reflect.ValueOf(&s.Issuer).Elem().FieldByIndex(field.Index).SetString(v)
		})
	}
}

func problems(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var invalid *letter.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("%T: %v", err, err)
	}
	var fields []string
	for _, p := range invalid.Problems {
		fields = append(fields, p.Field)
	}
	return fields
}

func TestFilename(t *testing.T) {
	s := sample()
	for version, want := range map[int]string{1: "LOA-2026-004817.pdf", 2: "LOA-2026-004817-v2.pdf", 11: "LOA-2026-004817-v11.pdf"} {
		s.Version = version
		if got := s.Filename(); got != want {
			t.Errorf("version %d: %q, want %q", version, got, want)
		}
	}
}

func TestFormatTime(t *testing.T) {
	at := time.Date(2026, 11, 18, 1, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{
		"Asia/Shanghai":       "18 Nov 2026, 09:30 (UTC+08:00)",
		"America/Los_Angeles": "17 Nov 2026, 17:30 (UTC-08:00)",
		"Asia/Kolkata":        "18 Nov 2026, 07:00 (UTC+05:30)",
		"UTC":                 "18 Nov 2026, 01:30 (UTC+00:00)",
	} {
		s := letter.Snapshot{Zone: zone}
		if got := s.FormatTime(at); got != want {
			t.Errorf("%s: %q, want %q", zone, got, want)
		}
	}
	// In July California is an hour nearer.
	s := letter.Snapshot{Zone: "America/Los_Angeles"}
	if got := s.FormatTime(time.Date(2026, 7, 18, 1, 30, 0, 0, time.UTC)); got != "17 Jul 2026, 18:30 (UTC-07:00)" {
		t.Error(got)
	}
}

// Every word of the snapshot is somewhere in the letter.
func TestNothingIsLeftOut(t *testing.T) {
	s := sample()
	var all strings.Builder
	for _, facts := range [][]letter.Fact{s.Parties(), s.Demarcation(), s.Installation()} {
		for _, f := range facts {
			fmt.Fprintln(&all, f.Label, f.Value)
			if f.Label == "" || f.Value == "" {
				t.Errorf("an empty line: %+v", f)
			}
		}
	}
	fmt.Fprintln(&all, s.Title(), s.Supersedes, s.Issuer.Service, s.Authorization(), s.Conditions(), s.Signatures(), s.Engineers)

	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := json.Unmarshal(b, &values); err != nil {
		t.Fatal(err)
	}
	for name, v := range values {
		text, ok := v.(string)
		if !ok || name == "zone" || strings.HasSuffix(name, "_at") || name == "valid_from" {
			continue
		}
		if !strings.Contains(all.String(), text) {
			t.Errorf("%s %q is not in the letter", name, text)
		}
	}
	for _, at := range []time.Time{s.ValidFrom, s.ExpiresAt, s.ScheduledAt} {
		if !strings.Contains(all.String(), s.FormatTime(at)) {
			t.Errorf("%s is not in the letter", s.FormatTime(at))
		}
	}
}

func TestOptionalLinesAreLeftOut(t *testing.T) {
	s := sample()
	s.RedundantID, s.KeepApartFrom, s.Note, s.InstallerNotes, s.Location, s.InterfaceName, s.Optic = "", "", "", "", "", "", ""
	var labels []string
	for _, f := range append(s.Parties(), s.Installation()...) {
		labels = append(labels, f.Label)
		if strings.Contains(f.Value, "()") || strings.HasSuffix(f.Value, ", ") {
			t.Errorf("%s: %q", f.Label, f.Value)
		}
	}
	want := []string{
		"Issuer", "NOC", "Company Name", "Construction Company", "Interface", "SP and Construction Type", "Chain of authorization", "Reason for version 2", "Changed",
		"Address", "Access Point", "Device and port", "Port Type", "Scheduled Construction Time",
	}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Error(diff)
	}
}

// The sentence that authorizes, word by word: who may come, and for what.
func TestAuthorization(t *testing.T) {
	s := sample()
	want := "Example Cloud authorizes the construction company and the field engineers named in this letter to enter the data center and to connect one leased line of the company below to the patch panel position below. The letter covers no other work."
	if got := s.Authorization(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	s.RemoteHands = true
	want = "Example Cloud authorizes your remote hands, instructed by the construction company named in this letter, to connect one leased line of the company below to the patch panel position below. The letter covers no other work."
	if got := s.Authorization(); got != want {
		t.Errorf("nobody visits:\n%s\nwant\n%s", got, want)
	}
}

func TestConditions(t *testing.T) {
	s := sample()
	s.Issuer.LegalName = "Operator Ltd."
	text := strings.Join(s.Conditions(), "\n")
	for _, want := range []string{
		"Single use, initial installation only.",
		"Only the field engineers named above are admitted",
		"occupied or lit", "stop, connect nothing and call the NOC of Operator Ltd.: +65 6100 0199, noc@cloud.example",
		"Label both ends of each cable",
		"Leave the last connection, from the patch panel position to the CSW port, to Operator Ltd.",
		"leased line code and the label numbers",
		"Only Operator Ltd. orders the removal",
		"expires on 7 Feb 2027, 15:10 (UTC+08:00)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "Example Cloud") || strings.Contains(text, "Alibaba") {
		t.Errorf("another operator is named:\n%s", text)
	}

	s.Engineers, s.RemoteHands = nil, true
	text = s.Authorization() + strings.Join(s.Conditions(), "\n")
	if strings.Contains(text, "field engineers") || strings.Contains(text, "to enter") {
		t.Errorf("somebody is admitted although nobody visits:\n%s", text)
	}
	if !strings.Contains(text, "Nobody is admitted") {
		t.Errorf("the letter does not say that nobody is admitted:\n%s", text)
	}
}

func TestForInstaller(t *testing.T) {
	s := sample()
	text := s.ForInstaller()
	for _, want := range []string{s.InterfaceID, s.Title(), s.FormatTime(s.ExpiresAt), s.FacilityName, s.Address, s.Room, s.Cabinet, s.Panel, s.Position, s.Connector, s.PortTypeLabel, s.SP, s.ConstructionCompany, s.FormatTime(s.ScheduledAt)} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, name := range append(s.Engineers, s.IssuedBy) {
		if name != "" && strings.Contains(text, name) {
			t.Errorf("%q is named", name)
		}
	}
	s.Address, s.KeepApartFrom = "", ""
	for _, line := range strings.Split(strings.TrimSuffix(s.ForInstaller(), "\n"), "\n") {
		if label, value, ok := strings.Cut(line, ": "); !ok || label == "" || value == "" || label == "Address" || label == "Keep apart from" {
			t.Errorf("line %q", line)
		}
	}
}
