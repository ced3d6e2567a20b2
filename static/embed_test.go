package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

var names = []string{ConsoleCSS, AppJS, PasskeyJS, HtmxJS, FaviconSVG}

func TestURLAndLookupAgree(t *testing.T) {
	for _, name := range names {
		u := URL(name)
		if !regexp.MustCompile(`^/static/[a-z.]+\.[0-9a-f]{8}\.(css|js|svg)$`).MatchString(u) {
			t.Errorf("URL(%q) = %q, want a name with eight hex digits", name, u)
		}
		a, ok := Lookup(u)
		if !ok || a.Name != name || !a.Immutable || a.ContentType == "" || len(a.Content) == 0 {
			t.Errorf("Lookup(%q) = %+v, %v", u, a.Name, ok)
		}
		if !strings.HasPrefix(a.ETag, `"`) || len(a.ETag) != 26 {
			t.Errorf("%s: ETag %s is not a quoted strong tag", name, a.ETag)
		}
	}
}

func TestLookupRefusesWhatIsNotServed(t *testing.T) {
	for _, p := range []string{
		"", "/", "/static/", "/static/console.css", "/static/console.00000000.css", "/static/../static/embed.go",
		"/static/css/console.css", "/static/htmx.min.js.sha256", "static/robots.txt", "/favicon.ico",
	} {
		if a, ok := Lookup(p); ok {
			t.Errorf("Lookup(%q) found %s", p, a.Name)
		}
	}
}

func TestFixedPathsMayChange(t *testing.T) {
	for _, p := range []string{"/robots.txt", "/static/htmx.LICENSE.txt"} {
		a, ok := Lookup(p)
		if !ok || a.Immutable || a.ContentType != "text/plain; charset=utf-8" {
			t.Errorf("Lookup(%q) = immutable %v, type %q, %v", p, a.Immutable, a.ContentType, ok)
		}
	}
}

func TestUnknownNamePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("URL of an unknown name did not panic")
		}
	}()
	URL("missing.css")
}

func TestHashFollowsContent(t *testing.T) {
	a, b := newAsset("x.css", []byte("a{}")), newAsset("x.css", []byte("a{} "))
	if a.Path == b.Path || a.ETag == b.ETag {
		t.Errorf("other content, same name or tag: %s %s", a.Path, a.ETag)
	}
	if again := newAsset("x.css", []byte("a{}")); again.Path != a.Path || again.ETag != a.ETag {
		t.Errorf("same content, other name: %s, %s", a.Path, again.Path)
	}
	if a.Gzip != nil {
		t.Error("three bytes were kept compressed although that is larger")
	}
}

func TestGzipHoldsTheSameBytes(t *testing.T) {
	for _, name := range names {
		a, _ := Lookup(URL(name))
		if a.Gzip == nil {
			continue
		}
		r, err := gzip.NewReader(bytes.NewReader(a.Gzip))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, a.Content) {
			t.Errorf("%s: compressed bytes differ (%v)", name, err)
		}
	}
}

// The budgets of a first visit, in bytes after gzip.
func TestBudgets(t *testing.T) {
	for name, limit := range map[string]int{ConsoleCSS: 12 << 10, AppJS: 2 << 10, PasskeyJS: 1 << 10, HtmxJS: 14 << 10} {
		a, _ := Lookup(URL(name))
		if n := len(a.Gzip); n == 0 || n > limit {
			t.Errorf("%s is %d bytes compressed, limit %d", name, n, limit)
		}
	}
}

func TestVendoredHtmxIsThePublishedFile(t *testing.T) {
	line, err := os.ReadFile("vendor/htmx.min.js.sha256")
	if err != nil {
		t.Fatal(err)
	}
	want, file, _ := strings.Cut(strings.TrimSpace(string(line)), "  ")
	if file != "htmx.min.js" {
		t.Fatalf("the checksum is of %q", file)
	}
	a, _ := Lookup(URL(HtmxJS))
	sum := sha256.Sum256(a.Content)
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("htmx.min.js has SHA-256 %s, want %s", got, want)
	}
	if !bytes.Contains(a.Content, []byte(`version="4.0.1"`)) {
		t.Error("htmx.min.js does not say that it is 4.0.1")
	}
}

// What the content security policy would block must not be in our files, or a feature fails silently.
func TestNothingThePolicyForbids(t *testing.T) {
	for name, words := range map[string][]string{
		ConsoleCSS: {"@import", "http:", "https:", "data:", "url("},
		AppJS:      {"localStorage", "sessionStorage", "indexedDB", ".cookie", "postMessage", "onmessage", "__proto__", ".prototype", "eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", ".style", "http:", "https:", " == ", " != "},
		PasskeyJS:  {"localStorage", "sessionStorage", "indexedDB", ".cookie", "postMessage", "onmessage", "__proto__", ".prototype", "eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", ".style", "http:", "https:", " == ", " != "},
		FaviconSVG: {"<script", "style=", "href"},
	} {
		a, _ := Lookup(URL(name))
		for _, w := range words {
			if bytes.Contains(a.Content, []byte(w)) {
				t.Errorf("%s contains %q", name, w)
			}
		}
	}
}

func TestSqueeze(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		f              func([]byte) []byte
	}{
		{"css comments and indentation", "/* a\n b */\na {\n  b: c; /* d */ e: f;\n}\n\n", "a{b:c; e:f;}", squeezeCSS},
		{"css strings keep their blanks", "a::before { content: \"a; b: c\"; }\nb d, e { f: g; }\n", "a::before { content: \"a; b: c\"; }b d,e{ f:g}", squeezeCSS},
		{"css comment left open", "a{}\n/* b", "a{}", squeezeCSS},
		{"js comment lines", "// a\nlet b; // c\n  // d\n  e();\n", "let b;// c\ne();\n", squeezeJS},
		{"js slashes inside a string stay", "  x = '//y';\n", "x='//y';\n", squeezeJS},
		{"js strings keep their blanks", "if (a === 'b = c, d') { e(\"f ? g : h\", 'i\\' => j'); }\nk = l / m;\n", "if(a==='b = c, d'){e(\"f ? g : h\",'i\\' => j');}\nk=l / m;\n", squeezeJS},
	} {
		if got := string(c.f([]byte(c.in))); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// squeezeCSS cuts from one comment mark to the next; a mark inside a string would take rules with it.
func TestStylesheetKeepsItsRules(t *testing.T) {
	source, err := os.ReadFile("css/console.css")
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`"[^"\n]*(/\*|\*/)[^"\n]*"`).Find(source); m != nil {
		t.Errorf("comment mark inside a string: %s", m)
	}
	a, _ := Lookup(URL(ConsoleCSS))
	if open, shut := bytes.Count(a.Content, []byte("{")), bytes.Count(a.Content, []byte("}")); open != shut || open < 300 {
		t.Errorf("%d opening and %d closing braces", open, shut)
	}
}
