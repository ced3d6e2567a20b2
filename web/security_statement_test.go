package web_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityStatementNamesTests: a claim names the test that holds it, and
// the test exists.
func TestSecurityStatementNamesTests(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	define := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range define.FindAllSubmatch(b, -1) {
			exists[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(string(text), -1)
	if len(named) < 60 {
		t.Fatalf("only %d tests are named", len(named))
	}
	for _, m := range named {
		if !exists[m[1]] {
			t.Errorf("SECURITY.md names %s, which is no test", m[1])
		}
	}
}

// TestSecurityStatementIsWhole: every requirement of the standard's levels 1 and 2
// stands in exactly one row, whose claim names its test, says which document it is,
// or says that it does not apply or is not met.
func TestSecurityStatementIsWhole(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile("testdata/asvs-5.0.0.txt") // each number and its level
	if err != nil {
		t.Fatal(err)
	}
	level := map[string]string{}
	for line := range strings.Lines(string(list)) {
		number, l, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || level[number] != "" {
			t.Fatalf("the list of the standard: %q", line)
		}
		level[number] = l
	}
	if len(level) != 345 {
		t.Fatalf("the standard has 345 requirements, the list %d", len(level))
	}
	left, _, _ := strings.Cut(string(text), "\n## The modules that are built in\n")
	said := map[string]int{}
	for n, line := range strings.Split(left, "\n") {
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		numbers := strings.Split(strings.TrimSpace(cells[0]), ", ")
		if !strings.HasPrefix(line, "| ") || level[numbers[0]] == "" && !regexp.MustCompile(`^\d`).MatchString(numbers[0]) {
			continue
		}
		for _, number := range numbers {
			if level[number] == "" {
				t.Errorf("line %d: the standard has no requirement %q", n+1, number)
			}
			if said[number]++; said[number] > 1 {
				t.Errorf("line %d: %s has two rows", n+1, number)
			}
		}
		if len(cells) != 3 {
			t.Errorf("line %d: %d cells, want the numbers, what is so, and the test", n+1, len(cells))
			continue
		}
		what, by := cells[1], cells[2]
		switch tests := regexp.MustCompile("`(Test|Fuzz)\\w+`").MatchString(by); {
		case strings.HasPrefix(what, "Does not apply"), strings.HasPrefix(what, "Not met"):
			if !strings.Contains(what, ": ") {
				t.Errorf("line %d: %s does not say why", n+1, cells[0])
			}
			if strings.HasPrefix(what, "Not met") && !strings.Contains(string(text), "\n- "+numbers[0]+":") {
				t.Errorf("line %d: *What is left* does not begin a line with %s", n+1, numbers[0])
			}
		case !tests && !strings.Contains(by, "here") && !strings.Contains(by, "README") && !strings.Contains(by, "Release"):
			t.Errorf("line %d: %s names no test, and does not say which document it is", n+1, cells[0])
		}
	}
	for number, l := range level {
		if said[number] == 0 && l != "3" {
			t.Errorf("nothing is said of %s", number)
		}
	}
}

// TestEveryModuleWasReadAbout: the advisories of each module that is built into
// the program were read, for the very version. A new one needs a new reading.
func TestEveryModuleWasReadAbout(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## The modules that are built in\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !ok {
		t.Fatal("SECURITY.md has no section about modules")
	}
	read := map[string]string{}
	for _, m := range regexp.MustCompile("`([a-z0-9.]+\\.[a-z]+/[^` ]+)`(?: \\||) (v[0-9][^ ,\n|]*[0-9a-f])").FindAllStringSubmatch(section, -1) {
		if read[m[1]] != "" {
			t.Errorf("%s stands there twice", m[1])
		}
		read[m[1]] = m[2]
	}
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}{{end}}{{end}}", "demarc").Output()
	if err != nil {
		t.Fatal(err)
	}
	built := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, version, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			built[path] = version
		}
	}
	if len(built) < 20 {
		t.Fatalf("only %d modules are built in: %v", len(built), built)
	}
	for path, version := range built {
		if read[path] != version {
			t.Errorf("%s %s is built in, read about was %q: read its advisories and change the list", path, version, read[path])
		}
	}
	for path := range read {
		if built[path] == "" {
			t.Errorf("%s is not built in any more: take it out of the list", path)
		}
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil || !strings.Contains(section, "| "+strings.TrimPrefix(regexp.MustCompile(`(?m)^go (\S+)$`).FindString(string(mod)), "go ")+" or newer |") {
		t.Errorf("the Go that go.mod asks for is not the one in the list: %v", err)
	}
}
