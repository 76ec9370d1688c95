package engineapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/shared/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is an engine that answers as its parts say.
type engine struct {
	header  map[string]string // of /_ping
	answers map[string]string // by "METHOD path": "STATUS body"
	asked   []string          // "METHOD path?query body"
	auth    string            // X-Registry-Auth of the last request that had one
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/_ping" {
		for k, v := range e.header {
			w.Header().Set(k, v)
		}
		_, _ = io.WriteString(w, "OK")
		return
	}
	body, _ := io.ReadAll(r.Body)
	e.asked = append(e.asked, fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body))
	if a := r.Header.Get("X-Registry-Auth"); a != "" {
		e.auth = a
	}
	code, text := 404, `{"message":"no such thing","cause":"x"}`
	if a, ok := e.answers[r.Method+" "+r.URL.Path]; ok {
		_, _ = fmt.Sscan(a, &code)
		_, text, _ = strings.Cut(a, " ")
	}
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}

var podman = map[string]string{"Libpod-API-Version": "4.3.1", "Api-Version": "1.41"}

// serve runs an engine and gives its endpoint.
func serve(t *testing.T, e http.Handler) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sk") //nolint:usetesting // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: e, ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close(); <-done; _ = os.RemoveAll(dir) })
	return "unix://" + path
}

func open(t *testing.T, platform string, e *engine) *Client {
	t.Helper()
	c, err := Open(t.Context(), platform, serve(t, e))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, platform string
		header         map[string]string
		want           string // empty: it opens
	}{
		{"podman", Podman, podman, ""},
		{"podman as docker", Docker, podman, ""},
		{"docker", Docker, map[string]string{"Api-Version": "1.54"}, ""},
		{"docker as podman", Podman, map[string]string{"Api-Version": "1.54"}, "is Docker, not Podman"},
		{"old podman", Podman, map[string]string{"Libpod-API-Version": "3.4.4", "Api-Version": "1.40"}, "too old: version 3.4.4, want 4.0 or later"},
		{"old docker", Docker, map[string]string{"Api-Version": "1.39"}, "too old: its interface is version 1.39"},
		{"no version", Docker, map[string]string{"Api-Version": "new"}, "too old"},
		{"no engine", Podman, nil, "is no container engine"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			_, err := Open(t.Context(), tt.platform, serve(t, &engine{header: tt.header}))
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || fault.Hint(err) == "" {
				t.Errorf("got %v (hint %q), want %q", err, fault.Hint(err), tt.want)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	for _, platform := range []string{Podman, Docker} {
		c := &Client{platform: platform, path: "/p"}
		for _, tt := range []struct {
			err  error
			kind fault.Kind
			want string
		}{
			{syscall.ENOENT, fault.Engine, "there is no " + platform + " at /p"},
			{syscall.ECONNREFUSED, fault.Engine, "nobody answers at /p"},
			{syscall.EACCES, fault.Denied, "this user may not use"},
			{os.ErrDeadlineExceeded, fault.Late, "does not answer in time"},
			{io.ErrUnexpectedEOF, fault.Engine, "broke off in the middle of an answer"},
			{syscall.EPIPE, fault.Engine, "broke off"},
			{errors.New("odd"), fault.Engine, "talk to the " + platform},
		} {
			err := c.unreachable(t.Context(), &net.OpError{Op: "dial", Err: tt.err})
			if !fault.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v: got %v (%v)", tt.err, err, fault.KindOf(err))
			}
			if fault.Hint(err) == "" && tt.want != "talk to the "+platform {
				t.Errorf("%v: there is no hint", tt.err)
			}
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.unreachable(gone, syscall.ENOENT); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: got %v", err)
		}
	}
}

// A socket that takes connections and answers nothing does not hold anybody for longer than he waits.
func TestHangs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, Podman, path); !fault.Is(err, fault.Late) {
		t.Errorf("got %v", err)
	}
}

func TestEndpoint(t *testing.T) {
	for _, tt := range []struct {
		platform string
		uid      int
		env      map[string]string
		want     string
	}{
		{Podman, 0, nil, "unix:///run/podman/podman.sock"},
		{Podman, 0, map[string]string{"XDG_RUNTIME_DIR": "/run/user/0"}, "unix:///run/podman/podman.sock"},
		{Podman, 7, nil, "unix:///run/user/7/podman/podman.sock"},
		{Podman, 7, map[string]string{"XDG_RUNTIME_DIR": "/x"}, "unix:///x/podman/podman.sock"},
		{Podman, 7, map[string]string{"CONTAINER_HOST": "unix:///h", "DOCKER_HOST": "unix:///d"}, "unix:///h"},
		{Podman, 7, map[string]string{"CONTAINER_HOST": "unix:///h", "CONTAINER_ENDPOINT": "/e"}, "/e"},
		{Docker, 7, nil, "unix:///run/docker.sock"},
		{Docker, 7, map[string]string{"CONTAINER_HOST": "unix:///h", "DOCKER_HOST": "unix:///d"}, "unix:///d"},
	} {
		if got := Endpoint(tt.platform, tt.uid, func(k string) string { return tt.env[k] }); got != tt.want {
			t.Errorf("%s %d %v: got %s, want %s", tt.platform, tt.uid, tt.env, got, tt.want)
		}
	}
	for endpoint, want := range map[string]string{"unix:///a/b": "/a/b", "/a": "/a", "tcp://127.0.0.1:1": "", "unix://a": "", "ssh://h/p": "", "": ""} {
		if got := SocketPath(endpoint); got != want {
			t.Errorf("%q: got %q, want %q", endpoint, got, want)
		}
	}
}

func TestContainer(t *testing.T) {
	for platform, base := range map[string]string{Podman: "/v4.0.0/libpod", Docker: "/v1.41"} {
		t.Run(platform, func(t *testing.T) {
			e := &engine{header: podman, answers: map[string]string{
				"GET " + base + "/containers/c/json": `200 {"Id":"1","Name":"/c","State":{"Status":"running","Running":true,"Pid":42,"StartedAt":"2026-01-02T03:04:05.6Z"},"RestartCount":2,
					"Config":{"Image":"i","Labels":{"a":"b"}},"Mounts":[{"Type":"bind","Source":"/s","Destination":"/d"}]}`,
				"POST " + base + "/containers/create":  `201 {"Id":"1"}`,
				"POST " + base + "/containers/c/start": "500 {\"message\":\"crun:\\n no\"}",
				"POST " + base + "/containers/c/stop":  "304 ",
				"DELETE " + base + "/containers/c":     "204 ",
				"GET " + base + "/containers/json":     `200 [{"Id":"1","Names":["c"]},{"Id":"2"}]`,
				"GET " + base + "/containers/c/logs":   "200 \x01\x00\x00\x00\x00\x00\x00\x04one\n\x02\x00\x00\x00\x00\x00\x00\x07two\nth\n",
			}}
			c := open(t, platform, e)
			got, err := c.Inspect(t.Context(), "c")
			if err != nil || got.PID != 42 || got.Name != "c" || !got.Running || got.Restarts != 2 || got.Source("/d") != "/s" || got.Source("/x") != "" || got.Labels["a"] != "b" || got.Started.IsZero() {
				t.Errorf("inspect: got %+v, %v", got, err)
			}
			if _, err := c.Inspect(t.Context(), "other"); !fault.Is(err, fault.Missing) || !strings.Contains(err.Error(), "no such thing") {
				t.Errorf("inspect of none: got %v", err)
			}
			ids, err := c.Labelled(t.Context(), map[string]string{"b": "2", "a": "1"})
			want := "GET " + base + "/containers/json?" + url.Values{"all": {"true"}, "filters": {`{"label":["a=1","b=2"]}`}}.Encode()
			if err != nil || !slices.Equal(ids, []string{"1", "2"}) || !strings.Contains(e.asked[len(e.asked)-1], want) {
				t.Errorf("labelled: %q, %v; asked %q", ids, err, e.asked)
			}
			spec := Spec{Name: "c", Image: "i", User: "1:2", KeepID: true, Env: map[string]string{"K": "v"}, Labels: map[string]string{"a": "b"}, Mounts: []Mount{{"/s", "/d"}}}
			e.asked = nil
			if err := c.Run(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "start container c: "+platform+" says: crun: no") {
				t.Errorf("run: got %v", err)
			}
			all := strings.Join(e.asked, "\n")
			for _, want := range map[string][]string{
				Podman: {`"netns":{"nsmode":"host"}`, `"restart_policy":"always"`, `"userns":{"nsmode":"keep-id"}`, `"options":["rbind","z"]`, `"user":"1:2"`, "DELETE /v4.0.0/libpod/containers/c?force=true"},
				Docker: {`create?name=c`, `"NetworkMode":"host"`, `"RestartPolicy":{"Name":"always"}`, `"Binds":["/s:/d:z"]`, `"Env":["K=v"]`, "DELETE /v1.41/containers/c?force=1"},
			}[platform] {
				if !strings.Contains(all, want) {
					t.Errorf("run did not say %s, but\n%s", want, all)
				}
			}
			if err := c.Remove(t.Context(), "c", time.Second); err != nil {
				t.Errorf("remove: %v", err)
			}
			if err := c.Remove(t.Context(), "other", time.Second); err != nil {
				t.Errorf("remove of none: %v", err)
			}
			if lines, err := c.Logs(t.Context(), "c", 2); err != nil || !slices.Equal(lines, []string{"two", "th"}) {
				t.Errorf("logs: got %q, %v", lines, err)
			}
		})
	}
}

func TestDockerVersion(t *testing.T) {
	for version, want := range map[string]string{"1.40": "/v1.40", "1.43": "/v1.43", "1.44": "/v1.44", "1.54": "/v1.44"} {
		if got := (&Client{platform: Docker, version: version}).prefix(); got != want {
			t.Errorf("%s: got %s", version, got)
		}
	}
}

// Engines newer than those known here are spoken to as before, as long as they answer to that; else as they themselves speak.
func TestNewerEngines(t *testing.T) {
	const tooOld = `400 {"message":"client version 1.44 is too old. Minimum supported API version is 1.46, please upgrade your client to a newer version"}`
	for _, tt := range []struct {
		platform string
		header   map[string]string
		answers  map[string]string
		want     string
		asked    int // whether it answers to that
	}{
		{Docker, map[string]string{"Api-Version": "1.44"}, nil, "/v1.44", 0},
		{Docker, map[string]string{"Api-Version": "1.52"}, map[string]string{"GET /v1.44/_ping": "200 OK"}, "/v1.44", 1}, // Docker 29
		{Docker, map[string]string{"Api-Version": "1.60"}, map[string]string{"GET /v1.44/_ping": tooOld}, "/v1.60", 1},
		{Podman, map[string]string{"Libpod-API-Version": "5.8.3", "Api-Version": "1.41"}, nil, "/v4.0.0/libpod", 0},
		{Podman, map[string]string{"Libpod-API-Version": "6.0.1", "Api-Version": "1.44"}, map[string]string{"GET /v4.0.0/libpod/_ping": "200 OK"}, "/v4.0.0/libpod", 1},
		{Podman, map[string]string{"Libpod-API-Version": "7.0.0", "Api-Version": "1.44"},
			map[string]string{"GET /v4.0.0/libpod/_ping": `400 {"cause":"given version is not supported","message":"version \"4.0.0\" is not supported by server","response":400}`}, "/v7.0.0/libpod", 1},
	} {
		e := &engine{header: tt.header, answers: tt.answers}
		if got := open(t, tt.platform, e).prefix(); got != tt.want || len(e.asked) != tt.asked {
			t.Errorf("%v: speaks %s, having asked %q", tt.header, got, e.asked)
		}
	}
}

// A user's Podman says which ids it has; recorded of one that has none but the user's own, of one that has others, and of root's.
func TestOneID(t *testing.T) {
	for info, want := range map[string]bool{
		`{"host":{"idMappings":{"gidmap":[{"container_id":0,"host_id":4242,"size":1}],"uidmap":[{"container_id":0,"host_id":4242,"size":1}]},"security":{"rootless":true}}}`: true,
		`{"host":{"idMappings":{"gidmap":[{"container_id":0,"host_id":4242,"size":1},{"container_id":1,"host_id":300000,"size":65536}],` +
			`"uidmap":[{"container_id":0,"host_id":4242,"size":1},{"container_id":1,"host_id":300000,"size":65536}]},"security":{"rootless":true}}}`: false,
		`{"host":{"idMappings":{"gidmap":null,"uidmap":null},"security":{"rootless":false}}}`: false,
	} {
		one, err := open(t, Podman, &engine{header: podman, answers: map[string]string{"GET /v4.0.0/libpod/info": "200 " + info}}).OneID(t.Context())
		if err != nil || one != want {
			t.Errorf("%s: got %v, %v", info, one, err)
		}
	}
}

func TestPull(t *testing.T) {
	const path = "POST /v4.0.0/libpod/images/pull"
	for _, tt := range []struct {
		answer string
		kind   fault.Kind
		want   string
		said   string
	}{
		{`200 {"stream":"Trying to pull\n"}{"images":["x"],"id":"x"}`, 0, "", "Trying to pull"},
		{`200 {"stream":"a"}` + "\n" + `{"error":"initializing source: reading manifest: unauthorized: access"}`, fault.Denied, "pull r.example/a/b:1: podman says: initializing source", "a"},
		{`200 {"error":"pinging registry: no route to host"}`, fault.Engine, "no route to host", ""},
		{`500 {"message":"invalid reference"}`, fault.Engine, "invalid reference", ""},
		{`200 {"stream":"cut off`, fault.Engine, "broke off in the middle of an answer", ""},
	} {
		e := &engine{header: podman, answers: map[string]string{path: tt.answer}}
		var said []string
		err := open(t, Podman, e).Pull(t.Context(), "r.example/a/b:1", Credentials{Username: "u", Password: "p"}, func(s string) { said = append(said, s) })
		if fault.KindOf(err) != tt.kind || err != nil && (!strings.Contains(err.Error(), tt.want) || fault.Hint(err) == "") || strings.Join(said, "|") != tt.said {
			t.Errorf("%s: got %v (%v, hint %q), said %q", tt.answer, err, fault.KindOf(err), fault.Hint(err), said)
		}
		b, _ := base64.URLEncoding.DecodeString(e.auth)
		var c Credentials
		if json.Unmarshal(b, &c) != nil || c.Username != "u" || c.Password != "p" {
			t.Errorf("credentials: %s", b)
		}
	}
	e := &engine{header: podman, answers: map[string]string{"POST /v1.41/images/create": `200 {"status":"Pulling","id":"1"}{"status":"Downloading","id":"1","progressDetail":{"total":9}}`}}
	var said []string
	if err := open(t, Docker, e).Pull(t.Context(), "a:1", Credentials{}, func(s string) { said = append(said, s) }); err != nil || strings.Join(said, "|") != "1: Pulling" {
		t.Errorf("docker: got %v, said %q", err, said)
	}
}

func TestImage(t *testing.T) {
	for platform, want := range map[string]string{
		Podman: "POST /v4.0.0/libpod/images/import?" + url.Values{"changes": {"LABEL a=b", "USER 1"}, "reference": {"localhost/a/b:1"}}.Encode() + " tar",
		Docker: "POST /v1.41/images/create?" + url.Values{"changes": {"LABEL a=b", "USER 1"}, "fromSrc": {"-"}, "repo": {"localhost/a/b:1"}}.Encode() + " tar",
	} {
		base, create := "/v1.41", "/images/create"
		if platform == Podman {
			base, create = "/v4.0.0/libpod", "/images/import"
		}
		e := &engine{header: podman, answers: map[string]string{"POST " + base + create: "200 {}", "GET " + base + "/images/localhost/a/b:1/json": `200 {"Id":"1","Architecture":"arm64"}`,
			"DELETE " + base + "/images/used:1": `409 {"message":"in use"}`}}
		c := open(t, platform, e)
		if err := c.Import(t.Context(), "localhost/a/b:1", []string{"LABEL a=b", "USER 1"}, strings.NewReader("tar")); err != nil || e.asked[0] != want {
			t.Errorf("import: got %v, asked %q, want %q", err, e.asked, want)
		}
		if got, err := c.Image(t.Context(), "localhost/a/b:1"); err != nil || got != (Image{"1", "arm64"}) {
			t.Errorf("image: got %+v, %v", got, err)
		}
		if err := c.RemoveImage(t.Context(), "none:1"); err != nil {
			t.Errorf("remove of none: %v", err)
		}
		if err := c.RemoveImage(t.Context(), "used:1"); !fault.Is(err, fault.Conflict) {
			t.Errorf("remove of one in use: %v", err)
		}
	}
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "auth.json")
	auth := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	text := fmt.Sprintf(`{"auths":{"r.example":{"auth":%q},"r.example/team":{"auth":%q},"https://index.docker.io/v1/":{"auth":%q},"bad.example":{"auth":"!"},"tok.example":{"auth":"","identitytoken":"t"}}}`,
		auth("all:1"), auth("team:2:3"), auth("hub:4"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(k string) string { return map[string]string{"REGISTRY_AUTH_FILE": file}[k] }
	for ref, want := range map[string]Credentials{
		"r.example/x:1":       {Username: "all", Password: "1"},
		"r.example/team/x:1":  {Username: "team", Password: "2:3"},
		"r.example/teams/x":   {Username: "all", Password: "1"},
		"r.example.org/x":     {},
		"docker.io/library/x": {Username: "hub", Password: "4"},
		"bad.example/x":       {},
		"tok.example/x":       {Token: "t"},
		"other/x":             {},
	} {
		if got := CredentialsFor(ref, 7, env); got != want {
			t.Errorf("%s: got %+v, want %+v", ref, got, want)
		}
	}
	if got := credentialFiles(7, func(k string) string { return map[string]string{"HOME": "/h", "XDG_RUNTIME_DIR": "/r"}[k] }); strings.Join(got, " ") !=
		"/r/containers/auth.json /run/containers/7/auth.json /h/.config/containers/auth.json /h/.docker/config.json" {
		t.Errorf("files: %v", got)
	}
}

// What an engine sends never takes more memory than it may.
func FuzzUnframe(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x04one\n"))
	f.Add([]byte("\x01\x00\x00\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, err := unframe(strings.NewReader(string(b))); err != nil || len(text) > len(b) {
			t.Errorf("got %d octets of %d, %v", len(text), len(b), err)
		}
	})
}
