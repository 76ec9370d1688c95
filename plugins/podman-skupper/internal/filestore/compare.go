package filestore

import "reflect"

// sameContent compares two resources but for metadata and status.
func sameContent(a, b map[string]any) bool {
	return reflect.DeepEqual(without(a, "metadata", "status"), without(b, "metadata", "status"))
}

// sameMetadata compares the metadata of two resources.
func sameMetadata(a, b map[string]any) bool {
	return reflect.DeepEqual(prune(a["metadata"]), prune(b["metadata"]))
}

func without(m map[string]any, keys ...string) any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	for _, k := range keys {
		delete(out, k)
	}
	return prune(out)
}
