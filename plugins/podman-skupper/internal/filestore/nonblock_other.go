//go:build !unix

package filestore

const nonBlock = 0
