package command

import (
	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/op"
)

// Flags of values that can be wrong are text: what is wrong with them is reported together with everything else.

func textFlag(name, value, usage string, aliases ...string) cli.Flag {
	return &cli.StringFlag{Name: name, Aliases: aliases, Value: value, Usage: usage}
}

func boolFlag(name, usage string) cli.Flag { return &cli.BoolFlag{Name: name, Usage: usage} }

func waitFlags(state, timeout string) []cli.Flag {
	return []cli.Flag{
		textFlag("wait", state, "wait until it is in this `STATE`: ready, configured or none"),
		textFlag("timeout", timeout, "give up waiting after `DURATION`"),
	}
}

func (in *input) wait() op.Wait {
	return op.Wait{For: in.text("wait"), Timeout: in.duration("timeout")}
}

func settingFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "setting", Usage: "`KEY=VALUE` for the settings of the resource; may be given again"}
}

// settings are those given, nil if there are none.
func (in *input) settings() []op.Setting {
	var all []op.Setting
	for _, text := range in.texts("setting") {
		s, err := op.ParseSetting(text)
		if err != nil {
			in.check(err)
			continue
		}
		all = append(all, s)
	}
	return all
}

// observerFlag chooses what of an application protocol is watched.
func observerFlag(usage string) cli.Flag {
	return textFlag("observer", "", usage+", `PROTOCOL`: "+words(op.Observers))
}

func goneFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "wait", Value: true, Usage: "wait until it is gone (--wait=false does not)"},
		textFlag("timeout", "60s", "give up waiting after `DURATION`"),
	}
}

// settleFlags are of verbs that change several things.
func settleFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "wait", Value: true, Usage: "wait until it is in effect (--wait=false does not)"},
		textFlag("timeout", "60s", "give up waiting after `DURATION`"),
	}
}

func (in *input) gone() op.Gone {
	return op.Gone{Wait: in.isSet("wait"), Timeout: in.duration("timeout")}
}

// with is several lists of flags as one.
func with(lists ...[]cli.Flag) []cli.Flag {
	var all []cli.Flag
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func one(f cli.Flag) []cli.Flag { return []cli.Flag{f} }
