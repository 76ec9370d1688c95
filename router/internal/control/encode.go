package control

import (
	"maps"
	"math"
	"slices"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Section descriptors (AMQP 3.2).
const (
	sectionHeader      = 0x70
	sectionDelivery    = 0x71
	sectionMessage     = 0x72
	sectionProperties  = 0x73
	sectionApplication = 0x74
	sectionValue       = 0x77
	sectionFooter      = 0x78
)

// encode writes the sections after the router annotations. The two families of
// messages differ in their layout, and deployed routers read only this one:
// those about links have strings as keys, int numbers and properties of six
// fields; those about addresses have symbols, long numbers and three fields.
// Compound values are never in their short form, but for the empty list of the
// first family.
func (b *body) encode(to string) []byte {
	w := writer{mobile: b.mobile(), out: make([]byte, 0, 256+len(to))}
	w.sections(to, b.op)

	m := w.beginMap()
	w.textField("id", b.id)
	w.intField("pv", b.version)
	w.textField("area", b.area)
	n := 3
	for _, f := range []struct {
		has field
		key string
		val int64
	}{
		{hasInstance, "instance", b.instance},
		{hasLSSeq, "ls_seq", b.lsSeq},
		{hasMobileSeq, "mobile_seq", b.mobileSeq},
		{hasHaveSeq, "have_seq", b.haveSeq},
	} {
		if b.has&f.has != 0 {
			w.intField(f.key, f.val)
			n++
		}
	}
	if b.has&hasSeen != 0 {
		w.key("seen")
		w.texts(b.seen)
		n++
	}
	if b.has&hasLS != 0 {
		w.key("ls")
		w.linkState(b.ls)
		n++
	}
	if b.has&hasExist != 0 {
		w.key("exist")
		w.addresses(b.exist)
		n++
	}
	if b.has&hasAdd != 0 {
		w.key("add")
		w.addresses(b.add)
		n++
	}
	if b.has&hasDel != 0 {
		w.key("del")
		w.keys(b.del)
		n++
	}
	w.endMap(m, n)
	return w.out
}

// writer appends values in the manner of one of the two families.
type writer struct {
	out    []byte
	mobile bool
}

// sections writes header, properties and application properties, and the
// descriptor of the body.
func (w *writer) sections(to string, op opcode) {
	w.out = wire.AppendDescriptor(w.out, sectionHeader)
	out, mark := wire.BeginList32(w.out)
	w.out = wire.EndList32(wire.AppendBool(out, false), mark, 1)

	w.out = wire.AppendDescriptor(w.out, sectionProperties)
	out, mark = wire.BeginList32(w.out)
	out = wire.AppendString(wire.AppendNull(wire.AppendNull(out)), to)
	fields := 3
	if !w.mobile {
		for ; fields < 6; fields++ {
			out = wire.AppendNull(out)
		}
	}
	w.out = wire.EndList32(out, mark, fields)

	w.out = wire.AppendDescriptor(w.out, sectionApplication)
	m := w.beginMap()
	w.textField("opcode", string(op))
	w.endMap(m, 1)

	w.out = wire.AppendDescriptor(w.out, sectionValue)
}

func (w *writer) beginMap() (mark int) {
	w.out, mark = wire.BeginMap32(w.out)
	return mark
}

func (w *writer) endMap(mark, pairs int) { w.out = wire.EndMap32(w.out, mark, 2*pairs) }

func (w *writer) key(k string) {
	if w.mobile {
		w.out = wire.AppendSymbol(w.out, wire.Symbol(k))
	} else {
		w.out = wire.AppendString(w.out, k)
	}
}

func (w *writer) textField(k, v string) {
	w.key(k)
	w.out = wire.AppendString(w.out, v)
}

func (w *writer) intField(k string, v int64) {
	w.key(k)
	w.int(v)
}

func (w *writer) int(v int64) {
	if w.mobile || v < math.MinInt32 || v > math.MaxInt32 {
		w.out = wire.AppendLong(w.out, v)
	} else {
		w.out = wire.AppendInt(w.out, int32(v))
	}
}

// list writes n elements by calling item for each.
func (w *writer) list(n int, item func(i int)) {
	if n == 0 && !w.mobile {
		out, mark := wire.BeginList(w.out)
		w.out = wire.EndList(out, mark, 0)
		return
	}
	var mark int
	w.out, mark = wire.BeginList32(w.out)
	for i := range n {
		item(i)
	}
	w.out = wire.EndList32(w.out, mark, n)
}

func (w *writer) texts(v []string) {
	w.list(len(v), func(i int) { w.out = wire.AppendString(w.out, v[i]) })
}

func (w *writer) keys(v []string) {
	w.list(len(v), func(i int) { w.texts(v[i : i+1]) })
}

// addresses writes descriptors: key, treatment, number of local producers,
// which receivers ignore, and for the destinations of one mesh an empty
// capacity and the mesh.
func (w *writer) addresses(v []address) {
	w.list(len(v), func(i int) {
		a, n := v[i], 3
		out, mark := wire.BeginList32(w.out)
		out = wire.AppendString(out, a.key)
		out = wire.AppendInt(out, int32(a.treatment))
		out = wire.AppendInt(out, 0)
		if a.mesh != "" {
			out = wire.AppendString(wire.AppendNull(out), a.mesh)
			n = 5
		}
		w.out = wire.EndList32(out, mark, n)
	})
}

func (w *writer) linkState(ls linkState) {
	m := w.beginMap()
	w.textField("id", ls.id)
	w.textField("area", ls.area)
	w.intField("ls_seq", ls.seq)
	w.key("peers")
	peers := w.beginMap()
	for _, id := range slices.Sorted(maps.Keys(ls.peers)) {
		w.intField(id, int64(ls.peers[id]))
	}
	w.endMap(peers, len(ls.peers))
	w.endMap(m, 4)
}
