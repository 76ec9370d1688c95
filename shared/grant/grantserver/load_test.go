package grantserver

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/skupper-plugins/suite/shared/grant"
)

// A thousand claimants at once get exactly as many credentials as the grant allows, over real TLS.
func TestParallelClaimants(t *testing.T) {
	for name, allowed := range map[string]int{"1 use": 1, "10 uses": 10} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, Options{MaxConnsPerAddr: -1})
			s.change("u", func(g *grant.Grant) { g.Allowed = allowed })
			const claimants = 1000
			var (
				wg       sync.WaitGroup
				statuses [600]atomic.Int64
				start    = make(chan struct{})
				open     = make(chan struct{}, 64) // handshakes at once: each has its deadline, on a busy machine too
			)
			for range claimants {
				wg.Go(func() {
					<-start
					open <- struct{}{}
					defer func() { <-open }()
					r, err := s.try("POST", "/u", code, "name", "tok")
					if err != nil {
						t.Errorf("no answer: %v", err)
						return
					}
					statuses[r.status].Add(1)
				})
			}
			began := time.Now()
			close(start)
			wg.Wait()
			t.Logf("%d claims in %v", claimants, time.Since(began))
			if ok, no := statuses[200].Load(), statuses[404].Load(); ok != int64(allowed) || ok+no != claimants {
				t.Errorf("%d times 200, %d times 404, %d times 503; want %d and the rest 404", ok, no, statuses[503].Load(), allowed)
			}
			if got := s.get("u"); got.Redeemed != allowed || len(got.Claims) != allowed {
				t.Errorf("counted %d, %d claims", got.Redeemed, len(got.Claims))
			}
		})
	}
}

// mortal is a granting site whose process dies at any moment and is started again: what was in memory is gone, what
// was persisted stays, answers under way are cut off.
type mortal struct {
	shelf  *shelf
	site   *site
	mu     sync.Mutex
	life   *life
	deaths atomic.Int64
}

type life struct {
	server *Server
	dead   atomic.Bool
}

// guarded is a shelf as one process sees it: once that is dead, it writes nothing any more.
type guarded struct {
	*mortal
	life *life
}

func (g guarded) Grant(ctx context.Context, uid string) (grant.Grant, error) {
	g.maybeDie(g.life)
	return g.shelf.Grant(ctx, uid)
}

func (g guarded) Confirm(ctx context.Context, uid string, r grant.Redemption) error {
	g.maybeDie(g.life)
	g.mu.Lock() // dying and writing are one after the other
	defer g.mu.Unlock()
	if g.life.dead.Load() {
		return errors.New("dead")
	}
	switch rand.IntN(6) {
	case 0:
		return errors.New("disk full") // nothing written
	case 1:
		if err := g.shelf.Confirm(ctx, uid, r); err != nil {
			return err
		}
		return errors.New("time-out") // written, but nobody knows
	}
	return g.shelf.Confirm(ctx, uid, r)
}

func (m *mortal) start() {
	l := &life{}
	l.server = New(guarded{m, l}, m.site, Options{Log: zerolog.Nop()})
	m.life = l
}

func (m *mortal) maybeDie(l *life) {
	if rand.IntN(12) != 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.life == l {
		l.dead.Store(true)
		m.deaths.Add(1)
		m.start()
	}
}

func (m *mortal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	l := m.life
	m.mu.Unlock()
	rec := httptest.NewRecorder()
	l.server.ServeHTTP(rec, r)
	m.maybeDie(l) // after it was persisted, before it was sent
	if l.dead.Load() {
		panic(http.ErrAbortHandler)
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// claimOnce makes one try; status 0 means that it was cut off.
func claimOnce(client *http.Client, url, csr string) (status int) {
	req, err := http.NewRequest(http.MethodPost, url+"/u", strings.NewReader(code))
	if err != nil {
		return 0
	}
	req.Header.Set("name", "tok")
	if csr != "" {
		req.Header.Set("skupper-csr", csr)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// Whenever the server dies, never more succeed than are allowed. With keys of their own claimants also never lose a
// use: exactly as many succeed.
func TestServerDies(t *testing.T) {
	for _, own := range []bool{false, true} {
		t.Run(map[bool]string{false: "legacy", true: "own key"}[own], func(t *testing.T) {
			var deaths int64
			for round := range 12 {
				base := newStage(t, Options{})
				allowed := 1 + round%3*4 // 1, 5, 9
				base.shelf.change("u", func(g *grant.Grant) { g.Allowed = allowed })
				m := &mortal{shelf: base.shelf, site: base.site}
				m.start()
				srv := httptest.NewServer(m)
				srv.Config.ErrorLog = nil
				client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
				var wg sync.WaitGroup
				var ok atomic.Int64
				for range 24 {
					csr := ""
					if own {
						csr = csrHeader(t)
					}
					wg.Go(func() {
						for range 400 {
							switch claimOnce(client, srv.URL, csr) {
							case 200:
								ok.Add(1)
								return
							case 404:
								return
							}
						}
						t.Error("no final answer in 400 tries")
					})
				}
				wg.Wait()
				srv.Close()
				deaths += m.deaths.Load()
				got := base.shelf.get("u")
				switch n := int(ok.Load()); {
				case n > allowed, got.Redeemed > allowed:
					t.Errorf("%d succeeded and %d counted of %d", n, got.Redeemed, allowed)
				case own && (n != allowed || got.Redeemed != allowed):
					t.Errorf("%d succeeded and %d counted, want %d", n, got.Redeemed, allowed)
				}
			}
			if deaths == 0 {
				t.Error("nobody died: the test shows nothing")
			}
			t.Logf("%d deaths", deaths)
		})
	}
}
