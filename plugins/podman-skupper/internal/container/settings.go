package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// Choice says which router a container runs.
type Choice string

// The choices.
const (
	Auto     Choice = "auto"     // that of the image if the image can be had, else the embedded one
	FromName Choice = "image"    // that of the image
	Embedded Choice = "embedded" // the one in this program, in an image made of it
)

// Choices are all of them.
var Choices = []string{string(Auto), string(FromName), string(Embedded)}

// When an image is pulled, as people write it for Kubernetes.
const (
	PullAlways  = "Always"
	PullMissing = "IfNotPresent"
	PullNever   = "Never"
)

// Settings are how the container of a namespace is made. They are kept with the namespace, so that the agent makes it in
// the way that whoever created the site said.
type Settings struct {
	Endpoint string `json:"endpoint"`
	Router   Choice `json:"router"`
	Image    string `json:"image"`
	Pull     string `json:"pull"`
	Quadlet  bool   `json:"quadlet,omitempty"` // systemd runs it, by a file of which Podman makes the unit
}

const (
	defaultRegistry = "quay.io/skupper"
	defaultImage    = "skupper-router:main"
)

// FromEnvironment are the settings that the environment makes.
func FromEnvironment(platform string, uid int, getenv func(string) string) (Settings, error) {
	s := Settings{Endpoint: engineapi.Endpoint(platform, uid, getenv), Router: Auto, Image: getenv("SKUPPER_ROUTER_IMAGE"), Pull: PullMissing}
	if s.Image == "" {
		registry := strings.TrimSuffix(getenv("SKUPPER_IMAGE_REGISTRY"), "/")
		if registry == "" {
			registry = defaultRegistry
		}
		s.Image = registry + "/" + defaultImage
	}
	if v := getenv("SKUPPER_ENGINE"); v != "" {
		if err := CheckChoice("SKUPPER_ENGINE", v); err != nil {
			return s, err
		}
		s.Router = Choice(v)
	}
	if v := getenv("SKUPPER_ROUTER_IMAGE_PULL_POLICY"); v != "" {
		policies := []string{PullAlways, PullMissing, PullNever}
		if !slices.Contains(policies, v) {
			return s, fault.New(fault.Usage, fmt.Sprintf("SKUPPER_ROUTER_IMAGE_PULL_POLICY is %q, want %s", v, strings.Join(policies, ", ")), "")
		}
		s.Pull = v
	}
	return s, nil
}

// CheckChoice says what is wrong with a choice that came from somewhere.
func CheckChoice(from, v string) error {
	if !slices.Contains(Choices, v) {
		return fault.New(fault.Usage, fmt.Sprintf("%s is %q, want %s", from, v, strings.Join(Choices, ", ")), "")
	}
	return nil
}

// ReadSettings reads settings from a file; ok is false if there is none.
func ReadSettings(path string) (s Settings, ok bool, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fault.Wrap(fault.Failed, "read how the container is made", err, "")
	}
	if err := json.Unmarshal(b, &s); err != nil || s.Endpoint == "" || CheckChoice("router", string(s.Router)) != nil {
		return s, false, fault.New(fault.Failed, path+" does not say how a container is made", "remove it: the environment is used then")
	}
	return s, true, nil
}

// Write writes settings to a file.
func (s Settings) Write(path string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	_, err = atomicfile.WriteChanged(path, 0o644, append(b, '\n'))
	return err
}
