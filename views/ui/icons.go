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
	"region":   `<path d="M8 14s4.500-4 4.500-7.500a4.500 4.500 0 0 0-9 0C3.500 10 8 14 8 14ZM8 8a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3Z"/>`,
	"down":     `<path d="m4.500 6.500 3.500 3.500 3.500-3.500"/>`,
	"up":       `<path d="m4.500 9.500 3.500-3.500 3.500 3.500"/>`,
	"next":     `<path d="m6.500 4.500 3.500 3.500-3.500 3.500"/>`,
	"previous": `<path d="m9.500 4.500-3.500 3.500 3.500 3.500"/>`,
	"search":   `<path d="M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM10.8 10.8 14 14"/>`,
	"help":     `<path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.300 6.200A1.800 1.800 0 0 1 8 5c1 0 1.800.6 1.800 1.600C9.800 8 8 8 8 9.200M8 11.200v.1"/>`,
	"bell":     `<path d="M4 7a4 4 0 0 1 8 0c0 3 1.2 4 1.5 4.5h-11C2.800 11 4 10 4 7ZM6.700 13.800h2.600"/>`,
	"theme":    `<path d="M8 10.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600ZM8 1.800v1.400M8 12.800v1.400M1.800 8h1.400M12.800 8h1.400M3.600 3.600l1 1M11.400 11.400l1 1M3.600 12.400l1-1M11.400 4.600l1-1"/>`,
	"close":    `<path d="m4.500 4.500 7 7m0-7-7 7"/>`,
	"document": `<path d="M4 2.500h5l3 3v8H4zM9 2.500v3h3M6 9h4M6 11.200h4"/>`,
	"info":     `<path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.500v3.200M8 5.200v.1"/>`,
	"warn":     `<path d="M8 2.500 14.200 13H1.800L8 2.500ZM8 6.500v3M8 11.300v.1"/>`,
	"check":    `<path d="m3.500 8.500 3 3 6-7"/>`,
	"done":     `<path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.300 8.200l1.900 1.900 3.500-4"/>`,
	"plus":     `<path d="M8 3.500v9M3.500 8h9"/>`,
	"minus":    `<path d="M3.500 8h9"/>`,
	"copy":     `<path d="M5.500 5.500h7v7h-7zM3.500 10.500v-7h7"/>`,
	"download": `<path d="M8 2.500v7.200M5 7l3 3 3-3M3 13.200h10"/>`,
	"columns":  `<path d="M2.500 3h11v10h-11zM6.200 3v10M9.800 3v10"/>`,
	"refresh":  `<path d="M13 5.500A5.500 5.500 0 1 0 13.500 9M13.200 2.500v3.200H10"/>`,
	"cable":    `<path d="M2.500 8h3m5 0h3M5.500 5.500h2.500a2.500 2.500 0 0 1 0 5H5.500zM10.500 5.800v4.400"/>`,
	"print":    `<path d="M4.500 6V2.500h7V6M4.500 11.500h-2V6h11v5.500h-2M4.500 9.500h7v4h-7z"/>`,
	"clock":    `<path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.800V8l2.200 1.600"/>`,
	"edit":     `<path d="M3 13l.6-2.800 7-7 2.200 2.200-7 7zM9.200 4.600l2.200 2.200"/>`,
	"card":     `<path d="M2 4h12v8.500H2zM2 7h12M4.500 10h2.500"/>`,
	"person":   `<path d="M8 8a2.700 2.700 0 1 0 0-5.400A2.700 2.700 0 0 0 8 8ZM3 13.500c.3-2.600 2.300-4 5-4s4.700 1.400 5 4"/>`,
	"remove":   `<path d="M3 4.500h10M6.200 4.500V3h3.600v1.500M4.500 4.500l.6 8.500h5.800l.6-8.500"/>`,
	"external": `<path d="M9 3h4v4M13 3 7.500 8.500M11 9v4H3V5h4"/>`,
	"signout":  `<path d="M6.500 2.500h-4v11h4M6.500 8h7M11 5.500 13.500 8 11 10.500"/>`,
	"lock":     `<path d="M4 7h8v6.500H4zM5.500 7V5a2.500 2.500 0 0 1 5 0v2"/>`,
	"calendar": `<path d="M2.500 3.500h11v10h-11zM2.500 6.500h11M5.500 2v3M10.500 2v3"/>`,
	"queue":    `<path d="M2.500 3h11v3h-11zM2.500 10h11v3h-11zM5 8h6"/>`,
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
	return write(w, `<svg class="icon `, templ.EscapeString(i.class), `" viewBox="0 0 16 16" aria-hidden="true">`, icons[i.name], `</svg>`)
}
