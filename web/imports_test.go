package web_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "demarc"

// graph holds what each package of the module imports, tests left out.
type graph map[string][]string

// rule says what a group of packages may or may not import.
type rule struct {
	why string
	// packages are import paths; one that ends in "/..." means the package and
	// all below it.
	packages []string
	// only, when set, are the packages of the module and of others that may be
	// imported; the standard library may always be.
	only []string
	// never may not be imported, …
	never []string
	// … but these may be, although never covers them.
	except []string
	// through also follows the imports inside the module: what is never
	// imported here is not brought in by a neighbour either.
	through bool
}

var pure = []string{
	"demarc/store/lifecycle/...", "demarc/store/pricing/...", "demarc/store/workday/...", "demarc/store/money/...", "demarc/store/chart/...", "demarc/store/document/...",
	"demarc/store/catalog/...", "demarc/store/letter/...", "demarc/store/panel/...", "demarc/store/redundancy/...", "demarc/store/inventory/...", "demarc/store/fees/...",
	"demarc/store/payment/...", "demarc/store/sheet/...", "demarc/store/ticket/...", "demarc/store/note/...", "demarc/store/password/...",
	"demarc/store/chain/...",
}

// rules are the dependency rules of the house: main → web → handlers →
// {views, store} → pure packages.
var rules = []rule{
	{
		why:      "the pure packages hold rules that could be printed on paper: they import the standard library and each other",
		packages: pure,
		only:     pure,
		never:    []string{"database/sql/...", "net/http/...", "os", "math/rand/..."},
	},
	{
		why:      "views are pure functions of their arguments",
		packages: []string{"demarc/views/..."},
		never: []string{"demarc/store/...", "demarc/handlers/...", "demarc/web/...", "demarc/static/...",
			"github.com/labstack/echo/...", "database/sql/...", "net/http/..."},
		except:  slices.Concat(pure, []string{"demarc/web/paths", "demarc/static"}),
		through: true,
	},
	{
		why:      "handlers know one request, not the database and not the edge",
		packages: []string{"demarc/handlers/..."},
		never:    []string{"demarc/web/...", "database/sql/...", "modernc.org/..."},
		except:   []string{"demarc/web/paths", "demarc/web/reqctx", "demarc/web/passkey", "demarc/web/sso"},
	},
	{
		why:      "the store knows nothing above it",
		packages: []string{"demarc/store/..."},
		never: []string{"demarc/views/...", "demarc/handlers/...", "demarc/web/...", "demarc/static/...",
			"github.com/labstack/echo/...", "github.com/a-h/templ/...", "net/http/..."},
		through: true,
	},
	{
		why:      "the builder of URLs is a leaf",
		packages: []string{"demarc/web/paths/..."},
		only:     pure,
		never:    []string{"net/http/...", "database/sql/..."},
	},
	{
		why:      "the request values are a leaf",
		packages: []string{"demarc/web/reqctx/..."},
		never:    []string{"demarc/web/...", "demarc/handlers/...", "database/sql/..."},
		except:   []string{"demarc/web/paths"},
	},
	{
		why:      "what checks passkeys and talks to identity providers are leaves",
		packages: []string{"demarc/web/passkey/...", "demarc/web/sso/..."},
		never:    []string{"demarc/...", "database/sql/..."},
		except:   []string{"demarc/web/passkey", "demarc/web/sso"},
	},
	{
		why:      "static holds files",
		packages: []string{"demarc/static/..."},
		only:     []string{},
	},
	{
		why:      "nothing imports the program",
		packages: []string{"demarc/..."},
		never:    []string{"demarc"},
	},
	{
		why:      "what is made for tests stays in tests",
		packages: []string{"demarc/..."},
		never:    []string{"demarc/store/storetest/...", "demarc/web/pay/paytest/...", "demarc/web/pay/stripe/stripetest/...", "demarc/web/sso/ssotest/...", "demarc/store/inventory/inventorytest/...", "demarc/views/paper/papertest/...", "testing/...", "net/http/httptest"},
		except:   []string{"testing/fstest"},
	},
	{
		why:      "what somebody sends is not run, is no template and names no type, and memory is Go's to look after",
		packages: []string{"demarc/..."},
		never:    []string{"os/exec", "plugin", "unsafe", "C", "text/template/...", "html/template/...", "encoding/gob", "net/rpc/...", "net/http/pprof", "expvar"},
	},
	{
		why:      "no XML is read; what is printed writes some",
		packages: []string{"demarc", "demarc/store/...", "demarc/handlers/...", "demarc/web/..."},
		never:    []string{"encoding/xml"},
	},
	{
		why:      "tokens, IDs and letter numbers come from crypto/rand",
		packages: []string{"demarc/..."},
		never:    []string{"math/rand/..."},
	},
}

// forTests are packages that exist for tests and say so by their names.
var forTests = []string{"demarc/store/storetest", "demarc/web/pay/paytest", "demarc/web/pay/stripe/stripetest", "demarc/web/sso/ssotest", "demarc/store/inventory/inventorytest", "demarc/views/paper/papertest"}

// unless is what a rule does not mean: what exists for tests may use what is
// made for them.
func unless(pkg, imported string) bool {
	return slices.Contains(forTests, pkg) && (imported == "testing" || imported == "os/exec" || imported == "html/template" || strings.HasPrefix(imported, "testing/") || strings.HasPrefix(imported, "math/rand") || imported == "net/http/httptest")
}

// matches says whether one of the patterns means the package.
func matches(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if root, ok := strings.CutSuffix(p, "/..."); ok {
			return pkg == root || strings.HasPrefix(pkg, root+"/")
		}
		return pkg == p
	})
}

func inModule(pkg string) bool { return pkg == module || strings.HasPrefix(pkg, module+"/") }

// standard says whether the import path is of the standard library: those have
// no dot in their first element.
func standard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !inModule(pkg) && !strings.Contains(first, ".")
}

// violations checks the rules; each line says who imports what, by which way,
// and why that may not be.
func violations(g graph, rules []rule) []string {
	var found []string
	for _, r := range rules {
		for pkg := range g {
			if !matches(r.packages, pkg) {
				continue
			}
			for imported, way := range reach(g, pkg, r.through) {
				bad := matches(r.never, imported) && !matches(r.except, imported)
				if r.only != nil && !standard(imported) && !matches(r.only, imported) {
					bad = true
				}
				if bad && !unless(pkg, imported) {
					found = append(found, fmt.Sprintf("%s: %s", way, r.why))
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// reach maps each imported package to the way to it. With through it follows
// the packages of the module, but never goes on behind others: templ itself
// imports net/http, and that is its own business.
func reach(g graph, pkg string, through bool) map[string]string {
	ways := map[string]string{}
	var walk func(from, way string)
	walk = func(from, way string) {
		for _, imported := range g[from] {
			if _, seen := ways[imported]; seen {
				continue
			}
			ways[imported] = way + " → " + imported
			if through && inModule(imported) {
				walk(imported, ways[imported])
			}
		}
	}
	walk(pkg, pkg)
	return ways
}

// eachGoFile calls f for every Go file of the module that is not a test.
func eachGoFile(t *testing.T, f func(file string, parsed *ast.File)) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("this test must lie one folder below the module's root: %v", err)
	}
	fset := token.NewFileSet()
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(fset, p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f(filepath.ToSlash(rel), parsed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func importGraph(t *testing.T) graph {
	t.Helper()
	g := graph{}
	eachGoFile(t, func(file string, parsed *ast.File) {
		pkg := path.Join(module, path.Dir(file))
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			g[pkg] = append(g[pkg], imported)
		}
	})
	for pkg := range g {
		slices.Sort(g[pkg])
		g[pkg] = slices.Compact(g[pkg])
	}
	return g
}

func TestDependencyRules(t *testing.T) {
	g := importGraph(t)
	if len(g) < 5 {
		t.Fatalf("only %d packages found: the test looks at the wrong folder", len(g))
	}
	for _, v := range violations(g, rules) {
		t.Error(v)
	}
}

func TestDependencyRulesReportViolations(t *testing.T) {
	for _, c := range []struct {
		name string
		g    graph
		want []string // the ways that must be reported; none: the graph is fine
	}{
		{"a tidy house", graph{
			"demarc":                  {"context", "demarc/web", "demarc/store"},
			"demarc/web":              {"demarc/handlers", "demarc/web/reqctx", "github.com/labstack/echo/v4", "net/http"},
			"demarc/web/reqctx":       {"context", "demarc/store"},
			"demarc/web/paths":        {"net/url", "demarc/store/lifecycle"},
			"demarc/handlers":         {"demarc/store", "demarc/views", "demarc/web/paths", "demarc/web/reqctx", "github.com/labstack/echo/v4"},
			"demarc/views":            {"github.com/a-h/templ", "demarc/views/ui", "demarc/web/paths", "demarc/store/money"},
			"demarc/views/ui":         {"github.com/a-h/templ"},
			"demarc/store":            {"database/sql", "demarc/store/lifecycle", "modernc.org/sqlite", "crypto/rand"},
			"demarc/store/storetest":  {"demarc/store", "testing"},
			"demarc/store/lifecycle":  {"errors"},
			"demarc/store/pricing":    {"demarc/store/money", "time"},
			"demarc/static":           {"embed"},
			"demarc/store/moneybags":  {"github.com/x/y"},
			"demarc/webhooks/unknown": {"database/sql"},
		}, nil},
		{"a rule asks the store", graph{"demarc/store/pricing": {"demarc/store"}}, []string{"demarc/store/pricing → demarc/store"}},
		{"a rule takes a library", graph{"demarc/store/workday": {"github.com/rickar/cal"}}, []string{"demarc/store/workday → github.com/rickar/cal"}},
		{"a rule opens files", graph{"demarc/store/letter": {"os"}}, []string{"demarc/store/letter → os"}},
		{"a view asks the store", graph{"demarc/views": {"demarc/store"}}, []string{"demarc/views → demarc/store"}},
		{"a view below asks the network", graph{"demarc/views/loapdf": {"net/http"}}, []string{"demarc/views/loapdf → net/http"}},
		{"a view takes echo", graph{"demarc/views": {"github.com/labstack/echo/v4"}}, []string{"demarc/views → github.com/labstack/echo/v4"}},
		{"a view by way of a neighbour", graph{
			"demarc/views":     {"demarc/web/paths"},
			"demarc/web/paths": {"demarc/store"},
			"demarc/store":     {"database/sql"},
		}, []string{
			"demarc/views → demarc/web/paths → demarc/store",
			"demarc/views → demarc/web/paths → demarc/store → database/sql",
			"demarc/web/paths → demarc/store",
		}},
		{"a handler queries", graph{"demarc/handlers": {"database/sql"}}, []string{"demarc/handlers → database/sql"}},
		{"a handler knows the edge", graph{"demarc/handlers": {"demarc/web"}}, []string{"demarc/handlers → demarc/web"}},
		{"a handler sends mail", graph{"demarc/handlers": {"demarc/web/mail"}}, []string{"demarc/handlers → demarc/web/mail"}},
		{"the store renders", graph{"demarc/store": {"github.com/a-h/templ", "demarc/views"}}, []string{
			"demarc/store → demarc/views", "demarc/store → github.com/a-h/templ",
		}},
		{"the store answers", graph{"demarc/store/lease": {"github.com/labstack/echo/v4/middleware"}}, []string{"demarc/store/lease → github.com/labstack/echo/v4/middleware"}},
		{"the store builds URLs", graph{"demarc/store": {"demarc/web/paths"}}, []string{"demarc/store → demarc/web/paths"}},
		{"static thinks", graph{"demarc/static": {"demarc/store/money"}}, []string{"demarc/static → demarc/store/money"}},
		{"somebody imports main", graph{"demarc/web": {"demarc"}}, []string{"demarc/web → demarc"}},
		{"guessable tokens", graph{"demarc/web": {"math/rand/v2"}}, []string{"demarc/web → math/rand/v2"}},
		{"test code in the program", graph{"demarc": {"demarc/store/storetest"}, "demarc/store": {"testing"}}, []string{
			"demarc → demarc/store/storetest", "demarc/store → testing",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ways []string
			for _, v := range violations(c.g, rules) {
				way, _, _ := strings.Cut(v, ": ")
				ways = append(ways, way)
			}
			slices.Sort(ways)
			ways = slices.Compact(ways) // one import may break several rules
			if diff := cmp.Diff(c.want, ways); diff != "" {
				t.Errorf("reported ways (-want +got):\n%s", diff)
			}
		})
	}
}

// The stage of an interface is written in one place, so that no change of it
// can miss its event, its message and its check.

const stageWriter = "store/transition.go"

var (
	updateConnections = regexp.MustCompile(`(?is)\bUPDATE\s+(?:OR\s+\w+\s+)?"?connections"?\b(?:\s+(?:AS\s+)?\w+)?\s+SET\b(.*?)(?:\bWHERE\b|\bFROM\b|\bRETURNING\b|;|$)`)
	upsertConnections = regexp.MustCompile(`(?is)\bINSERT\s+(?:OR\s+\w+\s+)?INTO\s+"?connections"?\b.*?\bDO\s+UPDATE\s+SET\b(.*?)(?:\bWHERE\b|\bRETURNING\b|;|$)`)
	replaceConnection = regexp.MustCompile(`(?is)\b(?:REPLACE|INSERT\s+OR\s+REPLACE)\s+INTO\s+"?connections"?\b`)
	setsStage         = regexp.MustCompile(`(?i)(?:^|[\s,(."])stage"?\s*(?:,[^=]*\))?\s*=`)
)

// writesStage says whether a piece of SQL sets connections.stage.
func writesStage(sql string) bool {
	if replaceConnection.MatchString(sql) {
		return true
	}
	for _, re := range []*regexp.Regexp{updateConnections, upsertConnections} {
		for _, m := range re.FindAllStringSubmatch(sql, -1) {
			if setsStage.MatchString(m[1]) {
				return true
			}
		}
	}
	return false
}

// literals are the string literals of a file; those joined by + count as one,
// with a gap where something else than a literal stands.
func literals(file *ast.File) []string {
	var out []string
	var text func(e ast.Expr) (string, bool)
	text = func(e ast.Expr) (string, bool) {
		switch e := e.(type) {
		case *ast.BasicLit:
			if e.Kind == token.STRING {
				s, err := strconv.Unquote(e.Value)
				return s, err == nil
			}
		case *ast.ParenExpr:
			return text(e.X)
		case *ast.BinaryExpr:
			if e.Op == token.ADD {
				x, okX := text(e.X)
				y, okY := text(e.Y)
				if okX || okY {
					return x + y, true
				}
			}
		}
		return " ", false
	}
	ast.Inspect(file, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		s, ok := text(e)
		if ok {
			out = append(out, s)
		}
		return !ok
	})
	return out
}

func TestOneFileWritesTheStage(t *testing.T) {
	seen := false
	eachGoFile(t, func(file string, parsed *ast.File) {
		for _, sql := range literals(parsed) {
			if !writesStage(sql) {
				continue
			}
			if file == stageWriter {
				seen = true
				continue
			}
			t.Errorf("%s writes connections.stage; only %s may:\n%s", file, stageWriter, sql)
		}
	})
	if !seen {
		t.Errorf("%s has no UPDATE that sets connections.stage: either it moved or this test no longer recognises it", stageWriter)
	}
}

func TestOneFileWritesTheStageRecognises(t *testing.T) {
	for src, want := range map[string]bool{
		`"UPDATE connections SET stage = ?, version = version + 1 WHERE id = ? AND stage = ?"`:            true,
		"`update connections\n set version = version + 1,\n stage=$1 where id = $2`":                      true,
		`"UPDATE connections SET " + columns + ", stage = ?"`:                                             true,
		`("UPDATE connections ") + "SET stage = ?"`:                                                       true,
		`"UPDATE connections AS c SET stage = 'enabled' WHERE c.id = ?"`:                                  true,
		`"UPDATE connections SET (stage, version) = (?, ?) WHERE id = ?"`:                                 true,
		`"INSERT INTO connections (id, stage) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET stage = ?"`:    true,
		`"INSERT OR REPLACE INTO connections (id) VALUES (?)"`:                                            true,
		`"UPDATE connections SET name = ? WHERE id = ? AND stage = ?"`:                                    false,
		`"UPDATE connections SET stage_changed_at = ? WHERE id = ?"`:                                      false,
		`"UPDATE connections SET name = ?, last_stage = ? WHERE id = ?"`:                                  false,
		`"SELECT id FROM connections WHERE stage = ?"`:                                                    false,
		`"INSERT INTO connections (id, stage) VALUES (?, ?)"`:                                             false,
		`"UPDATE connection_counts SET stage = ?"`:                                                        false,
		`"UPDATE orders SET state = ? WHERE id = ?"`:                                                      false,
		`"UPDATE connections SET name = ? WHERE id = ?; SELECT 1 FROM connections WHERE stage = ? -- …"`:  false,
		`"UPDATE connections SET name = ? FROM orders AS o WHERE o.id = ? AND stage = ? RETURNING stage"`: false,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nvar columns = \"\"\nvar q = "+src, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(literals(file), writesStage); got != want {
			t.Errorf("writesStage(%s) = %t, want %t", src, got, want)
		}
	}
}

// TestTheLogGoesWhereMainSaysAlone: what writes the log is made where the program
// and its commands begin, for standard error, and nowhere else.
func TestTheLogGoesWhereMainSaysAlone(t *testing.T) {
	makes := regexp.MustCompile(`slog\.New(Text|JSON|Log)?(Handler|Logger)?\(|slog\.NewMultiHandler|log\.SetOutput|"log/syslog"|web\.NewLog\(`)
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || regexp.MustCompile(`test/[^/]+$`).MatchString(path) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range makes.FindAll(b, -1) {
			if found++; path != "../main.go" && path != "../web/log.go" && path != "../store/ops/ops.go" {
				t.Errorf("%s makes a log of its own: %s", path, m)
			}
		}
		return nil
	})
	if err != nil || found < 4 {
		t.Errorf("%d logs are made, %v: the search is broken", found, err)
	}
	main, err := os.ReadFile("../main.go")
	if err != nil || !strings.Contains(string(main), "web.NewLog(c.logFormat, c.logLevel, stderr)") {
		t.Errorf("the log does not go to standard error: %v", err)
	}
}

// The top level is one file of Go: what can be tested lies in a package.
func TestTheTopLevelIsMain(t *testing.T) {
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) != 1 || filepath.Base(files[0]) != "main.go" {
		t.Errorf("at the top: %q, %v", files, err)
	}
}
