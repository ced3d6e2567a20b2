// Package static holds the files a browser loads beside the pages: one stylesheet, one own script, htmx, the icon and
// robots.txt. They are compiled into the program. The name under which a page refers to a file carries a hash of its
// content, so a browser may keep it for ever and still sees every change at once.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"sync"
)

//go:embed css/console.css js/app.js js/passkey.js vendor/htmx.min.js vendor/htmx.LICENSE favicon.svg robots.txt
var files embed.FS

// The names that URL understands.
const (
	ConsoleCSS = "console.css"
	AppJS      = "app.js"
	PasskeyJS  = "passkey.js"
	HtmxJS     = "htmx.min.js"
	FaviconSVG = "favicon.svg"
)

// Prefix is the path below which every hashed file is served.
const Prefix = "/static/"

// Asset is one file as the HTTP handler sends it. The slices are shared by all requests: read them only.
type Asset struct {
	Name        string // without the hash: "console.css"
	Path        string // the URL path: "/static/console.3fa9c1d2.css"
	ContentType string
	Content     []byte
	Gzip        []byte // nil when compression does not make the file smaller
	ETag        string // strong, quoted; for the uncompressed bytes
	Immutable   bool   // the path carries the content hash: "max-age=31536000, immutable"
}

// sources lists what is embedded. A file with a fixed path is one that clients ask for by a name we do not choose.
// Our own text is squeezed; what others wrote is sent as they published it.
var sources = []struct {
	file, fixedPath string
	squeeze         func([]byte) []byte
}{
	{"css/console.css", "", squeezeCSS},
	{"js/app.js", "", squeezeJS},
	{"js/passkey.js", "", squeezeJS},
	{"vendor/htmx.min.js", "", nil},
	{"favicon.svg", "", nil},
	{"vendor/htmx.LICENSE", Prefix + "htmx.LICENSE.txt", nil},
	{"robots.txt", "/robots.txt", nil},
}

var contentTypes = map[string]string{
	".css":     "text/css; charset=utf-8",
	".js":      "text/javascript; charset=utf-8",
	".svg":     "image/svg+xml",
	".txt":     "text/plain; charset=utf-8",
	".LICENSE": "text/plain; charset=utf-8",
}

// index is built on first use, not at program start: tools that never serve a page do not pay for the compression.
var index = sync.OnceValue(func() (ix struct{ byName, byPath map[string]Asset }) {
	ix.byName, ix.byPath = map[string]Asset{}, map[string]Asset{}
	for _, s := range sources {
		content, err := files.ReadFile(s.file)
		if err != nil {
			panic(fmt.Sprintf("static: %s is listed but not embedded: %v", s.file, err))
		}
		if s.squeeze != nil {
			content = s.squeeze(content)
		}
		a := newAsset(path.Base(s.file), content)
		if s.fixedPath != "" {
			a.Path, a.Immutable = s.fixedPath, false
		}
		ix.byName[a.Name], ix.byPath[a.Path] = a, a
	}
	return ix
})

// newAsset hashes and compresses one file.
func newAsset(name string, content []byte) Asset {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	return Asset{
		Name:        name,
		Path:        Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext,
		ContentType: contentTypes[ext],
		Content:     content,
		Gzip:        compress(content),
		ETag:        `"` + hex.EncodeToString(sum[:12]) + `"`,
		Immutable:   true,
	}
}

// squeezeCSS drops comments, line ends, indentation, and the blanks around what separates rules and declarations, which
// a browser does not need. Our stylesheet has no comment mark inside a string, a test holds it to that, and lines with a
// string keep their blanks.
func squeezeCSS(content []byte) []byte {
	var out []byte
	for {
		before, rest, found := bytes.Cut(content, []byte("/*"))
		out = append(out, before...)
		if !found {
			break
		}
		_, content, _ = bytes.Cut(rest, []byte("*/"))
	}
	var b []byte
	for line := range bytes.Lines(trimLines(out, nil)) {
		if !bytes.ContainsAny(line, `"'`) {
			line = []byte(cssBlanks.Replace(string(line)))
		}
		if end := len(line) - 2; end >= 0 && bytes.IndexByte([]byte("{};,"), line[end]) >= 0 {
			line = line[:end+1]
		}
		b = append(b, line...)
	}
	return b
}

// cssBlanks are safe to lose: a colon with a blank after it stands in declarations only, never in a selector.
var cssBlanks = strings.NewReplacer("; }", "}", " {", "{", "{ ", "{", "; ", ";", " }", "}", ", ", ",", ": ", ":")

// squeezeJS drops indentation, the lines that are only a comment, and the blanks beside signs, but not inside strings; a
// comment after code stays.
func squeezeJS(content []byte) []byte {
	const signs = "=!&|<>?:,;{}()"
	in := trimLines(content, []byte("//"))
	out := make([]byte, 0, len(in))
	var quote byte // of the string that in[i] is in, '/' in a comment, 0 in code
	for i, b := range in {
		switch {
		case quote == '/':
			if b == '\n' {
				quote = 0
			}
		case quote != 0:
			if b == quote && in[i-1] != '\\' {
				quote = 0
			}
		case b == '\'', b == '"', b == '`':
			quote = b
		case b == '/' && in[i+1] == '/':
			quote = '/'
		case b == ' ' && (strings.IndexByte(signs, in[i-1]) >= 0 || strings.IndexByte(signs, in[i+1]) >= 0):
			continue
		}
		out = append(out, b)
	}
	return out
}

// trimLines removes the space around lines, empty lines, and lines that begin with skip.
func trimLines(content, skip []byte) []byte {
	var out []byte
	for line := range bytes.Lines(content) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || skip != nil && bytes.HasPrefix(line, skip) {
			continue
		}
		out = append(append(out, line...), '\n')
	}
	return out
}

// compress returns nil when the result would not be smaller than the input.
func compress(content []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(content); err != nil {
		return nil
	}
	if err := w.Close(); err != nil || b.Len() >= len(content) {
		return nil
	}
	return b.Bytes()
}

// URL gives the path under which the page should load name, for example "/static/console.3fa9c1d2.css".
// An unknown name is a mistake in the program, not in a request: it panics.
func URL(name string) string {
	a, ok := index().byName[name]
	if !ok {
		panic("static: no file named " + name)
	}
	return a.Path
}

// Lookup finds the file for a request path. A path with another hash than the present one is not found: a page of an
// older release must not get a newer file under a name that promises never to change.
func Lookup(path string) (Asset, bool) {
	a, ok := index().byPath[path]
	return a, ok
}
