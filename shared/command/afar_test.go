package command

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

// distant is a host whose site is on another machine, which runs the same verbs.
type distant struct {
	*fakeHost
	there *fakeHost
	ran   [][]string
}

// afarFrom is a host here of a site there.
func afarFrom(there *fakeHost) *distant { return &distant{fakeHost: local(), there: there} }

func (d *distant) Machine(*cli.Context) (host.Machine, error) { return d, nil }

func (d *distant) Run(ctx context.Context, words []string, s host.Streams) error {
	d.ran = append(d.ran, words)
	if s.In == nil {
		s.In = strings.NewReader("")
	}
	if code := Main(ctx, d.there, s, words); code != 0 {
		return host.Ended{Code: code}
	}
	return nil
}

// What works on a site is done where that is, word for word; what needs none is done here; nothing is opened here.
func TestAfar(t *testing.T) {
	d := afarFrom(local(west()))
	for _, args := range []string{"site status --output json", "listener create web 8080 --wait none --depth 3 --namespace here", "listener status web", "system status", "site delete nothing"} {
		args := strings.Fields(args)
		here, there := call(t, d, "", args...), call(t, d.there, "", args...)
		if args[1] != "create" && here != there {
			t.Errorf("%v: %+v, there %+v", args, here, there)
		}
	}
	if got, want := d.ran[1], strings.Fields("listener create --wait=none --namespace=here --depth=3 -- web 8080"); !slices.Equal(got, want) {
		t.Errorf("ran %v, want %v", got, want)
	}
	n := len(d.ran)
	for _, args := range []string{"listener generate web 8080", "version --client", "completion bash", "listener status --output x", "site --help"} {
		_ = call(t, d, "", strings.Fields(args)...)
	}
	if len(d.ran) != n || d.opened != 0 {
		t.Errorf("ran %v; opened %d times here", d.ran[n:], d.opened)
	}
}

// Files are those of this machine.
func TestAfarFiles(t *testing.T) {
	there := granting(t)
	d, dir := afarFrom(there), t.TempDir()
	file := filepath.Join(dir, "t.yaml")
	r := call(t, d, "", "token", "issue", file, "-o", "json")
	if info, err := os.Stat(file); r.code != 0 || err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(r.out, `"redemptionsAllowed": 1`) || !strings.Contains(r.err, "can be redeemed once until") {
		t.Fatalf("%+v; %v, %v", r, info, err)
	}
	if r := call(t, d, "", "token", "issue", "-"); r.code != 0 || !strings.Contains(r.out, "kind: AccessToken") {
		t.Errorf("%+v", r)
	}
	before := grantsLeft(t, there)
	if r := call(t, d, "", "token", "issue", "/dev/full"); r.code != 1 || r.out != "" || !strings.Contains(r.err, "write the token to /dev/full: no space left") || grantsLeft(t, there) != before {
		t.Errorf("%+v, %d grants", r, grantsLeft(t, there))
	}
	other := local()
	other.ports = func(p *op.Ports) { p.System, p.Redeemer = &system{store: other.store}, redeemer{} }
	if r := call(t, afarFrom(other), "", "token", "redeem", file); r.code != 0 || !strings.HasPrefix(r.out, "accesstoken/west-") {
		t.Errorf("%+v", r)
	}
	ran := len(d.ran)
	for args, says := range map[string]string{"token redeem " + filepath.Join(dir, "none"): "there is no file", "token redeem " + dir: "is a directory", "system apply -f " + filepath.Join(dir, "none"): "there is no file"} {
		if r := call(t, d, "", strings.Fields(args)...); r.code == 0 || !strings.Contains(r.err, says) || len(d.ran) != ran {
			t.Errorf("%s: %+v, ran %v", args, r, d.ran[ran:])
		}
	}

	listener := call(t, d, "", "listener", "generate", "web", "8080").out
	connector := call(t, d, "", "connector", "generate", "db", "5432", "-o", "json").out
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(listener), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := call(t, d, connector, "system", "apply", "-f", filepath.Join(dir, "a.yaml"), "-f", "-", "--wait=false"); r.code != 0 || strings.Count(r.out, "created") != 2 {
		t.Errorf("%+v", r)
	}
	for _, kind := range []string{v2alpha1.KindListener, v2alpha1.KindConnector} {
		if all, err := there.store.List(t.Context(), kind); err != nil || len(all) != 1 {
			t.Errorf("%s: %v, %v", kind, all, err)
		}
	}
	if r := call(t, d, listener, "system", "delete", "-f", "-"); r.code != 0 || !strings.Contains(r.out, "deleted") {
		t.Errorf("%+v", r)
	}
}
