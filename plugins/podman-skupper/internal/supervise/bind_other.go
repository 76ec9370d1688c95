//go:build !unix

package supervise

// Allowed cannot be found out here.
func Allowed(string, int) error { return nil }
