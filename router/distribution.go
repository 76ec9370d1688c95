package router

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/core"
)

// rule is what the configuration says of the addresses that match it.
type rule struct {
	words []string // of an address, or * for any one, # for any number of them
	core.Distribution
}

// wordsOf are the parts of an address or pattern.
func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '/' })
}

// rulesOf makes the rules of address entities, those that say most first: of those that match an address the first one counts.
func rulesOf(addresses []config.Address) []rule {
	var rules []rule
	for _, a := range addresses {
		r := rule{words: wordsOf(a.Pattern), Distribution: core.Distribution{Treatment: treatments[orDefault(a.Distribution, "balanced")], Priority: -1}}
		if a.Prefix != "" { // with or without its usual end
			r.words = append(wordsOf(strings.TrimSuffix(a.Prefix, ".#")), "#")
		}
		if a.Priority != nil {
			r.Priority = *a.Priority
		}
		rules = append(rules, r)
	}
	slices.SortStableFunc(rules, func(a, b rule) int {
		return slices.CompareFunc(a.ranks(), b.ranks(), func(x, y int) int { return x - y })
	})
	return rules
}

// ranks make rules comparable, word by word: a certain word says more than any one, and the end more than any number of words.
func (r rule) ranks() []int {
	out := make([]int, 0, len(r.words)+1)
	for _, w := range r.words {
		switch w {
		case "*":
			out = append(out, 1)
		case "#":
			out = append(out, 3)
		default:
			out = append(out, 0)
		}
	}
	return append(out, 2)
}

// matches reports whether the rule is for an address of these words.
func (r rule) matches(words []string) bool {
	i, j := 0, 0          // in words and in the rule
	hash, resume := -1, 0 // the last # that was passed, and where words go on when it takes one more
	for i < len(words) {
		switch {
		case j < len(r.words) && r.words[j] == "#":
			hash, resume = j, i
			j++
		case j < len(r.words) && (r.words[j] == "*" || r.words[j] == words[i]):
			i++
			j++
		case hash >= 0:
			resume++
			i, j = resume, hash+1
		default:
			return false
		}
	}
	for j < len(r.words) && r.words[j] == "#" {
		j++
	}
	return j == len(r.words)
}

// distribution is what the configuration says of a mobile address.
func (r *Router) distribution(addr string) (core.Distribution, bool) {
	if t, ok := telemetryTreatment(addr); ok {
		return core.Distribution{Treatment: t, Priority: -1}, true
	}
	words := wordsOf(addr)
	for _, rule := range *r.rules.Load() {
		if rule.matches(words) {
			return rule.Distribution, true
		}
	}
	return core.Distribution{}, false
}

// setAddresses changes the address entities: for addresses that nobody uses yet. r.mu is held once the router runs.
func (r *Router) setAddresses(all []config.Address) {
	rules := rulesOf(all)
	r.cfg.Addresses = all
	r.rules.Store(&rules)
}

// addressName is the name of an address entity: its own, or what it is for.
func addressName(a config.Address) string {
	return orDefault(a.Name, config.Identity("address", map[string]any{"prefix": a.Prefix, "pattern": a.Pattern}))
}

// addAddress takes a new address entity. r.mu is held.
func (r *Router) addAddress(a config.Address) error {
	if (a.Prefix == "") == (a.Pattern == "") {
		return refuse(400, "an address has either a prefix or a pattern")
	}
	if len(r.cfg.Addresses) >= config.MaxEntities {
		return refuse(400, "there are too many addresses")
	}
	for _, o := range r.cfg.Addresses {
		if o.Prefix == a.Prefix && o.Pattern == a.Pattern {
			return refuse(400, fmt.Sprintf("there is an address with that prefix or pattern: %s", addressName(o)))
		}
	}
	r.setAddresses(append(slices.Clone(r.cfg.Addresses), a))
	return nil
}

// deleteAddress takes an address entity away, and reports whether there was one. r.mu is held.
func (r *Router) deleteAddress(name string) bool {
	rest := slices.DeleteFunc(slices.Clone(r.cfg.Addresses), func(a config.Address) bool { return addressName(a) == name })
	gone := len(rest) < len(r.cfg.Addresses)
	r.setAddresses(rest)
	return gone
}
