package filestore

import "reflect"

// merge applies to raw what changed from before to after, and leaves everything else in raw alone: before and after
// only have the fields that this program knows.
func merge(raw, before, after any) any {
	if reflect.DeepEqual(before, after) {
		return raw
	}
	switch a := after.(type) {
	case map[string]any:
		r, rok := raw.(map[string]any)
		b, bok := before.(map[string]any)
		if !rok || !bok {
			return after
		}
		out := make(map[string]any, len(r)+len(a))
		for k, v := range r {
			_, was := b[k]
			if _, is := a[k]; was && !is {
				continue // removed
			}
			out[k] = v
		}
		for k, v := range a {
			if old, was := b[k]; was {
				if mine, there := out[k]; there {
					out[k] = merge(mine, old, v)
					continue
				}
			}
			out[k] = v
		}
		return out
	case []any:
		r, rok := raw.([]any)
		b, bok := before.([]any)
		if !rok || !bok || len(r) != len(a) || len(b) != len(a) {
			return after
		}
		out := make([]any, len(a))
		for i := range a {
			out[i] = merge(r[i], b[i], a[i])
		}
		return out
	}
	return after
}
