package filestore

import (
	"errors"
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

const maxName = 200 // octets of a resource's name: with kind and extension it has to be a file name

var (
	nameRule      = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	uidRule       = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	namespaceRule = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
)

// checkName keeps names out that could lead out of the directory, or that could not be a file's.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("metadata.name is missing")
	case len(name) > maxName:
		return fmt.Errorf("name has %d octets, want %d or fewer", len(name), maxName)
	case !nameRule.MatchString(name):
		return fmt.Errorf("name %q: want lower-case letters, digits, '-' and '.', with a letter or digit at both ends", name)
	}
	return nil
}

// checkUID keeps identities out that would mean something in what they are written to, such as a container's labels, scripts
// and the router's configuration. One that is not given is made up.
func checkUID(uid types.UID) error {
	if uid != "" && !uidRule.MatchString(string(uid)) {
		return fmt.Errorf("metadata.uid is %q, want 64 or fewer letters, digits, '.', '_' and '-', or none", uid)
	}
	return nil
}

// CheckNamespace tells whether a local namespace may have this name.
func CheckNamespace(name string) error {
	if len(name) > 63 || !namespaceRule.MatchString(name) {
		return fault.New(fault.Usage, fmt.Sprintf("namespace is %q, want 63 or fewer lower-case letters, digits and '-', with a letter or digit at both ends", name), "")
	}
	return nil
}

// fileName is the file that Create writes a resource to.
func fileName(kind, name string) string { return kind + "-" + name + ".yaml" }

// isSecret tells whether a resource of this kind gives access to anything by being read.
func isSecret(kind string) bool {
	switch kind {
	case v2alpha1.KindSecret, v2alpha1.KindAccessToken, v2alpha1.KindAccessGrant:
		return true
	}
	return false
}
