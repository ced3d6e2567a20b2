package letter_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"demarc/store/letter"
)

type schema struct {
	Type        string
	Const       *int
	Properties  map[string]schema
	Required    []string
	Items       *schema
	Description string
	Closed      *bool `json:"additionalProperties"`
}

// compare holds a schema against the type that it describes, field by field.
func compare(t *testing.T, at string, s schema, of reflect.Type) {
	t.Helper()
	if s.Description == "" {
		t.Errorf("%s is not explained", at)
	}
	want := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Slice: "array", reflect.Struct: "object"}[of.Kind()]
	if of == reflect.TypeFor[time.Time]() {
		want = "string"
	}
	if s.Const != nil {
		if *s.Const != letter.Schema {
			t.Errorf("%s is %d, the letters' is %d", at, *s.Const, letter.Schema)
		}
		return
	}
	if s.Type != want {
		t.Errorf("%s is %q, want %q", at, s.Type, want)
	}
	switch {
	case want == "array":
		if of.Elem().Kind() == reflect.Struct {
			compare(t, at+"[]", *s.Items, of.Elem())
		}
	case want == "object":
		if s.Closed == nil || *s.Closed || len(s.Required) != of.NumField() || len(s.Properties) != of.NumField() {
			t.Errorf("%s: %d properties, %d required, want %d and no others", at, len(s.Properties), len(s.Required), of.NumField())
		}
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			p, ok := s.Properties[name]
			if !ok {
				t.Errorf("%s has no %s", at, name)
				continue
			}
			compare(t, at+"."+name, p, of.Field(i).Type)
		}
	}
}

func TestSchemaDescribesTheLetter(t *testing.T) {
	var s schema
	if err := json.Unmarshal(letter.JSONSchema, &s); err != nil {
		t.Fatal(err)
	}
	compare(t, "letter", s, reflect.TypeFor[letter.Snapshot]())
}

// What others make of it, where Python's validator is installed.
func TestSchemaTakesLetters(t *testing.T) {
	good, err := sample().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"schema.json": letter.JSONSchema, "good.json": good,
		"phone.json": bytes.Replace(good, []byte(`{"schema"`), []byte(`{"phone":"1","schema"`), 1),
		"zone.json":  bytes.Replace(good, []byte(`Z","expires_at"`), []byte(`+08:00","expires_at"`), 1),
		"empty.json": bytes.Replace(good, []byte(`"cabinet":"C-07"`), []byte(`"cabinet":""`), 1),
	} {
		if name != "good.json" && bytes.Equal(content, good) {
			t.Fatalf("%s was not changed", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const script = `
import json, sys
try:
    import jsonschema
except ImportError:
    print("missing"); sys.exit()
v = jsonschema.validators.validator_for(json.load(open("schema.json")))
v.check_schema(json.load(open("schema.json")))
for f in ["good", "phone", "zone", "empty"]:
    print(f, v(json.load(open("schema.json"))).is_valid(json.load(open(f + ".json"))))
`
	cmd := exec.Command("python3", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Skipf("%v: %s", err, out)
	}
	if strings.TrimSpace(string(out)) == "missing" {
		t.Skip("Python has no jsonschema")
	}
	if want := "good True\nphone False\nzone False\nempty False\n"; string(out) != want {
		t.Errorf("%s\nwant\n%s", out, want)
	}
}
