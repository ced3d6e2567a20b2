package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv(standInVar) != "" {
		standIn()
		return
	}
	code := m.Run()
	stopChrome()
	removeBinary()
	removeDemo()
	os.Exit(code)
}

// binary is the program under test, built once for the whole run.
var binary struct {
	once      sync.Once
	dir, path string
	err       error
}

// buildDemarc returns the path of the real program.
func buildDemarc(t testing.TB) string {
	t.Helper()
	binary.once.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "demarc-e2e-"); binary.err != nil {
			return
		}
		binary.path = filepath.Join(binary.dir, "demarc")
		out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary.path, "demarc").CombinedOutput()
		if err != nil {
			binary.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if binary.err != nil {
		t.Fatalf("building demarc: %v", binary.err)
	}
	return binary.path
}

func removeBinary() {
	if binary.dir != "" {
		_ = os.RemoveAll(binary.dir)
	}
}

// Program is one running process of the program on a data folder that outlives
// it: kill it, and Restart goes on with the same file.
type Program struct {
	// URL is the address it printed, without a slash at the end. After a
	// Restart it is another one.
	URL string
	// Data is the folder of the database.
	Data string

	t    testing.TB
	path string
	args []string
	env  []string

	cmd    *exec.Cmd
	output *transcript
	exited chan struct{}
	err    error // of Wait, once exited is closed
}

// demoData is a data folder as the program leaves it after its first start with
// the demo and an orderly end. Loading the demo takes seconds, copying does not.
var demoData struct {
	once sync.Once
	dir  string
	err  error
}

// startDemo builds the program if need be and starts it with the demo, freshly
// loaded, on a data folder of its own. More arguments may follow.
func startDemo(t testing.TB, args ...string) *Program {
	t.Helper()
	path := buildDemarc(t)
	demoData.once.Do(func() {
		if demoData.dir, demoData.err = os.MkdirTemp("", "demarc-demo-"); demoData.err != nil {
			return
		}
		first := &Program{t: t, path: path, Data: demoData.dir, args: []string{"-addr", "127.0.0.1:0", "-data", demoData.dir, "-demo"}}
		first.start()
		if code := first.Stop(); code != 0 {
			demoData.err = fmt.Errorf("the first start ended with %d:\n%s", code, first.Output())
		}
	})
	if demoData.err != nil {
		t.Fatalf("loading the demo: %v", demoData.err)
	}
	return startProgramOn(t, demoData.dir, path, nil, append([]string{"-demo"}, args...)...)
}

func removeDemo() {
	if demoData.dir != "" {
		_ = os.RemoveAll(demoData.dir)
	}
}

// startProgram starts an executable on a free port and a data folder of its
// own, and waits until it prints its address.
func startProgram(t testing.TB, path string, env []string, args ...string) *Program {
	t.Helper()
	return startProgramOn(t, "", path, env, args...)
}

// startProgramOn is startProgram on a copy of a data folder.
func startProgramOn(t testing.TB, data, path string, env []string, args ...string) *Program {
	t.Helper()
	p := &Program{t: t, path: path, Data: t.TempDir(), env: env}
	if data != "" {
		if err := os.CopyFS(p.Data, os.DirFS(data)); err != nil {
			t.Fatalf("copying the data: %v", err)
		}
	}
	p.args = append([]string{"-addr", "127.0.0.1:0", "-data", p.Data}, args...)
	t.Cleanup(func() {
		p.Kill9()
		if t.Failed() {
			t.Logf("the program printed:\n%s", p.Output())
		}
	})
	p.start()
	return p
}

// ownEnvironment is the environment without settings of the person who runs the
// tests: they must not reach the program.
func ownEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "DEMARC_") })
}

var listeningLine = regexp.MustCompile(`Listening on (http://[^\s/]+)`)

func (p *Program) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.path, p.args...)
	p.cmd.Env = append(ownEnvironment(), p.env...)
	p.output = &transcript{}
	read, write := io.Pipe()
	p.cmd.Stdout = io.MultiWriter(p.output, write)
	p.cmd.Stderr = p.output
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("starting %s: %v", p.path, err)
	}
	p.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		p.err = cmd.Wait()
		write.Close()
		close(exited)
	}(p.cmd, p.exited)
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			if m := listeningLine.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
				break
			}
		}
		_, _ = io.Copy(io.Discard, read)
	}()
	// The first start loads the demo, and a slow disk may make that long.
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	select {
	case p.URL = <-address:
	case <-p.exited:
		select {
		case p.URL = <-address:
		default:
			p.t.Fatalf("the program ended before it listened: %v\n%s", p.err, p.output)
		}
	case <-deadline.C:
		p.t.Fatalf("the program printed no address:\n%s", p.output)
	}
}

// Kill9 ends the process as a power cut does: nothing is flushed, no handler
// runs. It returns when the process is gone.
func (p *Program) Kill9() {
	p.t.Helper()
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// Stop asks the process to end, as Ctrl-C or a service manager does, and
// returns its exit code.
func (p *Program) Stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("stopping the program: %v", err)
	}
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("the program did not end within %s of SIGTERM:\n%s", patience, p.output)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Restart starts the program again on the same data folder; it kills the old
// process first if it still runs.
func (p *Program) Restart() {
	p.t.Helper()
	p.Kill9()
	p.start()
}

// Output is all that the present process has printed so far.
func (p *Program) Output() string {
	if p.output == nil {
		return ""
	}
	return p.output.String()
}

// transcript is a buffer that may be read while the process writes to it.
type transcript struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (tr *transcript) Write(b []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.buf.Write(b)
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.buf.String()
}
