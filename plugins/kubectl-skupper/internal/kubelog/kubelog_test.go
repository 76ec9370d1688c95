package kubelog

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

// TestSet has the libraries log in each of the ways that they have, as elections do too.
func TestSet(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = w // klog looks at it with every line
	defer func() { os.Stderr = stderr }()
	var b bytes.Buffer
	Set(zerolog.New(&b))
	defer klog.ClearLogger()
	klog.Info("one")
	klog.InfoS("two", "key", struct{ A int }{1})
	klog.Errorf("three %d", 3)
	klog.FromContext(t.Context()).Info("four", "lock", "a/b")
	klog.FromContext(t.Context()).V(6).Info("too much")
	klog.Background().Error(errors.New("why"), "five")
	ctrl.Log.WithName("part").Info("six")
	klog.Flush()
	_ = w.Close()
	var past bytes.Buffer
	if _, err := past.ReadFrom(r); err != nil || past.Len() > 0 {
		t.Errorf("not in our form: %q, %v", &past, err)
	}
	var got []string
	for line := range strings.Lines(b.String()) {
		var tree map[string]any
		if err := json.Unmarshal([]byte(line), &tree); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		got = append(got, tree["level"].(string)+" "+tree["message"].(string))
	}
	if want := "debug one, debug two, error three 3, debug four, error five, debug six"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
