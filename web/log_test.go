package web

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// A line of the log is one object, or text, and says when it was with its offset;
// what is less than the level is not written.
func TestLogFormats(t *testing.T) {
	for format, c := range map[string]struct {
		at string // what stands before the time
	}{"json": {`"time":"`}, "text": {"time="}} {
		var out bytes.Buffer
		log, err := NewLog(format, "info", &out)
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("hidden")
		log.Warn("one\nline", "why", "a \"quote\"\r\nlevel=ERROR")
		if n := strings.Count(out.String(), "\n"); n != 1 || strings.Contains(out.String(), "hidden") {
			t.Errorf("%s: %d lines: %s", format, n, out.String())
		}
		_, rest, _ := strings.Cut(out.String(), c.at)
		if at, err := time.Parse(time.RFC3339Nano, rest[:strings.IndexAny(rest+" ", `" `)]); err != nil || at.IsZero() {
			t.Errorf("%s: the time is %v, %v", format, at, err)
		}
		if line := map[string]any{}; format == "json" && (json.Unmarshal(out.Bytes(), &line) != nil || line["level"] != "WARN" || line["why"] != "a \"quote\"\r\nlevel=ERROR") {
			t.Errorf("%s: %v", format, line)
		}
	}
	for _, bad := range [][2]string{{"xml", "info"}, {"json", "loud"}, {"", "info"}, {"json", ""}} {
		if _, err := NewLog(bad[0], bad[1], &bytes.Buffer{}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
