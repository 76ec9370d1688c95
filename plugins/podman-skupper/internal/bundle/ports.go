package bundle

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// port is one that is looked for where the bundle is installed.
type port struct {
	listener string // of the router
	first    int    // that is tried
	stand    int    // the number that stands for it meanwhile, which nothing else has
}

type ports []port

// firstStand is the first number tried to stand for a port.
const firstStand = 60001

// portsOf gives every port that the plan chose a number that no resource mentions.
func portsOf(chosen map[string]int, objs []v2alpha1.Object) (p ports) {
	taken := map[int]bool{}
	for _, o := range objs {
		switch o := o.(type) {
		case *v2alpha1.Listener:
			taken[o.Spec.Port] = true
		case *v2alpha1.MultiKeyListener:
			taken[o.Spec.Port] = true
		case *v2alpha1.Connector:
			taken[o.Spec.Port] = true
		case *v2alpha1.RouterAccess:
			for _, r := range o.Spec.Roles {
				taken[r.Port] = true
			}
		case *v2alpha1.Link:
			for _, e := range o.Spec.Endpoints {
				n, _ := strconv.Atoi(e.Port) // what is no number is no port
				taken[n] = true
			}
		}
	}
	n := firstStand
	for _, name := range slices.Sorted(maps.Keys(chosen)) {
		for taken[n] {
			n++
		}
		p = append(p, port{listener: name, first: chosen[name], stand: n})
		n++
	}
	return p
}

// stand are the numbers that stand for the ports, by listener.
func (p ports) stand() map[string]int {
	all := map[string]int{}
	for _, q := range p {
		all[q.listener] = q.stand
	}
	return all
}

func mark(i int) string { return fmt.Sprintf("{{.Port%d}}", i+1) }

// fill puts the names for install.sh in the place of the numbers that stand for ports, in a text that has no data that could look
// like one.
func (p ports) fill(text []byte) []byte {
	for i, q := range p {
		text = regexp.MustCompile(`\b`+strconv.Itoa(q.stand)+`\b`).ReplaceAll(text, []byte(mark(i)))
	}
	return text
}

// state is what this program keeps of a site, so that it can look after the one that a bundle has installed.
func (p ports) state() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"routerSuffix\": %q,\n  \"ports\": {", suffix)
	for i, q := range p {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n    %q: %s", q.listener, mark(i))
	}
	b.WriteString("\n  }\n}\n")
	return b.Bytes()
}
