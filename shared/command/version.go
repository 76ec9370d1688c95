package command

import (
	"context"
	"runtime"
	"time"

	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

// versionTime bounds what version asks of others: it is what people try when nothing else works.
const versionTime = 3 * time.Second

func (t *tree) version() verb {
	return verb{
		name: "version", usage: "show the version of this program, and of what runs if that can be seen",
		more:   "With --client only that of this program, and nothing is asked.",
		output: true, manner: host.Change, here: true, flags: one(boolFlag("client", "show only the version of this program")),
		read: func(in *input) job {
			alone := in.isSet("client")
			return func(ctx context.Context, s *session) (host.View, error) {
				type shown struct {
					Program    string         `json:"program"`
					Version    string         `json:"version"`
					Go         string         `json:"go"`
					System     string         `json:"system"`
					Components []op.Component `json:"components,omitempty"`
				}
				v := shown{t.host.Command(), t.host.Version(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, nil}
				if !alone {
					v.Components = s.components(ctx)
				}
				lines := []string{v.Version}
				for _, c := range v.Components {
					lines = append(lines, c.Component+" "+c.Version)
				}
				return host.View{Kind: "version", Name: v.Version, Object: v, Lines: lines}, nil
			}
		},
	}
}

// components are those that can be seen at once: that there is no cluster, or none that answers, is not what was asked.
func (s *session) components(ctx context.Context) []op.Component {
	within, cancel := context.WithTimeout(ctx, versionTime)
	defer cancel()
	site, err := s.open(within)
	if err != nil {
		return nil
	}
	found, err := op.Manifest{}.Run(within, site.Ports)
	if err != nil {
		return nil
	}
	return found
}

func (t *tree) manifest() verb {
	return verb{
		name: "manifest", usage: "list the programs and images that the site consists of", hidden: true,
		output: true, manner: host.Table,
		read: func(*input) job {
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				found, err := op.Manifest{}.Run(ctx, site.Ports)
				if err != nil {
					return host.View{}, err
				}
				v := host.View{Kind: "manifest", Object: map[string]any{"components": found}, Empty: "nothing of Skupper runs in namespace " + site.Namespace,
					Columns: []host.Column{{Title: "COMPONENT", Name: "Component"}, {Title: "VERSION", Name: "Version"}}}
				for _, c := range found {
					v.Rows = append(v.Rows, []string{c.Component, c.Version})
				}
				return v, nil
			}
		},
	}
}
