package control

import (
	"maps"
	"slices"
	"time"
)

// LocalAdded tells that an address has got its first local destination, or
// another treatment. key is a hash key of class M, N or H; others are ignored.
func (e *Engine) LocalAdded(now time.Time, key string, treatment int) {
	if !mobileClass(key) || len(key) > MaxKey {
		if !e.localStrange {
			e.localStrange = true
			e.log.Warn().Str("address", key[:min(len(key), 100)]).Msg("addresses of this class or length are not advertised")
		}
		return
	}
	if _, known := e.local[key]; !known && len(e.local) >= MaxAddresses {
		if !e.localBeyond {
			e.localBeyond = true
			e.log.Error().Str("address", key).Int("limit", MaxAddresses).Msg("too many local addresses, address not advertised")
		}
		return
	}
	e.touch(now, key)
	a := e.local[key]
	a.key, a.treatment = key, min(max(treatment, 0), treatmentLast)
	e.local[key] = a
	e.settle(now)
}

// LocalMesh tells that all local destinations of an address that was added are
// edge routers of one mesh, named by an id of 15 octets, or with "" that they
// are not any more.
func (e *Engine) LocalMesh(now time.Time, key, mesh string) {
	a, ok := e.local[key]
	if !ok || a.mesh == mesh || mesh != "" && len(mesh) != meshLength {
		return
	}
	e.touch(now, key)
	a.mesh = mesh
	e.local[key] = a
	e.settle(now)
}

// LocalRemoved tells that an address has lost its last local destination.
func (e *Engine) LocalRemoved(now time.Time, key string) {
	if _, ok := e.local[key]; !ok {
		return
	}
	e.touch(now, key)
	delete(e.local, key)
	e.localBeyond = false
	e.settle(now)
}

func (e *Engine) touch(now time.Time, key string) {
	if len(e.touched) == 0 {
		e.touchedAt = now
	}
	e.touched[key] = struct{}{}
}

// mobileAt is when changed local addresses are to be advertised.
func (e *Engine) mobileAt() time.Time {
	at := e.touchedAt.Add(mobileHold)
	if least := e.lastMobile.Add(mobileSpacing); !e.lastMobile.IsZero() && at.Before(least) {
		return least
	}
	return at
}

// flushMobile sends what changed since the last time. The RA has to follow the
// MAU: in the other order every router would ask for what is under way to it.
func (e *Engine) flushMobile(now time.Time) {
	var add []address
	del := []string{}
	for _, key := range slices.Sorted(maps.Keys(e.touched)) {
		is, isLocal := e.local[key]
		was, wasTold := e.told[key]
		switch {
		case isLocal && (!wasTold || is != was):
			add = append(add, is)
			e.told[key] = is
		case !isLocal && wasTold:
			del = append(del, key)
			delete(e.told, key)
		}
	}
	clear(e.touched)
	if len(add) == 0 && len(del) == 0 {
		return
	}
	e.mobileSeq++
	e.lastMobile = now
	e.wantRA = true
	if len(e.peers) > 0 {
		e.send(toAllMobile, body{op: opMAU, has: hasMobileSeq | hasAdd | hasDel, mobileSeq: e.mobileSeq, add: add, del: del})
	}
}

// onMAR notes that a router wants our addresses, unless it has them.
func (e *Engine) onMAR(now time.Time, link int, b *body) {
	if b.haveSeq >= e.mobileSeq {
		return
	}
	if n := e.lookup(now, b.id, "", link); n != nil {
		n.owesMAU = true
	}
}

// sendMAU sends the addresses as of mobileSeq: later changes come with the
// next differential MAU, to all alike.
func (e *Engine) sendMAU(id string) {
	exist := make([]address, 0, len(e.told))
	for _, key := range slices.Sorted(maps.Keys(e.told)) {
		exist = append(exist, e.told[key])
	}
	e.send(toMobile(e.cfg.Area, id), body{op: opMAU, has: hasMobileSeq | hasExist, mobileSeq: e.mobileSeq, exist: exist})
}
