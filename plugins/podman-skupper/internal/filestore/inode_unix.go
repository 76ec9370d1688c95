//go:build unix

package filestore

import (
	"io/fs"
	"strconv"
	"syscall"
)

// inode tells a file from one that replaced it within the resolution of its time.
func inode(info fs.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return strconv.FormatUint(uint64(st.Ino), 36)
	}
	return ""
}
