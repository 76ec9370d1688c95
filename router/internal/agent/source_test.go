package agent

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/skupper-plugins/suite/router/config"
)

// memory is a Source that keeps entities in memory.
type memory struct {
	mu   sync.Mutex
	rows map[string][]map[string]any
	fail error // returned by every change, if set
}

func newMemory() *memory {
	return &memory{rows: map[string][]map[string]any{
		"router": {{"id": "A", "mode": "interior", "metadata": "{}", "workerThreads": 4, "helloMaxAgeSeconds": int64(3)}},
		"router.node": {
			{"id": "A", "protocolVersion": 1, "instance": 7, "linkState": []string{"B"}, "nextHop": "(self)", "validOrigins": []any{}, "address": "amqp:/_topo/0/A"},
			{"id": "B", "cost": 2, "address": "amqp:/_topo/0/B"},
		},
		"tcpListener": {
			{"name": "L1", "host": "127.0.0.1", "port": "8080", "address": "echo", "operStatus": "up", "backlog": 0, "observer": "auto"},
			{"name": "L2", "host": "", "port": "8081", "address": "echo"},
			{"name": "L3", "host": "", "port": "8082", "address": "echo"},
		},
		"proxyProfile": {{"name": "p", "host": "h", "port": "1", "password": "s3cret"}},
		"connection": {{"name": "connection/x", "identity": "4", "properties": map[string]any{"b": "1", "a": int32(2)},
			"sslSsf": 0, "uptimeSeconds": 9, "tlsOrdinal": uint64(1) << 63, "active": true, "lastDlvSeconds": -1}},
		"log": {{"module": "AGENT", "enable": "info+"}},
	}}
}

func (m *memory) Rows(entityType string) []map[string]any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rows[entityType]
}

func (m *memory) Create(_ context.Context, entityType, name string, attrs map[string]any) (map[string]any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	row := maps.Clone(attrs)
	m.rows[entityType] = append(m.rows[entityType], row)
	return nil, nil
}

func (m *memory) Update(_ context.Context, entityType, name string, attrs map[string]any) (map[string]any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	for _, row := range m.rows[entityType] {
		if valueOf(config.Lookup(entityType), "name", row) == name {
			maps.Copy(row, attrs)
			return row, nil
		}
	}
	return nil, fmt.Errorf("%s is gone", name)
}

func (m *memory) Delete(_ context.Context, entityType, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	for i, row := range m.rows[entityType] {
		if row["name"] == name {
			m.rows[entityType] = append(m.rows[entityType][:i:i], m.rows[entityType][i+1:]...)
			return nil
		}
	}
	return fmt.Errorf("%s is gone", name)
}
