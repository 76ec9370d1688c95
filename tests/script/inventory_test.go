package script

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

// inventory is every command of the original command line, v2, with its flags and their defaults: "flag=default", "-x" behind a flag
// for its short name. A flag marked with "!" is there, but help does not show it or its default is another: see deviations.
var inventory = map[string][]string{
	"kubectl-skupper": {
		"site create: enable-link-access link-access-type enable-ha timeout=3m wait=ready",
		"site update: enable-link-access link-access-type enable-ha timeout=30s wait=ready",
		"site status: output/-o",
		"site delete: all timeout=60s wait=true",
		"site generate: enable-link-access link-access-type enable-ha output/-o!",
		"token issue: redemptions-allowed=1 expiration-window=15m timeout=60s cost=1",
		"token redeem: timeout=60s",
		"link generate: cost=1 tls-credentials generate-credential=true output/-o! timeout=60s",
		"link update: cost! tls-credentials timeout=60s wait=ready",
		"link status: output/-o",
		"link delete: timeout=60s wait=true",
		"listener create: routing-key host tls-credentials type=tcp timeout=60s wait=configured",
		"listener update: routing-key host tls-credentials type! port! timeout=60s wait=configured",
		"listener status: output/-o",
		"listener delete: timeout=60s wait=true",
		"listener generate: routing-key host tls-credentials type=tcp output/-o!",
		"connector create: routing-key/-r host tls-credentials type=tcp selector workload include-not-ready timeout=60s wait=configured",
		"connector update: routing-key/-r host tls-credentials type! port! selector workload include-not-ready timeout=60s wait=configured",
		"connector status: output/-o",
		"connector delete: timeout=60s wait=true",
		"connector generate: routing-key host tls-credentials type=tcp selector workload include-not-ready output/-o!",
		"debug dump:", "version:", "manifest: output/-o",
		"completion bash: no-descriptions", "completion zsh: no-descriptions", "completion fish: no-descriptions", "completion powershell: no-descriptions",
	},
	"podman-skupper": {
		"site create: enable-link-access", "site update: enable-link-access", "site status: output/-o", "site delete: all", "site generate: enable-link-access output/-o!",
		"token issue: redemptions-allowed=1 expiration-window=15m timeout=60s cost=1", "token redeem: timeout=60s",
		"link generate: name host", "link update: cost! tls-credentials timeout=60s", "link status: output/-o", "link delete: timeout=60s",
		"listener create: routing-key host=0.0.0.0 tls-credentials type=tcp", "listener update: routing-key host! tls-credentials type! port!",
		"listener status: output/-o", "listener delete:", "listener generate: routing-key host=0.0.0.0 tls-credentials type=tcp output/-o!",
		"connector create: routing-key/-r host=localhost tls-credentials type=tcp", "connector update: routing-key/-r host! tls-credentials type! port!",
		"connector status: output/-o", "connector delete: timeout=60s wait=true", "connector generate: routing-key host=localhost tls-credentials type=tcp output/-o!",
		"system install: reload-type=manual", "system uninstall: force/-f", "system start:", "system stop:", "system reload:",
		"system apply: filename/-f", "system delete: filename/-f", "system generate-bundle: input type=tarball",
		"debug dump:", "version:", "manifest: output/-o",
		"completion bash: no-descriptions", "completion zsh: no-descriptions", "completion fish: no-descriptions", "completion powershell: no-descriptions",
	},
}

// global are the flags that every command of the original has.
var global = map[string][]string{
	"kubectl-skupper": {"--namespace", "-n", "--context", "-c", "--kubeconfig"}, // and --platform/-p, which has but one value here: hidden
	"podman-skupper":  {"--namespace", "--platform", "-p"},                      // -n is noheading, as podman has it
}

// deviations are the flags whose default differs, and why.
var deviations = map[string]string{
	"output": "resources are printed as yaml without the flag too, so none has to be named",
	"cost":   "an update changes what is given only: a default would reset the cost",
	"type":   "an update changes what is given only",
	"port":   "an update changes what is given only, and 0 is no port",
	"host":   "an update changes what is given only: --host localhost was once taken for nothing given",
}

// missing are the commands of the original that a plugin does not have, and why.
var missing = map[string]map[string]string{
	"kubectl-skupper": {"system start": "on Kubernetes they only say that they do nothing there"},
}

func TestInventory(t *testing.T) {
	for name, commands := range inventory {
		t.Run(name, func(t *testing.T) {
			program, err := sandbox.Build(t.Context(), t.TempDir(), "plugins/"+name)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range commands {
				command, flags, _ := strings.Cut(line, ":")
				out, err := exec.CommandContext(t.Context(), program, append(strings.Fields(command), "--help")...).Output()
				if err != nil {
					t.Errorf("%s: %v", command, err)
					continue
				}
				for _, f := range strings.Fields(flags) {
					wantFlag(t, command, string(out), f)
				}
				for _, f := range global[name] {
					if !strings.HasPrefix(command, "completion") && !regexp.MustCompile(`(?m)^ .*`+f+`\b`).MatchString(string(out)) {
						t.Errorf("%s has no %s", command, f)
					}
				}
			}
			for command := range missing[name] {
				if err := exec.CommandContext(t.Context(), program, append(strings.Fields(command), "--help")...).Run(); err == nil {
					t.Errorf("%s is there: list its flags", command)
				}
			}
			if out, err := exec.CommandContext(t.Context(), program, "version", "--client", "--platform", map[string]string{"kubectl-skupper": "kubernetes", "podman-skupper": "linux"}[name]).CombinedOutput(); err != nil {
				t.Errorf("--platform: %v\n%s", err, out)
			}
		})
	}
}

// wantFlag finds a flag in the help of a command: "    --wait STATE   what it does (default ready)".
func wantFlag(t *testing.T, command, help, flag string) {
	t.Helper()
	flag, differs := strings.CutSuffix(flag, "!")
	flag, value, _ := strings.Cut(flag, "=")
	long, short, _ := strings.Cut(flag, "/")
	left := `(?:    |-., )--` // a short name more than the original has does no harm
	if short != "" {
		left = short + `, --`
	}
	found := regexp.MustCompile(`(?m)^  ` + left + long + `( .*)?$`).FindString(help)
	if found == "" {
		t.Errorf("%s has no flag %s", command, flag)
		return
	}
	switch shown := regexp.MustCompile(`\(default ([^ )]+)\)$`).FindStringSubmatch(found); {
	case differs:
		if deviations[long] == "" {
			t.Errorf("%s --%s differs without a reason", command, long)
		}
	case value == "true" && strings.Contains(found, "=false"):
	case value != "" && (shown == nil || shown[1] != value):
		t.Errorf("%s --%s: %q, want the default %s", command, long, found, value)
	}
}
