//go:build !linux

package adaptor

// swap puts the files of the directory fresh in the place of those of dir.
func swap(fresh, dir string) error { return swapFiles(fresh, dir) }
