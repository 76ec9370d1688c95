package command

import (
	"context"
	"runtime"

	"github.com/skupper-plugins/suite/shared/host"
)

func (t *tree) version() verb {
	return verb{
		name: "version", usage: "show the version of this program",
		output: true, manner: host.Table,
		read: func(in *input) job {
			return func(context.Context, *session) (host.View, error) {
				type shown struct {
					Program string `json:"program"`
					Version string `json:"version"`
					Go      string `json:"go"`
					System  string `json:"system"`
				}
				v := shown{t.host.Command(), t.host.Version(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
				return host.View{Kind: "version", Name: v.Version, Object: v, Lines: []string{v.Version}}, nil
			}
		},
	}
}
