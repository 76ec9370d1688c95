package sitetest

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/manifest"
)

func keepIdentity(o, old v2alpha1.Object) {
	o.SetName(old.GetName())
	o.SetNamespace(old.GetNamespace())
	o.SetUID(old.GetUID())
	o.SetCreationTimestamp(old.GetCreationTimestamp())
	o.SetGeneration(old.GetGeneration())
}

// copyStatus gives to the status of from; a Secret has none.
func copyStatus(to, from v2alpha1.Object) error {
	if v2alpha1.StatusOf(to) == nil {
		return nil
	}
	b, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("copy a status: %w", err)
	}
	var tree struct {
		Status json.RawMessage `json:"status"`
	}
	if err := json.Unmarshal(b, &tree); err != nil {
		return fmt.Errorf("copy a status: %w", err)
	}
	field := reflect.ValueOf(to).Elem().FieldByName("Status")
	field.SetZero()
	if len(tree.Status) == 0 {
		return nil
	}
	return json.Unmarshal(tree.Status, field.Addr().Interface())
}

// sameSpec compares everything but metadata and status.
func sameSpec(a, b v2alpha1.Object) bool {
	ta, errA := manifest.Tree(a)
	tb, errB := manifest.Tree(b)
	if errA != nil || errB != nil {
		return false
	}
	for _, t := range []map[string]any{ta, tb} {
		delete(t, "metadata")
		delete(t, "status")
	}
	return reflect.DeepEqual(ta, tb)
}

func itoa(n int) string { return fmt.Sprint(n) }
