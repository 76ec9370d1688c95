package grant

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// AnnotationRecord is where an AccessGrant keeps what was redeemed: count and claims, as JSON. It is in the metadata
// and not in the status so that both are written at once; status.redemptions follows it.
const AnnotationRecord = "skupper.io/grant-redemptions"

// Bounds of the record: it is read and written with each redemption, hundreds of times a second, and an object of Kubernetes
// has 256 KiB for all its annotations.
const (
	maxClaims  = 100 // kept, the latest ones; a claimant whose claim is gone is not served again
	fullClaims = 10  // of these with all that is known; of the others the key is enough to know the claimant by
)

// record is the content of the annotation.
type record struct {
	Count  int     `json:"count"`
	Claims []Claim `json:"claims,omitempty"`
}

// Of reads the grant from its resource, as far as the resource has been processed: status.code and
// status.expirationTime count, not the spec's. The error is about the annotation; without it the grant is unusable.
func Of(obj *v2alpha1.AccessGrant) (Grant, error) {
	rec, err := readRecord(obj)
	if err != nil {
		return Grant{}, err
	}
	g := Grant{
		UID: string(obj.UID), Name: obj.Name, Namespace: obj.Namespace, Issuer: obj.Spec.Issuer, Code: obj.Status.Code,
		Allowed: max(obj.Spec.RedemptionsAllowed, 1), Redeemed: max(obj.Status.Redemptions, rec.Count),
		Claims: rec.Claims,
	}
	if t, err := time.Parse(time.RFC3339, obj.Status.ExpirationTime); err == nil {
		g.ExpiresAt = t
	}
	return g, nil
}

// Record writes the redemption into the annotation of the resource, which the caller then persists. It is a
// fault.Conflict if the resource counts otherwise than the redemption expects. The same redemption written twice, as
// after a write whose outcome was unknown, is no conflict.
func (r Redemption) Record(obj *v2alpha1.AccessGrant) error {
	rec, err := readRecord(obj)
	if err != nil {
		return err
	}
	if n, m := len(rec.Claims), len(r.Claims); rec.Count == r.Count && n > 0 && m > 0 && r.Claims[m-1].Serial != "" &&
		rec.Claims[n-1].Serial == r.Claims[m-1].Serial {
		return nil
	}
	if used := max(rec.Count, obj.Status.Redemptions); used != r.Before() {
		return fault.New(fault.Conflict, fmt.Sprintf("grant %s was redeemed %d times, not %d", obj.Name, used, r.Before()), "")
	}
	rec.Count, rec.Claims = r.Count, shorten(append(rec.Claims, r.Claims...))
	return rec.write(obj)
}

func (rec record) write(obj *v2alpha1.AccessGrant) error {
	text, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("record a redemption of grant %s: %w", obj.Name, err)
	}
	if obj.Annotations == nil {
		obj.Annotations = map[string]string{}
	}
	obj.Annotations[AnnotationRecord] = string(text)
	return nil
}

// Fold brings the record of the resource up to a redemption that counts already because it is persisted elsewhere, and tells
// whether the record lacked any of it. Uses have numbers, so that folding twice, or what was folded in part, counts nothing
// twice: Claims are the last ones up to Count.
func (r Redemption) Fold(obj *v2alpha1.AccessGrant) (changed bool, err error) {
	rec, err := readRecord(obj)
	if err != nil {
		return false, err
	}
	if r.Count <= rec.Count {
		return false, nil
	}
	rec.Claims = shorten(append(rec.Claims, r.After(rec.Count).Claims...))
	rec.Count = r.Count
	return true, rec.write(obj)
}

// After is what is left of a redemption for whoever knows the first uses, of that count, already.
func (r Redemption) After(count int) Redemption {
	n := min(max(r.Count-count, 0), len(r.Claims))
	return Redemption{Count: r.Count, Claims: r.Claims[len(r.Claims)-n:]}
}

// shorten leaves out of claims what is not needed of the older ones: all but the key, and those without.
func shorten(claims []Claim) []Claim {
	var out []Claim
	for i, c := range claims {
		if i < len(claims)-fullClaims {
			if c = (Claim{Fingerprint: c.Fingerprint}); c.Fingerprint == "" {
				continue
			}
		}
		out = append(out, c)
	}
	return out[max(0, len(out)-maxClaims):]
}

func readRecord(obj *v2alpha1.AccessGrant) (rec record, err error) {
	text := obj.Annotations[AnnotationRecord]
	if text == "" {
		return rec, nil
	}
	if err := json.Unmarshal([]byte(text), &rec); err != nil {
		return record{}, fault.Wrap(fault.Failed, fmt.Sprintf("annotation %s of grant %s", AnnotationRecord, obj.Name), err,
			"make a new grant: token issue FILE")
	}
	rec.Count = max(rec.Count, len(rec.Claims))
	return rec, nil
}
