package site

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/pki"
)

var update = flag.Bool("update", false, "write what the plans are now into testdata")

// facts is the part of a golden file that is no resource.
type facts struct {
	Resources Resources
	Observed  Observed
}

// TestPlan reads testdata/plan/*.txt: a comment, "-- facts --" with Resources and Observed, "-- resources --", and
// "-- plan --" with what is to come out.
func TestPlan(t *testing.T) {
	files, err := filepath.Glob("testdata/plan/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, rest, ok1 := strings.Cut(string(text), "-- facts --\n")
			factText, rest, ok2 := strings.Cut(rest, "-- resources --\n")
			resources, want, ok3 := strings.Cut(rest, "-- plan --\n")
			if !ok1 || !ok2 || !ok3 {
				t.Fatal("want -- facts --, -- resources -- and -- plan --")
			}
			in, obs := parseInput(t, factText, resources)
			before := fmt.Sprintf("%+v %+v", in, obs)
			got := render(t, in, obs)
			if fmt.Sprintf("%+v %+v", in, obs) != before {
				t.Error("the plan changed what it was given")
			}
			if again := render(t, in, obs); again != got {
				t.Errorf("planned twice it differs:\n%s", again)
			}
			if *update {
				text := head + "-- facts --\n" + factText + "-- resources --\n" + resources + "-- plan --\n" + got
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("differs (-update writes it); got:\n%s", got)
			}
		})
	}
}

func parseInput(t *testing.T, factText, resources string) (Resources, Observed) {
	t.Helper()
	var f facts
	if err := yaml.UnmarshalStrict([]byte(factText), &f); err != nil {
		t.Fatal(err)
	}
	docs, err := manifest.Read(strings.NewReader(resources), "resources")
	if err != nil {
		t.Fatal(err)
	}
	in := f.Resources
	in.Namespace = "east"
	if in.Platform == "" {
		in.Platform = "podman"
	}
	in.Version = "1.0"
	if in.Platform != PlatformKubernetes {
		in.RouterSuffix = "abcde"
	}
	for i, d := range docs {
		o := d.Object
		o.SetGeneration(1)
		if o.GetUID() == "" {
			o.SetUID(types.UID(fmt.Sprintf("uid-%s-%s", strings.ToLower(d.Kind), d.Name)))
		}
		if ts := o.GetCreationTimestamp(); ts.IsZero() {
			o.SetCreationTimestamp(metav1.NewTime(time.Unix(1e9+int64(i), 0)))
		}
		if ac, ok := o.(*v2alpha1.AttachedConnector); ok {
			in.AttachedConnectors = append(in.AttachedConnectors, ac)
			continue
		}
		if sa, ok := o.(*v2alpha1.SecuredAccess); ok {
			in.SecuredAccesses = append(in.SecuredAccesses, sa)
			continue
		}
		in.Add(o)
	}
	f.Observed.Now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	return in, f.Observed
}

func render(t *testing.T, in Resources, obs Observed) string {
	t.Helper()
	d, err := Plan(in, obs)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var b bytes.Buffer
	if d.Config != nil {
		text, err := d.Config.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", bytes.TrimSpace(text))
	}
	for _, c := range d.Certificates {
		fmt.Fprintf(&b, "certificate %s ca=%q subject=%q hosts=%v%s%s%s%s\n", c.Name, c.CA, c.Subject, c.Hosts,
			flagged(" client", c.Client), flagged(" server", c.Server), flagged(" signing", c.Signing), flagged(" brought", c.Brought != nil))
	}
	for _, p := range d.Profiles {
		fmt.Fprintf(&b, "profile %s <- %s%s\n", p.Name, p.Credentials, flagged(" ca-only", p.CAOnly))
	}
	for _, p := range d.Proxies {
		fmt.Fprintf(&b, "proxy %s (%d octets)\n", p.Name, len(p.Password))
	}
	for _, ra := range d.RouterAccesses {
		fmt.Fprintf(&b, "access %s roles=%v endpoints=%v\n", ra.Name, ra.Spec.Roles, ra.Status.Endpoints)
	}
	for _, sa := range d.SecuredAccesses {
		fmt.Fprintf(&b, "secured %s type=%q certificate=%s issuer=%s ports=%v selector=%v\n", sa.Name, sa.Spec.AccessType, sa.Spec.Certificate,
			sa.Spec.Issuer, sa.Spec.Ports, sa.Spec.Selector)
	}
	for _, r := range d.Routers {
		fmt.Fprintf(&b, "router %s", r.Group)
		for _, c := range r.Config.Connectors {
			fmt.Fprintf(&b, " %s→%s:%s(%s)", c.Name, c.Host, c.Port, c.SSLProfile)
		}
		fmt.Fprintln(&b)
	}
	for _, o := range d.Obsolete {
		fmt.Fprintf(&b, "obsolete %s %s\n", v2alpha1.KindOf(o), o.GetName())
	}
	for _, l := range d.StaticLinks {
		fmt.Fprintf(&b, "static %s client=%s endpoints=%v\n", l.File, l.Client, l.Link.Spec.Endpoints)
	}
	for _, e := range d.Exposures {
		fmt.Fprintf(&b, "exposure %s %v\n", e.Host, e.Ports)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Ports)) {
		fmt.Fprintf(&b, "port %s %d\n", name, d.Ports[name])
	}
	for _, o := range d.Statuses {
		s := v2alpha1.StatusOf(o)
		fmt.Fprintf(&b, "status %s %s: %s %q", v2alpha1.KindOf(o), o.GetName(), s.StatusType, s.Message)
		for _, c := range s.Conditions {
			fmt.Fprintf(&b, " %s=%s", c.Type, c.Status)
		}
		fmt.Fprintln(&b, extra(o))
	}
	for _, w := range d.WaitingFor {
		fmt.Fprintf(&b, "waiting for %s\n", w)
	}
	return b.String()
}

func flagged(word string, on bool) string {
	if on {
		return word
	}
	return ""
}

// extra is what statuses of some kinds have besides.
func extra(o v2alpha1.Object) string {
	switch o := o.(type) {
	case *v2alpha1.Site:
		return fmt.Sprintf(" endpoints=%v sites=%d issuer=%s", o.Status.Endpoints, o.Status.SitesInNetwork, o.Status.DefaultIssuer)
	case *v2alpha1.Link:
		return fmt.Sprintf(" remote=%s/%s", o.Status.RemoteSiteID, o.Status.RemoteSiteName)
	case *v2alpha1.MultiKeyListener:
		switch st := o.Status.Strategy; {
		case st == nil:
		case st.Priority != nil:
			return fmt.Sprintf(" reachable=%v", st.Priority.RoutingKeysReachable)
		default:
			return fmt.Sprintf(" reachable=%v", st.Weighted.RoutingKeysReachable)
		}
	case *v2alpha1.Connector:
		return fmt.Sprintf(" pods=%v", o.Status.SelectedPods)
	}
	return ""
}

// TestPlanIsStable feeds a plan what it gave: nothing may move, even when all its ports are seen in use.
func TestPlanIsStable(t *testing.T) {
	in := Resources{Namespace: "east", Platform: "linux", RouterSuffix: "x", SiteID: "id", Addresses: []string{"10.0.0.1"}, TakenPorts: []int{5671, 55671}}
	in.Add(&v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "east"}, Spec: v2alpha1.SiteSpec{LinkAccess: "default"}})
	obs := Observed{Now: time.Unix(1e9, 0)}
	first, err := Plan(in, obs)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{LocalListener: 5672, "east-inter-router": 55672, "east-edge": 45671}
	if !maps.Equal(first.Ports, want) {
		t.Fatalf("ports %v, want %v", first.Ports, want)
	}
	in.TakenPorts = slices.Collect(maps.Values(first.Ports)) // 5671 is free by now
	obs.Ports = first.Ports
	in.Sites[0] = first.Site
	second, err := Plan(in, obs)
	if err != nil || !maps.Equal(second.Ports, want) {
		t.Errorf("ports %v, %v; want %v", second.Ports, err, want)
	}
	if second.SiteID != "id" || !manifest.Equal(second.Site, first.Site) {
		t.Errorf("the site changed: %+v", second.Site)
	}
}

func TestPlanErrors(t *testing.T) {
	s := &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "east"}}
	now := Observed{Now: time.Unix(1e9, 0)}
	for name, tc := range map[string]struct {
		in   Resources
		obs  Observed
		want string
	}{
		"no-time":   {Resources{}, Observed{}, "no time"},
		"no-id":     {Resources{Sites: []*v2alpha1.Site{s}, RouterSuffix: "x"}, now, "neither UID"},
		"no-suffix": {Resources{Sites: []*v2alpha1.Site{s}, SiteID: "x"}, now, "RouterSuffix is empty"},
	} {
		if _, err := Plan(tc.in, tc.obs); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRouterIDLength(t *testing.T) {
	for _, n := range []int{1, 120, 121, 122, 253} {
		in := Resources{Platform: "linux", RouterSuffix: "abcde", SiteID: "id"}
		in.Add(&v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: strings.Repeat("x", n)}})
		d, err := Plan(in, Observed{Now: time.Unix(1e9, 0)})
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Repeat("x", min(n, 121)) + "-abcde"; d.RouterID != want {
			t.Errorf("%d: got %q", n, d.RouterID)
		}
	}
}

func TestStaticLinkDocuments(t *testing.T) {
	connect, err := ConnectJSON(5671)
	if err != nil {
		t.Fatal(err)
	}
	l := &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Name: "link-east"}, Spec: v2alpha1.LinkSpec{TLSCredentials: "link-east",
		Endpoints: []v2alpha1.Endpoint{{Name: "edge", Host: "h", Port: "1"}}}}
	docs := StaticLink{Link: l}.Documents(pki.Pair{CA: []byte("a"), Cert: []byte("b"), Key: []byte("c")}, connect)
	var b bytes.Buffer
	if err := manifest.Write(&b, docs...); err != nil {
		t.Fatal(err)
	}
	read, err := manifest.Read(&b, "f")
	if err != nil || len(read) != 2 || read[0].Kind != "Secret" || read[1].Name != "link-east" {
		t.Fatalf("got %+v, %v", read, err)
	}
	secret := read[0].Object.(*v2alpha1.Secret)
	if !secret.IsTLSCredentials() || !bytes.Contains(secret.Data["connect.json"], []byte(`"port": "5671"`)) {
		t.Errorf("got %v", secret.Data)
	}
}
