package engineapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

// prefix is the version of the interface that is spoken.
func (c *Client) prefix() string {
	switch {
	case c.platform == Podman && c.spoken != "":
		return "/v" + c.spoken + "/libpod"
	case c.spoken != "":
		return "/v" + c.spoken
	case c.platform == Podman:
		return "/v4.0.0/libpod"
	case older(c.version, 1, dockerNewest):
		return "/v" + c.version
	}
	return "/v1." + strconv.Itoa(dockerNewest)
}

// dockerNewest is the latest minor version of Docker's interface that is known here. Docker 29 answers none before it. podmanNewest is the
// last Podman of which it is known that it answers to the first version of its present interface.
const (
	dockerNewest = 44
	podmanNewest = 5
)

// agree finds out whether an engine that is newer than those known here still answers to the version of the interface that is spoken. To one
// that does not its own is spoken: what is asked of it has been the same in all versions.
func (c *Client) agree(ctx context.Context) error {
	if c.platform == Docker && older(c.version, 1, dockerNewest+1) || c.platform == Podman && older(c.version, podmanNewest+1, 0) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.waits.greet)
	defer cancel()
	resp, err := c.send(ctx, http.MethodGet, c.prefix()+"/_ping", nil, nil)
	if err != nil {
		return err
	}
	defer drain(resp)
	if resp.StatusCode == http.StatusBadRequest {
		c.spoken = c.version
	}
	return nil
}

const (
	lookTries = 10                     // of what looks at containers while some are removed
	lookPause = 100 * time.Millisecond // between two of them
)

func (c *Client) container(name string) string { return c.prefix() + "/containers/" + escape(name) }

// Inspect finds a container; fault.Missing if there is none of that name.
func (c *Client) Inspect(ctx context.Context, name string) (Container, error) {
	var in struct {
		ID    string
		Name  string // of Docker with a slash in front
		State struct {
			Status    string
			Running   bool
			PID       int
			ExitCode  int
			StartedAt time.Time
		}
		RestartCount int
		Config       struct {
			Image  string
			Labels map[string]string
		}
		Mounts []struct{ Source, Destination string }
	}
	goes := func(err error) bool { return !fault.Is(err, fault.Missing) && stumbled(err) } // at this moment; next time it is Missing
	err := steadily(ctx, goes, func() error { return c.ask(ctx, c.container(name)+"/json", &in) })
	if err != nil {
		return Container{}, err
	}
	out := Container{ID: in.ID, Name: strings.TrimPrefix(in.Name, "/"), Image: in.Config.Image, Labels: in.Config.Labels, Running: in.State.Running, Status: in.State.Status,
		PID: in.State.PID, Started: in.State.StartedAt, ExitCode: in.State.ExitCode, Restarts: in.RestartCount}
	for _, m := range in.Mounts {
		out.Mounts = append(out.Mounts, Mount{m.Source, m.Destination})
	}
	return out, nil
}

// Labelled are the containers, running or not, that have all these labels: their identities.
func (c *Client) Labelled(ctx context.Context, labels map[string]string) ([]string, error) {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, k+"="+labels[k])
	}
	filters, err := json.Marshal(map[string][]string{"label": pairs})
	if err != nil {
		return nil, err
	}
	var out []struct{ ID string } // Docker and Podman spell it Id: JSON names are found whatever their case
	err = steadily(ctx, stumbled, func() error {
		return c.ask(ctx, c.prefix()+"/containers/json?"+url.Values{"all": {"true"}, "filters": {string(filters)}}.Encode(), &out)
	})
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(out))
	for _, one := range out {
		ids = append(ids, one.ID)
	}
	return ids, nil
}

// steadily asks again after errors that say no more than that a container, of whatever site, was removed while Podman looked at it.
func steadily(ctx context.Context, again func(error) bool, ask func() error) error {
	for try := 1; ; try++ {
		err := ask()
		if err == nil || try == lookTries || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(lookPause):
		}
	}
}

// stumbled tells whether Podman came upon a container that was being removed, for which it has nothing but words: that there is none, or a panic (4.3).
func stumbled(err error) bool {
	text := err.Error()
	return strings.Contains(text, "no such container") || strings.Contains(text, "nil pointer dereference")
}

// info is what the engine says of itself, how many containers there are among the rest.
func (c *Client) info(ctx context.Context, out any) error {
	return steadily(ctx, stumbled, func() error { return c.ask(ctx, c.prefix()+"/info", out) })
}

// Run makes a container and starts it. Of one that cannot be started nothing stays.
func (c *Client) Run(ctx context.Context, s Spec) error {
	path, body := "/containers/create", any(podmanSpec(s))
	if c.platform == Docker {
		path, body = path+"?"+url.Values{"name": {s.Name}}.Encode(), dockerSpec(s)
	}
	if err := c.order(ctx, http.MethodPost, c.prefix()+path, body); err != nil {
		return fault.Wrap(fault.KindOf(err), "make container "+s.Name, err, fault.Hint(err))
	}
	err := c.order(ctx, http.MethodPost, c.container(s.Name)+"/start", nil)
	if err == nil {
		return nil
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), dialWait)
	defer cancel()
	return fault.Wrap(fault.Engine, "start container "+s.Name, errors.Join(err, c.Remove(last, s.Name, 0)), fault.Hint(err))
}

// Remove stops a container, with so much time to end in good order, and removes it. That there is none is no error.
func (c *Client) Remove(ctx context.Context, name string, grace time.Duration) error {
	seconds := fmt.Sprint(int(grace.Seconds()))
	stop, remove := "/stop?t="+seconds, "?force=1&v=1"
	if c.platform == Podman {
		stop, remove = "/stop?timeout="+seconds, "?force=true&v=true"
	}
	if grace > 0 {
		err := c.order(ctx, http.MethodPost, c.container(name)+stop, nil)
		if fault.Is(err, fault.Missing) {
			return nil
		}
		// One that cannot be stopped, as it is being made or ends just now, is removed all the same.
		if err != nil && ctx.Err() != nil {
			return err
		}
	}
	if err := c.order(ctx, http.MethodDelete, c.container(name)+remove, nil); err != nil && !fault.Is(err, fault.Missing) {
		return fault.Wrap(fault.KindOf(err), "remove container "+name, err, fault.Hint(err))
	}
	return nil
}

// podmanSpec is the body of libpod's request.
func podmanSpec(s Spec) map[string]any {
	mounts := make([]map[string]any, 0, len(s.Mounts))
	for _, m := range s.Mounts {
		mounts = append(mounts, map[string]any{"type": "bind", "source": m.Source, "destination": m.Target, "options": []string{"rbind", "z"}})
	}
	out := map[string]any{"name": s.Name, "image": s.Image, "user": s.User, "env": s.Env, "labels": s.Labels, "mounts": mounts,
		"netns": map[string]string{"nsmode": "host"}, "restart_policy": "always"}
	if s.KeepID {
		out["userns"] = map[string]string{"nsmode": "keep-id"}
	}
	return out
}

// dockerSpec is the body of Docker's request.
func dockerSpec(s Spec) map[string]any {
	binds := make([]string, 0, len(s.Mounts))
	for _, m := range s.Mounts {
		binds = append(binds, m.Source+":"+m.Target+":z")
	}
	env := make([]string, 0, len(s.Env))
	for k, v := range s.Env {
		env = append(env, k+"="+v)
	}
	return map[string]any{"Image": s.Image, "User": s.User, "Env": env, "Labels": s.Labels,
		"HostConfig": map[string]any{"Binds": binds, "NetworkMode": "host", "RestartPolicy": map[string]any{"Name": "always"}}}
}
