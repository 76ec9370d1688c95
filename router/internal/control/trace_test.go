package control

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// traced are the control messages of a kept trace of two skupper-routers.
func traced(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	for _, line := range dataLines(t, "testdata/trace/bringup.hex") {
		b, err := hex.DecodeString(line)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	if len(out) == 0 {
		t.Fatal("the trace is empty")
	}
	return out
}

func dataLines(t testing.TB, file string) []string {
	t.Helper()
	all, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(all)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// target reads the address out of the properties.
func target(t testing.TB, msg []byte) string {
	t.Helper()
	d := wire.NewDecoder(msg)
	for d.Err() == nil && d.Len() > 0 {
		if d.Descriptor() != sectionProperties {
			d.Skip()
			continue
		}
		d.List()
		d.Skip()
		d.Skip()
		to := d.String()
		if d.Err() == nil {
			return to
		}
	}
	t.Fatalf("no address in %x: %v", msg, d.Err())
	return ""
}

// TestTraceBytes decodes each message of the trace and encodes it again to the
// same octets.
func TestTraceBytes(t *testing.T) {
	kinds := map[opcode]int{}
	for _, msg := range traced(t) {
		b, err := decode(msg)
		if err != nil {
			t.Errorf("%x: %v", msg, err)
			continue
		}
		kinds[b.op]++
		if got := b.encode(target(t, msg)); !bytes.Equal(got, msg) {
			t.Errorf("%s:\ngot  %x\nwant %x", b.op, got, msg)
		}
	}
	if len(kinds) != 6 {
		t.Errorf("the trace has %v, want all six kinds", kinds)
	}
}

// logLines is what the log of a skupper-router says of a message.
func logLines(b *body) []string {
	quoted := func(ids []string) string {
		q := make([]string, len(ids))
		for i, id := range ids {
			q[i] = "'" + id + "'"
		}
		return "[" + strings.Join(q, ", ") + "]"
	}
	head := fmt.Sprintf("%s(id=%s pv=%d area=%s", b.op, b.id, b.version, b.area)
	switch b.op {
	case opHello:
		return []string{fmt.Sprintf("RCVD: %s inst=%d seen=%s)", head, b.instance, quoted(b.seen))}
	case opRA:
		return []string{fmt.Sprintf("RCVD: %s inst=%d ls_seq=%d mobile_seq=%d)", head, b.instance, b.lsSeq, b.mobileSeq)}
	case opLSR:
		return []string{"RCVD: " + head + ")"}
	case opLSU:
		peers := []string{}
		for _, id := range slices.Sorted(maps.Keys(b.ls.peers)) {
			peers = append(peers, fmt.Sprintf("'%s': %d", id, b.ls.peers[id]))
		}
		return []string{fmt.Sprintf("RCVD: %s inst=%d ls_seq=%d ls=LS(id=%s area=%s ls_seq=%d peers={%s}))", head,
			b.instance, b.lsSeq, b.ls.id, b.ls.area, b.ls.seq, strings.Join(peers, ", "))}
	case opMAR:
		return []string{fmt.Sprintf("Received MAR from %s, have_seq=%d", b.id, b.haveSeq)}
	case opMAU:
		out := []string{fmt.Sprintf("Received MAU (absolute) from %s, mobile_seq=%d", b.id, b.mobileSeq)}
		for _, a := range b.exist {
			out = append(out, fmt.Sprintf("MAU: Router '%s' added to address '%s', treatment: %d", b.id, a.key, a.treatment))
		}
		return out
	}
	return nil
}

// TestTraceMeaning compares what we read in the messages with what the router
// that received them logged.
func TestTraceMeaning(t *testing.T) {
	logged := map[string]bool{}
	for _, line := range dataLines(t, "testdata/trace/decoded.txt") {
		logged[line[3:]] = true // without "A: "
	}
	for _, msg := range traced(t) {
		b, err := decode(msg)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range logLines(b) {
			if !logged[line] {
				t.Errorf("not in the logs: %s", line)
			}
		}
	}
}

// TestTraceReplay puts an engine in the place of router B, and lets it have
// what A said, at the pace of A.
func TestTraceReplay(t *testing.T) {
	at := time.Unix(1795328785, 0)
	e := New(Config{ID: "B", Instance: 1795328784}, zerolog.Nop(), at)
	e.LinkUp(at, 1, 1)
	var said []string
	look := func() {
		for _, x := range e.Effects() {
			if s, ok := x.(Send); ok {
				b, err := decode(s.Body)
				if err != nil {
					t.Fatal(err)
				}
				said = append(said, string(b.op))
				continue
			}
			said = append(said, fmt.Sprintf("%T%+v", x, x))
		}
	}
	look()
	for _, msg := range traced(t) {
		b, err := decode(msg)
		if err != nil {
			t.Fatal(err)
		}
		if b.id == "A" {
			at = at.Add(time.Millisecond)
			if err := e.Receive(at, 1, msg); err != nil {
				t.Fatal(err)
			}
			look()
		}
	}
	want := []string{
		"HELLO",
		"HELLO", // the answer to the first of A
		"control.NodeReachable{ID:A Link:1 NextHop: Cost:1 ValidOrigins:[] Hops:1}",
		"control.RadiusChanged{Radius:1}",
		"LSR", "RA", "LSU", "MAR",
		"control.AddressAdded{Node:A Key:Msfe.vj2Oj:0 Treatment:2 Mesh:}",
		"control.AddressAdded{Node:A Key:Mvfcr.vj2Oj:0 Treatment:2 Mesh:}",
	}
	if !slices.Equal(said, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
	if n := e.Nodes(); len(n) != 2 || n[1].Instance != 1795328783 || !slices.Equal(n[1].LinkState, []string{"B"}) {
		t.Errorf("nodes are %+v", n)
	}
}
