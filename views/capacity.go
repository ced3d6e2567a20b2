package views

import (
	"strconv"
	"strings"
	"time"
)

// CapacityPoint is how many ports were free from a day on.
type CapacityPoint struct {
	Day  time.Time // midnight UTC
	Free int
}

// CapacityTrend is how the free ports of a type at an access point developed:
// a step function from From to Now.
type CapacityTrend struct {
	Name      string // "10GBase-LR at Hangzhou-Yuhang-A"
	From, Now time.Time
	Points    []CapacityPoint // oldest first; empty when nothing is known
	RunsOut   string          // "in about 3 weeks", "" when there is nothing to tell
}

// RunsOut is a port type of an access point that has no free port soon.
type RunsOut struct {
	AccessPoint, Href string
	Type              string
	Free              int
	When              string // "in about 3 weeks"
}

// InAbout says in how many days something happens, as roughly as it is known.
func InAbout(days int) string {
	switch {
	case days < 1:
		return "within a day"
	case days < 14:
		return "in about " + countOf(days, "day", "days")
	case days < 60:
		return "in about " + countOf((days+3)/7, "week", "weeks")
	}
	return "in about " + countOf((days+15)/30, "month", "months")
}

// The drawing of a trend, in units of its view box.
const (
	trendWidth  = 180
	trendHeight = 32
	trendEdge   = 2
)

// path is the line of free ports as steps. The highest number is at the top,
// zero at the bottom.
func (t CapacityTrend) path() string {
	span := t.Now.Sub(t.From)
	most := 1
	for _, p := range t.Points {
		most = max(most, p.Free)
	}
	if len(t.Points) == 0 || span <= 0 {
		return ""
	}
	y := func(free int) string {
		return strconv.Itoa(trendHeight - trendEdge - free*(trendHeight-2*trendEdge)/most)
	}
	var b strings.Builder
	for i, p := range t.Points {
		x := strconv.Itoa(int(max(p.Day.Sub(t.From), 0) * trendWidth / span))
		if i == 0 {
			b.WriteString("M" + x + " " + y(p.Free))
			continue
		}
		b.WriteString("H" + x + "V" + y(p.Free))
	}
	b.WriteString("H" + strconv.Itoa(trendWidth))
	return b.String()
}

// first and last are the numbers that the line begins and ends with.
func (t CapacityTrend) ends() (first, last CapacityPoint) {
	first, last = t.Points[0], t.Points[len(t.Points)-1]
	if first.Day.Before(t.From) {
		first.Day = t.From
	}
	return first, last
}

// numbers is the trend without the drawing: "24 → 21".
func (t CapacityTrend) numbers() string {
	first, last := t.ends()
	return strconv.Itoa(first.Free) + " → " + strconv.Itoa(last.Free)
}

// words are what the drawing says aloud.
func (t CapacityTrend) words() string {
	first, last := t.ends()
	return "Free ports of " + t.Name + ": " + strconv.Itoa(first.Free) + " on " + first.Day.Format("2 Jan 2006") + ", " + strconv.Itoa(last.Free) + " on " + t.Now.Format("2 Jan 2006")
}

func (r RunsOut) free() string { return countOf(r.Free, "port", "ports") + " free" }

// upperFirst is s as the beginning of a sentence.
func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
