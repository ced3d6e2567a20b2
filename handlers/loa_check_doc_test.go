package handlers_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
)

// Every field of the answer for programs is in the README.
func TestCheckDataIsDocumented(t *testing.T) {
	s := newSite(t)
	code := s.code(s.At(t, lifecycle.ApprovedLOA).ID)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	a := s.anyone().compare(paths.LOACheck(code)+".json", storetest.PDF).want(http.StatusOK)
	if kind := a.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("the content type is %q", kind)
	}
	if err := json.Unmarshal([]byte(a.body), &fields); err != nil {
		t.Fatal(err)
	}
	if len(fields) < 30 {
		t.Fatalf("only %d fields", len(fields))
	}
	for name := range fields {
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("the README does not explain %s", name)
		}
	}
}
