package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// MaxLines is how long a Go file may get, in lines. Most are a fifth of it; generated ones are not counted.
const MaxLines = 600

// FileLength finds files that hold more than one concept, going by their length.
func FileLength(files []File) (faults []string) {
	for _, f := range files {
		if n := f.Lines(); f.AST != nil && !f.IsGenerated() && n > MaxLines {
			faults = append(faults, fmt.Sprintf("%s has %d lines, want at most %d: one concept a file", f.Path, n, MaxLines))
		}
	}
	return faults
}

// PackageDocs finds packages without a sentence that says what they are for.
func PackageDocs(files []File) (faults []string) {
	said := map[string]bool{}
	for _, f := range files {
		if f.AST == nil || f.IsTest() {
			continue
		}
		dir := path.Dir(f.Path)
		doc := f.AST.Doc.Text()
		begins := "Package " + f.AST.Name.Name + " "
		if f.IsMain() {
			begins = "Command "
		}
		said[dir] = said[dir] || strings.HasPrefix(doc, begins) && strings.Contains(doc, ".")
		if doc != "" && !strings.HasPrefix(doc, begins) && !f.IsGenerated() {
			faults = append(faults, fmt.Sprintf("%s: the package comment begins %q, want %q", f.Path, firstWords(doc), begins))
		}
	}
	for dir, ok := range said {
		if !ok {
			faults = append(faults, dir+" has no package comment: one sentence that says what it provides")
		}
	}
	slices.Sort(faults)
	return faults
}

func firstWords(s string) string {
	words := strings.Fields(s)
	return strings.Join(words[:min(3, len(words))], " ")
}

// vagueNames say nothing of what a package provides.
var vagueNames = []string{"util", "utils", "common", "helper", "helpers", "types", "base", "misc", "manager"}

// PackageNames finds packages that are named for nothing.
func PackageNames(files []File) (faults []string) {
	for _, f := range files {
		if f.AST != nil && slices.Contains(vagueNames, f.AST.Name.Name) {
			faults = append(faults, fmt.Sprintf("%s: package %s: a package is a noun for what it provides", f.Path, f.AST.Name.Name))
		}
	}
	return faults
}

// Calls finds what only a program may do: end the process, and make a context out of nothing. It also finds init
// functions, which run whether a program wants it or not.
func Calls(files []File) (faults []string) {
	for _, f := range files {
		if f.AST == nil || f.IsTest() || f.IsGenerated() {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					faults = append(faults, f.at(n.Pos())+": an init function: let the caller construct what it needs")
				}
			case *ast.SelectorExpr:
				pkg, ok := n.X.(*ast.Ident)
				if !ok || f.IsMain() || f.IsSupport() {
					return true
				}
				switch pkg.Name + "." + n.Sel.Name {
				case "os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln":
					faults = append(faults, fmt.Sprintf("%s: %s.%s outside a main package: return an error", f.at(n.Pos()), pkg.Name, n.Sel.Name))
				case "context.Background", "context." + "TO" + "DO":
					faults = append(faults, fmt.Sprintf("%s: context.%s outside a main package: take the caller's", f.at(n.Pos()), n.Sel.Name))
				}
			}
			return true
		})
	}
	return faults
}

// selfEvident methods satisfy well-known interfaces whose docs say what they do.
var selfEvident = []string{"Error", "Unwrap", "Is", "As", "String", "Len", "Less", "Swap", "Read", "Write", "Close", "ServeHTTP", "MarshalJSON", "UnmarshalJSON"}

// ExportedDocs finds exported names without a comment. One comment on a group of constants or variables serves them all.
func ExportedDocs(files []File) (faults []string) {
	for _, f := range files {
		if f.AST == nil || f.IsTest() || f.IsMain() || f.IsGenerated() {
			continue
		}
		for _, d := range f.AST.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if undocumentedFunc(d) {
					faults = append(faults, fmt.Sprintf("%s: exported %s has no comment", f.at(d.Pos()), d.Name.Name))
				}
			case *ast.GenDecl:
				for _, name := range undocumentedNames(d) {
					faults = append(faults, fmt.Sprintf("%s: exported %s has no comment", f.at(name.Pos()), name.Name))
				}
			}
		}
	}
	return faults
}

func undocumentedFunc(d *ast.FuncDecl) bool {
	if !d.Name.IsExported() || d.Doc.Text() != "" {
		return false
	}
	if d.Recv == nil {
		return true
	}
	recv := d.Recv.List[0].Type
	if star, ok := recv.(*ast.StarExpr); ok {
		recv = star.X
	}
	if generic, ok := recv.(*ast.IndexExpr); ok {
		recv = generic.X
	}
	typ, ok := recv.(*ast.Ident)
	return ok && typ.IsExported() && !slices.Contains(selfEvident, d.Name.Name)
}

func undocumentedNames(d *ast.GenDecl) (names []*ast.Ident) {
	if d.Tok == token.IMPORT || d.Doc.Text() != "" {
		return nil
	}
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc.Text() == "" && s.Comment.Text() == "" {
				names = append(names, s.Name)
			}
		case *ast.ValueSpec:
			if s.Doc.Text() == "" && s.Comment.Text() == "" {
				names = append(names, slices.DeleteFunc(slices.Clone(s.Names), func(n *ast.Ident) bool { return !n.IsExported() })...)
			}
		}
	}
	return names
}

// Leaks finds packages that start goroutines without a test that looks for those left behind.
func Leaks(files []File) (faults []string) {
	starts, checks := map[string]string{}, map[string]bool{}
	for _, f := range files {
		if f.AST == nil || f.IsSupport() {
			continue
		}
		dir := path.Dir(f.Path)
		if f.IsTest() {
			for _, i := range f.AST.Imports {
				checks[dir] = checks[dir] || i.Path.Value == `"go.uber.org/goleak"`
			}
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if startsGoroutine(n) && starts[dir] == "" {
				starts[dir] = f.at(n.Pos())
			}
			return true
		})
	}
	for dir, where := range starts {
		if !checks[dir] {
			faults = append(faults, where+" starts a goroutine, but no test of the package uses goleak")
		}
	}
	slices.Sort(faults)
	return faults
}

// startsGoroutine tells a go statement, and the Go method of wait groups and the like.
func startsGoroutine(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return true
	case *ast.CallExpr:
		sel, ok := n.Fun.(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Go" && len(n.Args) == 1
	}
	return false
}

// unfinished and foreign are put together so that this file does not find itself.
var (
	unfinished = regexp.MustCompile(`\b(` + "TO" + `DO|FIX` + "ME" + `|X` + "XX" + `)\b`)
	foreign    = regexp.MustCompile(`(^|[\s"'` + "`" + `(=:<])/(wo` + `rk|root/go|tmp/no` + `tes)/`)
	function   = regexp.MustCompile(`context\\*\.` + "TO" + "DO") // the name of a function, in a rule against it
)

// Text finds promises instead of work, and paths that exist on one machine only, in every file that is text.
func Text(files []File) (faults []string) {
	for _, f := range files {
		if strings.HasSuffix(f.Path, "go.sum") || strings.Contains(f.Path, "testdata/fuzz/") || strings.IndexByte(string(f.Data[:min(len(f.Data), 8000)]), 0) >= 0 {
			continue // hashes, inputs a machine made up, and what is not text
		}
		for i, line := range strings.Split(string(f.Data), "\n") {
			if m := unfinished.FindString(function.ReplaceAllString(line, "")); m != "" {
				faults = append(faults, fmt.Sprintf("%s:%d: %s: do it, or open an issue", f.Path, i+1, m))
			}
			if m := foreign.FindString(line); m != "" {
				faults = append(faults, fmt.Sprintf("%s:%d: a path of one machine: %s", f.Path, i+1, strings.TrimSpace(m)))
			}
		}
	}
	return faults
}
