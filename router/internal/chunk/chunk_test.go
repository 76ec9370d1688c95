package chunk

import (
	"bytes"
	"testing"
)

func TestAppend(t *testing.T) {
	var p Pool
	c := p.Get()
	for _, n := range []int{0, 1, Size - 2, 1, 1, 100} {
		room, end := c.Room(), c.End
		got := c.Append(bytes.Repeat([]byte{byte(n)}, n))
		if want := min(room, n); got != want || c.End != end+want || c.Room() != room-want {
			t.Errorf("appended %d of %d with room for %d", got, n, room)
		}
	}
	if len(c.Bytes()) != Size || c.Room() != 0 {
		t.Errorf("%d octets", len(c.Bytes()))
	}
	c.Start = 5
	if len(c.Bytes()) != Size-5 {
		t.Error("Start does not count")
	}
	p.Put(c)
	if c = p.Get(); c.Start != 0 || c.End != 0 {
		t.Errorf("a chunk comes back with %d to %d", c.Start, c.End)
	}
}

func TestOut(t *testing.T) {
	var p Pool
	a, b := p.Get(), p.Get()
	if p.Out() != 2 {
		t.Errorf("%d chunks have owners", p.Out())
	}
	p.Put(a)
	p.Put(b)
	p.Put(nil)
	if p.Out() != 0 {
		t.Errorf("%d chunks have owners", p.Out())
	}
}
