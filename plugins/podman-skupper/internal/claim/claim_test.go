package claim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/grantserver"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// granter is the site that issued a token, as its grant server sees it.
type granter struct {
	mu sync.Mutex
	g  grant.Grant
	ca pki.Pair
}

func (g *granter) Grant(context.Context, string) (grant.Grant, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.g, nil
}

func (g *granter) Confirm(_ context.Context, _ string, r grant.Redemption) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.g.Redeemed, g.g.Claims = r.Count, append(g.g.Claims, r.Claims...)
	return nil
}

func (g *granter) Issue(_ context.Context, _ grant.Grant, _, subject string, csr []byte) (grantserver.Credentials, error) {
	ends := []v2alpha1.Endpoint{{Name: "inter-router", Host: "h", Port: "1", Group: "a"}, {Name: "inter-router", Host: "h", Port: "2", Group: "b"}}
	return new(grantserver.Signer).Sign(g.ca, subject, csr, ends, 0, time.Now())
}

func (g *granter) redeemed() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.g.Redeemed
}

// serve gives a granting site and a token of one use.
func serve(t *testing.T) (*granter, token.Token) {
	t.Helper()
	ca, err := pki.NewP256CA("ca", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := pki.Issue(ca, pki.Request{Subject: "s", Hosts: []string{"127.0.0.1"}, Server: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	g := &granter{ca: ca, g: grant.Grant{UID: "u", Name: "tok", Code: "code", Allowed: 1, ExpiresAt: time.Now().Add(time.Hour)}}
	srv := grantserver.New(g, g, grantserver.Options{Log: zerolog.Nop()})
	if err := srv.SetCertificate(cert); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return g, token.Token{Name: "tok", URL: fmt.Sprintf("https://%s/u", ln.Addr()), Code: "code", CA: string(ca.Cert), LinkCost: 4}
}

func newRedeemer(t *testing.T) Redeemer {
	t.Helper()
	return Redeemer{Store: filestore.Open(filestore.Under(t.TempDir()).Namespace("east"), time.Now), Now: time.Now}
}

// whole checks that everything a token gives is there, once.
func (r Redeemer) whole(t *testing.T, g *granter) {
	t.Helper()
	s, err := r.Store.Get(t.Context(), v2alpha1.KindSecret, "tok")
	if err != nil {
		t.Fatal(err)
	}
	sec, _ := s.(*v2alpha1.Secret)
	if _, err := pki.Parse(pki.Pair{CA: sec.Data["ca.crt"], Cert: sec.Data["tls.crt"], Key: sec.Data["tls.key"]}); err != nil {
		t.Errorf("credentials: %v", err)
	}
	if sec.Annotations[site.AnnotationRedeemed] == "" {
		t.Error("the secret does not tell that it came for a token")
	}
	for _, name := range []string{"tok-1", "tok-2"} {
		l, err := r.Store.Get(t.Context(), v2alpha1.KindLink, name)
		if err != nil || l.(*v2alpha1.Link).Spec.Cost != 4 {
			t.Errorf("%s: %+v, %v", name, l, err)
		}
	}
	info, err := os.Stat(filepath.Join(r.Store.Dir().InputResources(), "Secret-tok.yaml"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secret: %v %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(r.Store.Dir().Pending(), "*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	if n := g.redeemed(); n != 1 {
		t.Errorf("redeemed %d times", n)
	}
}

func TestRedeem(t *testing.T) {
	g, tok := serve(t)
	r := newRedeemer(t)
	for range 2 { // the second finds the links
		links, err := r.Redeem(t.Context(), tok)
		if err != nil || strings.Join(links, " ") != "tok-1 tok-2" {
			t.Fatalf("got %v, %v", links, err)
		}
	}
	r.whole(t, g)
	if _, err := newRedeemer(t).Redeem(t.Context(), tok); fault.KindOf(err) != fault.Denied {
		t.Errorf("elsewhere: %v", err)
	}
}

// Wherever the process ends, redeeming the token again completes it, at the cost of one use.
func TestCutOff(t *testing.T) {
	dirOf := func(r Redeemer) filestore.Dir { return r.Store.Dir() }
	tests := map[string]struct {
		spoil func(t *testing.T, r Redeemer) // makes the first try fail somewhere
		mend  func(t *testing.T, r Redeemer)
		found string // what the first try leaves
	}{
		"before the secret": {
			func(t *testing.T, r Redeemer) {
				mkdir(t, filepath.Join(dirOf(r).InputResources(), "Secret-tok.yaml", "x"))
			},
			func(t *testing.T, r Redeemer) { rm(t, filepath.Join(dirOf(r).InputResources(), "Secret-tok.yaml")) },
			".yaml",
		},
		"between the links": {
			func(t *testing.T, r Redeemer) {
				mkdir(t, filepath.Join(dirOf(r).InputResources(), "Link-tok-2.yaml", "x"))
			},
			func(t *testing.T, r Redeemer) { rm(t, filepath.Join(dirOf(r).InputResources(), "Link-tok-2.yaml")) },
			".yaml",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g, tok := serve(t)
			r := newRedeemer(t)
			tt.spoil(t, r)
			if _, err := r.Redeem(t.Context(), tok); err == nil {
				t.Fatal("nothing broke")
			}
			if left, _ := filepath.Glob(filepath.Join(dirOf(r).Pending(), "*"+tt.found)); len(left) == 0 {
				t.Errorf("nothing to go on from")
			}
			tt.mend(t, r)
			if _, err := r.Redeem(t.Context(), tok); err != nil {
				t.Fatal(err)
			}
			r.whole(t, g)
		})
	}
}

// The answer was sent and never stored: the same key gets the same again.
func TestAnswerLost(t *testing.T) {
	g, tok := serve(t)
	r := newRedeemer(t)
	client := redeem.Client{Pending: redeem.Dir(r.Store.Dir().Pending())}
	_, err := client.Redeem(t.Context(), time.Now(), tok, "east", func(context.Context, redeem.Result) error { return errors.New("killed") })
	if err == nil || g.redeemed() != 1 {
		t.Fatalf("got %v, redeemed %d times", err, g.redeemed())
	}
	if _, err := r.Redeem(t.Context(), tok); err != nil {
		t.Fatal(err)
	}
	r.whole(t, g)
}

// The agent completes what had come, without the token.
func TestResume(t *testing.T) {
	g, tok := serve(t)
	r := newRedeemer(t)
	blocked := filepath.Join(r.Store.Dir().InputResources(), "Link-tok-2.yaml")
	mkdir(t, filepath.Join(blocked, "x"))
	if _, err := r.Redeem(t.Context(), tok); err == nil {
		t.Fatal("nothing broke")
	}
	if err := r.Resume(t.Context(), 0); err == nil {
		t.Error("resumed though it cannot be stored")
	}
	rm(t, blocked)
	if err := r.Resume(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Store.Get(t.Context(), v2alpha1.KindLink, "tok-2"); !fault.Is(err, fault.Missing) {
		t.Errorf("what another may be about to store was taken from it: %v", err)
	}
	for range 2 {
		if err := r.Resume(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	r.whole(t, g)
}

// What is given up is not made again, by nobody, and its keys are gone.
func TestForget(t *testing.T) {
	_, tok := serve(t)
	r := newRedeemer(t)
	if names, err := r.Forget(t.Context()); len(names) > 0 || err != nil {
		t.Errorf("of nothing: %v, %v", names, err)
	}
	mkdir(t, filepath.Join(r.Store.Dir().InputResources(), "Link-tok-2.yaml", "x"))
	if _, err := r.Redeem(t.Context(), tok); err == nil {
		t.Fatal("nothing broke")
	}
	if files, _ := os.ReadDir(r.Store.Dir().Pending()); len(files) < 2 { // an answer, and the key that is kept until that is stored
		t.Errorf("kept: %v", files)
	}
	if names, err := r.Forget(t.Context()); len(names) != 1 || names[0] != "tok" || err != nil {
		t.Errorf("got %v, %v", names, err)
	}
	if files, _ := os.ReadDir(r.Store.Dir().Pending()); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
	if err := r.Resume(t.Context(), 0); err != nil {
		t.Error(err)
	}
}

// A token that is deleted while its answer is on its way leaves nothing.
func TestUnwanted(t *testing.T) {
	g, tok := serve(t)
	r := newRedeemer(t)
	r.Wanted = func(context.Context) bool { return g.redeemed() == 0 } // until it has been redeemed
	if _, err := r.Redeem(t.Context(), tok); !fault.Is(err, fault.Missing) || !strings.Contains(err.Error(), "was deleted while it was redeemed") {
		t.Errorf("got %v", err)
	}
	for _, dir := range []string{r.Store.Dir().Pending(), r.Store.Dir().InputResources()} {
		if files, _ := os.ReadDir(dir); len(files) > 0 {
			t.Errorf("left in %s: %v", dir, files)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	g, tok := serve(t)
	r := newRedeemer(t)
	var all sync.WaitGroup
	for range 10 { // the same command typed ten times
		all.Go(func() {
			if _, err := r.Redeem(t.Context(), tok); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if _, err := r.Redeem(t.Context(), tok); err != nil {
		t.Fatal(err)
	}
	if n := g.redeemed(); n != 1 {
		t.Errorf("redeemed %d times", n)
	}
	s, err := r.Store.Get(t.Context(), v2alpha1.KindSecret, "tok")
	if err != nil {
		t.Fatal(err)
	}
	sec, _ := s.(*v2alpha1.Secret)
	if _, err := pki.Parse(pki.Pair{CA: sec.Data["ca.crt"], Cert: sec.Data["tls.crt"], Key: sec.Data["tls.key"]}); err != nil {
		t.Errorf("key and certificate do not fit: %v", err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func rm(t *testing.T, path string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(path)); err != nil {
		t.Fatal(err)
	}
}

// TestLinkOfAnotherTokenStays has a link of the name that the granting site gives: it is not that site's to change.
func TestLinkOfAnotherTokenStays(t *testing.T) {
	g, tok := serve(t)
	r := newRedeemer(t)
	other := &v2alpha1.Link{Spec: v2alpha1.LinkSpec{TLSCredentials: "other", Endpoints: []v2alpha1.Endpoint{{Name: "edge", Host: "o", Port: "1"}}}}
	other.Name = "tok-2"
	if err := r.Store.Create(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Redeem(t.Context(), tok); !fault.Is(err, fault.Conflict) {
		t.Fatalf("got %v", err)
	}
	o, err := r.Store.Get(t.Context(), v2alpha1.KindLink, "tok-2")
	if l, ok := o.(*v2alpha1.Link); err != nil || !ok || l.Spec.TLSCredentials != "other" {
		t.Errorf("%v, %+v", err, o)
	}
	// Once it is out of the way, the answer that is kept is used: nothing is redeemed again.
	if err := r.Store.Delete(t.Context(), v2alpha1.KindLink, "tok-2"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Redeem(t.Context(), tok); err != nil {
		t.Fatal(err)
	}
	r.whole(t, g)
}
