package web_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestCryptographyIsInTheInventory: each package that does cryptography stands in
// the inventory of SECURITY.md with what it uses, and nothing weak is used.
func TestCryptographyIsInTheInventory(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, inventory, ok := strings.Cut(string(text), "\n*Where cryptography is.*")
	inventory, _, _ = strings.Cut(inventory, "\n\n#")
	if !ok {
		t.Fatal("SECURITY.md has no inventory of cryptography")
	}
	listed := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9_/]+)` \\| ([^|]+) \\|").FindAllStringSubmatch(inventory, -1) {
		listed[m[1]] = m[2]
	}
	uses := map[string][]string{}
	weak := regexp.MustCompile(`\b(NewCBC\w+|NewCTR|NewOFB|NewCFB\w+|EncryptPKCS1v15|DecryptPKCS1v15|InsecureSkipVerify|MD5WithRSA|SHA1WithRSA)\b`)
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || regexp.MustCompile(`test/[^/]+$`).MatchString(path) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if m := weak.Find(b); m != nil {
			t.Errorf("%s uses %s", path, m)
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, b, parser.ImportsOnly)
		if err != nil {
			return err
		}
		in := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
		for _, i := range f.Imports {
			what, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if strings.HasPrefix(what, "math/rand") || slices.Contains([]string{"crypto/des", "crypto/rc4", "crypto/sha1", "crypto/dsa"}, what) || what == "crypto/md5" && in != "views/paper" {
				t.Errorf("%s uses %s", path, what)
			}
			_, name, _ := strings.Cut(what, "crypto/")
			if !strings.HasPrefix(what, "crypto/") && !strings.HasPrefix(what, "golang.org/x/crypto/") || name == "subtle" || strings.HasPrefix(name, "x509") {
				continue
			}
			if !slices.Contains(uses[in], name) {
				uses[in] = append(uses[in], name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for in, names := range uses {
		for _, name := range names {
			if !slices.Contains(strings.Split(listed[in], ", "), name) {
				t.Errorf("%s uses %s, which the inventory does not say: %q", in, name, listed[in])
			}
		}
	}
	for in, names := range listed {
		for name := range strings.SplitSeq(names, ", ") {
			if !slices.Contains(uses[in], name) {
				t.Errorf("the inventory says that %s uses %s, which it does not", in, name)
			}
		}
	}
}
