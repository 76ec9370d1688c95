package shim

import (
	"cmp"
	"strings"

	"github.com/skupper-plugins/suite/shared/fault"
)

// flags are those of a tool that may stand before the command, by their names without dashes.
type flags struct {
	tool  string
	known map[string]flag
}

// flag is one flag of a tool.
type flag struct {
	value bool   // a value follows
	as    string // skupper has it too, by this name
	none  bool   // it changes nothing that skupper does
	stop  bool   // it makes the tool do something else than the command
}

// podmanFlags are podman's, up to 5.7. One that is not known here may or may not take the next word: the line is then podman's
// to judge.
var podmanFlags = flags{tool: Podman, known: map[string]flag{
	"connection": {value: true, as: "connection"}, "c": {value: true, as: "connection"}, "url": {value: true, as: "url"},
	"identity": {value: true, as: "identity"}, "ssh": {value: true, none: true}, "remote": {as: "remote"}, "r": {as: "remote"},
	"log-level": {value: true, none: true}, "syslog": {none: true}, "trace": {none: true}, "noout": {none: true}, "context": {value: true, none: true},
	"help": {stop: true}, "h": {stop: true}, "version": {stop: true}, "v": {stop: true},

	"cdi-spec-dir": {value: true}, "cgroup-manager": {value: true}, "cni-config-dir": {value: true}, "config": {value: true},
	"conmon": {value: true}, "cpu-profile": {value: true}, "db-backend": {value: true}, "default-mounts-file": {value: true},
	"events-backend": {value: true}, "hooks-dir": {value: true}, "imagestore": {value: true}, "max-workers": {value: true},
	"memory-profile": {value: true}, "module": {value: true}, "namespace": {value: true}, "network-cmd-path": {value: true},
	"network-config-dir": {value: true}, "out": {value: true}, "pull-option": {value: true}, "registries-conf": {value: true},
	"root": {value: true}, "runroot": {value: true}, "runtime": {value: true}, "runtime-flag": {value: true},
	"storage-driver": {value: true}, "storage-opt": {value: true}, "tls-ca": {value: true}, "tls-cert": {value: true},
	"tls-key": {value: true}, "tmpdir": {value: true}, "transient-store": {}, "volumepath": {value: true},
}}

// dockerFlags are docker's.
var dockerFlags = flags{tool: Docker, known: map[string]flag{
	"host": {value: true, as: "url"}, "H": {value: true, as: "url"}, "context": {value: true, as: "connection"}, "c": {value: true, as: "connection"},
	"debug": {none: true}, "D": {none: true}, "log-level": {value: true, none: true}, "l": {value: true, none: true},
	"config": {value: true, none: true}, // where docker found this plugin
	"help":   {stop: true}, "h": {stop: true}, "version": {stop: true}, "v": {stop: true},

	"tls": {}, "tlscacert": {value: true}, "tlscert": {value: true},
	"tlskey": {value: true}, "tlsverify": {},
}}

// behind is the line for skupper if the command of a tool's line is skupper, or help or completion of it. Flags that skupper
// has too go along.
func (f flags) behind(args []string) (ours bool, rest []string, err error) {
	words, rest, err := f.walk(args)
	switch {
	case len(rest) == 0:
		return false, nil, nil
	case rest[0] == Word:
		return true, append(words, rest[1:]...), err
	case rest[0] == "help" && len(rest) > 1 && rest[1] == Word:
		return true, append([]string{"help"}, rest[2:]...), nil
	case rest[0] == "__complete", rest[0] == "__completeNoDesc":
		more, behind, _ := f.walk(rest[1:]) // whoever presses a key is not told off
		if len(behind) > 1 && behind[0] == Word {
			return true, append(append(append(rest[:1:1], words...), more...), behind[1:]...), nil
		}
	}
	return false, nil, nil
}

// walk goes over the flags before the command. It gives those that skupper has too, and the line from the command on: nothing
// if there is no telling where that is, or if a flag takes its place. The error is about flags that skupper would have to obey
// and cannot.
func (f flags) walk(args []string) (carried, rest []string, err error) {
	var refused []string
	for len(args) > 0 {
		w := args[0]
		if len(w) < 2 || w[0] != '-' {
			break
		}
		args = args[1:]
		names, value, given := strings.Cut(strings.TrimPrefix(w, "-"), "=")
		if long, ok := strings.CutPrefix(names, "-"); ok {
			names = ""
			k, known := f.known[long]
			switch {
			case long == "" || !known || k.stop:
				return nil, nil, nil
			case k.value && !given:
				if len(args) == 0 {
					return nil, nil, nil
				}
				value, args = args[0], args[1:]
			}
			carried, refused = k.note(carried, refused, "--"+long, value)
		}
		for names != "" { // a group of one-letter flags, the last of which may have a value
			letter := names[:1]
			names = names[1:]
			k, known := f.known[letter]
			if !known || k.stop {
				return nil, nil, nil
			}
			if k.value {
				switch {
				case names != "":
					value = w[strings.Index(w, letter)+1:]
				case given:
				case len(args) == 0:
					return nil, nil, nil
				default:
					value, args = args[0], args[1:]
				}
				names = ""
			}
			its := value
			if !k.value && names != "" { // "=" is of the last one
				its = ""
			}
			carried, refused = k.note(carried, refused, "-"+letter, its)
		}
	}
	if len(refused) > 0 {
		err = fault.New(fault.Usage, strings.Join(refused, ", ")+" before "+Word+" is for "+f.tool+"'s own commands, and "+f.tool+" "+Word+" cannot obey it",
			"leave it out; "+f.tool+" "+Word+" --help shows what there is")
	}
	return carried, args, err
}

func (k flag) note(carried, refused []string, shown, value string) (c, r []string) {
	switch {
	case k.as != "":
		if !k.value {
			value = cmp.Or(value, "true")
		}
		carried = append(carried, "--"+k.as+"="+value)
	case !k.none:
		refused = append(refused, shown)
	}
	return carried, refused
}
