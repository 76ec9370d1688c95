package certificates

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/rs/zerolog"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

// TestNoteAuthority follows a Certificate through authorities: a certificate made anew is not another authority, and one that comes
// back is no news to those who were linked before.
func TestNoteAuthority(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	authority := func(subject string) pki.Pair {
		p, err := pki.NewP256CA(subject, now)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first, second, third := authority("site CA"), authority("site CA"), authority("site CA")
	m, err := pki.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	again := *m.Chain[0]
	again.SerialNumber, again.NotAfter = big.NewInt(7), again.NotAfter.AddDate(1, 0, 0)
	der, err := x509.CreateCertificate(rand.Reader, &again, &again, m.Key.Public(), m.Key)
	if err != nil {
		t.Fatal(err)
	}
	longer := pki.Pair{Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), Key: first.Key}

	scheme := runtime.NewScheme()
	if err := v2alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c := &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "ca"}}
	r := &reconciler{Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(c).Build(), opts: Options{Log: zerolog.Nop()}}
	for i, step := range []struct {
		pair     pki.Pair
		replaced bool
	}{
		{first, false}, {longer, false}, {second, true}, {second, true}, {longer, false}, {second, true}, {third, true}, {second, false},
	} {
		now = now.Add(time.Hour)
		if err := r.noteAuthority(t.Context(), c, step.pair, now); err != nil {
			t.Fatal(err)
		}
		if at, noted := c.Annotations[names.AuthorityReplaced]; noted != step.replaced || noted != (c.Annotations[names.AuthorityBefore] != "") {
			t.Errorf("%d: replaced at %q, want %v", i, at, step.replaced)
		}
	}
}
