package install

import "testing"

// TestCauseOf has what a kubelet says of an image that cannot be pulled, in turns: it is told once.
func TestCauseOf(t *testing.T) {
	for _, tc := range []struct{ reason, message, want string }{
		{"ErrImagePull", `failed to pull "x": refused`, `ErrImagePull: failed to pull "x": refused`},
		{"ImagePullBackOff", `Back-off pulling image "x": ErrImagePull: failed to pull "x": refused`, `ErrImagePull: failed to pull "x": refused`},
		{"ImagePullBackOff", `Back-off pulling image "x"`, `ImagePullBackOff: Back-off pulling image "x"`},
		{"CrashLoopBackOff", "", "CrashLoopBackOff"},
	} {
		if got := causeOf(tc.reason, tc.message); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
		}
	}
}
