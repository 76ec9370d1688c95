package vanflow

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/message"
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
		var msg []byte
		for text != "" {
			if !strings.HasPrefix(text, `\x`) {
				msg, text = append(msg, text[0]), text[1:]
				continue
			}
			v, err := strconv.ParseUint(text[2:4], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			msg, text = append(msg, byte(v)), text[4:]
		}
		if n, err := strconv.Atoi(size); err != nil || n != len(msg) {
			t.Fatalf("%d octets in a line that says %s", len(msg), size)
		}
		out = append(out, msg)
	}
	return out
}

// TestTraces makes a source that is what another router was when it sent these messages: it has to send the same octets.
func TestTraces(t *testing.T) {
	for i, want := range traced(t) {
		m, err := message.Parse(want)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := m.AppProps.Get("id")
		name, _ := id.(string)
		if name == "" {
			name = strings.TrimPrefix(m.To, "mc/sfe.")
		}
		s := NewSource(name, time.UnixMicro(0))
		s.messages, _ = m.MessageID.(int64)
		var got Message
		switch m.Subject {
		case SubjectBeacon:
			got = s.beacon()
		case SubjectHeartbeat:
			now, _ := m.AppProps.Get("now")
			n, _ := now.(uint64)
			got = s.heartbeat(time.UnixMicro(int64(n)))
		case SubjectRecord:
			got = s.records(rebuilt(t, s, m.Body))
		default:
			t.Fatalf("message %d: subject %q", i, m.Subject)
		}
		if string(got.Body) != string(want) || got.To != m.To {
			t.Errorf("message %d, %s: got\n%q\nwant\n%q", i, m.Subject, got.Body, want)
		}
	}
}

// rebuilt makes records of the body of a message.
func rebuilt(t *testing.T, s *Source, body any) []*Record {
	t.Helper()
	list, ok := body.([]any)
	if !ok || len(list) == 0 {
		t.Fatalf("the body is %T", body)
	}
	var out []*Record
	for _, item := range list {
		m, _ := item.(wire.Map)
		typ, _ := m[0].Value.(uint32)
		id, _ := m[1].Value.(string)
		r := &Record{typ: Type(typ), id: id, source: s}
		for _, p := range m[2:] {
			a, _ := p.Key.(uint32)
			switch v := p.Value.(type) {
			case string:
				r.Text(Attr(a), v)
			case uint64:
				r.Number(Attr(a), v)
			default:
				t.Fatalf("attribute %v is a %T", p.Key, p.Value)
			}
		}
		out = append(out, r)
	}
	return out
}

func TestIsFlush(t *testing.T) {
	body := func(subject string) []byte {
		b, err := (&message.Message{To: "sfe.x:0", Subject: subject, ReplyTo: "r"}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	// As a client of the Go library sends it: no message id, an empty reply-to, no body.
	client := []byte("\x00Ss\xd0\x00\x00\x00\x1c\x00\x00\x00\x05@@\xa1\x0bsfe.B51qW:0\xa1\x05FLUSH\xa1\x00")
	for _, c := range []struct {
		name string
		in   []byte
		want bool
	}{
		{"flush", body(SubjectFlush), true}, {"client", client, true}, {"other", body("FLUSHED"), false}, {"empty", nil, false},
		{"garbage", []byte("\x00Ss\xd0\xff"), false},
	} {
		if got := IsFlush(c.in); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
