package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// icons maps a name to the inside of a 16 × 16 drawing with a 1.5 stroke. This map is the only text that the
// components write unescaped; it holds constants only.
var icons = map[string]string{
	"menu":     `<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>`,
	"region":   `<path d="M8 14s4.5-4 4.5-7.5a4.5 4.5 0 0 0-9 0C3.5 10 8 14 8 14ZM8 8a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z"/>`,
	"down":     `<path d="m4.5 6.5 3.5 3.5 3.5-3.5"/>`,
	"up":       `<path d="m4.5 9.5 3.5-3.5 3.5 3.5"/>`,
	"next":     `<path d="m6.5 4.5 3.5 3.5-3.5 3.5"/>`,
	"previous": `<path d="m9.5 4.5-3.5 3.5 3.5 3.5"/>`,
	"search":   `<path d="M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM10.8 10.8 14 14"/>`,
	"help":     `<path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.3 6.2A1.8 1.8 0 0 1 8 5c1 0 1.8.6 1.8 1.6C9.8 8 8 8 8 9.2M8 11.2v.1"/>`,
	"bell":     `<path d="M4 7a4 4 0 0 1 8 0c0 3 1.2 4 1.5 4.5h-11C2.8 11 4 10 4 7ZM6.7 13.8h2.6"/>`,
	"theme":    `<path d="M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M3.6 12.4l1-1M11.4 4.6l1-1"/>`,
	"close":    `<path d="m4.5 4.5 7 7m0-7-7 7"/>`,
	"document": `<path d="M4 2.5h5l3 3v8H4zM9 2.5v3h3M6 9h4M6 11.2h4"/>`,
	"info":     `<path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.5v3.2M8 5.2v.1"/>`,
	"warn":     `<path d="M8 2.5 14.2 13H1.8L8 2.5ZM8 6.5v3M8 11.3v.1"/>`,
	"check":    `<path d="m3.5 8.5 3 3 6-7"/>`,
	"done":     `<path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.3 8.2l1.9 1.9 3.5-4"/>`,
	"plus":     `<path d="M8 3.5v9M3.5 8h9"/>`,
	"minus":    `<path d="M3.5 8h9"/>`,
	"copy":     `<path d="M5.5 5.5h7v7h-7zM3.5 10.5v-7h7"/>`,
	"download": `<path d="M8 2.5v7.2M5 7l3 3 3-3M3 13.2h10"/>`,
	"columns":  `<path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10"/>`,
	"refresh":  `<path d="M13 5.5A5.5 5.5 0 1 0 13.5 9M13.2 2.5v3.2H10"/>`,
	"cable":    `<path d="M2.5 8h3m5 0h3M5.5 5.5h2.5a2.5 2.5 0 0 1 0 5H5.5zM10.5 5.8v4.4"/>`,
	"print":    `<path d="M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z"/>`,
	"clock":    `<path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.6"/>`,
	"edit":     `<path d="M3 13l.6-2.8 7-7 2.2 2.2-7 7zM9.2 4.6l2.2 2.2"/>`,
	"card":     `<path d="M2 4h12v8.5H2zM2 7h12M4.5 10h2.5"/>`,
	"person":   `<path d="M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8ZM3 13.5c.3-2.6 2.3-4 5-4s4.7 1.4 5 4"/>`,
	"remove":   `<path d="M3 4.5h10M6.2 4.5V3h3.6v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5"/>`,
	"external": `<path d="M9 3h4v4M13 3 7.5 8.5M11 9v4H3V5h4"/>`,
	"signout":  `<path d="M6.5 2.5h-4v11h4M6.5 8h7M11 5.5 13.5 8 11 10.5"/>`,
	"lock":     `<path d="M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>`,
	"calendar": `<path d="M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3"/>`,
	"queue":    `<path d="M2.5 3h11v3h-11zM2.5 10h11v3h-11zM5 8h6"/>`,
}

// HasIcon reports whether a drawing of that name exists.
func HasIcon(name string) bool { _, ok := icons[name]; return ok }

// icon is a drawing as a component; it allocates nothing but its interface header.
type icon struct{ name, class string }

// Icon draws the named icon in the colour of the text around it, hidden from assistive technology: the words stand
// beside it or in the aria-label of its parent. class is one of "", "icon--s" (14 px) and "icon--l" (20 px).
// An unknown name draws an empty box of the same size; a test walks all names that the templates use.
func Icon(name, class string) templ.Component { return icon{name, class} }

// Render implements templ.Component.
func (i icon) Render(_ context.Context, w io.Writer) error {
	return write(w, `<svg class="icon `, escape(i.class), `" viewBox="0 0 16 16" aria-hidden="true">`, icons[i.name], `</svg>`)
}
