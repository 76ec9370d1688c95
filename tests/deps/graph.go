package deps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Suite is the path all our modules begin with.
const Suite = "github.com/skupper-plugins/suite"

// Graph says what each package imports directly: import path → import paths. Packages of the standard library are in it
// only as imports. Imports of tests are not in it.
type Graph map[string][]string

// Load asks the go command for every package of the workspace in dir and all they depend on, as built for goos.
// Packages that do not parse are an error: a rule cannot be checked against half a graph.
func Load(ctx context.Context, dir, goos string, env []string) (Graph, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-json=ImportPath,Imports,Standard,DepsErrors", "work")
	cmd.Dir = dir
	cmd.Env = append(slices.Clip(env), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run go list: %w", err)
	}
	g, readErr := read(out)
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("go list in %s: %w: %s", dir, err, stderr.String())
	}
	return g, readErr
}

func read(r io.Reader) (Graph, error) {
	g := Graph{}
	for dec := json.NewDecoder(r); ; {
		var p struct {
			ImportPath string
			Imports    []string
			Standard   bool
			DepsErrors []struct{ Err string }
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return g, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read what go list printed: %w", err)
		}
		if len(p.DepsErrors) != 0 && ours(p.ImportPath) {
			return nil, fmt.Errorf("package %s does not load: %s", p.ImportPath, p.DepsErrors[0].Err)
		}
		if !p.Standard {
			g[p.ImportPath] = p.Imports
		}
	}
}

func ours(path string) bool { return path == Suite || strings.HasPrefix(path, Suite+"/") }

// Path returns the shortest chain of imports from one package to the first that match accepts, both included, or nil.
// Of two chains of the same length it is the one first in the order of the alphabet.
func (g Graph) Path(from string, match func(string) bool) []string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at != from && match(at) {
			var path []string
			for p := at; p != ""; p = before[p] {
				path = append(path, p)
			}
			slices.Reverse(path)
			return path
		}
		next := slices.Clone(g[at])
		slices.Sort(next)
		for _, n := range next {
			if _, seen := before[n]; !seen {
				before[n] = at
				queue = append(queue, n)
			}
		}
	}
	return nil
}
