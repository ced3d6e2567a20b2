package paper

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf16"
)

// File is a PDF as a list of objects, each without its "obj" and "endobj". It
// reads only what is written here: one revision, one table of references, every
// object in use. Object n is Objects[n-1].
type File struct {
	Objects [][]byte
	Root    int // number of the catalog
	Info    int // number of the information dictionary
}

var (
	startxref  = regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n?$`)
	xrefHead   = regexp.MustCompile(`^xref\n0 (\d+)\n0{10} 65535 f \n`)
	rootEntry  = regexp.MustCompile(`/Root (\d+) 0 R`)
	infoEntry  = regexp.MustCompile(`/Info (\d+) 0 R`)
	ErrNotOurs = errors.New("paper: not a file that was made here")
)

// ReadFile takes a PDF apart. Errors: ErrNotOurs.
func ReadFile(pdf []byte) (File, error) {
	number := func(b []byte) int {
		n, err := strconv.Atoi(string(b))
		if err != nil {
			return -1
		}
		return n
	}
	m := startxref.FindSubmatch(pdf[max(0, len(pdf)-64):])
	if m == nil {
		return File{}, ErrNotOurs
	}
	at := number(m[1])
	if at < 0 || at >= len(pdf) {
		return File{}, ErrNotOurs
	}
	table := pdf[at:]
	m = xrefHead.FindSubmatch(table)
	if m == nil {
		return File{}, ErrNotOurs
	}
	n := number(m[1]) - 1
	const entry = 20
	table = table[len(m[0]):]
	if n < 1 || n > len(table)/entry {
		return File{}, ErrNotOurs
	}
	type place struct{ object, start int }
	places := make([]place, n, n+1)
	for i := range n {
		places[i] = place{i + 1, number(table[i*entry : i*entry+10])}
	}
	slices.SortFunc(places, func(a, b place) int { return a.start - b.start })
	places = append(places, place{0, at})
	f := File{Objects: make([][]byte, n)}
	for i, p := range places[:n] {
		end := places[i+1].start
		if p.start < 0 || p.start >= end || end > at {
			return File{}, ErrNotOurs
		}
		body, ok := bytes.CutPrefix(pdf[p.start:end], fmt.Appendf(nil, "%d 0 obj\n", p.object))
		if ok {
			body, ok = bytes.CutSuffix(body, []byte("endobj\n"))
		}
		if !ok {
			return File{}, ErrNotOurs
		}
		f.Objects[p.object-1] = body
	}
	trailer := table[n*entry:]
	if m := rootEntry.FindSubmatch(trailer); m != nil {
		f.Root = number(m[1])
	}
	if m := infoEntry.FindSubmatch(trailer); m != nil {
		f.Info = number(m[1])
	}
	if f.Root < 1 || f.Root > n || f.Info < 1 || f.Info > n {
		return File{}, ErrNotOurs
	}
	return f, nil
}

// add appends an object and returns its number.
func (f *File) add(format string, args ...any) int {
	f.Objects = append(f.Objects, fmt.Appendf(nil, format+"\n", args...))
	return len(f.Objects)
}

// Reserve makes room for an object that is set later.
func (f *File) Reserve() int {
	f.Objects = append(f.Objects, nil)
	return len(f.Objects)
}

// Set is the content of the object that Reserve made room for.
func (f *File) Set(n int, format string, args ...any) {
	f.Objects[n-1] = fmt.Appendf(nil, format+"\n", args...)
}

// addStream appends a stream with the given entries of its dictionary.
func (f *File) addStream(entries string, content []byte, compressed bool) int {
	f.Objects = append(f.Objects, stream(entries, content, compressed))
	return len(f.Objects)
}

func stream(entries string, content []byte, compressed bool) []byte {
	if compressed {
		var b bytes.Buffer
		w, _ := zlib.NewWriterLevel(&b, zlib.BestCompression)
		w.Write(content)
		w.Close()
		content = b.Bytes()
		entries += " /Filter /FlateDecode"
	}
	return slices.Concat(fmt.Appendf(nil, "<<%s /Length %d>>\nstream\n", entries, len(content)), content, []byte("\nendstream\n"))
}

// maxContent is the size of the largest stream that is unpacked, in bytes. The
// files inside a letter are some thousand bytes long.
const maxContent = 1 << 20

// Content is what the stream of an object holds, unpacked. Errors: ErrNotOurs,
// also when it unpacks to more than any of ours.
func (f File) Content(n int) ([]byte, error) {
	if n < 1 || n > len(f.Objects) {
		return nil, ErrNotOurs
	}
	head, body, ok := bytes.Cut(f.Objects[n-1], []byte("stream\n"))
	if ok {
		body, ok = bytes.CutSuffix(body, []byte("\nendstream\n"))
	}
	if !ok {
		return nil, ErrNotOurs
	}
	if !bytes.Contains(head, []byte("/FlateDecode")) {
		return body, nil
	}
	r, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, ErrNotOurs
	}
	content, err := io.ReadAll(io.LimitReader(r, maxContent+1))
	if err != nil || len(content) > maxContent {
		return nil, ErrNotOurs
	}
	return content, nil
}

// Bytes puts the file together. id is what tells this document from others.
func (f File) Bytes(id []byte) []byte {
	var b bytes.Buffer
	// Four bytes beyond ASCII say that the file is binary (ISO 19005-3, 6.1.2).
	b.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	starts := make([]int, len(f.Objects))
	for i, body := range f.Objects {
		starts[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%sendobj\n", i+1, body)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(f.Objects)+1)
	for _, start := range starts {
		fmt.Fprintf(&b, "%010d 00000 n \n", start)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>]>>\nstartxref\n%d\n%%%%EOF\n", len(f.Objects)+1, f.Root, f.Info, id, id, at)
	return b.Bytes()
}

// Text is a text string of a PDF, in hexadecimal: no character needs an escape.
func Text(s string) string {
	b := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return fmt.Sprintf("<%X>", b)
}

// Extend puts entries into the dictionary of an object.
func (f *File) Extend(n int, entries string) {
	f.Objects[n-1] = append([]byte("<<"+entries+" "), f.Objects[n-1][2:]...)
}
