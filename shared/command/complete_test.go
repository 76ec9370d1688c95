package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func TestComplete(t *testing.T) {
	objs := []v2alpha1.Object{west(), &v2alpha1.Link{ObjectMeta: named("to-east")}, &v2alpha1.Link{ObjectMeta: named("to-north")},
		&v2alpha1.Listener{ObjectMeta: named("plain"), Spec: v2alpha1.ListenerSpec{RoutingKey: "key-a"}}, &v2alpha1.MultiKeyListener{ObjectMeta: named("several")},
		&v2alpha1.Connector{ObjectMeta: named("c"), Spec: v2alpha1.ConnectorSpec{RoutingKey: "key-b"}}}
	for _, tc := range []struct{ name, words, want string }{ // the last word, behind the last blank, is completed
		{"commands", "", "site token link listener connector routeraccess system completion debug version :4"},
		{"command-begun", "li", "link listener :4"},
		{"sub-command", "site ", "create update status delete generate :4"},
		{"sub-command-begun", "site st", "status :4"},
		{"names", "link status ", "to-east to-north :4"},
		{"names-begun", "link delete to-n", "to-north :4"},
		{"names-of-both-kinds", "listener status ", "plain several :4"},
		{"names-behind-flag", "link status --namespace x ", "to-east to-north :4"},
		{"only-one-name", "link status to-east ", ":4"},
		{"nothing-of-what-is-new", "listener create ", ":4"},
		{"file", "token issue ", ":0"},
		{"file-behind-dashes", "token issue -- ", ":0"},
		{"flags", "link delete --", "--wait --timeout --output --namespace --help :4"},
		{"flags-begun", "link delete --t", "--timeout :4"},
		{"flag-given", "link delete --timeout 3 --ti", ":4"},
		{"flag-given-again", "listener create --key a --ke", "--key :4"},
		{"flag-value", "listener create --wait ", "ready configured none :4"},
		{"flag-value-equals", "listener create --wait=c", "--wait=configured :4"},
		{"flag-value-short", "link status -o ", "json yaml :4"},
		{"flag-value-bool", "link delete --wait=f", "--wait=false :4"},
		{"flag-value-live", "connector create x 1 --routing-key ", "key-a key-b :4"},
		{"flag-value-file", "system apply -f ", ":0"},
		{"flag-value-unknown", "token issue x --cost ", ":4"},
		{"unknown-command", "sitte ", ":4"},
		{"unknown-flag", "link status --bogus ", "to-east to-north :4"},
		{"hidden", "link status --de", ":4"},
		{"flags-of-no-command", "--", "--namespace --help :4"},
		{"flags-of-a-group", "site --n", "--namespace :4"},
		{"flag-of-no-command-given", "--namespace x --", "--help :4"},
		{"flag-value-of-no-command", "--namespace ", "east west :4"},
		{"flag-value-of-no-command-equals", "--namespace=w", "--namespace=west :4"},
		{"flag-value-of-a-group", "link --namespace e", "east :4"},
		{"flag-value-that-another-decides", "--depth 3 --namespace ", "east west deep :4"},
		{"flag-value-of-only-some-commands", "--timeout ", ":4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := call(t, local(objs...), "", append([]string{completeWordPlain}, strings.Split(tc.words, " ")...)...)
			if got := strings.Join(strings.Fields(r.out), " "); r.code != 0 || got != tc.want || r.err != "" {
				t.Errorf("%q: got %q, want %q (%d %s)", tc.words, got, tc.want, r.code, r.err)
			}
		})
	}
	if r := call(t, local(objs...), "", completeWord, "link", "status", ""); r.out != "to-east\nto-north\n:4\n" {
		t.Errorf("got %q", r.out)
	}
	if r := call(t, local(objs...), "", completeWord, "site", "upd"); r.out != "update\tchange the given settings of the site, and nothing else\n:4\n" {
		t.Errorf("got %q", r.out)
	}
	if r := call(t, cluster(), "", completeWordPlain, "connector", "create", "--workload", "dep"); r.out != "deployment/\n:6\n" {
		t.Errorf("got %q", r.out)
	}
}

// TestBashCompletion runs the function that bash would, with a program that answers as this one does.
func TestBashCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("SKIPPED, NOTHING WAS TESTED: there is no bash")
	}
	dir := t.TempDir()
	script := call(t, local(), "", "completion", "bash").out
	program := "#!/bin/sh\nprintf '%s|' \"$@\" >" + filepath.Join(dir, "asked") + "\n" + `for last; do :; done
case $last in
--wait=*) printf '%s\n' --wait=ready --wait=configured :4;;
files*) echo :0;;
open*) printf '%s\n' open/ :6;;
*) printf '%s\n' one two:three :4;;
esac
`
	for name, text := range map[string]string{"test-skupper": program, "script": script, "files-here": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil { //nolint:gosec // it is run
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ name, line, words, reply, asked string }{
		{"next", "test-skupper link status ", "test-skupper link status ''", "one two:three", "__completeNoDesc|link|status||"},
		{"begun", "test-skupper link sta", "test-skupper link sta", "one two:three", "__completeNoDesc|link|sta|"},
		{"equals", "test-skupper x --wait=re", "test-skupper x --wait = re", "ready configured", "__completeNoDesc|x|--wait=re|"},
		{"equals-alone", "test-skupper x --wait=", "test-skupper x --wait =", "ready configured", "__completeNoDesc|x|--wait=|"},
		{"colon", "test-skupper two:th", "test-skupper two : th", "one three", "__completeNoDesc|two:th|"},
		{"files", "test-skupper files-", "test-skupper files-", "files-here", "__completeNoDesc|files-|"},
		{"no-space", "test-skupper open", "test-skupper open", "open/", "__completeNoDesc|open|"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			run := "source ./script; COMP_LINE='" + tc.line + "' COMP_WORDS=(" + tc.words + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); __test_skupper_complete; echo ${COMPREPLY[*]}"
			cmd := exec.CommandContext(t.Context(), bash, "--norc", "-c", run)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			asked, _ := os.ReadFile(filepath.Join(dir, "asked"))
			if got := strings.TrimSpace(string(out)); err != nil || got != tc.reply || string(asked) != tc.asked {
				t.Errorf("got %q (%v), want %q; asked %q, want %q", got, err, tc.reply, asked, tc.asked)
			}
		})
	}
}

// TestScriptsOfShells has each shell that is here read its script.
func TestScriptsOfShells(t *testing.T) {
	for shell, args := range map[string][]string{"bash": {"-n"}, "zsh": {"-n"}, "fish": {"--no-execute"}} {
		t.Run(shell, func(t *testing.T) {
			r := call(t, local(), "", "completion", shell)
			if r.code != 0 || !strings.Contains(r.out, "__complete") || strings.Contains(r.out, "PROGRAM") {
				t.Errorf("%+v", r)
			}
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip("SKIPPED, NOT READ BY A SHELL: there is no " + shell)
			}
			file := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(file, []byte(r.out), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), path, append(args, file)...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	for _, shell := range []string{"zsh", "fish", "powershell"} {
		if r := call(t, local(), "", "completion", shell, "--no-descriptions"); !strings.Contains(r.out, completeWordPlain) {
			t.Errorf("%s: %+v", shell, r)
		}
	}
}
