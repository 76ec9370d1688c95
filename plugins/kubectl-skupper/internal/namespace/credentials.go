package namespace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// isCredential reports whether a site can use a secret: for TLS, or for a proxy.
func isCredential(s *corev1.Secret) bool {
	switch s.Type {
	case corev1.SecretTypeTLS, corev1.SecretTypeBasicAuth:
		return true
	case corev1.SecretTypeOpaque, "":
		return len(s.Data[v2alpha1.SecretKeyCA]) > 0
	}
	return false
}

// credential is a secret as the plan knows it. The contents are shared.
func credential(s *corev1.Secret) *v2alpha1.Secret {
	return &v2alpha1.Secret{ObjectMeta: s.ObjectMeta, Data: s.Data, Type: string(s.Type)}
}

// digest is that of a secret's contents.
func digest(s *corev1.Secret) string {
	h := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(s.Data)) {
		fmt.Fprintf(h, "%d %s %d ", len(k), k, len(s.Data[k]))
		h.Write(s.Data[k])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// profileContext is an entry of the annotation by which adaptors find the secret of a router's TLS profile.
type profileContext struct {
	Profile string `json:"profileName"`
	Ordinal int    `json:"ordinal"`
}

func contextOf(s *corev1.Secret) []profileContext {
	var out []profileContext
	if json.Unmarshal([]byte(s.Annotations[names.TLSProfileContext]), &out) != nil {
		return nil
	}
	return out
}

// ordinals says how often each of the credentials was replaced: one more than the router knows of if the secret is not the one
// that the router's configuration was made for. known is the annotation of the configuration that says which those are.
func (w *world) ordinals(old *config.Config, known string) {
	before := map[string]string{}
	_ = json.Unmarshal([]byte(known), &before) // of another controller: then none has been replaced yet
	for name, s := range w.secrets {
		now := digest(s)
		ordinal := 0
		for i := range old.SSLProfiles {
			if p := &old.SSLProfiles[i]; strings.TrimSuffix(p.Name, "-profile") == strings.TrimSuffix(name, "-profile") {
				ordinal = max(ordinal, p.Ordinal)
			}
		}
		if was, ok := before[name]; ok && was != now {
			ordinal++
		}
		for _, c := range contextOf(s) {
			ordinal = max(ordinal, c.Ordinal)
		}
		w.resources.Ordinals[name] = ordinal
	}
}

// usedDigests are those of the credentials in use.
func (w *world) usedDigests(d site.Desired) map[string]string {
	out := map[string]string{}
	for _, p := range d.Profiles {
		if s := w.secrets[p.Credentials]; s != nil {
			out[p.Credentials] = digest(s)
		}
	}
	return out
}

// annotateSecrets tells adaptors which TLS profiles a secret is for, and the how manieth it is. It is done before the
// configuration speaks of them: adaptors wait for a secret that is as new as the configuration says, not the other way round.
func (r *reconciler) annotateSecrets(ctx context.Context, w *world, d site.Desired) error {
	wanted := map[string][]profileContext{}
	for _, p := range d.Profiles { // by name
		wanted[p.Credentials] = append(wanted[p.Credentials], profileContext{p.Name, w.resources.Ordinals[p.Credentials]})
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		s := w.secrets[name]
		if s == nil || slices.Equal(contextOf(s), wanted[name]) {
			continue
		}
		text, err := json.Marshal(wanted[name])
		if err != nil {
			return err
		}
		after := &corev1.Secret{}
		after.Name, after.Namespace = s.Name, s.Namespace
		before := after.DeepCopy()
		after.Annotations = map[string]string{names.TLSProfileContext: string(text)}
		if err := r.client.Patch(ctx, after, client.MergeFrom(before)); err != nil {
			return fmt.Errorf("note the TLS profiles of secret %s: %w", name, err)
		}
	}
	return nil
}
