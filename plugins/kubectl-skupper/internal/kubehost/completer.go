package kubehost

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

const (
	plugin    = "kubectl-skupper"
	completer = "kubectl_complete-skupper" // what kubectl runs to complete a plugin's words
)

// CompleterArgs are the arguments of a program that was called by that name with these: kubectl asks the completer without saying
// what for.
func CompleterArgs(program string, args []string) []string {
	if strings.TrimSuffix(filepath.Base(program), ".exe") == completer {
		return append([]string{"__complete"}, args...)
	}
	return args
}

// completion is added to the group of that name.
func (h Host) completion(s host.Streams) *cli.Command {
	return &cli.Command{Name: "completion", Subcommands: []*cli.Command{h.own(s, own{
		name: "install", usage: "let kubectl complete what follows \"kubectl skupper\"", manner: host.Change,
		more: "It puts " + completer + " beside the plugin; kubectl's own completion must be set up too: see kubectl completion --help.\n" +
			"Installing again does nothing.",
		example: "completion install",
		flags:   []cli.Flag{&cli.StringFlag{Name: "dir", Usage: "`DIRECTORY` to put it in, one of $PATH (default that of " + plugin + ")"}},
		read: func(c *cli.Context) (func() (host.View, error), error) {
			return func() (host.View, error) { return h.installCompleter(c.String("dir")) }, nil
		},
	})}}
}

func (h Host) installCompleter(dir string) (host.View, error) {
	found, err := exec.LookPath(plugin)
	if err != nil {
		if found, err = os.Executable(); err != nil {
			return host.View{}, fmt.Errorf("find the plugin: %w", err)
		}
	}
	if found, err = filepath.Abs(found); err != nil {
		return host.View{}, fmt.Errorf("find the plugin: %w", err)
	}
	if dir == "" {
		dir = filepath.Dir(found)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return host.View{}, fmt.Errorf("find the directory: %w", err)
	}
	did, file, err := putCompleter(dir, found)
	if err != nil {
		return host.View{}, err
	}
	v := host.View{Verb: did, Name: file, Object: map[string]string{"file": file, "did": did}}
	if at, err := exec.LookPath(completer); err != nil || filepath.Dir(at) != dir {
		v.Notes = append(v.Notes, "kubectl will not find it: "+dir+" is not in $PATH, or something before it has a file of that name")
	}
	return v, nil
}

// putCompleter makes the completer a link to the plugin or, where links are a privilege, a script that calls it.
func putCompleter(dir, program string) (did, file string, err error) {
	file = filepath.Join(dir, completer)
	target := program
	if filepath.Dir(program) == dir {
		target = filepath.Base(program) // an upgrade that moves the directory takes the link along
	}
	if runtime.GOOS == "windows" {
		return putScript(file+".cmd", "@\""+program+"\" __complete %*\r\n")
	}
	switch now, readErr := os.Readlink(file); {
	case readErr == nil && now == target:
		return "unchanged", file, nil
	case readErr == nil: // a link of another place
		if err := os.Remove(file); err != nil {
			return "", file, unwritable(file, err)
		}
	case !errors.Is(readErr, fs.ErrNotExist):
		return "", file, fault.New(fault.Conflict, file+" is there already, and is not ours", "remove it, or choose another --dir")
	}
	if err := os.Symlink(target, file); err != nil {
		return "", file, unwritable(file, err)
	}
	return "created", file, nil
}

func putScript(file, text string) (did, path string, err error) {
	if now, err := os.ReadFile(file); err == nil && string(now) == text {
		return "unchanged", file, nil
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil { //nolint:gosec // everybody may run it
		return "", file, unwritable(file, err)
	}
	return "created", file, nil
}

func unwritable(file string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	kind := fault.Failed
	if errors.Is(err, fs.ErrPermission) {
		kind = fault.Denied
	}
	return fault.Wrap(kind, "write "+file, err, "choose another directory of $PATH with --dir")
}
