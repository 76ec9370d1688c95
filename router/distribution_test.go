package router

import (
	"testing"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/core"
)

func TestRules(t *testing.T) {
	seven := 7
	rules := rulesOf([]config.Address{
		{Prefix: "mc", Distribution: "multicast"}, {Pattern: "#", Distribution: "closest"}, {Pattern: "mc.*.near", Distribution: "closest"}, {Pattern: "a/#/z", Distribution: "multicast"},
		{Prefix: "mc.deep.#", Distribution: "unavailable"}, {Pattern: "exact", Priority: &seven}, {Pattern: "exact.#", Distribution: "unavailable"}, {Pattern: "a.#.b.#.c"},
	})
	for addr, want := range map[string]core.Treatment{
		"mc": core.Multicast, "mc/x": core.Multicast, "mc.x.y": core.Multicast, "mcx": core.Closest, "other": core.Closest, "": core.Closest,
		"mc.x.near": core.Closest, "mc/x/y/near": core.Multicast, "mc/deep": core.Unavailable, "mc.deep/er/x": core.Unavailable, "mc.deeper": core.Multicast,
		"exact": core.Balanced, "exact.not": core.Unavailable,
		"a/z": core.Multicast, "a/b/c/z": core.Multicast, "a/z/z": core.Multicast, "a/b": core.Closest, "a.x.b.y.b.c": core.Balanced, "a.b.c": core.Balanced, "a.c.b": core.Closest,
	} {
		words := wordsOf(addr)
		found := false
		for _, r := range rules {
			if found = r.matches(words); found {
				if r.Treatment != want || (r.Priority == 7) != (addr == "exact") {
					t.Errorf("%q: got %v with priority %d of %v, want %v", addr, r.Treatment, r.Priority, r.words, want)
				}
				break
			}
		}
		if !found {
			t.Errorf("%q: no rule", addr)
		}
	}
}

func TestRulesTakeNoTime(t *testing.T) {
	var pattern, addr string
	for range 2000 {
		pattern, addr = pattern+"#.a.", addr+"a."
	}
	if rulesOf([]config.Address{{Pattern: pattern + "b"}})[0].matches(wordsOf(addr)) {
		t.Error("a pattern matches what ends otherwise")
	}
}
