package grantserver

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/token"
)

// claim is what a claimant asks for.
type claim struct {
	uid, code     string
	name, subject string // empty: not told
	csr           []byte // PEM or DER; nil: none
	fingerprint   string // of csr's key
	origin        string // of the connection
}

// readClaim reads a request. If it cannot be answered with credentials whatever the grant, refusal says so.
func readClaim(w http.ResponseWriter, r *http.Request, byKey bool) (c claim, bad *refusal) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return c, &refusal{status: http.StatusMethodNotAllowed, text: "Only POST is supported"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, token.MaxCode))
	if err != nil {
		return c, &refusal{status: http.StatusBadRequest, text: "Request body not valid"}
	}
	c = claim{
		uid:  lookup(r.URL.Path, byKey),
		code: string(body), name: r.Header.Get("name"), subject: r.Header.Get("subject"),
		origin: origin(r.RemoteAddr),
	}
	switch {
	case c.uid == "" || len(c.uid) > maxUID:
		return c, refuse(grant.Unknown)
	case c.name != "" && (len(c.name) > maxName || !token.ValidName(c.name)):
		return c, &refusal{http.StatusBadRequest, "Header name not valid", grant.BadName}
	case c.subject != "" && (len(c.subject) > maxSubject || !token.ValidName(c.subject)):
		return c, &refusal{http.StatusBadRequest, "Header subject not valid", grant.BadName}
	}
	if h := r.Header.Get(token.HeaderCSR); h != "" {
		if c.csr, err = base64.StdEncoding.DecodeString(h); err != nil {
			return c, refuse(grant.BadCSR)
		}
		csr, err := pki.ParseCSR(c.csr)
		if err != nil {
			return c, refuse(grant.BadCSR)
		}
		c.fingerprint = pki.Fingerprint(csr)
	}
	return c, nil
}

// lookup is what a path asks for: a UID, however many slashes there are, or NAMESPACE/NAME.
func lookup(path string, byKey bool) string {
	if key := strings.TrimPrefix(path, "/"); byKey && strings.Count(key, "/") == 1 && !strings.HasSuffix(key, "/") && key[0] != '/' {
		return key
	}
	return strings.ReplaceAll(path, "/", "")
}

// refusal is an answer other than credentials.
type refusal struct {
	status int
	text   string
	cause  grant.Cause // empty: none of the grant's
}

// refuse is how a cause is told: status and text are those that claimants of all implementations know.
func refuse(cause grant.Cause) *refusal {
	switch cause {
	case grant.Unknown, grant.Expired:
		return &refusal{http.StatusNotFound, "No such claim", cause}
	case grant.UsedUp:
		return &refusal{http.StatusNotFound, "No such access granted", cause}
	case grant.Refused:
		return &refusal{http.StatusForbidden, "Redemption of access token refused", cause}
	case grant.Corrupted:
		return &refusal{http.StatusInternalServerError, "Corrupted claim", cause}
	case grant.BadCSR:
		return &refusal{http.StatusBadRequest, "Certificate request not valid", cause}
	case grant.NoIssuer:
		return &refusal{http.StatusInternalServerError, "Could not get issuer for requested certificate", cause}
	case grant.NoEndpoints:
		return &refusal{http.StatusInternalServerError, "No valid endpoints found for site", cause}
	case grant.Edge:
		return &refusal{http.StatusInternalServerError, "Edge sites cannot accept incoming links from remote sites", cause}
	case grant.Busy:
		return &refusal{http.StatusServiceUnavailable, "Internal error", cause}
	}
	return &refusal{http.StatusServiceUnavailable, "Internal error", grant.Internal}
}
