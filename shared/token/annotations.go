package token

import (
	"fmt"
	"strconv"
	"time"
)

// annotations is what the token says of itself; nil if nothing.
func (t Token) annotations() map[string]string {
	out := map[string]string{}
	if !t.ExpiresAt.IsZero() {
		out[AnnotationExpires] = t.ExpiresAt.UTC().Format(time.RFC3339)
	}
	if t.Uses > 0 {
		out[AnnotationUses] = strconv.Itoa(t.Uses)
	}
	if t.Issuer != "" {
		out[AnnotationSite] = t.Issuer
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// annotate takes over what a resource says of its token, and gives what is wrong with it.
func (t *Token) annotate(a map[string]string) (faults []error) {
	var err error
	if v, ok := a[AnnotationExpires]; ok {
		if t.ExpiresAt, err = time.Parse(time.RFC3339, v); err != nil {
			t.ExpiresAt = time.Time{}
			faults = append(faults, fmt.Errorf("annotation %s is %q, want a time such as 2026-01-31T12:00:00Z", AnnotationExpires, clip(v)))
		}
	}
	if v, ok := a[AnnotationUses]; ok {
		if t.Uses, err = strconv.Atoi(v); err != nil || t.Uses < 1 {
			t.Uses = 0
			faults = append(faults, fmt.Errorf("annotation %s is %q, want a number, 1 or more", AnnotationUses, clip(v)))
		}
	}
	t.Issuer = a[AnnotationSite]
	if len(t.Issuer) > maxName {
		t.Issuer = ""
		faults = append(faults, fmt.Errorf("annotation %s has %d octets, want %d or fewer", AnnotationSite, len(a[AnnotationSite]), maxName))
	}
	return faults
}
