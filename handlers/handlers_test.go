package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

func postedForm(query, body string) echo.Context {
	r := httptest.NewRequest(http.MethodPost, "/x?"+query, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return echo.New().NewContext(r, httptest.NewRecorder())
}

func TestValue(t *testing.T) {
	for name, c := range map[string]struct {
		query, body, want string
		bad               bool
	}{
		"plain":              {"", "f=abc", "abc", false},
		"trimmed":            {"", "f=%20a%20b%09", "a b", true}, // a tab is a control character
		"blanks only":        {"", "f=%20%20", "", false},
		"query never counts": {"f=evil", "", "", false},
		"body before query":  {"f=evil", "f=good", "good", false},
		"first of two":       {"", "f=a&f=b", "a", false},
		"NFC":                {"", "f=e%CC%81", "é", false},
		"Chinese":            {"", "f=%E7%8E%8B%E4%BC%9F", "王伟", false},
		"null byte":          {"", "f=a%00b", "ab", true},
		"line feed":          {"", "f=a%0Ab", "ab", true},
		"turned around":      {"", "f=a%E2%80%AEb", "ab", true},
		"broken text":        {"", "f=a%FFb", "ab", true},
		"no width":           {"", "f=%E2%80%8Ba%EF%BB%BFb", "ab", true},
		"a hidden hyphen":    {"", "f=a%C2%ADb", "ab", true},
		"marks of direction": {"", "f=%E2%80%8Fa%D8%9Cb", "ab", true},
		"a letter unseen":    {"", "f=%E3%85%A4%E3%85%A4", "", true},
		"blank Braille":      {"", "f=%E2%A0%80", "", true},
		"hidden tags":        {"", "f=a%F3%A0%81%82", "a", true},
		"joined and parted":  {"", "f=%D9%85%DB%8C%E2%80%8C%D8%AE%D9%88%D8%A7%D9%87%D9%85", "می\u200cخواهم", false},
		"joiners alone":      {"", "f=%E2%80%8D+%E2%80%8C", "", true},
		"emoji of two":       {"", "f=%F0%9F%91%A9%E2%80%8D%F0%9F%94%A7", "👩\u200d🔧", false},
		"an Arabic sign":     {"", "f=%DB%9D%D9%A1", "\u06dd١", false},
		"markup is text":     {"", "f=%3Cb%3E", "<b>", false},
	} {
		ctx := postedForm(c.query, c.body)
		if got := value(ctx, "f"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if bad := unprintable(ctx)["f"] != ""; bad != c.bad {
			t.Errorf("%s: reported %v, want %v", name, bad, c.bad)
		}
	}
	ctx := postedForm("", "t=a%0D%0Ab%0Ac&f=1&f=&f=3&rev=7&key="+strings.Repeat("k", 65))
	if got := multiline(ctx, "t"); got != "a\nb\nc" || len(unprintable(ctx)) != 0 {
		t.Errorf("lines %q", got)
	}
	if got := values(ctx, "f"); !slices.Equal(got, []string{"1", "", "3"}) {
		t.Errorf("rows %q", got)
	}
	if rev(ctx) != 7 {
		t.Errorf("rev %d", rev(ctx))
	}
	if k := keptKey(ctx); len(k) < 20 || len(k) > 64 {
		t.Errorf("a key of %d characters was kept or replaced by a bad one: %q", 65, k)
	}
	for _, bad := range []string{"", "rev=-1", "rev=x", "rev=1.5"} {
		if n := rev(postedForm("rev=9", bad)); n != 0 {
			t.Errorf("%q: rev %d", bad, n)
		}
	}
}

func TestFormKeysDiffer(t *testing.T) {
	if a, b := formKey(), formKey(); a == b || len(a) < 20 {
		t.Error(a, b)
	}
}

func TestRefused(t *testing.T) {
	for kind, want := range map[store.Kind]int{
		store.Invalid: 422, store.Conflict: 409, store.NotFound: 0, store.Forbidden: 0, store.Unauthenticated: 0, store.Unavailable: 0,
	} {
		status, fields, msg, ok := refused(fmt.Errorf("wrapped: %w", &store.Error{Kind: kind, Msg: "so", Err: errors.New("cause")}))
		if status != want || ok != (want != 0) || ok && (fields == nil || msg != "so") {
			t.Errorf("kind %d: %d %v %q %v", kind, status, fields, msg, ok)
		}
	}
	if _, _, _, ok := refused(errors.New("a bug")); ok {
		t.Error("a bug is not something that a person can correct")
	}
	if _, _, _, ok := refused(nil); ok {
		t.Error("nothing was refused")
	}
}

// The navigation shows what the role may use and nothing else.
func TestNav(t *testing.T) {
	for role, want := range map[lifecycle.Role]string{
		lifecycle.Owner:         "Overview, Physical Connection Interfaces 5, Access Points, Port Whitelist, Billing, Orders, People, Activity, Tickets 6, Messages",
		lifecycle.Viewer:        "Overview, Physical Connection Interfaces 5, Access Points, Port Whitelist, Billing, Orders, Tickets 6, Messages",
		lifecycle.Auditor:       "Work queue, LOA applications 1, Cabling 2, Removals 3, Whitelist requests 4, Tickets 5, Interfaces, Accounts, Orders, Overdue fees, Prices, Ledger, Access points, Inventory, Rules about fees, People, Mail, Letter keys, Working days, Audit log",
		lifecycle.Reviewer:      "Work queue, LOA applications 1, Whitelist requests 4, Tickets 5, Interfaces, Access points, Working days, Audit log",
		lifecycle.Technician:    "Work queue, Cabling 2, Removals 3, Tickets 5, Interfaces, Access points, Working days, Audit log",
		lifecycle.Finance:       "Work queue, Tickets 5, Interfaces, Accounts, Orders, Overdue fees, Prices, Ledger, Rules about fees, Working days, Audit log",
		lifecycle.Administrator: "Work queue, LOA applications 1, Cabling 2, Removals 3, Whitelist requests 4, Tickets 5, Interfaces, Accounts, Orders, Overdue fees, Prices, Ledger, Access points, Inventory, Rules about fees, People, Single sign-on, Mail, Personal data, Letter keys, Working days, Audit log",
	} {
		var got []string
		for _, g := range nav(role, "/elsewhere", 5, 6, store.QueueCounts{LOA: 1, Cabling: 2, Removals: 3, Whitelist: 4, Tickets: 5}, false) {
			for _, it := range g.Items {
				label := it.Label
				if it.Count > 0 {
					label += fmt.Sprint(" ", it.Count)
				}
				if it.Current {
					t.Errorf("%s: %s is current on another page", role, it.Label)
				}
				got = append(got, label)
			}
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s sees\n  %s, want\n  %s", role, s, want)
		}
	}
	for path, want := range map[string]string{
		paths.Home:                      "Overview",
		paths.Interfaces:                "Physical Connection Interfaces",
		paths.LOA("pc-1"):               "Physical Connection Interfaces",
		paths.InterfacesCSV:             "",
		paths.Admin:                     "Work queue",
		paths.AdminLOA("pc-1"):          "LOA applications",
		paths.AdminCabling + "x":        "",
		paths.AdminAccessPoint("ap-1"):  "Access points",
		paths.AdminCablingReturn("p"):   "Cabling",
		paths.AdminWhitelistGrant("wl"): "Whitelist requests",
	} {
		role := lifecycle.Administrator
		if !strings.HasPrefix(path, paths.Admin) {
			role = lifecycle.Owner
		}
		got := ""
		for _, g := range nav(role, path, 0, 0, store.QueueCounts{}, false) {
			for _, it := range g.Items {
				if it.Current {
					got += it.Label
				}
			}
		}
		if got != want {
			t.Errorf("%s: %q is current, want %q", path, got, want)
		}
	}
}

func TestMessageTarget(t *testing.T) {
	for _, c := range []struct {
		role lifecycle.Role
		m    store.Message
		want string
	}{
		{lifecycle.Owner, store.Message{Subject: "pc-1"}, paths.Interface("pc-1")},
		{lifecycle.Owner, store.Message{Subject: "whitelist:wl-1"}, paths.Whitelist},
		{lifecycle.Owner, store.Message{Subject: "account:acc-1", Title: "Transfer received"}, paths.Billing},
		{lifecycle.Owner, store.Message{Subject: "account:acc-1", Title: store.TitleConsoleLookedAt}, paths.Activity},
		{lifecycle.Owner, store.Message{Subject: "other:x"}, paths.Messages},
		{lifecycle.Reviewer, store.Message{Subject: "pc-1"}, paths.AdminLOA("pc-1")},
		{lifecycle.Reviewer, store.Message{Subject: "whitelist:wl-1"}, paths.AdminWhitelist},
		{lifecycle.Technician, store.Message{Subject: "pc-1", Title: "Cables to connect"}, paths.AdminCablingJob("pc-1")},
		{lifecycle.Technician, store.Message{Subject: "pc-1", Title: store.TitleCableToRemove}, paths.AdminRemovals},
		{lifecycle.Finance, store.Message{Subject: "account:acc-1"}, paths.AdminAccount("acc-1")},
		{lifecycle.Administrator, store.Message{Subject: "pc-1"}, paths.AdminInterface("pc-1")},
		{lifecycle.Finance, store.Message{Subject: store.BooksSubject}, paths.AdminLedger},
		{lifecycle.Administrator, store.Message{Subject: store.BooksSubject}, paths.AdminLedger},
	} {
		if got := messageTarget(c.role, c.m); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.role, c.m.Subject, got, c.want)
		}
	}
}

func TestCodesLeft(t *testing.T) {
	for n, want := range map[int]string{
		0:  "No recovery codes are left. Make new ones.",
		1:  "1 recovery code is left. Make new ones before you need it.",
		3:  "3 recovery codes are left. Make new ones before they run out.",
		4:  "4 recovery codes are left.",
		10: "10 recovery codes are left.",
	} {
		if got := codesLeft(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// What is read as a secret, or asked for as a one-time code, is never put into a
// page to be sent again.
func TestSecretFieldsAreAllKnown(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`secret\(c, "([a-z_]+)"\)`).FindAllSubmatch(text, -1) {
			found++
			if !slices.Contains(secretFields, string(m[1])) {
				t.Errorf("%s reads the secret %s, which pages may hold", name, m[1])
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d secrets are read: the search is broken", found)
	}
}
