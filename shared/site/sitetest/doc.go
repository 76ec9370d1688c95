// Package sitetest has the conformance suites of the ports of package site, and an honest store in memory.
package sitetest
