package routertest

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// maxLog is how much of a router's log is kept, in octets: its end.
const maxLog = 128 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if len(t.b) > 2*maxLog {
		t.b = append([]byte(nil), t.b[len(t.b)-maxLog:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b[max(0, len(t.b)-maxLog):])
}

// doubled finds a record with two fields of one name, which most readers take one of. Lines that are no records, as those of other makes of routers, are left out.
func doubled(log string) (record, key string) {
	for line := range strings.Lines(log) {
		if key := doubledKey([]byte(line)); key != "" {
			return strings.TrimSpace(line), key
		}
	}
	return "", ""
}

func doubledKey(line []byte) string {
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return ""
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return ""
		}
		if seen[key] {
			return key
		}
		seen[key] = true
	}
	return ""
}
