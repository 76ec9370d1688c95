package token

import (
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// Encode writes the token as a file: one YAML document. A token that Check refuses is not written. The file should
// have the permissions Mode.
func Encode(w io.Writer, t Token) error {
	if err := t.Check(); err != nil {
		return fmt.Errorf("write the token: %w", err)
	}
	obj := t.Object()
	meta := map[string]any{"name": obj.Name}
	if len(obj.Annotations) > 0 {
		meta["annotations"] = obj.Annotations
	}
	text, err := yaml.Marshal(map[string]any{ // not the object itself: no empty status, no creationTimestamp
		"apiVersion": obj.APIVersion, "kind": obj.Kind, "metadata": meta, "spec": obj.Spec,
	})
	if err != nil {
		return fmt.Errorf("write the token: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("write the token: %w", err)
	}
	return nil
}
