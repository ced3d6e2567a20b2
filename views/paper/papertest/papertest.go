// Package papertest checks printed documents in tests.
package papertest

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"demarc/views/paper"
)

// Tool runs a program on a PDF, whose name is put where args say FILE, and
// returns what it prints. On a developer's machine without the program the test
// is skipped; in CI it has to be there.
func Tool(t *testing.T, pdf []byte, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	file := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = file
		}
	}
	cmd := exec.Command(name, args...)
	// Some print times in the zone of the machine, others do not.
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// Archive holds a PDF against the rules of PDF/A-3, level A (ISO 19005-3:2012), by
// the clause. No other validator was to be had when it was written; what is not
// listed here follows from how the file is made and is not checked. A signed file
// has an invisible signature and this many attachments, an unsigned one has
// neither.
func Archive(t *testing.T, pdf []byte, signed bool, attachments int) {
	f, err := paper.ReadFile(pdf)
	if err != nil {
		t.Fatal(err)
	}
	clause := func(ok bool, clause, what string, args ...any) {
		t.Helper()
		if !ok {
			t.Errorf("%s: %s", clause, fmt.Sprintf(what, args...))
		}
	}
	has := func(n int, text string) bool { return bytes.Contains(f.Objects[n-1], []byte(text)) }
	ref := func(b []byte, key string) int {
		m := regexp.MustCompile(`/` + key + ` \[?(\d+) 0 R`).FindSubmatch(b)
		if m == nil {
			return 0
		}
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	root := f.Objects[f.Root-1]

	// File structure.
	clause(regexp.MustCompile(`^%PDF-1\.[0-7]\n%[\x80-\xFF]{4}`).Match(latin1(pdf[:20])), "6.1.2", "header %q", pdf[:20])
	clause(regexp.MustCompile(`/ID \[<[0-9a-f]{32}> <[0-9a-f]{32}>\]`).Match(pdf[len(pdf)-300:]), "6.1.3", "no ID")
	clause(!bytes.Contains(pdf[len(pdf)-300:], []byte("/Encrypt")), "6.1.3", "encrypted")
	clause(bytes.HasSuffix(pdf, []byte("%%EOF\n")) && bytes.Count(pdf, []byte("%%EOF")) == 1, "6.1.3", "more than one end")
	var plain [][]byte // objects without the content of streams
	streams := 0
	for i, o := range f.Objects {
		dict, content, isStream := bytes.Cut(o, []byte("stream\n"))
		plain = append(plain, dict)
		clause(bytes.HasSuffix(o, []byte("\n")), "6.1.9", "object %d: no line end before endobj", i+1)
		if !isStream {
			continue
		}
		streams++
		m := regexp.MustCompile(`/Length (\d+)`).FindSubmatch(dict)
		clause(m != nil, "6.1.7.1", "object %d: no length", i+1)
		n, _ := strconv.Atoi(string(m[1]))
		clause(string(content[min(n, len(content)):]) == "\nendstream\n", "6.1.7.1", "object %d: the length %d is not that of the stream", i+1, n)
		clause(!regexp.MustCompile(`/(F|FFilter|FDecodeParms) `).Match(dict) || bytes.Contains(dict, []byte("/Filespec")), "6.1.7.1", "object %d: a stream outside the file", i+1)
		clause(!bytes.Contains(dict, []byte("LZW")) && !bytes.Contains(dict, []byte("/Crypt")), "6.1.7.2", "object %d: filter", i+1)
		if bytes.Contains(dict, []byte("FlateDecode")) {
			_, err := f.Content(i + 1)
			clause(err == nil, "6.1.7.2", "object %d: %v", i+1, err)
		}
	}
	clause(streams >= 6, "6.1.7", "only %d streams", streams)
	all := bytes.Join(plain, nil)
	for _, m := range regexp.MustCompile(`<([0-9A-Fa-f]+)>`).FindAllSubmatch(all, -1) {
		clause(len(m[1])%2 == 0, "6.1.6", "a string of %d digits", len(m[1]))
		clause(len(m[1]) <= 2*32767 || signed && bytes.Contains(m[1], []byte("30")), "6.1.13", "a string of %d bytes", len(m[1])/2)
	}
	for _, m := range regexp.MustCompile(`/[^\s/<>\[\]()]+`).FindAll(all, -1) {
		clause(len(m) <= 128, "6.1.13", "a name of %d bytes", len(m))
	}
	clause(len(f.Objects) < 8388607, "6.1.13", "%d objects", len(f.Objects))
	for _, not := range []string{"/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/AA ", "/XFA", "/NeedAppearances", "/OCProperties", "/AlternatePresentations",
		"/Requirements", "/Collection", "/Group", "/SMask", "/ExtGState", "/BM ", "/CA ", "/ca ", "/PS", "/HTP", "/TransferFunction"} {
		clause(!bytes.Contains(all, []byte(not)), "6.1–6.5", "has %s", not)
	}

	// Color.
	intent := ref(root, "OutputIntents")
	clause(intent > 0 && has(intent, "/S /GTS_PDFA1"), "6.2.3", "no output intent")
	profile := ref(f.Objects[intent-1], "DestOutputProfile")
	icc, err := f.Content(profile)
	clause(err == nil && has(profile, "/N 3"), "6.2.3", "profile: %v", err)
	clause(len(icc) >= 128 && int(binary.BigEndian.Uint32(icc)) == len(icc) && string(icc[12:16]) == "mntr" && string(icc[16:20]) == "RGB " && string(icc[36:40]) == "acsp" && icc[8] <= 4, "6.2.3", "the profile is not RGB for a display")

	// Pages: operators, colors, marked content, text.
	pages := regexp.MustCompile(`(\d+) 0 R`).FindAllSubmatch(regexp.MustCompile(`/Kids \[[^\]]*\]`).Find(f.Objects[0]), -1)
	marked := map[string]int{}
	used := map[string]map[int]bool{}
	for _, p := range pages {
		n, _ := strconv.Atoi(string(p[1]))
		content, err := f.Content(ref(f.Objects[n-1], "Contents"))
		if err != nil {
			t.Fatal(err)
		}
		for font, codes := range scan(t, content, marked) {
			if used[font] == nil {
				used[font] = map[int]bool{}
			}
			for c := range codes {
				used[font][c] = true
			}
		}
		clause(has(n, "/StructParents "), "6.7.3", "page object %d is not in the structure", n)
	}
	for kind := range marked {
		clause(slices.Contains(strings.Fields("Artifact P H1 H2 TH TD Lbl LBody Figure"), kind), "6.7.3.4", "content marked as %s", kind)
	}

	// Fonts.
	fonts := regexp.MustCompile(`/(F[0-9a-f]{40}) (\d+) 0 R`).FindAllSubmatch(f.Objects[1], -1)
	clause(len(fonts) == 2, "6.2.11", "%d fonts", len(fonts))
	for _, m := range fonts {
		n, _ := strconv.Atoi(string(m[2]))
		checkFont(t, f, n, used[string(m[1])])
	}

	// Metadata.
	metadata := ref(root, "Metadata")
	clause(has(metadata, "/Type /Metadata /Subtype /XML") && !has(metadata, "/Filter"), "6.6.2.1", "metadata is not a plain stream")
	xmp, err := f.Content(metadata)
	if err != nil {
		t.Fatal(err)
	}
	checkMetadata(t, xmp, f.Objects[f.Info-1])

	// Structure.
	clause(bytes.Contains(root, []byte("/MarkInfo <</Marked true>>")), "6.7.2.2", "not marked")
	clause(bytes.Contains(root, []byte("/Lang (en)")), "6.7.4", "no language")
	clause(bytes.Contains(root, []byte("/DisplayDocTitle true")), "6.7.4", "the title is not shown")
	tree := ref(root, "StructTreeRoot")
	clause(tree > 0 && has(tree, "/Type /StructTreeRoot") && ref(f.Objects[tree-1], "ParentTree") > 0, "6.7.3", "no structure")
	for i, o := range f.Objects {
		if m := regexp.MustCompile(`/Type /StructElem /S /(\w+)`).FindSubmatch(o); m != nil {
			kind := string(m[1])
			clause(slices.Contains(strings.Fields("Document P H1 H2 Table TR TH TD L LI Lbl LBody Figure"), kind), "6.7.3.4", "an element %s", kind)
			clause(kind != "Figure" || bytes.Contains(o, []byte("/Alt <FEFF")), "6.7.3.4", "object %d: a figure without a text", i+1)
		}
	}

	// Attachments, annotations and the signature.
	if !signed {
		clause(!bytes.Contains(all, []byte("/Filespec")) && !bytes.Contains(all, []byte("/Annots")), "6.8", "the unsigned document has attachments")
		return
	}
	specs := 0
	for i, o := range f.Objects {
		if !bytes.Contains(plain[i], []byte("/Type /Filespec")) {
			continue
		}
		specs++
		clause(regexp.MustCompile(`/F \([^)]+\) /UF \([^)]+\)`).Match(o), "6.8", "object %d: no name", i+1)
		clause(regexp.MustCompile(`/AFRelationship /(Source|Data|Alternative|Supplement|Unspecified)`).Match(o), "6.8", "object %d: no relationship", i+1)
		clause(bytes.Contains(root, fmt.Appendf(nil, "%d 0 R", i+1)) && bytes.Contains(root, []byte("/AF [")), "6.8", "object %d is not associated", i+1)
		embedded := ref(o, "F")
		clause(regexp.MustCompile(`/Type /EmbeddedFile /Subtype /[a-z]+#2F[a-z]+ /Params <</Size \d+ /ModDate`).Match(f.Objects[embedded-1]), "6.8", "object %d: no type or date", embedded)
	}
	clause(specs == attachments, "6.8", "%d attachments", specs)
	widget := ref(f.Objects[2], "Annots")
	m := regexp.MustCompile(`/F (\d+) `).FindSubmatch(f.Objects[widget-1])
	flags, _ := strconv.Atoi(string(m[1]))
	clause(flags&4 != 0 && flags&(1|2|32|256) == 0, "6.3.2", "flags of the annotation: %b", flags)
	clause(has(widget, "/Rect [0 0 0 0]"), "6.3.3", "the annotation shows something and has no appearance")
	clause(bytes.Contains(root, []byte("/Perms <</DocMDP ")), "6.1.12", "permissions")
	for _, not := range []string{"/DigestLocation", "/DigestMethod", "/DigestValue"} {
		clause(!bytes.Contains(all, []byte(not)), "6.1.12", "has %s", not)
	}
}

// latin1 lets a regular expression look at bytes.
func latin1(b []byte) []byte {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return []byte(string(out))
}

// scan reads a content stream: which operators, how deep, what is marked how
// often, and which character codes are shown in which font.
func scan(t *testing.T, content []byte, marked map[string]int) map[string]map[int]bool {
	t.Helper()
	used := map[string]map[int]bool{}
	var operands []string
	font, depth, open := "", 0, 0
	known := strings.Fields("w J j d q Q cm m l c h re f B S n BT ET Td Tf Tj g G rg RG BMC BDC EMC")
	for i := 0; i < len(content); {
		switch c := content[i]; {
		case c == ' ' || c == '\n' || c == '\r':
			i++
		case c == '(':
			var s []byte
			for i++; content[i] != ')'; i++ {
				if content[i] == '\\' {
					i++
					if content[i] == 'r' {
						s = append(s, '\r')
						continue
					}
				}
				s = append(s, content[i])
			}
			i++
			operands = append(operands, string(s))
		case c == '<' && content[i+1] == '<':
			end := bytes.Index(content[i:], []byte(">>"))
			operands = append(operands, string(content[i:i+end+2]))
			i += end + 2
		case c == '[':
			end := bytes.IndexByte(content[i:], ']')
			operands = append(operands, string(content[i:i+end+1]))
			i += end + 1
		default:
			end := i + 1
			for end < len(content) && !bytes.ContainsRune([]byte(" \n\r([<"), rune(content[end])) {
				end++
			}
			word := string(content[i:end])
			i = end
			if strings.Trim(word, "0123456789.-") == "" || word[0] == '/' {
				operands = append(operands, word)
				continue
			}
			if !slices.Contains(known, word) {
				t.Errorf("6.2.2: operator %q", word)
			}
			switch word {
			case "q":
				if depth++; depth > 28 {
					t.Error("6.1.13: q nested too deep")
				}
			case "Q":
				depth--
			case "BMC", "BDC":
				open++
				marked[operands[0][1:]]++
			case "EMC":
				open--
			case "Tf":
				font = operands[0][1:]
			case "Tj", "f", "B", "S":
				if open != 1 {
					t.Errorf("6.7.3.4: %q is drawn in %d marked contents", operands, open)
				}
				if word == "Tj" {
					if used[font] == nil {
						used[font] = map[int]bool{}
					}
					s := operands[0]
					for j := 0; j+1 < len(s); j += 2 {
						used[font][int(s[j])<<8|int(s[j+1])] = true
					}
				}
			}
			operands = operands[:0]
		}
	}
	if depth != 0 || open != 0 {
		t.Errorf("6.2.2: %d states and %d marked contents are left open", depth, open)
	}
	return used
}

// checkFont holds a font against its program: embedded, each used code has a
// glyph, a width within one unit, and a character.
func checkFont(t *testing.T, f paper.File, n int, used map[int]bool) {
	t.Helper()
	clause := func(ok bool, clause, what string, args ...any) {
		t.Helper()
		if !ok {
			t.Errorf("%s: font %d: %s", clause, n, fmt.Sprintf(what, args...))
		}
	}
	number := func(o []byte, key string) int {
		m := regexp.MustCompile(`/` + key + ` \[?(\d+)( 0 R)?`).FindSubmatch(o)
		if m == nil {
			return 0
		}
		v, _ := strconv.Atoi(string(m[1]))
		return v
	}
	font := f.Objects[n-1]
	cid := f.Objects[number(font, "DescendantFonts")-1]
	descriptor := f.Objects[number(cid, "FontDescriptor")-1]
	clause(bytes.Contains(font, []byte("/Encoding /Identity-H")), "6.2.11.3.3", "encoding")
	name := regexp.MustCompile(`/BaseFont /([A-Z]{6}\+NotoSansSC-\w+)`).FindSubmatch(font)
	clause(name != nil && bytes.Contains(cid, name[1]) && bytes.Contains(descriptor, name[1]), "6.2.11.2", "names differ: %s", font)
	program, err := f.Content(number(descriptor, "FontFile2"))
	clause(err == nil, "6.2.11.4.1", "not embedded: %v", err)
	gids, err := f.Content(number(cid, "CIDToGIDMap"))
	clause(err == nil && len(gids) == 1<<17, "6.2.11.3.2", "no map from codes to glyphs: %d bytes, %v", len(gids), err)
	unicodes, err := f.Content(number(font, "ToUnicode"))
	clause(err == nil, "6.2.11.7.2", "no map to Unicode: %v", err)

	tables := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(program[4:])) {
		r := program[12+16*i:]
		at, length := binary.BigEndian.Uint32(r[8:]), binary.BigEndian.Uint32(r[12:])
		tables[string(r[:4])] = program[at : at+length]
	}
	for _, table := range []string{"glyf", "head", "hhea", "hmtx", "loca", "maxp"} {
		clause(len(tables[table]) > 0, "6.2.11.4.1", "no table %s", table)
	}
	em := float64(binary.BigEndian.Uint16(tables["head"][18:]))
	metrics := int(binary.BigEndian.Uint16(tables["hhea"][34:]))
	glyphs := int(binary.BigEndian.Uint16(tables["maxp"][4:]))
	widths := widths(t, regexp.MustCompile(`(?s)/W \[(.*?)\s*\]\s*/CIDToGIDMap`).FindSubmatch(cid)[1])
	ranges := regexp.MustCompile(`<([0-9A-F]{4})> <([0-9A-F]{4})> <([0-9A-F]{4})>`).FindAllSubmatch(unicodes, -1)
	clause(len(ranges) == 248, "6.2.11.7.2", "%d ranges", len(ranges))
	for _, r := range ranges {
		clause(string(r[1][:2]) == string(r[2][:2]) && string(r[1]) == string(r[3]), "6.2.11.7.2", "range %s", r[0])
	}
	clause(len(used) > 20, "6.2.11", "only %d codes are used", len(used))
	for c := range used {
		gid := int(gids[2*c])<<8 | int(gids[2*c+1])
		clause(gid > 0 && gid < glyphs, "6.2.11.8", "U+%04X has glyph %d of %d", c, gid, glyphs)
		row := min(gid, metrics-1)
		want := float64(binary.BigEndian.Uint16(tables["hmtx"][4*row:])) * 1000 / em
		got, ok := widths[c]
		if !ok {
			got = float64(number(cid, "DW"))
		}
		clause(got-want <= 1 && want-got <= 1, "6.2.11.5", "U+%04X is %.1f wide in the font, %.1f in the file", c, want, got)
		clause(c != 0 && c != 0xFEFF && c != 0xFFFE && !utf16.IsSurrogate(rune(c)), "6.2.11.7.2", "U+%04X", c)
	}
}

// widths reads the array W of a font.
func widths(t *testing.T, b []byte) map[int]float64 {
	t.Helper()
	out := map[int]float64{}
	words := strings.Fields(strings.NewReplacer("[", " [ ", "]", " ] ").Replace(string(b)))
	value := func(i int) float64 {
		v, err := strconv.ParseFloat(words[i], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for i := 0; i < len(words); {
		first := int(value(i))
		if words[i+1] == "[" {
			i += 2
			for ; words[i] != "]"; i++ {
				out[first] = value(i)
				first++
			}
			i++
			continue
		}
		for c := first; c <= int(value(i+1)); c++ {
			out[c] = value(i + 2)
		}
		i += 3
	}
	return out
}

// checkMetadata reads the XMP as XML and holds it against the information
// dictionary.
func checkMetadata(t *testing.T, xmp, info []byte) {
	t.Helper()
	if !bytes.HasPrefix(xmp, []byte("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>")) || !bytes.HasSuffix(xmp, []byte(`<?xpacket end="r"?>`)) {
		t.Errorf("6.6.2.1: packet %.80q", xmp)
	}
	var doc struct {
		RDF struct {
			Description struct {
				Part        string `xml:"http://www.aiim.org/pdfa/ns/id/ part"`
				Conformance string `xml:"http://www.aiim.org/pdfa/ns/id/ conformance"`
				Title       string `xml:"title>Alt>li"`
				Creator     string `xml:"creator>Seq>li"`
				Subject     string `xml:"description>Alt>li"`
				Tool        string `xml:"http://ns.adobe.com/xap/1.0/ CreatorTool"`
				Created     string `xml:"http://ns.adobe.com/xap/1.0/ CreateDate"`
				Modified    string `xml:"http://ns.adobe.com/xap/1.0/ ModifyDate"`
				Producer    string `xml:"http://ns.adobe.com/pdf/1.3/ Producer"`
			}
		}
	}
	if err := xml.Unmarshal(xmp, &doc); err != nil {
		t.Fatal(err)
	}
	d := doc.RDF.Description
	if d.Part != "3" || d.Conformance != "A" {
		t.Errorf("6.6.4: part %q, level %q", d.Part, d.Conformance)
	}
	date := func(s string) string {
		return regexp.MustCompile(`^D:(....)(..)(..)(..)(..)(..)\+00'00'$`).ReplaceAllString(s, "$1-$2-${3}T$4:$5:${6}Z")
	}
	for key, want := range map[string]string{"Title": d.Title, "Author": d.Creator, "Subject": d.Subject, "Creator": d.Tool, "Producer": d.Producer, "CreationDate": d.Created, "ModDate": d.Modified} {
		m := regexp.MustCompile(`/` + key + ` (?:<FEFF([0-9A-F]*)>|\(([^)]*)\))`).FindSubmatch(info)
		if m == nil {
			t.Errorf("6.6.3: no %s", key)
			continue
		}
		got := date(string(m[2]))
		var units []uint16
		for i := 0; i+4 <= len(m[1]); i += 4 {
			v, _ := strconv.ParseUint(string(m[1][i:i+4]), 16, 16)
			units = append(units, uint16(v))
		}
		got += string(utf16.Decode(units))
		if got != want || want == "" {
			t.Errorf("6.6.3: %s is %q, in XMP %q", key, got, want)
		}
	}
}
