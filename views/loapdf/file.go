package loapdf

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

// file is a PDF as a list of objects, each without its "obj" and "endobj". It
// reads only what is written here: one revision, one table of references, every
// object in use. Object n is objects[n-1].
type file struct {
	objects [][]byte
	root    int
	info    int
}

var (
	startxref  = regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n?$`)
	xrefHead   = regexp.MustCompile(`^xref\n0 (\d+)\n0{10} 65535 f \n`)
	rootEntry  = regexp.MustCompile(`/Root (\d+) 0 R`)
	infoEntry  = regexp.MustCompile(`/Info (\d+) 0 R`)
	errNotOurs = errors.New("loapdf: not a letter that was made here")
)

// readFile takes a PDF apart. Errors: errNotOurs.
func readFile(pdf []byte) (file, error) {
	number := func(b []byte) int {
		n, err := strconv.Atoi(string(b))
		if err != nil {
			return -1
		}
		return n
	}
	m := startxref.FindSubmatch(pdf[max(0, len(pdf)-64):])
	if m == nil {
		return file{}, errNotOurs
	}
	at := number(m[1])
	if at < 0 || at >= len(pdf) {
		return file{}, errNotOurs
	}
	table := pdf[at:]
	m = xrefHead.FindSubmatch(table)
	if m == nil {
		return file{}, errNotOurs
	}
	n := number(m[1]) - 1
	const entry = 20
	table = table[len(m[0]):]
	if n < 1 || n > len(table)/entry {
		return file{}, errNotOurs
	}
	type place struct{ object, start int }
	places := make([]place, n, n+1)
	for i := range n {
		places[i] = place{i + 1, number(table[i*entry : i*entry+10])}
	}
	slices.SortFunc(places, func(a, b place) int { return a.start - b.start })
	places = append(places, place{0, at})
	f := file{objects: make([][]byte, n)}
	for i, p := range places[:n] {
		end := places[i+1].start
		if p.start < 0 || p.start >= end || end > at {
			return file{}, errNotOurs
		}
		body, ok := bytes.CutPrefix(pdf[p.start:end], fmt.Appendf(nil, "%d 0 obj\n", p.object))
		if ok {
			body, ok = bytes.CutSuffix(body, []byte("endobj\n"))
		}
		if !ok {
			return file{}, errNotOurs
		}
		f.objects[p.object-1] = body
	}
	trailer := table[n*entry:]
	if m := rootEntry.FindSubmatch(trailer); m != nil {
		f.root = number(m[1])
	}
	if m := infoEntry.FindSubmatch(trailer); m != nil {
		f.info = number(m[1])
	}
	if f.root < 1 || f.root > n || f.info < 1 || f.info > n {
		return file{}, errNotOurs
	}
	return f, nil
}

// add appends an object and returns its number.
func (f *file) add(format string, args ...any) int {
	f.objects = append(f.objects, fmt.Appendf(nil, format+"\n", args...))
	return len(f.objects)
}

// reserve makes room for an object that is set later.
func (f *file) reserve() int {
	f.objects = append(f.objects, nil)
	return len(f.objects)
}

func (f *file) set(n int, format string, args ...any) {
	f.objects[n-1] = fmt.Appendf(nil, format+"\n", args...)
}

// addStream appends a stream with the given entries of its dictionary.
func (f *file) addStream(entries string, content []byte, compressed bool) int {
	f.objects = append(f.objects, stream(entries, content, compressed))
	return len(f.objects)
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

// content is what the stream of an object holds, unpacked. Errors: errNotOurs.
func (f file) content(n int) ([]byte, error) {
	if n < 1 || n > len(f.objects) {
		return nil, errNotOurs
	}
	head, body, ok := bytes.Cut(f.objects[n-1], []byte("stream\n"))
	if ok {
		body, ok = bytes.CutSuffix(body, []byte("\nendstream\n"))
	}
	if !ok {
		return nil, errNotOurs
	}
	if !bytes.Contains(head, []byte("/FlateDecode")) {
		return body, nil
	}
	r, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, errNotOurs
	}
	content, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, errNotOurs
	}
	return content, nil
}

// bytes puts the file together. id is what tells this document from others.
func (f file) bytes(id []byte) []byte {
	var b bytes.Buffer
	// Four bytes beyond ASCII say that the file is binary (ISO 19005-3, 6.1.2).
	b.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	starts := make([]int, len(f.objects))
	for i, body := range f.objects {
		starts[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%sendobj\n", i+1, body)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(f.objects)+1)
	for _, start := range starts {
		fmt.Fprintf(&b, "%010d 00000 n \n", start)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>]>>\nstartxref\n%d\n%%%%EOF\n", len(f.objects)+1, f.root, f.info, id, id, at)
	return b.Bytes()
}

// text is a text string of a PDF, in hexadecimal: no character needs an escape.
func text(s string) string {
	b := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return fmt.Sprintf("<%X>", b)
}

// extend puts entries into the dictionary of an object.
func (f *file) extend(n int, entries string) {
	f.objects[n-1] = append([]byte("<<"+entries+" "), f.objects[n-1][2:]...)
}
