package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"demarc/store"
	"demarc/web/paths"
)

// The picture of the README is made by
//
//	DEMARC_README_SCREENSHOT=1 go test ./web/e2e -run TestReadmeScreenshot
//
// so that it can be made again whenever the page changes.
func TestReadmeScreenshot(t *testing.T) {
	if os.Getenv("DEMARC_README_SCREENSHOT") == "" {
		t.Skip("set DEMARC_README_SCREENSHOT to write static/readme/interface.png")
	}
	p := startDemo(t)
	var line store.Connection
	p.quietly(func() { line = byName(t, p)["hz-dc1-primary"] })
	c := signIn(t, p, northwind)
	c.Goto(paths.Interface(line.ID))
	c.SeeHeading("hz-dc1-primary")
	var shot []byte
	c.run("the picture", func(ctx context.Context) error {
		got, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
		if err == nil {
			shot = got.Data
		}
		return err
	})
	const limit = 300 << 10
	if len(shot) > limit {
		t.Fatalf("the picture has %d bytes, more than %d", len(shot), limit)
	}
	path := filepath.Join("..", "..", "static", "readme", "interface.png")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, shot, 0o644); err != nil {
		t.Fatal(err)
	}
}
