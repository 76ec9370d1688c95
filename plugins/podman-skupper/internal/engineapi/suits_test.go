package engineapi

import (
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

// A Docker that runs without root cannot give a container the machine's network; Podman can, and is not asked.
func TestSuits(t *testing.T) {
	docker := map[string]string{"Api-Version": "1.41"}
	for name, tt := range map[string]struct {
		platform, info string
		header         map[string]string
		bad            bool
	}{
		"rootless":         {Docker, `200 {"SecurityOptions":["name=seccomp,profile=default","name=rootless"]}`, docker, true},
		"of root":          {Docker, `200 {"SecurityOptions":["name=seccomp,profile=default"]}`, docker, false},
		"Podman's Docker":  {Docker, `200 {"SecurityOptions":["name=seccomp,profile=default"],"Rootless":true}`, podman, false},
		"Podman, rootless": {Podman, `500 {"message":"why ask?"}`, podman, false},
	} {
		c := open(t, tt.platform, &engine{header: tt.header, answers: map[string]string{"GET /v1.41/info": tt.info}})
		err := c.Suits(t.Context())
		if !tt.bad && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if tt.bad && (!fault.Is(err, fault.Engine) || !strings.Contains(err.Error(), "is rootless") || !strings.Contains(fault.Hint(err), "--platform linux")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
