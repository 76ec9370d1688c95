package house

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// File is one tracked file. AST is nil for what is not Go.
type File struct {
	Path string // from the root, with slashes
	Data []byte
	AST  *ast.File
	Fset *token.FileSet
}

// IsTest tells a file that is compiled only into tests.
func (f File) IsTest() bool { return strings.HasSuffix(f.Path, "_test.go") }

// IsSupport tells a file that only tests use: those of the tests module, and of packages named for it (sitetest).
func (f File) IsSupport() bool {
	return strings.HasPrefix(f.Path, "tests/") || strings.HasSuffix(path.Dir(f.Path), "test")
}

// IsMain tells a file of a program.
func (f File) IsMain() bool { return f.AST != nil && f.AST.Name.Name == "main" }

// IsGenerated tells a file that a tool wrote and says so in the agreed form.
func (f File) IsGenerated() bool { return f.AST != nil && ast.IsGenerated(f.AST) }

// Lines counts lines as editors do.
func (f File) Lines() int {
	n := bytes.Count(f.Data, []byte("\n"))
	if len(f.Data) > 0 && f.Data[len(f.Data)-1] != '\n' {
		n++
	}
	return n
}

// at is the place of a node, for people and editors.
func (f File) at(p token.Pos) string { return fmt.Sprintf("%s:%d", f.Path, f.Fset.Position(p).Line) }

// Tree reads every file of the checkout in root that git tracks or would track. Without git (a source archive) it is all
// there is but what make puts there.
func Tree(ctx context.Context, root string) ([]File, error) {
	paths, err := list(ctx, root)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var files []File
	for _, p := range paths {
		info, err := os.Lstat(filepath.Join(root, p))
		if err != nil || !info.Mode().IsRegular() { // deleted but not yet committed, or a link
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, p))
		if err != nil {
			return nil, err
		}
		f := File{Path: filepath.ToSlash(p), Data: data, Fset: fset}
		if strings.HasSuffix(p, ".go") && !strings.Contains(f.Path, "testdata/") {
			if f.AST, err = parser.ParseFile(fset, p, data, parser.ParseComments|parser.SkipObjectResolution); err != nil {
				return nil, err
			}
		}
		files = append(files, f)
	}
	return files, nil
}

func list(ctx context.Context, root string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	if out, err := cmd.Output(); err == nil {
		return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), nil
	}
	var paths []string
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (rel == ".git" || rel == "bin" || rel == "dist" || rel == filepath.Join("scripts", "tools", "bin")):
			return filepath.SkipDir
		case d.Type().IsRegular():
			paths = append(paths, rel)
		}
		return nil
	})
	return paths, err
}
