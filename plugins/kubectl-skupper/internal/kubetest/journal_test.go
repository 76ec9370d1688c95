//go:build kube

package kubetest

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// newJournal makes a journal by hand, as a server leaves it that ended at that moment.
func newJournal(t *testing.T, ns, text string) {
	t.Helper()
	create(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: names.GrantJournal}, Data: map[string]string{"redemptions": text}})
}

// serving waits until a grant server can be reached, and has its certificate.
func serving(t *testing.T, s setup) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := tls.Dial("tcp", s.Grants.BaseURL, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}) // nothing is sent
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nobody listens at %s", s.Grants.BaseURL)
		}
	}
}

func redeemedTimes(n int) func(*v2alpha1.AccessGrant) bool {
	return func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions == n }
}

// TestThousandRedemptionsOfFiftyGrants has more claimants than there are uses: each use is had once.
func TestThousandRedemptionsOfFiftyGrants(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	const grants, uses, claimants = 50, 15, 1000
	var cs [grants]*claimant
	for i := range grants {
		create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: fmt.Sprintf("g%d", i)},
			Spec: v2alpha1.AccessGrantSpec{RedemptionsAllowed: uses, ExpirationWindow: "1h"}})
	}
	for i := range grants {
		cs[i] = newClaimant(t, await(t, &v2alpha1.AccessGrant{}, ns, fmt.Sprintf("g%d", i), (*v2alpha1.AccessGrant).IsReady))
	}
	got := 0
	for range 10 { // who was told to come again comes again
		if got += storm(t, claimants, 32, func(i int) *claimant { return cs[i%grants] }); got >= grants*uses {
			break
		}
	}
	if got != grants*uses {
		t.Errorf("redeemed %d times, want %d", got, grants*uses)
	}
	for i := range grants {
		await(t, &v2alpha1.AccessGrant{}, ns, fmt.Sprintf("g%d", i), redeemedTimes(uses))
	}
	gone(t, &corev1.ConfigMap{}, ns, names.GrantJournal)
}

// TestJournalOfTheDead has a server start where another ended between persisting redemptions and folding them.
func TestJournalOfTheDead(t *testing.T) {
	t.Parallel()
	s := another(t, "kj-")
	c := startChild(t, s)
	ns := newNamespace(t, s.Prefix)
	newSite(t, ns)
	g, h := newGrant(t, ns, "g", 3).DeepCopy(), newGrant(t, ns, "h", 1).DeepCopy()
	redeem(t, g, "one", "east")
	await(t, &v2alpha1.AccessGrant{}, ns, "g", redeemedTimes(1))
	gone(t, &corev1.ConfigMap{}, ns, names.GrantJournal)
	c.kill()
	newJournal(t, ns, fmt.Sprintf(`{%q:{"name":"g","count":2,"claims":[{"name":"two","serial":"2"}]},%q:{"name":"h","count":1,"claims":[{"name":"one"}]},
		"7d3c":{"name":"g","count":3},"7d3d":{"name":"none","count":1}}`, g.UID, h.UID)) // two grants that are gone, one of them replaced
	startChild(t, s)
	serving(t, s)
	used, left := newClaimant(t, h), newClaimant(t, g)
	if code, body := used.post(used.right); code != 404 {
		t.Errorf("a grant for one was redeemed twice: %d %s", code, body)
	}
	redeem(t, g, "three", "east")
	if code, body := left.post(left.right); code != 404 {
		t.Errorf("a grant for three was redeemed four times: %d %s", code, body)
	}
	await(t, &v2alpha1.AccessGrant{}, ns, "g", redeemedTimes(3))
	await(t, &v2alpha1.AccessGrant{}, ns, "h", redeemedTimes(1))
	gone(t, &corev1.ConfigMap{}, ns, names.GrantJournal)
}

// TestKilledUnderManyRedemptions kills the server at any moment while many grants are redeemed: no answer is lost from the counts, and
// none is given that they do not allow.
func TestKilledUnderManyRedemptions(t *testing.T) {
	t.Parallel()
	s := another(t, "km-")
	c := startChild(t, s)
	ns := newNamespace(t, s.Prefix)
	newSite(t, ns)
	const grants, uses = 8, 12
	var all [grants]*v2alpha1.AccessGrant
	var served [grants]atomic.Int64
	for i := range all {
		all[i] = newGrant(t, ns, fmt.Sprintf("g%d", i), uses).DeepCopy()
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	for i := range 2 * grants {
		c := newClaimant(t, all[i%grants])
		wg.Go(func() {
			for ctx.Err() == nil {
				if c.try() == 200 {
					served[i%grants].Add(1)
				}
			}
		})
	}
	for range 4 {
		time.Sleep(time.Duration(100+rand.IntN(400)) * time.Millisecond)
		c.kill()
		c = startChild(t, s)
		serving(t, s)
	}
	for i, g := range all { // until no use is left
		cl := newClaimant(t, g)
		for end := time.Now().Add(patience); cl.try() != 404; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("grant %d is not used up: %d served", i, served[i].Load())
			}
		}
	}
	stop()
	wg.Wait()
	for i := range all {
		// A use may be lost with each kill, to an answer that was on its way; none may be won.
		if n := served[i].Load(); n > uses {
			t.Errorf("grant %d was redeemed %d times, want %d", i, n, uses)
		}
		await(t, &v2alpha1.AccessGrant{}, ns, fmt.Sprintf("g%d", i), redeemedTimes(uses))
	}
	gone(t, &corev1.ConfigMap{}, ns, names.GrantJournal)
}

// TestLeaderStopsBetweenJournalAndGrant has the leader, whose business it is to fold, stand still while another replica serves; and go
// on, as if nothing had been, when that has been the leader for a while.
func TestLeaderStopsBetweenJournalAndGrant(t *testing.T) {
	t.Parallel()
	leader := another(t, "kl-")
	leader.Elect = true
	first := startChild(t, leader)
	ns := newNamespace(t, leader.Prefix)
	newSite(t, ns)
	follower := leader
	follower.Grants.Port = freePort()
	g, h := newGrant(t, ns, "g", 4).DeepCopy(), newGrant(t, ns, "h", 1).DeepCopy() // the first one leads
	startChild(t, follower)
	behind := follower
	behind.Grants.BaseURL = fmt.Sprintf("127.0.0.1:%d", follower.Grants.Port)
	serving(t, behind)
	redeem(t, g, "one", "east")
	await(t, &v2alpha1.AccessGrant{}, ns, "g", redeemedTimes(1))
	gone(t, &corev1.ConfigMap{}, ns, names.GrantJournal)
	if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	there := func(g *v2alpha1.AccessGrant) *claimant {
		c := newClaimant(t, g)
		c.url = fmt.Sprintf("https://%s/%s", behind.Grants.BaseURL, g.UID)
		return c
	}
	for _, c := range []*claimant{there(g), there(h), there(g), there(g)} {
		if code, body := c.post(c.right); code != 200 {
			t.Errorf("%d %s", code, body)
		}
	}
	await(t, &v2alpha1.AccessGrant{}, ns, "g", redeemedTimes(4)) // by the new leader
	await(t, &v2alpha1.AccessGrant{}, ns, "h", redeemedTimes(1))
	gone(t, &corev1.ConfigMap{}, ns, names.GrantJournal)
	if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for _, g := range []*v2alpha1.AccessGrant{g, h} {
		for range 3 {
			if code := newClaimant(t, g).try(); code == 200 { // or it has ended, having lost the lead
				t.Errorf("%s: the old leader serves beyond what is allowed", g.Name)
			}
		}
		if code := there(g).try(); code != 404 {
			t.Errorf("%s: %d", g.Name, code)
		}
	}
	for name, n := range map[string]int{"g": 4, "h": 1} {
		if now := await(t, &v2alpha1.AccessGrant{}, ns, name, (*v2alpha1.AccessGrant).IsReady); now.Status.Redemptions != n {
			t.Errorf("%s was redeemed %d times, want %d", name, now.Status.Redemptions, n)
		}
	}
}

// TestJournalSpoiltByHand has somebody delete and damage the journal all the time while grants are redeemed.
func TestJournalSpoiltByHand(t *testing.T) {
	s := separate(false)
	start(t, s)
	serving(t, s)
	ns := newNamespace(t, s.Prefix)
	newSite(t, ns)
	newJournal(t, ns, "{") // damaged before it was ever used
	const grants, uses = 5, 20
	var cs [grants]*claimant
	for i := range grants {
		g := newGrant(t, ns, fmt.Sprintf("g%d", i), uses).DeepCopy()
		cs[i] = newClaimant(t, g)
		cs[i].url = "https://" + s.Grants.BaseURL + "/" + string(g.UID)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			var m corev1.ConfigMap
			if get(t, &m, ns, names.GrantJournal) {
				var err error
				switch i % 3 {
				case 0:
					err = admin.Delete(context.WithoutCancel(ctx), &m)
				case 1:
					m.Data = map[string]string{"redemptions": "spoilt"}
					err = admin.Update(context.WithoutCancel(ctx), &m)
				case 2:
					m.Data = nil
					err = admin.Update(context.WithoutCancel(ctx), &m)
				}
				if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
					t.Error(err)
				}
			}
			time.Sleep(30 * time.Millisecond)
		}
	})
	got := 0
	for range 30 { // who was told to come again comes again
		if got += storm(t, 2*grants*uses, 16, func(i int) *claimant { return cs[i%grants] }); got >= grants*uses {
			break
		}
	}
	stop()
	wg.Wait()
	if got != grants*uses {
		t.Errorf("redeemed %d times, want %d", got, grants*uses)
	}
	for i := range grants {
		await(t, &v2alpha1.AccessGrant{}, ns, fmt.Sprintf("g%d", i), redeemedTimes(uses))
	}
	gone(t, &corev1.ConfigMap{}, ns, names.GrantJournal)
	if len(s.said().has("grant-journal.damaged")) == 0 {
		t.Error("nothing was said of the damage")
	}
}
