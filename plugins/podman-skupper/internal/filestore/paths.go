package filestore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// DefaultNamespace is the namespace meant when none is named.
const DefaultNamespace = "default"

// maxSocketPath is the longest path in octets that is bound as a unix socket: the address holds 108 on Linux, 104
// elsewhere, with a terminating zero.
const maxSocketPath = 100

// Paths knows where everything of an installation is. Nothing else in this program makes up a file name.
// The zero value is not useful: see Locate and Under.
type Paths struct {
	data    string // data home: namespaces, bundles, agent
	private bool   // SKUPPER_HOME is set: nothing of this installation is outside of data
}

// Locate finds the installation of the user from the environment: $SKUPPER_HOME if set, /var/lib/skupper for root,
// otherwise $XDG_DATA_HOME/skupper or ~/.local/share/skupper.
func Locate(getenv func(string) string) (Paths, error) {
	if home := getenv("SKUPPER_HOME"); home != "" {
		abs, err := filepath.Abs(home)
		if err != nil {
			return Paths{}, fault.Wrap(fault.Failed, fmt.Sprintf("SKUPPER_HOME is %q", home), err, "set it to an absolute path")
		}
		return Under(abs), nil
	}
	if os.Getuid() == 0 {
		return Paths{data: "/var/lib/skupper"}, nil
	}
	if xdg := getenv("XDG_DATA_HOME"); filepath.IsAbs(xdg) { // a relative one is to be ignored, says the XDG specification
		return Paths{data: filepath.Join(xdg, "skupper")}, nil
	}
	home := getenv("HOME")
	if home == "" {
		return Paths{}, fault.New(fault.Failed, "cannot tell where local sites are kept: HOME is not set", "set SKUPPER_HOME to a directory")
	}
	return Paths{data: filepath.Join(home, ".local", "share", "skupper")}, nil
}

// Under is the installation that has everything in the directory dir, an absolute path.
func Under(dir string) Paths { return Paths{data: filepath.Clean(dir), private: true} }

// Environ is an environment with which a process in another directory finds the same installation.
func (p Paths) Environ(env []string) []string {
	if !p.private {
		return env
	}
	out := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if !strings.HasPrefix(kv, "SKUPPER_HOME=") {
			out = append(out, kv)
		}
	}
	return append(out, "SKUPPER_HOME="+p.data)
}

// Private tells whether nothing of the installation may be outside of its data home: it was chosen by SKUPPER_HOME.
func (p Paths) Private() bool { return p.private }

// Data is the data home.
func (p Paths) Data() string { return p.data }

// Namespaces is the directory of the namespaces.
func (p Paths) Namespaces() string { return filepath.Join(p.data, "namespaces") }

// Agent is the directory of what the agent keeps for itself.
func (p Paths) Agent() string { return filepath.Join(p.data, "agent") }

// AgentLock is the file whose lock the one agent of the installation holds.
func (p Paths) AgentLock() string { return filepath.Join(p.Agent(), "lock") }

// AgentStart is the file whose lock is held by whoever starts the agent, or sees to it that nobody does.
func (p Paths) AgentStart() string { return filepath.Join(p.Agent(), "start.lock") }

// AgentLog is the agent's log.
func (p Paths) AgentLog() string { return filepath.Join(p.Agent(), "agent.log") }

// AgentGrantPort is the file that keeps the port of the grant server over restarts.
func (p Paths) AgentGrantPort() string { return filepath.Join(p.Agent(), "grant-port") }

// AgentIssuers has the agent's own authorities.
func (p Paths) AgentIssuers() string { return filepath.Join(p.Agent(), "issuers") }

// AgentCerts has the agent's own certificates.
func (p Paths) AgentCerts() string { return filepath.Join(p.Agent(), "certs") }

// AgentSocket is the path of the agent's socket. It is in the agent's directory unless that path is too long for a
// unix socket; then it is in a directory of the user's own below the temporary directory, with a name that only this
// installation has. That is /tmp whatever $TMPDIR says: commands with another $TMPDIR are to find the same agent.
func (p Paths) AgentSocket() string {
	path := filepath.Join(p.Agent(), "agent.sock")
	if len(path) <= maxSocketPath {
		return path
	}
	sum := sha256.Sum256([]byte(p.data))
	tmp := "/tmp"
	if runtime.GOOS == "windows" {
		tmp = os.TempDir()
	}
	return filepath.Join(tmp, "skupper-"+strconv.Itoa(os.Getuid())+"-"+hex.EncodeToString(sum[:8]), "agent.sock")
}

// Namespace is where one namespace is kept.
func (p Paths) Namespace(name string) Dir {
	if name == "" {
		name = DefaultNamespace
	}
	return Dir{root: filepath.Join(p.Namespaces(), name), name: name}
}

// List names the namespaces that there are, in order. An installation without any has none.
func (p Paths) List() ([]string, error) {
	entries, err := os.ReadDir(p.Namespaces())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, "list namespaces", err, "")
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Dir is the directory of one namespace.
type Dir struct{ root, name string }

// Name is the namespace.
func (d Dir) Name() string { return d.name }

// Root is the directory itself.
func (d Dir) Root() string { return d.root }

// Input is what the user owns.
func (d Dir) Input() string { return filepath.Join(d.root, "input") }

// InputResources has the resources as the user wants them.
func (d Dir) InputResources() string { return filepath.Join(d.root, "input", "resources") }

// InputIssuers has CAs given by the user.
func (d Dir) InputIssuers() string { return filepath.Join(d.root, "input", "issuers") }

// InputCerts has certificates given by the user.
func (d Dir) InputCerts() string { return filepath.Join(d.root, "input", "certs") }

// Runtime is what the running site has made; it can be rebuilt from input and issuers.
func (d Dir) Runtime() string { return filepath.Join(d.root, "runtime") }

// RuntimeResources has the resources as they are, with statuses.
func (d Dir) RuntimeResources() string { return filepath.Join(d.root, "runtime", "resources") }

// RuntimeCerts has a directory per certificate.
func (d Dir) RuntimeCerts() string { return filepath.Join(d.root, "runtime", "certs") }

// RuntimeIssuers has a directory per CA.
func (d Dir) RuntimeIssuers() string { return filepath.Join(d.root, "runtime", "issuers") }

// RuntimeProxies has a directory per proxy profile.
func (d Dir) RuntimeProxies() string { return filepath.Join(d.root, "runtime", "proxies") }

// RuntimeLinks has the static links.
func (d Dir) RuntimeLinks() string { return filepath.Join(d.root, "runtime", "links") }

// RouterConfig is the configuration that the router starts with.
func (d Dir) RouterConfig() string {
	return filepath.Join(d.root, "runtime", "router", "skrouterd.json")
}

// Internal is for the programs only.
func (d Dir) Internal() string { return filepath.Join(d.root, "internal") }

// Platform names the platform that the namespace is bound to.
func (d Dir) Platform() string { return filepath.Join(d.root, "internal", "platform.yaml") }

// Container says how the container of the namespace's router is made, on platforms that have containers.
func (d Dir) Container() string { return filepath.Join(d.root, "internal", "container.json") }

// RouterProgram names the program that is the namespace's router, where it is another than the one in ours and no container.
func (d Dir) RouterProgram() string { return filepath.Join(d.root, "internal", "router-program") }

// Snapshot has a copy of the resources that were applied last.
func (d Dir) Snapshot() string { return filepath.Join(d.root, "internal", "snapshot") }

// Scripts is kept because other tools expect it.
func (d Dir) Scripts() string { return filepath.Join(d.root, "internal", "scripts") }

// State remembers what the site must have again after a restart: the ports of its own listeners, its router's id.
func (d Dir) State() string { return filepath.Join(d.root, "internal", "state.json") }

// Stopped exists while the user wants the site stopped.
func (d Dir) Stopped() string { return filepath.Join(d.root, "internal", "stopped") }

// RouterPID says which process the router is; its lock is held by that process.
func (d Dir) RouterPID() string { return filepath.Join(d.root, "internal", "router.pid") }

// RouterLog is what the router writes.
func (d Dir) RouterLog() string { return filepath.Join(d.root, "internal", "router.log") }

// StoreLock is the file whose lock a writer of input/resources or runtime/resources holds.
func (d Dir) StoreLock() string { return filepath.Join(d.root, "internal", "store.lock") }

// Credentials has the key pairs made for links that were generated for others.
func (d Dir) Credentials() string { return filepath.Join(d.root, "internal", "credentials") }

// Pending has the keys of tokens whose redemption is not finished.
func (d Dir) Pending() string { return filepath.Join(d.root, "internal", "pending") }

// Make creates the directory of the namespace, and those in it, that do not exist yet.
func (d Dir) Make() error {
	if err := MakeDir(d.root, 0o755); err != nil {
		return err
	}
	return d.Complete()
}

// Complete creates the directories in that of the namespace that do not exist yet. It fails if that one is not there, also where
// somebody removes it meanwhile.
func (d Dir) Complete() error {
	for _, dir := range []string{
		d.InputResources(), d.InputIssuers(), d.InputCerts(),
		d.RuntimeResources(), d.RuntimeCerts(), d.RuntimeIssuers(), d.RuntimeProxies(), d.RuntimeLinks(), filepath.Dir(d.RouterConfig()),
		d.Internal(), d.Snapshot(), d.Scripts(),
	} {
		for _, one := range []string{filepath.Dir(dir), dir} { // none is deeper than two below the root
			if one == d.root {
				continue
			}
			if err := os.Mkdir(one, 0o755); err != nil && !isDir(one) {
				return atomicfile.Explain("make directory", one, err)
			}
		}
	}
	return nil
}

// isDir tells whether there is a directory, or a link to one.
func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// MakeDir creates a directory and its parents, and says what to do when it cannot.
func MakeDir(dir string, perm os.FileMode) error {
	if err := os.MkdirAll(dir, perm); err != nil {
		return atomicfile.Explain("make directory", dir, err)
	}
	return nil
}
