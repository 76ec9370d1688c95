package core

import "testing"

func TestKey(t *testing.T) {
	for addr, want := range map[string]string{
		"echo:8080": "Mecho:8080", "amqp:/echo": "Mecho", "amqp://host:5672/echo": "Mecho", "amqp://host": "M", "amqp:/": "M", "": "M", "/": "M", ".": "M",
		"a.": "Ma", "a/": "Ma", "a//": "Ma/", "mc/sfe.all": "Mmc/sfe.all",
		"_local/qdhello": "Lqdhello", "amqp:/_local/qdhello": "Lqdhello", "_local/": "M_local", "_local": "M_local",
		"_topo/0/all/qdrouter": "Tqdrouter", "amqp:/_topo/0/all/qdrouter.ma": "Tqdrouter.ma",
		"_topo/0/me/qdrouter": "Lqdrouter", "amqp:/_topo/0/me/temp.x": "Ltemp.x", "amqp:/_topo/0/me/$management": "L$management",
		"_topo/0/other/temp.x": "Rother", "_topo/0/other": "Rother", "_topo/0/me": "L", "_topo/0/": "R", "_topo/1/me/x": "A1", "_topo/": "M_topo", "_topo": "M_topo",
		"_edge/e/temp.x": "He", "_edge/": "M_edge", "amqp:/amqp:/x": "Mamqp:/x",
	} {
		if got := key("me", addr); got != want {
			t.Errorf("key(%q) = %q, want %q", addr, got, want)
		}
	}
}

func FuzzKey(f *testing.F) {
	for _, a := range []string{"", "amqp://", "_topo/0/", "_topo/0/all", "_edge//", "amqp:/_local/x."} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, addr string) {
		k := key("me", addr)
		if k == "" || len(k) > len(addr)+1 {
			t.Errorf("key(%q) = %q", addr, k)
		}
		switch k[0] {
		case 'M', 'L', 'T', 'R', 'A', 'H':
		default:
			t.Errorf("key(%q) has class %q", addr, k[0])
		}
	})
}
