package web_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"demarc/store/lifecycle"
)

// TestReadmeTellsTheTruth compares what the README draws and lists with what
// the program does.
func TestReadmeTellsTheTruth(t *testing.T) {
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	_, rest, ok := strings.Cut(text, "```mermaid\n")
	diagram, _, closed := strings.Cut(rest, "```")
	if !ok || !closed || diagram != lifecycle.Mermaid() {
		t.Errorf("the lifecycle diagram differs from the table; it should be:\n%s", lifecycle.Mermaid())
	}
	if !strings.Contains(text, lifecycle.RoleTable()) {
		t.Errorf("the table of roles differs from the lifecycle; it should be:\n%s", lifecycle.RoleTable())
	}
	main, err := os.ReadFile("../main.go")
	if err != nil {
		t.Fatal(err)
	}
	flags := regexp.MustCompile(`fs\.(?:String|Bool)Var\(&c\.\w+, "([a-z-]+)"`).FindAllStringSubmatch(string(main), -1)
	if len(flags) < 5 {
		t.Fatalf("found %d flags in main.go", len(flags))
	}
	for _, f := range flags {
		env := "DEMARC_" + strings.ToUpper(strings.ReplaceAll(f[1], "-", "_"))
		if !strings.Contains(text, "| `-"+f[1]+"` | `"+env) {
			t.Errorf("the README does not explain -%s and %s", f[1], env)
		}
	}
	for _, m := range regexp.MustCompile("`((?:store|views|handlers|web|static)/[a-z./]*)`").FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat("../" + m[1]); err != nil {
			t.Errorf("the README names %s: %v", m[1], err)
		}
	}
}
