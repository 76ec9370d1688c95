package token

// Headers of the exchange in which a token is redeemed, beyond those of Skupper (name and subject). Servers and
// claimants that do not know them pass over them.
const (
	// HeaderCSR is sent by a claimant that keeps its key to itself: a PKCS#10 request for it, DER or PEM, in base64 on
	// one line. A server that knows the header leaves tls.key out of the Secret.
	HeaderCSR = "skupper-csr"

	// HeaderCause is sent with a refusal: a grant.Cause.
	HeaderCause = "skupper-cause"

	// HeaderExpired is sent with the cause "expired": since when, RFC 3339.
	HeaderExpired = "skupper-expired"
)
