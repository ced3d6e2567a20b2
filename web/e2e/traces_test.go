package e2e

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	endian "encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// secret is something that must not get to where it does not belong.
type secret struct{ kind, value string }

// trace is where a secret was found, and in which form.
type trace struct {
	secret
	form, in string
}

// needle is one form of a secret.
type needle struct {
	bytes []byte
	trace trace
}

// tracer looks for many secrets in many forms at once: as they are, in another
// case, without or with other separators, in the encodings of addresses, pages,
// JSON and mails, as UTF-16, base64, base32 and hexadecimal.
type tracer struct {
	seen map[string]bool
	// By their first eight bytes: raw ones are looked for in what was written,
	// folded ones in its letters and digits alone.
	raw, folded map[uint64][]needle
}

func newTracer(secrets ...secret) *tracer {
	tr := &tracer{seen: map[string]bool{}, raw: map[uint64][]needle{}, folded: map[uint64][]needle{}}
	for _, s := range secrets {
		tr.add(s)
	}
	return tr
}

// fold keeps letters and digits, in one case.
func fold(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z':
			out = append(out, c-'a'+'A')
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			out = append(out, c)
		}
	}
	return out
}

// forms are the ways in which programs write a text down.
func forms(text string) map[string][]byte {
	out := map[string][]byte{}
	b := []byte(text)
	put := func(form string, v []byte) {
		if len(v) >= 8 {
			out[form] = v
		}
	}
	put("as it is", b)
	put("address", []byte(url.QueryEscape(text)))
	put("path", []byte(url.PathEscape(text)))
	put("page", []byte(html.EscapeString(text)))
	if j, err := json.Marshal(text); err == nil {
		put("json", j[1:len(j)-1])
	}
	var percent, entities, codes strings.Builder
	for _, c := range b {
		fmt.Fprintf(&percent, "%%%02X", c)
		fmt.Fprintf(&entities, "&#%d;", c)
		fmt.Fprintf(&codes, `\u%04x`, c)
	}
	put("percent", []byte(percent.String()))
	put("entities", []byte(entities.String()))
	put("codes", []byte(codes.String()))
	put("hex", []byte(hex.EncodeToString(b)))
	wide := utf16.Encode([]rune(text))
	little, big := make([]byte, 0, 2*len(wide)), make([]byte, 0, 2*len(wide))
	for _, w := range wide {
		little, big = endian.LittleEndian.AppendUint16(little, w), endian.BigEndian.AppendUint16(big, w)
	}
	put("utf-16", big)
	put("utf-16, little end first", little)
	put("utf-16 in hex", []byte(hex.EncodeToString(big)))
	backwards := slices.Clone(b)
	slices.Reverse(backwards)
	put("backwards", backwards)
	// In the middle of something longer the text begins at any of the places of
	// a group; the ends of a group depend on what is beside it.
	for shift := range 3 {
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 of addresses": base64.RawURLEncoding} {
			e := enc.EncodeToString(append(make([]byte, shift), b...))
			put(fmt.Sprintf("%s, shifted by %d", name, shift), []byte(e[(shift*8+5)/6:(shift+len(b))*8/6]))
		}
	}
	for shift := range 5 {
		e := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(append(make([]byte, shift), b...))
		put(fmt.Sprintf("base32, shifted by %d", shift), []byte(e[(shift*8+4)/5:(shift+len(b))*8/5]))
	}
	return out
}

func (tr *tracer) add(s secret) {
	if s.value == "" || tr.seen[s.value] {
		return
	}
	tr.seen[s.value] = true
	bare := string(fold([]byte(s.value)))
	for _, text := range []string{s.value, strings.ToLower(s.value), strings.ToUpper(s.value), bare, strings.ToLower(bare)} {
		written := forms(text)
		for _, form := range slices.Sorted(maps.Keys(written)) {
			tr.put(tr.raw, written[form], s, form)
			if f := fold(written[form]); len(f) >= 10 {
				tr.put(tr.folded, f, s, form+", split or in another case")
			}
		}
	}
}

func (tr *tracer) put(to map[uint64][]needle, b []byte, s secret, form string) {
	if len(b) < 8 {
		return
	}
	key := endian.LittleEndian.Uint64(b)
	for _, n := range to[key] {
		if bytes.Equal(n.bytes, b) {
			return
		}
	}
	to[key] = append(to[key], needle{slices.Clone(b), trace{secret: s, form: form}})
}

// find looks through what was written somewhere.
func (tr *tracer) find(in string, data []byte) (found []trace) {
	told := map[string]bool{}
	scan := func(needles map[uint64][]needle, data []byte) {
		var first [1 << 16]bool
		for key := range needles {
			first[uint16(key)] = true
		}
		for i := 0; i+8 <= len(data); i++ {
			if !first[uint16(data[i])|uint16(data[i+1])<<8] {
				continue
			}
			for _, n := range needles[endian.LittleEndian.Uint64(data[i:])] {
				if bytes.HasPrefix(data[i:], n.bytes) && !told[n.trace.kind+n.trace.value] {
					told[n.trace.kind+n.trace.value] = true
					t := n.trace
					t.in = in
					found = append(found, t)
				}
			}
		}
	}
	scan(tr.raw, data)
	scan(tr.folded, fold(data))
	return found
}

// A search that finds nothing proves nothing unless it finds what is there.
func TestTracesAreFoundInEveryForm(t *testing.T) {
	planted := secret{"ID number", "Qx77 34-LMp 0921+/k"}
	tr := newTracer(planted, secret{"other", "never written anywhere"})
	written := map[string]string{
		"as typed":             planted.value,
		"lower case":           "…" + strings.ToLower(planted.value),
		"without separators":   "QX7734LMP0921K",
		"split over lines":     "Qx\n77 3\n4-L\tMp   09\r\n21+/k",
		"other separators":     "qx.77.34.lm.p0.921k",
		"query":                "/x?q=" + url.QueryEscape(planted.value) + "&y=1",
		"path":                 "/x/" + url.PathEscape(planted.value) + "/y",
		"JSON":                 `{"n":"` + planted.value + `"}`,
		"entities":             "&#81;&#120;&#55;&#55;&#32;&#51;&#52;&#45;&#76;&#77;&#112;&#32;&#48;&#57;&#50;&#49;&#43;&#47;&#107;",
		"hex":                  "00ff" + hex.EncodeToString([]byte(planted.value)) + "00",
		"hex in upper case":    strings.ToUpper(hex.EncodeToString([]byte(planted.value))),
		"hex with colons":      strings.Join(strings.Split(fmt.Sprintf("% x", planted.value), " "), ":"),
		"base32":               base32.StdEncoding.EncodeToString([]byte("before " + planted.value + " after")),
		"backwards":            "k/+1290 pML-43 77xQ",
		"among bytes":          "\x00\x01\xff" + planted.value + "\xfe\x00",
		"quoted for a program": fmt.Sprintf("%q", []string{planted.value}),
	}
	for i := range 3 {
		before := strings.Repeat("a", i)
		written[fmt.Sprintf("base64 after %d bytes", i)] = base64.StdEncoding.EncodeToString([]byte(before + planted.value + " and more"))
		written[fmt.Sprintf("base64 of addresses after %d bytes", i)] = base64.RawURLEncoding.EncodeToString([]byte(before + planted.value))
	}
	wide := func(order endian.AppendByteOrder) string {
		var b []byte
		for _, r := range planted.value {
			b = order.AppendUint16(b, uint16(r))
		}
		return string(b)
	}
	written["UTF-16"], written["UTF-16, little end first"] = wide(endian.BigEndian), wide(endian.LittleEndian)
	for name, text := range written {
		if got := tr.find(name, []byte(text)); len(got) != 1 || got[0].secret != planted || got[0].in != name {
			t.Errorf("%s: %+v in %q", name, got, text)
		}
	}
	for _, text := range []string{"", "Qx77", "Qx77 34-LMp 0922+/k", "0921", strings.Repeat("Qx77 34-LMp 092 ", 100)} {
		if got := tr.find("x", []byte(text)); len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
