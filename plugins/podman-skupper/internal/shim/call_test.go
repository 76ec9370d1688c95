package shim

import (
	"reflect"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

func TestRecognize(t *testing.T) {
	pass := Call{Tool: Podman, Pass: true}
	podman := func(args ...string) Call { return Call{Tool: Podman, Args: args} }
	docker := func(args ...string) Call { return Call{Tool: Docker, Args: args} }
	for _, tc := range []struct {
		line string // a blank between words; "''" is an empty one
		want Call
	}{
		{"podman-skupper site status", Call{Args: []string{"site", "status"}}},
		{"/usr/bin/podman-skupper skupper", Call{Args: []string{"skupper"}}},
		{"podman-remote skupper version", Call{Args: []string{"skupper", "version"}}},

		{"podman", pass},
		{"podman ps -a", pass},
		{"podman --help", pass},
		{"podman --version", pass},
		{"podman run skupper version", pass},
		{"podman -- skupper version", pass},
		{"podman - skupper", pass},
		{"podman '' skupper", pass},
		{"podman skupperx", pass},
		{"podman --log-level skupper", pass}, // the value
		{"podman --log-level", pass},
		{"podman -c", pass},
		{"podman --bogus skupper version", pass},
		{"podman -x skupper version", pass},
		{"podman --help skupper", pass},
		{"podman -v skupper", pass},
		{"podman -rh skupper", pass},
		{"podman help", pass},
		{"podman help run", pass},
		{"podman help --log-level skupper", pass},

		{"podman skupper", podman()},
		{"/home/u/.local/bin/podman skupper site create west --enable-link-access", podman("site", "create", "west", "--enable-link-access")},
		{"podman.exe skupper version", podman("version")},
		{"podman skupper skupper", podman("skupper")},
		{"podman skupper -- --help", podman("--", "--help")},
		{"podman --log-level debug skupper version", podman("version")},
		{"podman --log-level=debug --remote -r skupper version", podman("--remote=true", "--remote=true", "version")},
		{"podman --connection east skupper site status", podman("--connection=east", "site", "status")},
		{"podman -c east skupper site status", podman("--connection=east", "site", "status")},
		{"podman -ceast skupper site status", podman("--connection=east", "site", "status")},
		{"podman -c=east skupper version", podman("--connection=east", "version")},
		{"podman -rc east skupper version", podman("--remote=true", "--connection=east", "version")},
		{"podman -rceast=x skupper version", podman("--remote=true", "--connection=east=x", "version")},
		{"podman --url unix:///x=y skupper version", podman("--url=unix:///x=y", "version")},
		{"podman --url= skupper version", podman("--url=", "version")},
		{"podman help skupper", podman("help")},
		{"podman help skupper site create", podman("help", "site", "create")},

		{"podman __complete skupper ''", podman("__complete", "")},
		{"podman __completeNoDesc skupper site st", podman("__completeNoDesc", "site", "st")},
		{"podman __complete -c east skupper link ''", podman("__complete", "--connection=east", "link", "")},
		{"podman __complete --root /x skupper ''", podman("__complete", "")},
		{"podman __complete skupper", pass}, // the word itself is being typed
		{"podman __complete sk", pass},
		{"podman __complete run ''", pass},
		{"podman __complete", pass},

		{"docker-skupper docker-cli-plugin-metadata", Call{Tool: Docker, Metadata: true}},
		{"docker-skupper skupper site status", docker("site", "status")},
		{"docker-skupper --debug -l info skupper version", docker("version")},
		{"docker-skupper -H unix:///run/d.sock skupper version", docker("--url=unix:///run/d.sock", "version")},
		{"docker-skupper -c east skupper version", docker("--connection=east", "version")},
		{"docker-skupper --context east skupper version", docker("--connection=east", "version")},
		{"docker-skupper __complete skupper site ''", docker("__complete", "site", "")},
		{"docker-skupper site status", Call{Args: []string{"site", "status"}}},
		{"docker-skupper agent --detached", Call{Args: []string{"agent", "--detached"}}},
	} {
		t.Run(strings.ReplaceAll(tc.line, "/", "_"), func(t *testing.T) {
			argv := strings.Split(tc.line, " ")
			for i, w := range argv {
				argv[i] = strings.ReplaceAll(w, "''", "")
			}
			got, err := Recognize(argv)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Args) == 0 && len(tc.want.Args) == 0 {
				got.Args, tc.want.Args = nil, nil
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestFlagsThatCannotBeObeyed(t *testing.T) {
	for line, want := range map[string]string{
		"podman --root /x --storage-driver=vfs skupper site create x": "--root, --storage-driver before skupper",
		"podman --transient-store skupper version":                    "--transient-store before skupper",
		"docker-skupper --tlskey k skupper version":                   "--tlskey before skupper",
	} {
		c, err := Recognize(strings.Split(line, " "))
		if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), want) || c.Pass {
			t.Errorf("%s: %+v, %v; want a usage fault with %q", line, c, err, want)
		}
		if fault.Hint(err) == "" {
			t.Errorf("%s: no hint", line)
		}
	}
	if c, err := Recognize(nil); err != nil || c.Pass {
		t.Errorf("no arguments at all: %+v, %v", c, err)
	}
}

func FuzzRecognize(f *testing.F) {
	for _, s := range []string{"podman -rc east skupper version", "podman --log-level= skupper", "podman -= skupper", "docker-skupper -D __complete skupper x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		argv := strings.Split(line, " ")
		c, err := Recognize(argv)
		if c.Pass && (err != nil || len(c.Args) > 0) {
			t.Errorf("%q goes to podman, but %v %q", line, err, c.Args)
		}
		if !c.Pass && c.Tool == Podman && !strings.Contains(line, Word) {
			t.Errorf("%q is taken for skupper's", line)
		}
	})
}
