package router

import (
	"net"
	"slices"
	"sync"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// halfOpen is the connections of a listener that have not opened yet. When there are too many the one gives way that has been there for longest of those of
// the host that has the most: who only connects, however often, keeps out nobody who means it.
type halfOpen struct {
	mu  sync.Mutex
	all []*shake // in the order in which they came
}

// shake is one of them.
type shake struct {
	c    net.Conn
	host string
}

// enter notes a connection. gone, which may be nil, is the one that has to give way: the caller closes it. leave is to be called once, or more often, when
// c has opened or ended.
func (h *halfOpen) enter(c net.Conn) (leave func(), gone net.Conn) {
	s := &shake{c: c}
	s.host, _, _ = net.SplitHostPort(c.RemoteAddr().String())
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.all) >= limits.MaxHalfOpen {
		gone = h.evict()
	}
	h.all = append(h.all, s)
	return func() { h.leave(s) }, gone
}

func (h *halfOpen) leave(s *shake) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.Index(h.all, s); i >= 0 {
		h.all = slices.Delete(h.all, i, i+1)
	}
}

// evict takes out the one that has to give way.
func (h *halfOpen) evict() net.Conn {
	count, most := map[string]int{}, ""
	for _, s := range h.all {
		if count[s.host]++; count[s.host] > count[most] {
			most = s.host
		}
	}
	i := slices.IndexFunc(h.all, func(s *shake) bool { return s.host == most })
	c := h.all[i].c
	h.all = slices.Delete(h.all, i, i+1)
	return c
}
