package engineapi

import "time"

// Platforms, which are also what people call the engines.
const (
	Podman = "podman"
	Docker = "docker"
)

// Image is an image that the engine has.
type Image struct {
	ID           string
	Architecture string // as Go calls it: amd64, arm64
}

// Mount is a directory of the host in a container. It is relabelled for SELinux, to be shared.
type Mount struct{ Source, Target string }

// Container is a container as it is.
type Container struct {
	ID       string
	Name     string
	Image    string // as it was asked for
	Labels   map[string]string
	Mounts   []Mount
	Running  bool
	Status   string // in the engine's words: running, paused, exited, created
	PID      int    // on the engine's machine; 0 if it does not run
	Started  time.Time
	ExitCode int
	Restarts int // by the engine itself, since it was created
}

// Source is the directory of the host that the container has at target; empty if none.
func (c Container) Source(target string) string {
	for _, m := range c.Mounts {
		if m.Target == target {
			return m.Source
		}
	}
	return ""
}

// Spec is a container to be: on the host's network, restarted by the engine whenever it ends.
type Spec struct {
	Name   string
	Image  string
	User   string // UID:GID in the container
	KeepID bool   // the user's own numbers are the same in the container (Podman without root)
	Env    map[string]string
	Labels map[string]string
	Mounts []Mount
}

// Credentials are for a registry. The zero value is none.
type Credentials struct {
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Token    string `json:"identitytoken,omitempty"`
}

// Limits of what an engine may answer.
const (
	maxAnswer = 4 << 20  // octets of one answer
	maxLine   = 64 << 10 // octets of one message of a stream
	maxLog    = 4 << 20  // octets of the end of a log
	maxWords  = 2 << 10  // octets of an error's text
)
