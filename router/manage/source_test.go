package manage

import (
	"context"
	"maps"
	"strconv"
	"sync"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/agent"
)

// store is a source for the management node that keeps entities in memory.
type store struct {
	mu    sync.Mutex
	rows  map[string][]map[string]any
	calls []string
}

func (s *store) Rows(entityType string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]map[string]any(nil), s.rows[entityType]...)
}

func (s *store) Create(_ context.Context, entityType, name string, attrs map[string]any) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, "+ "+entityType+" "+name)
	if attrs["port"] == "13" {
		return nil, &agent.Fault{Code: 500, Text: "unlucky"}
	}
	row := maps.Clone(attrs)
	for _, a := range config.Lookup(entityType).Attributes {
		if row[a.Name] == nil && a.Default != nil {
			row[a.Name] = a.Default
		}
	}
	s.rows[entityType] = append(s.rows[entityType], row)
	return row, nil
}

func (s *store) Update(_ context.Context, entityType, name string, attrs map[string]any) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, "~ "+entityType+" "+name)
	for _, row := range s.rows[entityType] {
		if row["name"] == name {
			maps.Copy(row, attrs)
		}
	}
	return nil, nil
}

func (s *store) Delete(_ context.Context, entityType, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, "- "+entityType+" "+name)
	kept := []map[string]any{}
	for _, row := range s.rows[entityType] {
		if row["name"] != name {
			kept = append(kept, row)
		}
	}
	s.rows[entityType] = kept
	return nil
}

// newStore is a router with nothing but itself.
func newStore() *store {
	return &store{rows: map[string][]map[string]any{
		"router":                {{"id": "A", "mode": "interior", "metadata": `{"id":"s"}`, "helloMaxAgeSeconds": 3, "workerThreads": 4}},
		"router.config.address": {{"name": "address/0", "prefix": "mc", "distribution": "multicast", "priority": -1}},
		"site":                  {{"name": "site/None"}},
		"log": {
			{"name": "log/DEFAULT", "module": "DEFAULT", "enable": "info+", "includeTimestamp": true, "includeSource": false, "outputFile": "stderr"},
			{"name": "log/AGENT", "module": "AGENT"},
			{"name": "log/SERVER", "module": "SERVER", "enable": "debug+"},
		},
	}}
}

// fill adds n connectors.
func (s *store) fill(n int) {
	for i := range n {
		s.rows["tcpConnector"] = append(s.rows["tcpConnector"],
			map[string]any{"name": "c" + strconv.Itoa(i), "host": "127.0.0.1", "port": "1", "address": "a"})
	}
}
