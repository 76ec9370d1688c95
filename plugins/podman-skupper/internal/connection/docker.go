package connection

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Docker is the engine that docker would talk to: of the command line, the environment (CONTAINER_ENDPOINT, which Skupper's own
// tools go by, DOCKER_HOST, DOCKER_CONTEXT), the context that docker's configuration has chosen, and else the usual socket.
func Docker(c Choice, getenv func(string) string) (Engine, error) {
	f, err := docker(c, getenv)
	if err != nil {
		return Engine{}, err
	}
	return f.engine()
}

func docker(c Choice, getenv func(string) string) (found, error) {
	name := c.Connection // names one of docker's contexts, and outdoes the environment as docker --context does
	for _, n := range []struct{ from, address string }{{"url", c.URL}, {"CONTAINER_ENDPOINT", getenv("CONTAINER_ENDPOINT")}, {"DOCKER_HOST", getenv("DOCKER_HOST")}} {
		if f, ok := named(n.from, n.address); ok && name == "" {
			return f, nil
		}
	}
	dir := getenv("DOCKER_CONFIG")
	if dir == "" {
		dir = filepath.Join(getenv("HOME"), ".docker")
	}
	if name == "" {
		name = getenv("DOCKER_CONTEXT")
	}
	if name == "" {
		var conf struct{ CurrentContext string }
		if err := readJSON(filepath.Join(dir, "config.json"), &conf); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return found{}, fault.Wrap(fault.Usage, "read docker's configuration", err, "docker context show")
		}
		name = conf.CurrentContext
	}
	if name == "" || name == "default" {
		return found{url: "unix:///run/docker.sock"}, nil
	}
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	sum := sha256.Sum256([]byte(name))
	err := readJSON(filepath.Join(dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json"), &meta)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return found{}, fault.New(fault.Missing, fmt.Sprintf("docker's context is %q, and there is none of that name", name), "docker context ls")
	case err != nil:
		return found{}, fault.Wrap(fault.Usage, fmt.Sprintf("read docker's context %q", name), err, "docker context inspect "+name)
	}
	return found{url: meta.Endpoints["docker"].Host, from: fmt.Sprintf("docker's context %q", name)}, nil
}

// maxJSON bounds what is read of a file of docker's, in octets.
const maxJSON = 1 << 20

func readJSON(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	if info, err := f.Stat(); err != nil || info.Size() > maxJSON || !info.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("%s is no file of less than %d octets", path, maxJSON))
	}
	return json.NewDecoder(f).Decode(into)
}
