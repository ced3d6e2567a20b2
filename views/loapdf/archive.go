package loapdf

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	_ "embed"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"time"

	"demarc/store/letter"
)

// The color space that the letter's colors are in, as the International Color
// Consortium publishes it; see icc/LICENSE.txt.
//
//go:embed icc/sRGB2014.icc
var srgb []byte

// attachment is a file inside the letter.
type attachment struct {
	name, mime, description string
	relationship            string // what it is to the letter: "Data", "Supplement"
	content                 []byte
}

// archive makes a PDF/A-3 of what the PDF library wrote: metadata in XMP that
// say the same as the information dictionary, the color space, the structure,
// attachments with their relationship, an ID. It returns a file that a
// signature can be added to.
func archive(drawn []byte, s letter.Snapshot, t *tags, attachments []attachment) (file, error) {
	f, err := readFile(drawn)
	if err != nil {
		return f, err
	}
	embedSubsets(&f)
	info := describe(s)
	f.set(f.info, "<</Title %s /Author %s /Subject %s /Creator %s /Producer %s /CreationDate (%s) /ModDate (%s)>>",
		text(info.title), text(info.author), text(info.subject), text(info.creator), text(info.creator), pdfTime(info.at), pdfTime(info.at))
	metadata := f.addStream("/Type /Metadata /Subtype /XML", info.xmp(), false)
	profile := f.addStream("/N 3", srgb, true)
	intent := f.add("<</Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB IEC61966-2.1) /RegistryName (http://www.color.org) /DestOutputProfile %d 0 R>>", profile)
	var names, associated []string
	for _, a := range attachments {
		sum := md5.Sum(a.content) // what the format asks for; the signature guards the content
		embedded := f.addStream(fmt.Sprintf("/Type /EmbeddedFile /Subtype /%s /Params <</Size %d /ModDate (%s) /CheckSum <%x>>>",
			strings.NewReplacer("/", "#2F", "+", "#2B").Replace(a.mime), len(a.content), pdfTime(info.at), sum), a.content, true)
		spec := f.add("<</Type /Filespec /F (%s) /UF (%s) /Desc %s /AFRelationship /%s /EF <</F %d 0 R /UF %d 0 R>>>>", a.name, a.name, text(a.description), a.relationship, embedded, embedded)
		names = append(names, fmt.Sprintf("(%s) %d 0 R", a.name, spec))
		associated = append(associated, fmt.Sprintf("%d 0 R", spec))
	}
	extra := ""
	if len(attachments) > 0 {
		extra = fmt.Sprintf(" /AF [%s] /Names <</EmbeddedFiles <</Names [%s]>>>>", strings.Join(associated, " "), strings.Join(names, " "))
	}
	f.set(f.root, "<</Type /Catalog /Pages 1 0 R /Lang (en) /ViewerPreferences <</DisplayDocTitle true>> /PageLayout /OneColumn /OpenAction [3 0 R /Fit]\n/Metadata %d 0 R /OutputIntents [%d 0 R]%s%s>>",
		metadata, intent, t.write(&f), extra)
	return f, nil
}

// id tells the document from others: the same letter has the same.
func (f file) id() []byte {
	h := sha256.New()
	for _, o := range f.objects {
		h.Write(o)
	}
	return h.Sum(nil)[:16]
}

// description is what the file says about itself, twice.
type description struct {
	title, author, subject, creator string
	at                              time.Time
}

func describe(s letter.Snapshot) description {
	return description{"Letter of Authorization " + s.Title(), s.Issuer.LegalName, s.InterfaceID + ", " + s.CompanyName + ", " + s.FacilityName, "Demarc", s.IssuedAt.UTC()}
}

func pdfTime(t time.Time) string { return t.UTC().Format("D:20060102150405") + "+00'00'" }

// xmp is the description as XMP. It says PDF/A-3, level A: the text is tagged,
// has Unicode values and a language.
func (d description) xmp() []byte {
	at := d.at.Format("2006-01-02T15:04:05Z")
	esc := func(s string) string {
		var b bytes.Buffer
		xml.EscapeText(&b, []byte(s))
		return b.String()
	}
	return fmt.Appendf(nil, "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"+
		`<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
   <pdfaid:part>3</pdfaid:part>
   <pdfaid:conformance>A</pdfaid:conformance>
   <dc:format>application/pdf</dc:format>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>
   <dc:creator><rdf:Seq><rdf:li>%s</rdf:li></rdf:Seq></dc:creator>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:description>
   <dc:language><rdf:Bag><rdf:li>en</rdf:li></rdf:Bag></dc:language>
   <xmp:CreatorTool>%s</xmp:CreatorTool>
   <xmp:CreateDate>%s</xmp:CreateDate>
   <xmp:ModifyDate>%s</xmp:ModifyDate>
   <xmp:MetadataDate>%s</xmp:MetadataDate>
   <pdf:Producer>%s</pdf:Producer>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>`, esc(d.title), esc(d.author), esc(d.subject), esc(d.creator), at, at, at, esc(d.creator))
}

var (
	fontName    = regexp.MustCompile(`/(utf8[^\s/>\]]+)`)
	toUnicode   = regexp.MustCompile(`1 beginbfrange\n<0000> <FFFF> <0000>\nendbfrange`)
	fontFile    = regexp.MustCompile(`/FontFile2 (\d+) 0 R`)
	subsetNames = strings.NewReplacer("utf8noto#20sans#20scB", "NotoSansSC-SemiBold", "utf8noto#20sans#20sc", "NotoSansSC-Regular")
)

// embedSubsets gives the fonts the names of subsets (ISO 32000-1, 9.6.4) and
// their tables to Unicode ranges within one first byte each (9.10.3), as the PDF
// library does not.
func embedSubsets(f *file) {
	tags := map[string]string{}
	for _, o := range f.objects {
		if m := fontFile.FindSubmatch(o); m != nil && bytes.Contains(o, []byte("/FontDescriptor")) {
			var n int
			fmt.Sscan(string(m[1]), &n)
			sum := sha256.Sum256(f.objects[n-1])
			tag := make([]byte, 6)
			for i := range tag {
				tag[i] = 'A' + sum[i]%26
			}
			if name := fontName.FindSubmatch(o); name != nil {
				tags[string(name[1])] = string(tag)
			}
		}
	}
	for i, o := range f.objects {
		if bytes.HasPrefix(o, []byte("<</Type /Font")) {
			f.objects[i] = fontName.ReplaceAllFunc(o, func(name []byte) []byte {
				plain := string(name[1:])
				return []byte("/" + tags[plain] + "+" + subsetNames.Replace(plain))
			})
		}
		if toUnicode.Match(o) {
			content, err := f.content(i + 1)
			if err == nil {
				f.objects[i] = stream("", toUnicode.ReplaceAllLiteral(content, unicodeRanges()), true)
			}
		}
	}
}

// unicodeRanges maps each code of two bytes to itself, but for the surrogates.
func unicodeRanges() []byte {
	var rows []string
	for high := range 256 {
		if high < 0xD8 || high > 0xDF {
			first := 0
			if high == 0 {
				first = 1 // no glyph stands for U+0000
			}
			rows = append(rows, fmt.Sprintf("<%02X%02X> <%02XFF> <%02X%02X>\n", high, first, high, high, first))
		}
	}
	var b bytes.Buffer
	for len(rows) > 0 {
		n := min(100, len(rows)) // what one block may have
		fmt.Fprintf(&b, "%d beginbfrange\n%sendbfrange\n", n, strings.Join(rows[:n], ""))
		rows = rows[n:]
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
