package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/manifest"
)

// FuzzPlan looks for resources that break the plan as a whole: whatever they are, the router gets a configuration that
// passes its check, and whoever is left out says why.
func FuzzPlan(f *testing.F) {
	files, err := filepath.Glob("testdata/plan/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "-- resources --\n")
		resources, _, _ := strings.Cut(rest, "-- plan --\n")
		f.Add(resources, strings.Contains(string(text), "platform: kubernetes"))
	}
	f.Fuzz(func(t *testing.T, text string, kube bool) {
		docs, err := manifest.Options{MaxSize: 64 << 10}.Read(strings.NewReader(text), "f")
		if err != nil {
			return
		}
		in := Resources{Namespace: "east", Platform: "linux", RouterSuffix: "x", SiteID: "id", CertDir: "/c", ProxyDir: "/p",
			Addresses: []string{"10.0.0.1"}, Targets: map[string][]Target{"web": {{Name: "web-0", IP: "10.0.0.2", UID: "u"}}}}
		if kube {
			in.Platform = PlatformKubernetes
		}
		seen := map[string]bool{}
		for _, d := range docs {
			key := d.Kind + "/" + d.Namespace + "/" + d.Name
			if seen[key] || (d.Namespace != "" && d.Namespace != "east" && d.Kind != v2alpha1.KindAttachedConnector) {
				return // no store would hold these
			}
			seen[key] = true
			if d.Namespace == "east" && seen[d.Kind+"//"+d.Name] || d.Namespace == "" && seen[d.Kind+"/east/"+d.Name] {
				return
			}
			if a, ok := d.Object.(*v2alpha1.AttachedConnector); ok {
				in.AttachedConnectors = append(in.AttachedConnectors, a)
				continue
			}
			in.Add(d.Object)
		}
		d, err := Plan(in, Observed{Running: true, Now: time.Unix(1e9, 0), Addresses: map[string]AddressState{}})
		if err != nil {
			t.Fatal(err)
		}
		if d.Config == nil {
			return
		}
		profiles, certs := map[string]bool{}, map[string]bool{"": true}
		for _, c := range d.Certificates {
			if c.Brought == nil && !certs[c.CA] {
				t.Errorf("certificate %q comes before its CA %q", c.Name, c.CA)
			}
			certs[c.Name] = true
		}
		for _, p := range d.Profiles {
			profiles[p.Name] = true
			if !kube && !certs[p.Credentials] {
				t.Errorf("profile %q is of credentials %q, which nobody makes", p.Name, p.Credentials)
			}
			if strings.ContainsAny(p.Name+p.Credentials, "/\x00") || p.Name == ".." {
				t.Errorf("profile %q leaves its directory", p.Name)
			}
		}
		for _, c := range d.Certificates {
			if c.Brought == nil && c.Subject == "" {
				t.Errorf("certificate %q has no subject", c.Name)
			}
		}
		for _, o := range d.Statuses {
			if s := v2alpha1.StatusOf(o); s.StatusType == "" || s.Message == "" {
				t.Errorf("%s %q has no status", v2alpha1.KindOf(o), o.GetName())
			}
		}
		for _, p := range d.Config.SSLProfiles {
			if !profiles[p.Name] {
				t.Errorf("nobody puts the files of profile %q in place", p.Name)
			}
		}
	})
}
