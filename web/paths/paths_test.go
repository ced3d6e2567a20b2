package paths

import "testing"

func TestParametersAreEscaped(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Interface("pc-1"), "/interfaces/pc-1"},
		{Interface(":id"), "/interfaces/:id"},
		{Interface("a/../b?x#y"), "/interfaces/a%2F..%2Fb%3Fx%23y"},
		{Withdrawal("pc-1"), "/interfaces/pc-1/loa-application/withdrawal"},
		{AdminCablingReturn("pc-1"), "/admin/cabling/pc-1/return"},
		{Message(7), "/messages/7"},
		{LoginNext("/interfaces?q=a&b"), "/login?next=%2Finterfaces%3Fq%3Da%26b"},
		{LoginNext("/"), "/login"},
		{With("/interfaces", "view", "", "q", "a b"), "/interfaces?q=a+b"},
		{With("/interfaces?x=1", "q", "&"), "/interfaces?x=1&q=%26"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestLocal(t *testing.T) {
	for next, ok := range map[string]bool{
		"/":                        true,
		"/interfaces/pc-1?x=1&y=/": true,
		"/interfaces?next=//evil":  true, // a value is not a target
		"":                         false,
		"interfaces":               false,
		"//evil.example":           false,
		"///evil.example":          false,
		"/\\evil.example":          false,
		"\\\\evil.example":         false,
		"/\t/evil.example":         false,
		"/\n/evil.example":         false,
		" //evil.example":          false,
		"https://evil.example":     false,
		"javascript:alert(1)":      false,
		"/%5cevil.example":         false,
		"/%2fevil.example":         false,
		"/%zz":                     false,
		"/login":                   false,
		"/login?next=/x":           false,
		"/logout":                  false,
		"/setup/abc":               false,
	} {
		want := "/fallback"
		if ok {
			want = next
		}
		if got := Local(next, "/fallback"); got != want {
			t.Errorf("Local(%q) = %q, want %q", next, got, want)
		}
	}
}

func FuzzLocal(f *testing.F) {
	f.Add("//evil.example")
	f.Fuzz(func(t *testing.T, next string) {
		got := Local(next, "/")
		if got[0] != '/' || (len(got) > 1 && (got[1] == '/' || got[1] == '\\')) {
			t.Errorf("Local(%q) = %q leaves the site", next, got)
		}
	})
}
