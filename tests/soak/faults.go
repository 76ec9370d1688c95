package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// stall is how long a link may stand still without anybody losing patience: less than routers take to give up a neighbour.
const stall = 700 * time.Millisecond

// saboteur disturbs links, one after the other. Now and then it leaves them alone for longer, because what is lost then has
// no excuse.
type saboteur struct {
	rand   *rand.Rand
	ledger *ledger
	every  time.Duration

	mu     sync.Mutex
	cables []*cable
}

func (s *saboteur) add(k *cable) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cables = append(s.cables, k)
}

func (s *saboteur) work(ctx context.Context) {
	for n := 1; ctx.Err() == nil; n++ {
		d := s.every/2 + time.Duration(s.rand.Int64N(int64(s.every)))
		if n%5 == 0 {
			d += 3 * s.every
		}
		if sleep(ctx, d); ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		k := s.cables[s.rand.IntN(len(s.cables))]
		s.mu.Unlock()
		switch s.rand.IntN(4) {
		case 0:
			k.stall(ctx, stall) // which must not cost anything
		case 1:
			s.ledger.disturb()
			k.cut(false, (*pair).reset)
		case 2:
			s.ledger.disturb()
			k.cut(true, (*pair).reset)
		case 3:
			s.ledger.disturb()
			k.cut(true, (*pair).finish)
		}
	}
}
