package pki

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The router that most sites run checks certificates with OpenSSL, not with crypto/x509.
func TestOpenSSLAgrees(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("SKIPPED: openssl is not installed; certificates are checked against crypto/x509 only")
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	run := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput()
		if err != nil {
			t.Errorf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	ours, err := NewCA("skupper-site-ca", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ec, err := NewP256CA("skupper-site-ca", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, ca := range map[string]Pair{"ours": ours, "ec": ec, "rsa": rsaCA(t, time.Now().Add(-time.Minute))} {
		server, err := Issue(ca, Request{Subject: "server", Hosts: []string{"r.example", "127.0.0.1"}, Server: true}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		client, err := Issue(ca, Request{Subject: "client", Client: true}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		root := write(name+"-ca.crt", ca.Cert)
		run("verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "r.example", "-CAfile", root, write(name+"-server.crt", server.Cert))
		run("verify", "-purpose", "sslserver", "-verify_ip", "127.0.0.1", "-CAfile", root, write(name+"-server.crt", server.Cert))
		run("verify", "-purpose", "sslclient", "-CAfile", root, write(name+"-client.crt", client.Cert))
		run("pkey", "-check", "-noout", "-in", write(name+"-client.key", client.Key))
		run("pkey", "-check", "-noout", "-in", write(name+"-ca.key", ca.Key))
	}

	// And the other way: keys and requests that openssl makes.
	run("ecparam", "-name", "prime256v1", "-genkey", "-out", filepath.Join(dir, "k.pem"))
	run("req", "-new", "-key", filepath.Join(dir, "k.pem"), "-subj", "/CN=x", "-out", filepath.Join(dir, "k.csr"))
	key, err1 := os.ReadFile(filepath.Join(dir, "k.pem"))
	csr, err2 := os.ReadFile(filepath.Join(dir, "k.csr"))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	p, err := IssueCSR(ours, csr, Request{Subject: "y"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.Key = key
	if err := Verify(p, time.Now()); err != nil {
		t.Error(err)
	}
}
