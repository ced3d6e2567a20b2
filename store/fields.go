package store

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Field rules. The messages are the product's words: the same sentence stands
// beside the field and in the summary above the form.

func runes(s string) int { return utf8.RuneCountInString(s) }

func nameProblem(name string) string {
	switch {
	case name == "":
		return ""
	case strings.HasPrefix(strings.ToLower(name), "http://"), strings.HasPrefix(strings.ToLower(name), "https://"):
		return "Start the name with a letter, not with a web address"
	case runes(name) < 2 || runes(name) > 128:
		return "Use 2 to 128 characters"
	}
	for i, r := range name {
		if i == 0 && !unicode.IsLetter(r) {
			return "Start the name with a letter"
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && !strings.ContainsRune("_-.", r) {
			return "Use letters, digits, underscores, hyphens and dots only"
		}
	}
	return ""
}

func descriptionProblem(s string) string {
	lower := strings.ToLower(s)
	switch {
	case s == "":
		return ""
	case runes(s) < 2 || runes(s) > 256:
		return "Use 2 to 256 characters"
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return "Start the description with words, not with a web address"
	}
	return ""
}

// between is empty when s has from 2 to limit characters, else missing or a
// sentence about the length.
func between(s string, limit int, missing string) string {
	switch {
	case s == "":
		return missing
	case runes(s) < 2 || runes(s) > limit:
		return "Use 2 to " + strconv.Itoa(limit) + " characters"
	}
	return ""
}

var (
	contactForm  = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{4,22}[0-9]$`)
	idCardForm   = regexp.MustCompile(`^[A-Za-z0-9]{5,20}$`)
	passportForm = regexp.MustCompile(`^[A-Za-z0-9]{5,15}$`)
	sdhWords     = regexp.MustCompile(`(?i)\b(SDH|CPOS|V\.?35|G\.?703)\b`)
)

// isLineCode reports whether s is 2 to 64 letters, digits, hyphens, underscores,
// slashes and dots, of which the first is a letter or a digit. As a pattern it
// would take 2 MB and two milliseconds of every start.
func isLineCode(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && (i == 0 || !strings.ContainsRune("_/.-", r)) {
			return false
		}
	}
	n := utf8.RuneCountInString(s)
	return n >= 2 && n <= 64
}

// SiteTimeLayout is how a form sends a date and a time at the site.
const SiteTimeLayout = "2006-01-02T15:04"

// ScheduleDays is how far ahead a construction can be scheduled, in days.
const ScheduleDays = 180

// ConstructionTypes lists the values of Construction Type. SDH is not supported.
func ConstructionTypes() []string { return []string{"MSTP", "MPLSVPN", "FIBRE", "Others"} }

// EarliestConstruction is the first moment that can be scheduled for work at a
// site of the region: one working day from now.
func (s *Store) EarliestConstruction(region string) time.Time {
	return s.earliestConstruction(region, s.Now())
}

func (s *Store) earliestConstruction(region string, now time.Time) time.Time {
	cal, _ := s.Workdays(region)
	t, err := dueIn(cal, now, 1)
	if err != nil || t.IsZero() {
		return now
	}
	return t
}

// ConstructionTimeProblem says what is wrong with a Scheduled Construction Time
// if an application with it is sent now, "" when nothing is.
func (s *Store) ConstructionTimeProblem(region string, t time.Time) string {
	return s.constructionTimeProblem(region, t, s.Now())
}

func (s *Store) constructionTimeProblem(region string, t, now time.Time) string {
	if earliest := s.earliestConstruction(region, now); t.Before(earliest.Truncate(time.Minute)) {
		return "Enter a time after " + siteTime(earliest, s.Catalogue().Zone(region))
	}
	if t.After(now.AddDate(0, 0, ScheduleDays)) {
		return "Enter a time within the next " + strconv.Itoa(ScheduleDays) + " days"
	}
	return ""
}

// siteTime shows a time at the site, with its zone.
func siteTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2 Jan 2006, 15:04 (UTC-07:00)")
}

// NewLOAApplication is the Apply for LOA form as sent.
type NewLOAApplication struct {
	CompanyName, ConstructionCompany, ConstructionType, OtherType string
	ScheduledAt                                                   string // SiteTimeLayout, wall clock of the site
	Location, Bandwidth                                           string
	RemoteHands                                                   bool // nobody visits: the facility's remote hands do the work
	MaySubDelegate                                                bool // the construction company may pass the work on, once
	Engineers                                                     []Engineer
}

// MaxEngineers is how many field engineers an application names at most.
const MaxEngineers = 16

// EngineerField names a field of engineer n (from 0) in the form and in the
// errors: part is name, gender, id_type, id_number or contact.
func EngineerField(n int, part string) string { return "engineer-" + strconv.Itoa(n) + "-" + part }

// LabelField names the field of cable n (from 0) of the delivery report.
func LabelField(n int) string { return "label-" + strconv.Itoa(n) }

// check validates the form for an interface and returns the application.
func (in NewLOAApplication) check(s *Store, c *Connection, now time.Time) (LOAApplication, map[string]string) {
	bad := map[string]string{}
	put := func(field, msg string) {
		if msg != "" {
			bad[field] = msg
		}
	}
	zone := s.Catalogue().Zone(c.Region)
	a := LOAApplication{ConnectionID: c.ID, CompanyName: in.CompanyName, ConstructionCompany: in.ConstructionCompany, ConstructionType: in.ConstructionType,
		Location: in.Location, RemoteHands: in.RemoteHands, MaySubDelegate: in.MaySubDelegate}
	put("company_name", between(in.CompanyName, 128, "Enter the company name"))
	put("construction_company", between(in.ConstructionCompany, 128, "Enter the construction company"))
	switch {
	case !slices.Contains(ConstructionTypes(), in.ConstructionType):
		put("construction_type", "Select a construction type")
	case in.ConstructionType == "Others":
		a.OtherType = in.OtherType
		put("other_type", between(in.OtherType, 64, "Say which type of line it is"))
		if sdhWords.MatchString(in.OtherType) {
			put("other_type", "SDH is not supported")
		}
	}
	if t, err := time.ParseInLocation(SiteTimeLayout, in.ScheduledAt, zone); err != nil {
		put("scheduled_at", "Enter a date and a time")
	} else {
		a.ScheduledAt = t.UTC()
		put("scheduled_at", s.constructionTimeProblem(c.Region, a.ScheduledAt, now))
	}
	if runes(in.Location) > 256 {
		put("location", "Use at most 256 characters")
	}
	if in.Bandwidth != "" {
		n, err := strconv.Atoi(in.Bandwidth)
		if most := min(10240, c.Spec.Mbps()); err != nil || n < 2 || n > most {
			put("bandwidth", "Enter a number from 2 to "+strconv.Itoa(most))
		}
		a.BandwidthMbps = n
	}
	if in.RemoteHands {
		return a, bad
	}
	ap, _ := s.Catalogue().AccessPoint(c.AccessPointID)
	switch {
	case len(in.Engineers) == 0:
		put("engineers", "Add at least one field engineer")
	case len(in.Engineers) > MaxEngineers:
		put("engineers", "Name at most "+strconv.Itoa(MaxEngineers)+" field engineers")
	}
	for i, e := range in.Engineers {
		who := "field engineer " + strconv.Itoa(i+1)
		put(EngineerField(i, "name"), between(e.Name, 64, "Enter the name of "+who))
		if e.Contact == "" {
			put(EngineerField(i, "contact"), "Enter the contact information of "+who)
		} else if !contactForm.MatchString(e.Contact) {
			put(EngineerField(i, "contact"), "Enter a phone number with 6 to 24 digits, for example +86 571 8502 2088")
		}
		// What the site does not need is not kept, even when it was sent.
		kept := Engineer{Name: e.Name, Contact: e.Contact}
		if ap.Visitor.Gender {
			kept.Gender = e.Gender
			if !slices.Contains([]string{"male", "female", "other"}, e.Gender) {
				put(EngineerField(i, "gender"), "Select the gender of "+who)
			}
		}
		if ap.Visitor.IDType {
			kept.IDType = e.IDType
			if !slices.Contains([]string{"id_card", "passport", "other"}, e.IDType) {
				put(EngineerField(i, "id_type"), "Select the ID type of "+who)
			}
		}
		if ap.Visitor.IDNumber {
			kept.IDNumber = strings.ToUpper(strings.ReplaceAll(e.IDNumber, " ", ""))
			form := idCardForm
			if e.IDType == "passport" {
				form = passportForm
			}
			if e.IDNumber == "" {
				put(EngineerField(i, "id_number"), "Enter the ID number of "+who)
			} else if !form.MatchString(kept.IDNumber) {
				put(EngineerField(i, "id_number"), "Enter the ID number of "+who+" with letters and digits only")
			}
		}
		a.Engineers = append(a.Engineers, kept)
	}
	return a, bad
}

// NewDeliveryReport is the Delivery Report form as sent.
type NewDeliveryReport struct {
	LineCode string
	Labels   []string
	Contact  string
}

// MaxCables is how many cables a delivery report names at most.
const MaxCables = 8

func (in NewDeliveryReport) check() map[string]string {
	bad := map[string]string{}
	if in.LineCode == "" {
		bad["line_code"] = "Enter the leased line code"
	} else if !isLineCode(in.LineCode) {
		bad["line_code"] = "Use 2 to 64 letters, digits, hyphens, underscores, slashes and dots"
	}
	if len(in.Labels) == 0 {
		bad[LabelField(0)] = "Enter the label number of cable 1"
	}
	if len(in.Labels) > MaxCables {
		bad["labels"] = "Name at most " + strconv.Itoa(MaxCables) + " cables"
	}
	for i, l := range in.Labels {
		switch {
		case l == "":
			bad[LabelField(i)] = "Enter the label number of cable " + strconv.Itoa(i+1)
		case runes(l) > 64:
			bad[LabelField(i)] = "Use at most 64 characters"
		default:
			if j := slices.Index(in.Labels[:i], l); j >= 0 {
				bad[LabelField(i)] = "Cable " + strconv.Itoa(i+1) + " has the same label as cable " + strconv.Itoa(j+1)
			}
		}
	}
	if runes(in.Contact) > 128 {
		bad["contact"] = "Use at most 128 characters"
	}
	return bad
}

// reasonProblem checks a reason that people will read.
func reasonProblem(s string, least, most int, missing string) string {
	if runes(strings.TrimSpace(s)) < least {
		return missing
	}
	if runes(s) > most {
		return "Use at most " + strconv.Itoa(most) + " characters"
	}
	return ""
}

// countWords is "1 ID number" or "3 ID numbers".
func countWords(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
