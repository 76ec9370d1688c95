package controller

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/kubelog"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

func parse(t *testing.T, env map[string]string, args ...string) (Options, error) {
	t.Helper()
	return Parse(args, func(name string) string { return env[name] }, io.Discard)
}

func TestParseDefaults(t *testing.T) {
	o, err := parse(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.Metrics != ":9000" || o.QPS != 100 || o.Burst != 200 || o.Explicit || o.Plain || !o.Elect || o.Grants.Enabled || o.Grants.Port != 9090 ||
		o.Grants.Credentials != "skupper-grant-server" || !slices.Equal(o.Access.Enabled, []string{"local", "loadbalancer", "route"}) || o.Access.GatewayPort != 8443 {
		t.Errorf("got %+v", o)
	}
	if o.Images.Router.Name != "quay.io/skupper/skupper-router:main" || o.Images.Router.Pull != "Always" || o.Images.Adaptor.Name != "quay.io/skupper/kube-adaptor:v2-dev" {
		t.Errorf("got %+v", o.Images)
	}
}

func TestParse(t *testing.T) {
	env := map[string]string{"NAMESPACE": "a", "WATCH_NAMESPACE": "a", "CONTROLLER_NAME": "env", "SKUPPER_ENABLE_GRANTS": "true", "SKUPPER_METRICS_DISABLE": "1",
		"SKUPPER_GRANT_SERVER_PORT": "tcp://10.0.0.1:9090", "SKUPPER_IMAGE_REGISTRY": "reg/x/", "SKUPPER_KUBE_ADAPTOR_IMAGE": "own:1", "SKUPPER_KUBE_ADAPTOR_IMAGE_PULL_POLICY": "Never",
		"SKUPPER_KUBE_CLIENT_QPS": "7", "SKUPPER_ENABLED_ACCESS_TYPES": "local, nodeport", "SKUPPER_CLUSTER_HOST": "h0", "HOSTNAME": "pod"}
	o, err := parse(t, env, "-name", "flag", "-grant-server-autoconfigure", "-cluster-host=h")
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != "flag" || !o.Explicit || !o.Grants.Enabled || !o.Grants.Autoconfigure || o.Grants.Port != 9090 || o.Grants.PodName != "pod" || o.Metrics != "" ||
		o.QPS != 7 || o.Access.ClusterHost != "h" || !slices.Equal(o.Access.Enabled, []string{"local", "nodeport"}) {
		t.Errorf("got %+v", o)
	}
	if o.Images.Router.Name != "reg/x/skupper-router:main" || o.Images.Adaptor.Name != "own:1" || o.Images.Adaptor.Pull != "Never" {
		t.Errorf("got %+v", o.Images)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		args []string
		want string
	}{
		{map[string]string{"SKUPPER_ENABLE_GRANTS": "maybe", "SKUPPER_GRANT_SERVER_PORT": "x"}, nil, `SKUPPER_ENABLE_GRANTS is "maybe"`},
		{map[string]string{"SKUPPER_GRANT_SERVER_PORT": "x"}, nil, `SKUPPER_GRANT_SERVER_PORT is "x", want a number`},
		{nil, []string{"word"}, `unexpected "word"`},
		{nil, []string{"-nonsense"}, "not defined"},
	} {
		if _, err := parse(t, c.env, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: got %v", c.env, c.args, err)
		}
	}
	if _, err := parse(t, nil, "-version"); !errors.Is(err, ErrVersion) {
		t.Errorf("got %v", err)
	}
	if _, err := parse(t, nil, "-h"); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v", err)
	}
}

func TestNameOf(t *testing.T) {
	c := fake.NewClientBuilder().WithObjects(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "skupper", Name: "ctl"}}).Build()
	for _, tc := range []struct {
		o    Options
		want string
	}{
		{Options{Name: "given", Host: "ctl-5d4f8b7c9d-abcde"}, "given"},
		{Options{Host: "ctl-5d4f8b7c9d-abcde"}, "ctl"},
		{Options{Host: "gone-5d4f8b7c9d-abcde"}, "gone-5d4f8b7c9d-abcde"},
		{Options{Host: "machine"}, "machine"},
		{Options{}, names.Controller},
	} {
		tc.o.Namespace = "skupper"
		if got, err := nameOf(t.Context(), c, tc.o); err != nil || got != tc.want {
			t.Errorf("%+v: got %q, %v", tc.o, got, err)
		}
	}
}

func TestLightObjects(t *testing.T) {
	secret := func(kind corev1.SecretType, key string) any {
		s, err := lightSecret(&corev1.Secret{Type: kind, Data: map[string][]byte{key: []byte("x")}})
		if err != nil {
			t.Fatal(err)
		}
		return len(s.(*corev1.Secret).Data) > 0
	}
	if secret(corev1.SecretTypeTLS, "tls.crt") != true || secret(corev1.SecretTypeOpaque, "ca.crt") != true || secret(corev1.SecretTypeOpaque, "password") != false ||
		secret(corev1.SecretTypeBasicAuth, "host") != true {
		t.Error("the wrong secrets are kept")
	}
	config := func(name string, labels map[string]string) any {
		m, err := lightConfigMap(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Data: map[string]string{"a": "b"}})
		if err != nil {
			t.Fatal(err)
		}
		return len(m.(*corev1.ConfigMap).Data) > 0
	}
	if config("kube-root-ca.crt", nil) != false || config(names.ControlMap, nil) != true || config("x", map[string]string{names.SiteSizing: "s"}) != true {
		t.Error("the wrong ConfigMaps are kept")
	}
	pod, err := lightPod(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Annotations: map[string]string{"a": "b"}, OwnerReferences: []metav1.OwnerReference{{Name: "o"}}},
		Spec:   corev1.PodSpec{NodeName: "n"},
		Status: corev1.PodStatus{PodIP: "10.0.0.1", Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled}, {Type: corev1.PodReady}}}})
	p, ok := pod.(*corev1.Pod)
	if err != nil || !ok || p.Annotations != nil || p.OwnerReferences != nil || p.Spec.NodeName != "" || p.Status.PodIP == "" || len(p.Status.Conditions) != 1 {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestLogging(t *testing.T) {
	var b bytes.Buffer
	level := &Level{}
	log := kubelog.Logr(zerolog.New(&b).Hook(level)).WithName("part").WithValues("object", metav1.ObjectMeta{Name: "x"})
	log.Info("hidden")
	log.Error(errors.New("why"), "failed", "n", 1)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	var first map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != 1 || first["message"] != "failed" || first["component"] != "part" || first["n"] != 1.0 {
		t.Errorf("got %s", b.String())
	}
	for word, want := range map[string]int{"debug": 2, "info": 1, "": 1, "warn": 1, "error": 1, "nonsense": 1} {
		b.Reset()
		level.set(word)
		log.V(2).Info("trace")
		log.Info("debug")
		log.Error(nil, "error")
		if got := strings.Count(b.String(), "\n"); got != want {
			t.Errorf("%q: %d lines, want %d", word, got, want)
		}
	}
}
