package paper

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
)

// The color space that the documents' colors are in, as the International Color
// Consortium publishes it; see icc/LICENSE.txt.
//
//go:embed icc/sRGB2014.icc
var srgb []byte

// Attachment is a file inside a document.
type Attachment struct {
	Name, MIME, Description string
	Relationship            string // what it is to the document: "Data", "Supplement"
	Content                 []byte
}

// archive makes a PDF/A-3 of what the PDF library wrote: metadata in XMP that
// say the same as the information dictionary, the color space, the structure,
// attachments with their relationship, an ID. It returns a file that a
// signature can be added to.
func archive(drawn []byte, of Description, t *tags, attachments []Attachment) (File, error) {
	f, err := ReadFile(drawn)
	if err != nil {
		return f, err
	}
	embedSubsets(&f)
	at := PDFTime(of.At)
	f.Set(f.Info, "<</Title %s /Author %s /Subject %s /Creator %s /Producer %s /CreationDate (%s) /ModDate (%s)>>",
		Text(of.title()), Text(of.Author), Text(of.Subject), Text(creator), Text(creator), at, at)
	metadata := f.addStream("/Type /Metadata /Subtype /XML", of.xmp(), false)
	profile := f.addStream("/N 3", srgb, true)
	intent := f.add("<</Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB IEC61966-2.1) /RegistryName (http://www.color.org) /DestOutputProfile %d 0 R>>", profile)
	var names, associated []string
	for _, a := range attachments {
		sum := md5.Sum(a.Content) // what the format asks for; the signature guards the content
		embedded := f.addStream(fmt.Sprintf("/Type /EmbeddedFile /Subtype /%s /Params <</Size %d /ModDate (%s) /CheckSum <%x>>>",
			strings.NewReplacer("/", "#2F", "+", "#2B").Replace(a.MIME), len(a.Content), at, sum), a.Content, true)
		spec := f.add("<</Type /Filespec /F (%s) /UF (%s) /Desc %s /AFRelationship /%s /EF <</F %d 0 R /UF %d 0 R>>>>", a.Name, a.Name, Text(a.Description), a.Relationship, embedded, embedded)
		names = append(names, fmt.Sprintf("(%s) %d 0 R", a.Name, spec))
		associated = append(associated, fmt.Sprintf("%d 0 R", spec))
	}
	extra := ""
	if len(attachments) > 0 {
		extra = fmt.Sprintf(" /AF [%s] /Names <</EmbeddedFiles <</Names [%s]>>>>", strings.Join(associated, " "), strings.Join(names, " "))
	}
	f.Set(f.Root, "<</Type /Catalog /Pages 1 0 R /Lang (en) /ViewerPreferences <</DisplayDocTitle true>> /PageLayout /OneColumn /OpenAction [3 0 R /Fit]\n/Metadata %d 0 R /OutputIntents [%d 0 R]%s%s>>",
		metadata, intent, t.write(&f), extra)
	return f, nil
}

// ID tells the document from others: the same document has the same.
func (f File) ID() []byte {
	h := sha256.New()
	for _, o := range f.Objects {
		h.Write(o)
	}
	return h.Sum(nil)[:16]
}

// creator is the program that made the document.
const creator = "Demarc"

// title tells the document from others in a list of files.
func (d Description) title() string { return d.Title + " " + d.Number }

// PDFTime is an instant as a PDF writes it.
func PDFTime(t time.Time) string { return t.UTC().Format("D:20060102150405") + "+00'00'" }

// xmp is the description as XMP. It says PDF/A-3, level A: the text is tagged,
// has Unicode values and a language.
func (d Description) xmp() []byte {
	at := d.At.UTC().Format("2006-01-02T15:04:05Z")
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
<?xpacket end="r"?>`, esc(d.title()), esc(d.Author), esc(d.Subject), creator, at, at, at, creator)
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
func embedSubsets(f *File) {
	tags := map[string]string{}
	for _, o := range f.Objects {
		if m := fontFile.FindSubmatch(o); m != nil && bytes.Contains(o, []byte("/FontDescriptor")) {
			var n int
			fmt.Sscan(string(m[1]), &n)
			sum := sha256.Sum256(f.Objects[n-1])
			tag := make([]byte, 6)
			for i := range tag {
				tag[i] = 'A' + sum[i]%26
			}
			if name := fontName.FindSubmatch(o); name != nil {
				tags[string(name[1])] = string(tag)
			}
		}
	}
	for i, o := range f.Objects {
		if bytes.HasPrefix(o, []byte("<</Type /Font")) {
			f.Objects[i] = fontName.ReplaceAllFunc(o, func(name []byte) []byte {
				plain := string(name[1:])
				return []byte("/" + tags[plain] + "+" + subsetNames.Replace(plain))
			})
		}
		if toUnicode.Match(o) {
			content, err := f.Content(i + 1)
			if err == nil {
				f.Objects[i] = stream("", toUnicode.ReplaceAllLiteral(content, unicodeRanges()), true)
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
