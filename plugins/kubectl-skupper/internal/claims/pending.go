package claims

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
	"github.com/skupper-plugins/suite/shared/manifest"
)

// journal keeps what a redemption under way needs, in a Secret that goes with its token.
type journal struct {
	client client.Client
	live   client.Reader
	token  *v2alpha1.AccessToken
}

var _ redeem.Pending = journal{}

// prefix of the names of journals; the UID of the token follows.
const prefix = "skupper-claim-"

// tries to write a journal that others change at the same time.
const tries = 5

func (j journal) key() client.ObjectKey {
	return client.ObjectKey{Namespace: j.token.Namespace, Name: prefix + string(j.token.UID)}
}

// answerKey is where the answer is kept. A token that was changed is another one, to which the answer does not belong.
func (j journal) answerKey() string {
	return "answer-" + strconv.FormatInt(j.token.Generation, 10)
}

// Keep implements redeem.Pending.
func (j journal) Keep(ctx context.Context, id string, key []byte) (kept []byte, err error) {
	err = j.change(ctx, func(data map[string][]byte) bool {
		if kept = data[id]; len(kept) > 0 {
			return false
		}
		kept = key
		data[id] = key
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("keep the key of a redemption: %w", err)
	}
	return kept, nil
}

// Forget implements redeem.Pending. It does nothing: the key goes with the journal, once the status says that the token is
// redeemed; and of a token that is of no use any more the key is of no use either.
func (journal) Forget(context.Context, string) error { return nil }

// keepAnswer stores an answer as a whole.
func (j journal) keepAnswer(ctx context.Context, res redeem.Result) error {
	objs := []v2alpha1.Object{res.Secret}
	for _, l := range res.Links {
		objs = append(objs, l)
	}
	var b bytes.Buffer
	if err := manifest.Write(&b, objs...); err != nil {
		return err
	}
	return j.change(ctx, func(data map[string][]byte) bool {
		data[j.answerKey()] = b.Bytes()
		return true
	})
}

// refusedKey is where it is kept that a token is of no use. One that was changed is another.
func (j journal) refusedKey() string {
	return "refused-" + strconv.FormatInt(j.token.Generation, 10)
}

// refuse keeps why a token is of no use, so that the next program to look at it need not ask again.
func (j journal) refuse(ctx context.Context, why string) error {
	return j.change(ctx, func(data map[string][]byte) bool {
		before := data[j.refusedKey()]
		data[j.refusedKey()] = []byte(why)
		return string(before) != why
	})
}

// refused is why a token is of no use; empty if that is not known.
func (j journal) refused(ctx context.Context) (string, error) {
	var s corev1.Secret
	if err := j.live.Get(ctx, j.key(), &s); err != nil {
		return "", client.IgnoreNotFound(err)
	}
	return string(s.Data[j.refusedKey()]), nil
}

// answer is the answer that was stored, if there is one.
func (j journal) answer(ctx context.Context) (secret *v2alpha1.Secret, links []*v2alpha1.Link, err error) {
	var s corev1.Secret
	if err := j.live.Get(ctx, j.key(), &s); err != nil {
		return nil, nil, client.IgnoreNotFound(err)
	}
	text := s.Data[j.answerKey()]
	if len(text) == 0 {
		return nil, nil, nil
	}
	docs, err := manifest.Options{}.Read(bytes.NewReader(text), "Secret "+s.Name)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range docs {
		switch o := d.Object.(type) {
		case *v2alpha1.Secret:
			secret = o
		case *v2alpha1.Link:
			links = append(links, o)
		}
	}
	if secret == nil || len(links) == 0 {
		return nil, nil, fmt.Errorf("secret %s has no answer that can be used: delete it", s.Name)
	}
	return secret, links, nil
}

// change changes the journal, which is made if it is not there; write says whether there is anything to write.
func (j journal) change(ctx context.Context, write func(data map[string][]byte) bool) error {
	var last error
	for range tries {
		var s corev1.Secret
		err := j.live.Get(ctx, j.key(), &s)
		fresh := apierrors.IsNotFound(err)
		if err != nil && !fresh {
			return err
		}
		if fresh {
			s = corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: j.token.Namespace, Name: j.key().Name,
				Annotations: map[string]string{names.Controlled: "true"},
				OwnerReferences: []metav1.OwnerReference{{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindAccessToken,
					Name: j.token.Name, UID: j.token.UID}},
			}, Type: corev1.SecretTypeOpaque}
		}
		if s.Data == nil {
			s.Data = map[string][]byte{}
		}
		if !write(s.Data) {
			return nil
		}
		if fresh {
			last = made(j.client.Create(ctx, &s))
		} else {
			last = j.client.Update(ctx, &s)
		}
		if !apierrors.IsAlreadyExists(last) && !apierrors.IsConflict(last) {
			return last
		}
	}
	return last
}

// remove deletes the journal.
func (j journal) remove(ctx context.Context) error {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: j.token.Namespace, Name: j.key().Name}}
	return client.IgnoreNotFound(j.client.Delete(ctx, s))
}
