package atomicfile

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// killedEnv names the file that this program, run again, writes.
const killedEnv = "ATOMICFILE_TEST_OUTPUT"

// TestOutputKilled: nothing is left of a writer that is killed in the middle, and what one left elsewhere goes with the next.
func TestOutputKilled(t *testing.T) {
	if file := os.Getenv(killedEnv); file != "" {
		_ = Output(file, 0o600, func(w io.Writer) error {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return err
			}
			_, _ = os.Stdout.WriteString("writes\n")
			_, err := io.Copy(w, os.Stdin) // until it is killed
			return err
		})
		return
	}
	dir := t.TempDir()
	f, err := unnamed(dir)
	if err != nil {
		t.Skipf("this file system has no files without a name: %v", err)
	}
	_ = f.Close()
	file := filepath.Join(dir, "im.tar")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOutputKilled$")
	cmd.Env = append(os.Environ(), killedEnv+"="+file)
	if _, err := cmd.StdinPipe(); err != nil { // never written to
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "writes\n" {
		t.Errorf("got %q, %v", line, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}

	// A file system without such files has them named, by a writer that is no more.
	old := filepath.Join(dir, pattern("im.tar"))
	gone := filepath.Join(dir, ".im.tar."+strconv.Itoa(cmd.Process.Pid)+"-"+pidSpace()+".1.tmp")
	other := filepath.Join(dir, ".another.tar."+strconv.Itoa(cmd.Process.Pid)+"-"+pidSpace()+".1.tmp")
	for _, path := range []string{old, gone, other} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Output(file, 0o600, say("x")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{file: true, old: true, gone: false, other: true} {
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s is there: %v", path, err == nil)
		}
	}
}
