package pki

import (
	"testing"
	"time"
)

func BenchmarkNewCA(b *testing.B) {
	for b.Loop() {
		if _, err := NewCA("ca", now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIssueCSR(b *testing.B) {
	for name, mk := range map[string]func(string, time.Time, ...string) (Pair, error){"RSA": NewCA, "P256": NewP256CA} {
		b.Run(name, func(b *testing.B) {
			ca, err := mk("ca", now)
			if err != nil {
				b.Fatal(err)
			}
			csr, _, err := NewCSR("x")
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := IssueCSR(ca, csr, Request{Subject: "x", Client: true}, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
