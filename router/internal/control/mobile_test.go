package control

import (
	"fmt"
	"strings"
	"testing"
)

func TestLocalAddresses(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.pass(100*ms, "B")
	b.did()
	b.LocalAdded(b.now, "Mb", 3)
	b.LocalAdded(b.now, "Ma", 1)
	b.LocalAdded(b.now, "Lqdhello", 1) // not exchanged
	b.LocalRemoved(b.now, "Mz")        // not there
	b.pass(mobileHold-1, "B")
	b.wantDid()
	b.pass(1, "B")
	b.wantDid("MAU{A mobile=1 add=[{Ma 1 } {Mb 3 }] del=[]}", "RA{A inst=0 ls=1 mobile=1}") // in this order

	// The next one keeps its distance.
	b.LocalRemoved(b.now, "Ma")
	b.LocalAdded(b.now, "Mc", 3)
	b.LocalRemoved(b.now, "Mc") // cancels out
	b.pass(mobileSpacing-1, "B")
	b.wantDid()
	b.pass(1, "B")
	b.wantDid("MAU{A mobile=2 add=[] del=[Ma]}", "RA{A inst=0 ls=1 mobile=2}")

	// Changes that cancel out do not take a number.
	b.pass(mobileSpacing, "B")
	b.LocalRemoved(b.now, "Mb")
	b.LocalAdded(b.now, "Mb", 3)
	b.LocalAdded(b.now, "Mnew", 3)
	b.LocalRemoved(b.now, "Mnew")
	b.pass(mobileHold, "B")
	b.wantDid()

	// Another treatment or mesh is told as an addition.
	b.LocalAdded(b.now, "Mb", 2)
	b.LocalMesh(b.now, "Mb", "abcdefghijklmno")
	b.LocalMesh(b.now, "Mb", "short")
	b.LocalMesh(b.now, "Mnone", "abcdefghijklmno")
	b.pass(mobileHold, "B")
	b.wantDid("MAU{A mobile=3 add=[{Mb 2 abcdefghijklmno}] del=[]}", "RA{A inst=0 ls=1 mobile=3}")
}

// TestAbsoluteIsAsOfNumber: changes that no MAU has told yet are not in the
// answer to a MAR, for all get them with the next one.
func TestAbsoluteIsAsOfNumber(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.LocalAdded(b.now, "Ma", 3)
	b.LocalAdded(b.now, "Mb", 3)
	b.pass(raSpacing, "B")
	b.did()
	b.LocalAdded(b.now, "Mc", 3)
	b.LocalRemoved(b.now, "Ma")
	b.get(1, body{op: opMAR, has: hasHaveSeq, id: "B", haveSeq: 0})
	b.wantDid("MAU{A to B mobile=1 exist=[{Ma 3 } {Mb 3 }]}")
	b.get(1, body{op: opMAR, has: hasHaveSeq, id: "B", haveSeq: 1})
	b.wantDid() // has all there is
	b.pass(mobileSpacing, "B")
	b.wantDid("MAU{A mobile=2 add=[{Mc 3 }] del=[Ma]}", "RA{A inst=0 ls=1 mobile=2}")
}

// TestAddressesBeforeNeighbours: without anybody to hear it nothing is sent,
// but the number counts.
func TestAddressesBeforeNeighbours(t *testing.T) {
	b := newBench(t)
	b.LocalAdded(b.now, "Ma", 3)
	b.pass(40 * 1000 * ms)
	b.wantDid()
	b.LinkUp(b.now, 1, 1)
	b.get(1, helloOf("B", 1))
	got := b.did()
	if got[len(got)-1] != "RA{A inst=0 ls=1 mobile=1}" {
		t.Errorf("got %v", got)
	}
}

func TestLocalAddressesBound(t *testing.T) {
	b := newBench(t)
	for i := range MaxAddresses + 5 {
		b.LocalAdded(b.now, fmt.Sprintf("M%d", i), 3)
	}
	b.LocalAdded(b.now, "M"+strings.Repeat("x", MaxKey), 3)
	if len(b.local) != MaxAddresses {
		t.Errorf("%d local addresses", len(b.local))
	}
	if n := strings.Count(b.log.String(), "too many local"); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

func TestRemoteAddresses(t *testing.T) {
	for _, tt := range []struct {
		name string
		have int64 // number of the set {Ma, Mb} that is there before; 0: none is
		msgs []body
		want []string
	}{
		{"first is differential", 0, []body{diffOf("B", 1, []string{"Mz", "Mc"}, nil)},
			[]string{"AddressAdded{Node:B Key:Mc Treatment:3 Mesh:}", "AddressAdded{Node:B Key:Mz Treatment:3 Mesh:}"}},
		{"next", 4, []body{diffOf("B", 5, []string{"Mc"}, []string{"Mb", "Ma", "Mnone"})},
			[]string{"AddressAdded{Node:B Key:Mc Treatment:3 Mesh:}", "AddressRemoved{Node:B Key:Ma}", "AddressRemoved{Node:B Key:Mb}"}},
		{"again", 4, []body{diffOf("B", 4, []string{"Mc"}, nil)}, nil},
		{"older", 4, []body{diffOf("B", 2, []string{"Mc"}, nil)}, nil},
		{"gap", 4, []body{diffOf("B", 6, []string{"Mc"}, nil)}, []string{"MAR{A to B have=4}"}},
		{"gap twice", 4, []body{diffOf("B", 6, []string{"Mc"}, nil), diffOf("B", 7, []string{"Md"}, nil)}, []string{"MAR{A to B have=4}"}},
		{"gap, then RA", 4, []body{diffOf("B", 6, []string{"Mc"}, nil), raOf("B", 1, 1, 6)}, []string{"MAR{A to B have=4}"}},
		{"gap that is filled late", 4, []body{diffOf("B", 6, nil, []string{"Ma"}), diffOf("B", 5, []string{"Mc"}, nil)},
			[]string{"MAR{A to B have=4}", "AddressAdded{Node:B Key:Mc Treatment:3 Mesh:}"}},
		{"absolute", 4, []body{allOf("B", 9, "Mz", "Mb")},
			[]string{"AddressRemoved{Node:B Key:Ma}", "AddressAdded{Node:B Key:Mz Treatment:3 Mesh:}"}},
		{"absolute of the same number", 4, []body{allOf("B", 4, "Ma")}, []string{"AddressRemoved{Node:B Key:Mb}"}},
		{"absolute that is late", 4, []body{allOf("B", 3, "Mz")}, nil},
		{"absolute that is empty", 4, []body{allOf("B", 5)}, []string{"AddressRemoved{Node:B Key:Ma}", "AddressRemoved{Node:B Key:Mb}"}},
		{"same address twice", 4, []body{diffOf("B", 5, []string{"Mc", "Mc"}, []string{"Ma", "Ma"})},
			[]string{"AddressAdded{Node:B Key:Mc Treatment:3 Mesh:}", "AddressRemoved{Node:B Key:Ma}"}},
		{"RA with news", 4, []body{raOf("B", 1, 1, 5)}, []string{"MAR{A to B have=4}"}},
		{"RA without news", 4, []body{raOf("B", 1, 1, 4)}, nil},
		{"MAU before its RA", 4, []body{diffOf("B", 5, nil, []string{"Ma"}), raOf("B", 1, 1, 5)}, []string{"AddressRemoved{Node:B Key:Ma}"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.meet("B")
			count := 0
			if tt.have > 0 {
				b.get(1, allOf("B", tt.have, "Ma", "Mb"))
				b.did()
			}
			for _, m := range tt.msgs {
				b.get(1, m)
			}
			b.wantDid(tt.want...)
			for _, n := range b.nodes {
				count += len(n.addresses)
			}
			if count != b.remoteAddresses {
				t.Errorf("%d addresses counted, %d there", b.remoteAddresses, count)
			}
		})
	}
}

// TestMeshOfAddress: another mesh is told again, the same is not.
func TestMeshOfAddress(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	m := diffOf("B", 1, []string{"Ma"}, nil)
	b.get(1, m)
	b.wantDid("AddressAdded{Node:B Key:Ma Treatment:3 Mesh:}")
	m.mobileSeq = 2
	m.add[0].mesh = "abcdefghijklmno"
	b.get(1, m)
	b.wantDid("AddressAdded{Node:B Key:Ma Treatment:3 Mesh:abcdefghijklmno}")
	m.mobileSeq = 3
	b.get(1, m)
	b.wantDid()
}

// TestMARIsRepeated: an answer may get lost.
func TestMARIsRepeated(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	start := b.now
	b.get(1, raOf("B", 1, 1, 5))
	var asked []int64
	for b.now.Sub(start) < 20*1000*ms {
		for _, line := range b.did() {
			if strings.HasPrefix(line, "MAR") {
				asked = append(asked, b.now.Sub(start).Milliseconds())
			}
		}
		b.pass(50*ms, "B")
	}
	if got := fmt.Sprint(asked); got != "[0 250 750 1750 3750 7750 15750]" {
		t.Errorf("asked at %v", got)
	}
	b.get(1, allOf("B", 5))
	b.did()
	b.pass(60*1000*ms, "B")
	for _, line := range b.did() {
		if strings.HasPrefix(line, "MAR") {
			t.Error("asked again after the answer")
		}
	}
}

// TestUnknownRouterAsks: whoever asks before we know a way to it is answered
// as soon as there is one.
func TestUnknownRouterAsks(t *testing.T) {
	b := newBench(t)
	b.meet("B")
	b.LocalAdded(b.now, "Ma", 3)
	b.pass(mobileHold, "B")
	b.did()
	b.get(1, body{op: opLSR, id: "C"})
	b.get(1, body{op: opMAR, has: hasHaveSeq, id: "C"})
	b.wantDid()
	b.get(1, lsuOf("B", 1, 2, map[string]int{"A": 1, "C": 1}))
	b.wantDid("NodeReachable{ID:C Link:0 NextHop:B Cost:2 ValidOrigins:[] Hops:2}", "RadiusChanged{Radius:2}",
		"LSR{A to C}", "LSU{A to C inst=0 ls=1 peers=map[B:1]}", "MAR{A to C have=0}", "MAU{A to C mobile=1 exist=[{Ma 3 }]}")
}
