//go:build !unix

package filestore

import "io/fs"

func inode(fs.FileInfo) string { return "" }
