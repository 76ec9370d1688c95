package message

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// traced returns the messages of testdata/messages.txt.
func traced(t testing.TB) [][]byte {
	t.Helper()
	b, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		size, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		msg := unescape(t, text)
		if n, err := strconv.Atoi(size); err != nil || n != len(msg) {
			t.Fatalf("%d octets in a line that says %s", len(msg), size)
		}
		out = append(out, msg)
	}
	if len(out) == 0 {
		t.Fatal("no messages")
	}
	return out
}

func unescape(t testing.TB, s string) (out []byte) {
	t.Helper()
	for s != "" {
		if !strings.HasPrefix(s, `\x`) {
			out, s = append(out, s[0]), s[1:]
			continue
		}
		v, err := strconv.ParseUint(s[2:4], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		out, s = append(out, byte(v)), s[4:]
	}
	return out
}

// TestTraces takes messages that another implementation sent: each has to come out of our encoder octet for octet.
func TestTraces(t *testing.T) {
	opcodes := map[string]int{}
	for i, msg := range traced(t) {
		a, n, present, need, err := ParseAnnotations(msg)
		if err != nil || !present || need {
			t.Errorf("message %d: annotations: %v, %v, %v", i, present, need, err)
			continue
		}
		m, err := Parse(msg[n:])
		if err != nil {
			t.Errorf("message %d: %v", i, err)
			continue
		}
		got, err := m.Append(a.Append(nil))
		if err != nil || !bytes.Equal(got, msg) {
			t.Errorf("message %d: %v\ngot  %q\nwant %q", i, err, got, msg)
		}
		opcode, _ := m.AppProps.Get("opcode")
		name, _ := opcode.(string)
		opcodes[name+m.Subject+m.ContentType]++
		checkPrefixes(t, msg)
	}
	for _, name := range []string{"HELLO", "RA", "LSR", "LSU", "MAR", "MAU", "RECORD", "application/octet-stream"} {
		if opcodes[name] == 0 {
			t.Errorf("no %s among the traces", name)
		}
	}
}

// checkPrefixes cuts a message everywhere: its start has to ask for more until the body comes, and is an error if complete.
func checkPrefixes(t *testing.T, msg []byte) {
	t.Helper()
	_, start, _, _, _ := ParseAnnotations(msg)
	for n := range start {
		if _, _, _, need, err := ParseAnnotations(msg[:n]); !need || err != nil {
			t.Errorf("%d octets of annotations: need %v, %v", n, need, err)
		}
	}
	rest := msg[start:]
	h, _, err := ParseHead(rest, true)
	if err != nil {
		t.Fatal(err)
	}
	for n := range rest {
		p, need, err := ParseHead(rest[:n], false)
		if early := n < h.BodyOffset+3; err != nil || need != early || !early && p.BodyOffset != h.BodyOffset {
			t.Errorf("%d octets: need %v, body at %d, %v", n, need, p.BodyOffset, err)
		}
		if _, err := Parse(rest[:n]); err == nil && n > h.BodyOffset {
			t.Errorf("no error from %d of %d octets", n, len(rest))
		}
	}
}

// hello is the first HELLO of a router B, 175 octets with its annotations.
const hello = "\x00\x80SKPR--RA\xd0\x00\x00\x00\x19\x00\x00\x00\x04\x43\x40\xa1\x030/B\xd0\x00\x00\x00\x09\x00\x00\x00\x01\xa1\x030/B" +
	"\x00\x53\x70\xd0\x00\x00\x00\x05\x00\x00\x00\x01\x42" +
	"\x00\x53\x73\xd0\x00\x00\x00\x1f\x00\x00\x00\x06\x40\x40\xa1\x14amqp:/_local/qdhello\x40\x40\x40" +
	"\x00\x53\x74\xd1\x00\x00\x00\x13\x00\x00\x00\x02\xa1\x06opcode\xa1\x05HELLO" +
	"\x00\x53\x77\xd1\x00\x00\x00\x30\x00\x00\x00\x0a\xa1\x02id\xa1\x01B\xa1\x02pv\x54\x01\xa1\x04area\xa1\x010" +
	"\xa1\x08instance\x71\x6b\x02\x88\x6d\xa1\x04seen\x45"

func TestHelloBytes(t *testing.T) {
	a := Annotations{Ingress: "0/B", HasIngress: true, Trace: []string{"0/B"}}
	m := Message{HasHeader: true, To: "amqp:/_local/qdhello", MinProperties: 6, HasBody: true,
		AppProps: wire.Map{{Key: "opcode", Value: "HELLO"}},
		Body: wire.Map{{Key: "id", Value: "B"}, {Key: "pv", Value: int32(1)}, {Key: "area", Value: "0"},
			{Key: "instance", Value: int32(1795328109)}, {Key: "seen", Value: []string{}}}}
	got, err := m.Append(a.Append(nil))
	if err != nil || len(got) != 175 || string(got) != hello {
		t.Errorf("%d octets, %v\ngot  %q\nwant %q", len(got), err, got, hello)
	}
}

// The start of a TCP stream, from its listener.
func TestStreamBytes(t *testing.T) {
	m := Message{To: "echo:1", ReplyTo: "amqp:/_topo/0/A/temp.9T9qo8QfwmGhun0", CorrelationID: "vj2Oj:4",
		ContentType: "application/octet-stream", AppProps: wire.Map{{Key: "V", Value: uint32(1)}}, HasBody: true}
	a := Annotations{Flags: FlagStreaming | FlagQ2Disabled, Ingress: "0/A", HasIngress: true, Trace: []string{"0/A"}}
	got, err := m.Append(a.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, msg := range traced(t) {
		if bytes.Equal(msg, got) {
			return
		}
	}
	t.Errorf("not among the traces: %q", got)
}
