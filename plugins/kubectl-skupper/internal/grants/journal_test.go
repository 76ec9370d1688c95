package grants

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
)

// cluster has one grant, "g" in "west", and no journal.
func cluster(t *testing.T, calls interceptor.Funcs) client.WithWatch {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v2alpha1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	g := counted(t, "", 0)
	g.Namespace = "west"
	return fake.NewClientBuilder().WithScheme(s).WithObjects(g).WithInterceptorFuncs(calls).Build()
}

// serverOf is a server's journal, whose cache is never behind.
func serverOf(c client.WithWatch) *journal {
	s := &store{cache: c, live: c, write: c, log: zerolog.Nop(), written: map[string]*v2alpha1.AccessGrant{}, journals: map[string]*journal{}}
	return s.journal("west")
}

var theGrant = client.ObjectKey{Namespace: "west", Name: "g"}

func recordUse(ctx context.Context, j *journal, count int, serials string) error {
	return j.record(ctx, theGrant, "u", grant.Redemption{Count: count, Claims: claims(serials)})
}

// wants checks the record of the grant, and whether there is a journal.
func wants(t *testing.T, c client.Client, recorded string, journal bool) {
	t.Helper()
	var g v2alpha1.AccessGrant
	if err := c.Get(t.Context(), theGrant, &g); err != nil {
		t.Fatal(err)
	}
	if got := recordOf(t, &g); got.Redeemed != len(recorded) || serials(got.Claims) != recorded {
		t.Errorf("the grant has %d, %+v, want %q", got.Redeemed, got.Claims, recorded)
	}
	var m corev1.ConfigMap
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: "west", Name: names.GrantJournal}, &m); (err == nil) != journal {
		t.Errorf("journal: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestJournalIsFoldedAndRemoved(t *testing.T) {
	c := cluster(t, interceptor.Funcs{})
	j := serverOf(c)
	must(t, recordUse(t.Context(), j, 1, "a"))
	must(t, recordUse(t.Context(), j, 3, "bc"))
	wants(t, c, "", true)
	must(t, j.tidy(t.Context()))
	wants(t, c, "abc", true)
	must(t, recordUse(t.Context(), j, 4, "d"))
	must(t, j.tidy(t.Context()))
	must(t, j.tidy(t.Context()))
	wants(t, c, "abcd", false)
}

// The first of two servers comes too late in each of these: what it knows of the grant is from before the other one counted.
func TestJournalOfTwoServers(t *testing.T) {
	for name, between := range map[string]func(t *testing.T, other *journal){
		"counted": func(*testing.T, *journal) {},
		"folded":  func(t *testing.T, other *journal) { must(t, other.tidy(t.Context())) },
		"removed": func(t *testing.T, other *journal) { must(t, other.tidy(t.Context())); must(t, other.tidy(t.Context())) },
		"removed-and-made": func(t *testing.T, other *journal) {
			must(t, other.tidy(t.Context()))
			must(t, other.tidy(t.Context()))
			must(t, other.load(t.Context(), true))
		},
	} {
		for _, knew := range []bool{false, true} { // there was a journal, and the first knew it
			if knew && name == "removed-and-made" {
				continue // here, unlike in a cluster, the new one has the version of the old one
			}
			t.Run(name, func(t *testing.T) {
				c := cluster(t, interceptor.Funcs{})
				first, other := serverOf(c), serverOf(c)
				if knew {
					must(t, first.load(t.Context(), true))
				}
				late := &use{key: theGrant, uid: "u", of: grant.Redemption{Count: 1, Claims: claims("a")}}
				must(t, first.look(t.Context(), late))
				must(t, recordUse(t.Context(), other, 1, "b"))
				between(t, other)
				if err := first.queue.Write(t.Context(), late, maxTogether, first.commit); !fault.Is(err, fault.Conflict) {
					t.Errorf("got %v", err)
				}
				must(t, recordUse(t.Context(), first, 2, "a"))
				for _, j := range []*journal{other, first, other, first} {
					must(t, j.tidy(t.Context()))
				}
				wants(t, c, "ba", false)
			})
		}
	}
}

// Whoever finds the journal empty does not remove what another has added since.
func TestJournalIsNotRemovedUnderAnother(t *testing.T) {
	c := cluster(t, interceptor.Funcs{})
	first, other := serverOf(c), serverOf(c)
	must(t, first.load(t.Context(), true))
	must(t, recordUse(t.Context(), other, 1, "a"))
	must(t, first.remove(t.Context()))
	wants(t, c, "", true)
	if err := recordUse(t.Context(), first, 1, "b"); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
}

// A grant that was read before an entry was folded and taken out does not tell that it was.
func TestJournalKnowsWhatIsOld(t *testing.T) {
	c := cluster(t, interceptor.Funcs{})
	j := serverOf(c)
	must(t, j.load(t.Context(), true))
	late := &use{key: theGrant, uid: "u", of: grant.Redemption{Count: 1, Claims: claims("a")}}
	must(t, j.look(t.Context(), late))
	must(t, recordUse(t.Context(), j, 1, "b"))
	must(t, j.tidy(t.Context()))
	if err := j.queue.Write(t.Context(), late, maxTogether, j.commit); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
	wants(t, c, "b", true)
}

// The connection breaks after the API server has written: the redemption counts, once.
func TestJournalWriteOfUnknownOutcome(t *testing.T) {
	broken := errors.New("connection reset")
	for _, times := range []int{1, 2, 3} {
		left := times
		c := cluster(t, interceptor.Funcs{Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			err := c.Update(ctx, o, opts...)
			if left--; err == nil && left >= 0 {
				return broken
			}
			return err
		}})
		j := serverOf(c)
		must(t, recordUse(t.Context(), j, 1, "a"))
		must(t, recordUse(t.Context(), j, 2, "b"))
		must(t, j.tidy(t.Context()))
		must(t, j.tidy(t.Context()))
		wants(t, c, "ab", false)
	}
}

// What cannot be folded stays, and counts; nothing else waits for it.
func TestJournalThatCannotBeFolded(t *testing.T) {
	down := true
	c := cluster(t, interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
		if down {
			return errors.New("no")
		}
		return c.Patch(ctx, o, p, opts...)
	}})
	j := serverOf(c)
	must(t, recordUse(t.Context(), j, 1, "a"))
	if err := j.tidy(t.Context()); err == nil {
		t.Error("nothing is said of it")
	}
	wants(t, c, "", true)
	if err := recordUse(t.Context(), j, 1, "b"); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
	must(t, recordUse(t.Context(), j, 2, "b"))
	down = false
	must(t, j.tidy(t.Context()))
	must(t, j.tidy(t.Context()))
	wants(t, c, "ab", false)
}

func TestJournalOfAGrantThatIsGone(t *testing.T) {
	c := cluster(t, interceptor.Funcs{})
	j := serverOf(c)
	must(t, recordUse(t.Context(), j, 1, "a"))
	g := &v2alpha1.AccessGrant{}
	must(t, c.Get(t.Context(), theGrant, g))
	must(t, c.Delete(t.Context(), g))
	if err := recordUse(t.Context(), j, 2, "b"); !fault.Is(err, fault.Missing) {
		t.Errorf("a grant that was deleted a moment ago: %v", err)
	}
	again := counted(t, "", 0)
	again.Namespace, again.UID = "west", "v"
	must(t, c.Create(t.Context(), again))
	if err := recordUse(t.Context(), j, 2, "b"); !fault.Is(err, fault.Missing) {
		t.Errorf("a grant that was replaced: %v", err)
	}
	must(t, j.tidy(t.Context()))
	must(t, j.tidy(t.Context()))
	wants(t, c, "", false)
}

// With a namespace all goes, also where the journal was not folded: it is not made again, and there is an end of it.
func TestJournalOfANamespaceThatIsGone(t *testing.T) {
	gone, made := false, 0
	c := cluster(t, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		if made++; gone {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, o.GetName(), errors.New("it is being terminated"))
		}
		return c.Create(ctx, o, opts...)
	}})
	j := serverOf(c)
	must(t, recordUse(t.Context(), j, 1, "a"))
	g, m := &v2alpha1.AccessGrant{}, &corev1.ConfigMap{}
	must(t, c.Get(t.Context(), theGrant, g))
	must(t, c.Delete(t.Context(), g))
	must(t, c.Get(t.Context(), client.ObjectKey{Namespace: "west", Name: names.GrantJournal}, m))
	must(t, c.Delete(t.Context(), m))
	gone = true
	j.forget()
	must(t, j.tidy(t.Context()))
	must(t, j.tidy(t.Context()))
	if len(j.known()) > 0 || made > 1 {
		t.Errorf("%d entries are kept, the journal was made %d times", len(j.known()), made)
	}
}

// A journal never outgrows its ConfigMap.
func TestJournalIsBounded(t *testing.T) {
	c := cluster(t, interceptor.Funcs{})
	j := serverOf(c)
	const size, uses = 20000, 2 * maxJournal / 20000
	big := strings.Repeat("n", size)
	for i := range uses {
		must(t, j.record(t.Context(), theGrant, "u", grant.Redemption{Count: i + 1, Claims: []grant.Claim{{Name: big}}}))
		if text, err := j.known().encode(); err != nil || len(text) > maxJournal {
			t.Fatalf("%d octets, %v", len(text), err)
		}
	}
	must(t, j.tidy(t.Context()))
	var g v2alpha1.AccessGrant
	must(t, c.Get(t.Context(), theGrant, &g))
	if got := recordOf(t, &g); got.Redeemed != uses {
		t.Errorf("%d redeemed", got.Redeemed)
	}
}

func TestJournalDamagedOrGone(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, c client.Client, m *corev1.ConfigMap){
		"gone": func(t *testing.T, c client.Client, m *corev1.ConfigMap) { must(t, c.Delete(t.Context(), m)) },
		"damaged": func(t *testing.T, c client.Client, m *corev1.ConfigMap) {
			m.Data = map[string]string{journalKey: "{"}
			must(t, c.Update(t.Context(), m))
		},
		"emptied": func(t *testing.T, c client.Client, m *corev1.ConfigMap) {
			m.Data = nil
			must(t, c.Update(t.Context(), m))
		},
	} {
		for _, more := range []bool{true, false} { // redemptions after that
			t.Run(name, func(t *testing.T) {
				c := cluster(t, interceptor.Funcs{})
				j := serverOf(c)
				must(t, recordUse(t.Context(), j, 1, "a"))
				var m corev1.ConfigMap
				must(t, c.Get(t.Context(), client.ObjectKey{Namespace: "west", Name: names.GrantJournal}, &m))
				spoil(t, c, &m)
				want := "a"
				if more {
					must(t, recordUse(t.Context(), j, 2, "b"))
					want = "ab"
				}
				for range 3 {
					must(t, j.tidy(t.Context()))
				}
				wants(t, c, want, false)
			})
		}
	}
}

// What another server has folded and taken out does not come again from here.
func TestJournalForgetsWhatIsFolded(t *testing.T) {
	c := cluster(t, interceptor.Funcs{})
	first, other := serverOf(c), serverOf(c)
	must(t, recordUse(t.Context(), first, 1, "a"))
	must(t, other.tidy(t.Context()))
	must(t, first.catchUp(t.Context()))
	if known := first.known(); len(known) != 0 {
		t.Errorf("got %v", known)
	}
}
