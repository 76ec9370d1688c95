package control

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"
)

// Names of log fields.
const (
	fieldNode = "node" // another router; the logger has this one as "router"
	fieldLink = "link"
)

// Engine is the routing control plane of one router. It is not safe for
// concurrent use; see the package comment.
type Engine struct {
	cfg Config
	log zerolog.Logger

	// Neighbourhood.
	links     map[int]*link
	heard     map[string]map[int]*hearing // router id → link → what was heard there
	nextHello time.Time
	duplicate int64               // instance of another router with our id that was logged
	later     map[string]struct{} // routers with a later protocol version that were logged

	// This router's links, as advertised.
	peers map[string]int // id → cost
	lsSeq int64

	// Other routers. order has their ids, sorted.
	nodes           map[string]*node
	order           []string
	used            [MaxRouters]bool // indexes; 0 is this router
	full            time.Time        // when the full table was logged last
	made            int              // nodes so far
	remoteAddresses int

	// Local addresses: as they are, as peers were told by mobileSeq, and which
	// may differ between the two.
	local        map[string]address
	told         map[string]address
	touched      map[string]struct{}
	touchedAt    time.Time // of the first of touched
	mobileSeq    int64
	lastMobile   time.Time
	localBeyond  bool // too many local addresses was logged
	localStrange bool // so was one that cannot be advertised

	// Work that is due.
	linksChanged bool // peers differs from what lsSeq stands for
	dirty        bool // the ways are to be computed
	urgent       bool // at once, since it concerns our own links
	rescan       bool // look for orphans
	wantRA       bool

	lastCompute time.Time
	lastChange  time.Time // of the topology
	fluxUntil   time.Time
	lastRA      time.Time
	nextRA      time.Time
	radius      int

	effects []Effect
}

// New returns an engine that knows no link and no other router yet.
func New(cfg Config, log zerolog.Logger, now time.Time) *Engine {
	e := &Engine{
		cfg:     cfg.withDefaults(),
		log:     log,
		links:   map[int]*link{},
		heard:   map[string]map[int]*hearing{},
		peers:   map[string]int{},
		nodes:   map[string]*node{},
		local:   map[string]address{},
		told:    map[string]address{},
		touched: map[string]struct{}{},
		later:   map[string]struct{}{},
	}
	e.used[0] = true
	e.nextHello = now.Add(e.cfg.HelloInterval)
	e.nextRA = now.Add(e.cfg.RAInterval)
	return e
}

// Receive takes a control message that came in on a control link: its sections
// after the router annotations. A message that is malformed, or that breaks a
// bound, is an error and changes nothing. One that does not matter (of another
// area, of a later version, of this router itself) is passed over.
func (e *Engine) Receive(now time.Time, link int, msg []byte) error {
	b, err := decode(msg)
	if err != nil {
		return err
	}
	if !e.concerns(b) {
		return nil
	}
	if err := e.belongs(link, b); err != nil {
		return err
	}
	switch b.op {
	case opHello:
		err = e.onHello(now, link, b)
	case opRA:
		e.onRA(now, link, b)
	case opLSR:
		e.onLSR(now, link, b)
	case opLSU:
		e.onLSU(now, link, b)
	case opMAR:
		e.onMAR(now, link, b)
	case opMAU:
		err = e.onMAU(b)
	}
	if err != nil {
		return fmt.Errorf("%s of router %q: %w", b.op, b.id, err)
	}
	e.settle(now)
	return nil
}

// concerns tells whether a message is for this engine.
func (e *Engine) concerns(b *body) bool {
	version := int64(versionRouting)
	if b.mobile() {
		version = versionMobile
	}
	if b.version > version {
		if _, logged := e.later[b.id]; !logged && len(e.later) < MaxRouters {
			e.later[b.id] = struct{}{}
			e.log.Warn().Str(fieldNode, b.id).Int64("version", b.version).Str("opcode", string(b.op)).
				Msg("messages of a later protocol version ignored")
		}
		return false
	}
	if b.has&hasArea != 0 && b.area != e.cfg.Area {
		return false
	}
	// Our own floods may come back; HELLOs of a namesake are looked at.
	return b.id != e.cfg.ID || b.op == opHello
}

// Effects returns what is to be done since the last call, in order, and
// forgets it.
func (e *Engine) Effects() []Effect {
	out := e.effects
	e.effects = nil
	return out
}

func (e *Engine) emit(x Effect) { e.effects = append(e.effects, x) }

// send asks for a message to be routed by its target.
func (e *Engine) send(to string, b body) {
	e.emit(Send{To: to, Body: e.complete(b).encode(to)})
}

// complete fills in what all messages have.
func (e *Engine) complete(b body) *body {
	b.id, b.area, b.version = e.cfg.ID, e.cfg.Area, versionRouting
	if b.mobile() {
		b.version = versionMobile
	}
	return &b
}
