package manage

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
)

var update = flag.Bool("update", false, "rewrite the golden file of columns from a real router")

// realRouter starts skupper-router, whose path is in SKROUTERD, with two listeners for clients added to entities:
// one plain, one with TLS if there is a profile "tls". It needs an environment in which the router finds its libraries.
func realRouter(t *testing.T, entities string) (plain, secure string) {
	t.Helper()
	path := os.Getenv("SKROUTERD")
	if path == "" {
		t.Skip("SKIPPED: interop with skupper-router needs SKROUTERD=/path/to/skrouterd")
	}
	plain, secure = freePort(t), freePort(t)
	text := fmt.Sprintf(`[["router",{"id":"A","mode":"interior","helloMaxAgeSeconds":"3"}],
		["listener",{"name":"amqp","host":"127.0.0.1","port":%s}]%s]`, plain, strings.ReplaceAll(entities, "SECURE", secure))
	file := filepath.Join(t.TempDir(), "skrouterd.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(path, "-c", file)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("log of the router:\n%s", log.Bytes())
		}
	})
	return "127.0.0.1:" + plain, "127.0.0.1:" + secure
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // only its number is wanted
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// dialReal connects as soon as the router listens.
func dialReal(t *testing.T, o Options) *Client {
	t.Helper()
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		c, err := Dial(t.Context(), o)
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			return c
		}
		if time.Since(start) > 15*time.Second {
			t.Fatal(err)
		}
	}
}

// TestInteropColumns compares the columns of all entity types, and the types of their values.
func TestInteropColumns(t *testing.T) {
	plain, _ := realRouter(t, `,["address",{"prefix":"mc","distribution":"multicast"}],["site",{"name":"s","version":"v2"}],
		["log",{"module":"SERVER","enable":"debug+"}]`)
	c := dialReal(t, Options{URL: "amqp://" + plain})
	var out strings.Builder
	for _, typ := range config.Types() {
		body, err := c.do(t.Context(), request{op: "QUERY", entityType: typ.Name,
			props: map[string]any{"operation": "QUERY", "entityType": typ.FullName()}, body: map[string]any{"attributeNames": []string{}}})
		if err != nil {
			t.Fatal(err)
		}
		answer := plainMap(body)
		fmt.Fprintf(&out, "%s:", typ.Name)
		for _, n := range answer["attributeNames"].([]any) {
			fmt.Fprintf(&out, " %v", n)
		}
		fmt.Fprintln(&out)
		for _, row := range body.(map[string]any)["results"].([]any) {
			for i, cell := range row.([]any) {
				if i < len(typ.Attributes) && cell != nil && !fits(typ.Attributes[i], cell) {
					t.Errorf("%s.%s is %T, which is not of kind %d", typ.Name, typ.Attributes[i].Name, cell, typ.Attributes[i].Kind)
				}
			}
		}
	}
	file := filepath.Join("..", "config", "testdata", "columns.golden")
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func plainMap(body any) map[string]any {
	m, _ := plain(body, 0).(map[string]any)
	return m
}

func fits(a config.Attribute, cell any) bool {
	if a.Name == "" {
		return true // a nameless column means nothing
	}
	switch cell.(type) {
	case string:
		return a.Kind == config.String
	case int32:
		return a.Kind == config.Int
	case bool:
		return a.Kind == config.Bool
	case uint32:
		return a.Kind == config.Uint
	case uint64:
		return a.Kind == config.Ulong
	case int64:
		return a.Kind == config.Long
	case []any:
		return a.Kind == config.List
	case map[string]any, map[any]any:
		return a.Kind == config.Map
	}
	return false
}

// TestInteropChanges takes a router from nothing to a configuration and back, and reads it each time.
func TestInteropChanges(t *testing.T) {
	ctx := t.Context()
	plain, _ := realRouter(t, `,["address",{"prefix":"mc","distribution":"multicast"}],["log",{"module":"SERVER","enable":"debug+"}]`)
	c := dialReal(t, Options{URL: "amqp://" + plain})
	start, err := c.Config(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(plain)
	file := `[["router",{"id":"A","mode":"interior"}],["listener",{"name":"amqp","host":"127.0.0.1","port":` + port + `}],
		["address",{"prefix":"mc","distribution":"multicast"}],["log",{"module":"SERVER","enable":"debug+"}]%s]`
	want, err := config.Parse(fmt.Appendf(nil, file, ""))
	if err != nil {
		t.Fatal(err)
	}
	if d := config.Diff(start, want); !d.Empty() {
		t.Errorf("what is read back differs from the file: %+v", d)
	}
	p := make([]any, 6)
	for i := range p {
		p[i] = freePort(t)
	}
	//nolint:staticcheck // p has the arguments
	full := fmt.Sprintf(`,["address",{"prefix":"closest","distribution":"closest"}],["log",{"module":"AGENT","enable":"error+"}],
		["sslProfile",{"name":"s","caCertFile":"/none/ca.crt","ordinal":1}],["proxyProfile",{"name":"x","host":"127.0.0.1","port":"%[1]s"}],
		["listener",{"name":"inter","role":"inter-router","host":"127.0.0.1","port":"%[2]s","cost":2}],
		["connector",{"name":"link","role":"inter-router","host":"127.0.0.1","port":"%[1]s","cost":4}],
		["tcpListener",{"name":"l","host":"127.0.0.1","port":"%[3]s","address":"echo"}],
		["tcpListener",{"name":"m","host":"127.0.0.1","port":"%[4]s","multiAddressStrategy":"priority"}],
		["listenerAddress",{"name":"m/one","address":"one","value":1,"listener":"m"}],["listenerAddress",{"name":"m/two","address":"two","value":0,"listener":"m"}],
		["tcpConnector",{"name":"c","host":"127.0.0.1","port":"%[5]s","address":"echo","verifyHostname":false}]`, p...)
	for _, step := range []string{full,
		strings.NewReplacer(`"ordinal":1`, `"ordinal":2,"oldestValidOrdinal":1`, `"cost":4`, `"cost":5`, fmt.Sprintf(`"%s","multi`, p[3]), fmt.Sprintf(`"%s","multi`, p[5]),
			`"address":"echo"`, `"address":"other"`, `"error+"`, `"warning+"`).Replace(full), ""} {
		want, err := config.Parse(fmt.Appendf(nil, file, step))
		if err != nil {
			t.Fatal(err)
		}
		if err := want.Check(); err != nil {
			t.Fatal(err)
		}
		live, err := c.Config(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Apply(ctx, config.Diff(live, want)); err != nil {
			t.Fatal(err)
		}
		if live, err = c.Config(ctx); err != nil {
			t.Fatal(err)
		}
		if d := config.Diff(live, want); !d.Empty() {
			t.Errorf("after the changes there are more: %+v", d)
		}
	}
}

func TestInteropErrors(t *testing.T) {
	plain, _ := realRouter(t, "")
	c := dialReal(t, Options{URL: "amqp://" + plain})
	ctx := t.Context()
	for _, tt := range []struct {
		err  error
		code int
		text string
	}{
		{c.Delete(ctx, "tcpConnector", "none"), 404, "No entity with name=none"},
		{c.Create(ctx, "tcpConnector", "c", map[string]any{"port": "1", "address": "a", "bogus": 1}), 400, "Unknown attribute 'bogus' for 'io.skupper.router.tcpConnector'"},
		{c.Create(ctx, "listener", "amqp", map[string]any{"port": "1"}), 400, "duplicates unique attribute 'name'"},
		{c.Update(ctx, "tcpConnector", "none", nil), 404, "No entity with name=none"},
		{c.Update(ctx, "router", "router/A", nil), 501, "Operation 'UPDATE' not implemented for 'io.skupper.router.router' ['READ']"},
		{c.Create(ctx, "bogus", "c", nil), 400, "No such entity type"},
	} {
		var status *StatusError
		if !errors.As(tt.err, &status) || status.Code != tt.code || !strings.Contains(status.Description, tt.text) {
			t.Errorf("got %v, want %d %s", tt.err, tt.code, tt.text)
		}
	}
}

// TestInteropViews reads a bit of everything, many times over: more than the credit of the reply link.
func TestInteropViews(t *testing.T) {
	plain, _ := realRouter(t, "")
	c := dialReal(t, Options{URL: "amqp://" + plain})
	for range 2 * replyCredit {
		conns, err := c.Connections(t.Context())
		if err != nil || len(conns) == 0 {
			t.Fatalf("got %v, %v", conns, err)
		}
	}
	routers, err := c.Routers(t.Context())
	if err != nil || len(routers) != 1 || routers[0].ID != "A" || routers[0].Mode != "interior" {
		t.Errorf("got %+v, %v", routers, err)
	}
	nodes, err := c.Nodes(t.Context())
	if err != nil || len(nodes) != 1 || nodes[0].NextHop != "(self)" || nodes[0].Instance == 0 {
		t.Errorf("got %+v, %v", nodes, err)
	}
	addrs, err := c.Addresses(t.Context())
	if err != nil || len(addrs) < 5 {
		t.Errorf("got %+v, %v", addrs, err)
	}
}

// TestInteropTLS connects with a client certificate.
func TestInteropTLS(t *testing.T) {
	dir := t.TempDir()
	client, pool := certificates(t, dir)
	_, secure := realRouter(t, fmt.Sprintf(`,["sslProfile",{"name":"tls","caCertFile":"%[1]s/ca.crt","certFile":"%[1]s/tls.crt","privateKeyFile":"%[1]s/tls.key"}],
		["listener",{"name":"amqps","host":"127.0.0.1","port":SECURE,"sslProfile":"tls","saslMechanisms":"EXTERNAL","authenticatePeer":true,"requireSsl":true}]`, dir))
	o := Options{URL: "amqps://" + secure, TLS: &tls.Config{Certificates: []tls.Certificate{client}, RootCAs: pool, MinVersion: tls.VersionTLS12}}
	c := dialReal(t, o)
	conns, err := c.Connections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, conn := range conns {
		seen = seen || conn.SASL == "EXTERNAL" && conn.Encrypted && conn.Authenticated
	}
	if !seen {
		t.Errorf("no connection has EXTERNAL: %+v", conns)
	}
	if o.TLS.ServerName != "" {
		t.Error("the caller's TLS configuration was changed")
	}
	_, strangers := certificates(t, t.TempDir())
	if c, err := Dial(t.Context(), Options{URL: o.URL, TLS: &tls.Config{RootCAs: strangers, MinVersion: tls.VersionTLS12}}); err == nil {
		_ = c.Close()
		t.Error("a router with another CA's certificate is accepted")
	}
}

// certificates makes a CA and one certificate for 127.0.0.1, good for server and client, in dir.
func certificates(t *testing.T, dir string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	must(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	write := func(name, kind string, der []byte) []byte {
		b := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		must(os.WriteFile(filepath.Join(dir, name), b, 0o600))
		return b
	}
	caPEM := write("ca.crt", "CERTIFICATE", caDER)
	pair, err := tls.X509KeyPair(write("tls.crt", "CERTIFICATE", der), write("tls.key", "PRIVATE KEY", keyDER))
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	return pair, pool
}
