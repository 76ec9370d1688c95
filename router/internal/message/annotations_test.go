package message

import (
	"reflect"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

func TestAnnotationsBytes(t *testing.T) {
	for _, c := range []struct {
		name string
		a    Annotations
		want string // after the descriptor
	}{
		{"edge", Annotations{IngressMesh: "NRkMG3irf+o22hT", HasIngressMesh: true},
			"\xd0\x00\x00\x00\x19\x00\x00\x00\x05\x43\x40\x40\x45\xa1\x0fNRkMG3irf+o22hT"},
		{"after-interior", Annotations{To: "mc/sfe.all", HasTo: true, Ingress: "0/A", HasIngress: true, Trace: []string{"0/A"},
			IngressMesh: "NRkMG3irf+o22hT", HasIngressMesh: true},
			"\xd0\x00\x00\x00\x35\x00\x00\x00\x05\x43\xa1\x0amc/sfe.all\xa1\x030/A\xd0\x00\x00\x00\x09\x00\x00\x00\x01\xa1\x030/A\xa1\x0fNRkMG3irf+o22hT"},
		{"stream", Annotations{Flags: 5, Ingress: "0/C", HasIngress: true, Trace: []string{"0/C"}},
			"\xd0\x00\x00\x00\x1a\x00\x00\x00\x04\x52\x05\x40\xa1\x030/C\xd0\x00\x00\x00\x09\x00\x00\x00\x01\xa1\x030/C"},
		{"two-hops", Annotations{Ingress: "0/C", HasIngress: true, Trace: []string{"0/C", "0/A"}},
			"\xd0\x00\x00\x00\x1e\x00\x00\x00\x04\x43\x40\xa1\x030/C\xd0\x00\x00\x00\x0e\x00\x00\x00\x02\xa1\x030/C\xa1\x030/A"},
		{"empty-strings", Annotations{HasTo: true, HasIngress: true, HasIngressMesh: true, Flags: 1 << 31},
			"\xd0\x00\x00\x00\x10\x00\x00\x00\x05\x70\x80\x00\x00\x00\xa1\x00\xa1\x00\x45\xa1\x00"},
	} {
		b := c.a.Append([]byte("before"))
		if string(b) != "before"+annotationsStart+c.want {
			t.Errorf("%s: got %q", c.name, b)
			continue
		}
		got, n, present, need, err := ParseAnnotations(append(b[6:], "after"...))
		if err != nil || need || !present || n != len(b)-6 || !reflect.DeepEqual(got, c.a) {
			t.Errorf("%s: got %+v, %d, %v, %v, %v", c.name, got, n, present, need, err)
		}
	}
}

func TestParseAnnotations(t *testing.T) {
	long := strings.Repeat("x", 127)
	trace := func(n int) string {
		a := Annotations{Trace: make([]string, n)}
		return string(a.Append(nil)[len(annotationsStart):])
	}
	for _, c := range []struct{ name, in, err string }{
		{"list8", "\xc0\x05\x04\x43\x40\x40\x45", ""},
		{"flags-wide", "\xc0\x09\x04\x70\x00\x00\x00\x05\x40\x40\x45", ""},
		{"elements-beyond-5", "\xc0\x09\x06\x43\x40\x40\x45\xa1\x00\xa1\x00", ""},
		{"symbols", "\xc0\x0b\x04\x43\xa3\x01t\xa3\x01i\xc0\x01\x00", ""},
		{"trace-256", trace(limits.MaxTrace), ""},
		{"trace-257", trace(limits.MaxTrace + 1), "too many routers"},
		{"list0", "\x45", "fewer than 4"},
		{"three-elements", "\xc0\x04\x03\x43\x40\x40", "fewer than 4"},
		{"map", "\xc1\x05\x04\x43\x40\x40\x45", "not the list"},
		{"flags-null", "\xc0\x05\x04\x40\x40\x40\x45", "unsigned integer"},
		{"flags-int", "\xc0\x06\x04\x54\x01\x40\x40\x45", "unsigned integer"},
		{"trace-null", "\xc0\x05\x04\x43\x40\x40\x40", "want a list"},
		{"trace-of-numbers", "\xc0\x08\x04\x43\x40\x40\xc0\x02\x01\x43", "want a string"},
		{"mesh-null", "\xc0\x06\x05\x43\x40\x40\x45\x40", "want a string"},
		{"to-number", "\xc0\x05\x04\x43\x43\x40\x45", "want a string"},
		{"size-beyond-elements", "\xc0\x06\x04\x43\x40\x40\x45\x40", "does not agree"},
		{"element-beyond-list", "\xc0\x05\x04\x43\x40\x40\xa1\x01x", "want a list"},
		{"too-large", "\xd0\x00\x01\x00\x01\x00\x00\x00\x04", "more than"},
		{"largest-ingress", "\xd0\x00\x00\x00\x88\x00\x00\x00\x04\x43\x40\xa1\x7f" + long + "\x45", ""},
	} {
		_, n, present, need, err := ParseAnnotations([]byte(annotationsStart + c.in))
		if c.err == "" && (err != nil || need || n != len(annotationsStart)+len(c.in)) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: got %d, need %v, %v, want %q", c.name, n, need, err, c.err)
		}
		if !present {
			t.Errorf("%s: not present", c.name)
		}
	}
	for _, in := range []string{"x", "\x00\x53\x73", "\x00\x80SKPR--RB\x45", "\x00\x53\x80SKPR--RA"} {
		if _, n, present, need, err := ParseAnnotations([]byte(in)); n != 0 || present || need || err != nil {
			t.Errorf("%q: got %d, %v, %v, %v", in, n, present, need, err)
		}
	}
}
