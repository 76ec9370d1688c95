package control

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// decode reads the sections after the router annotations. Keys may be strings
// or symbols and numbers of any integer type, whatever the message.
func decode(msg []byte) (*body, error) {
	if len(msg) > MaxMessage {
		return nil, fmt.Errorf("control message has %d octets, more than %d", len(msg), MaxMessage)
	}
	b := &body{}
	seen := false
	d := wire.NewDecoder(msg)
	for d.Len() > 0 && d.Err() == nil {
		switch code := d.Descriptor(); code {
		case sectionHeader, sectionDelivery, sectionMessage, sectionProperties, sectionFooter:
			d.Skip()
		case sectionApplication:
			b.op = readOpcode(d)
		case sectionValue:
			if b.op == "" || seen {
				return nil, errors.New("control message has no opcode in front of its one body")
			}
			seen = true
			if err := b.read(d); err != nil {
				return nil, fmt.Errorf("%s: %w", b.op, err)
			}
		default:
			if d.Err() == nil {
				return nil, fmt.Errorf("control message has a section 0x%x", code)
			}
		}
	}
	if err := d.Err(); err != nil {
		return nil, fmt.Errorf("control message: %w", err)
	}
	if !seen {
		return nil, errors.New("control message has no body")
	}
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", b.op, err)
	}
	return b, nil
}

// readOpcode looks for the opcode among the application properties.
func readOpcode(d *wire.Decoder) opcode {
	var op opcode
	_ = pairs(d, func(key string) error { // what breaks it shows at the decoder
		if key == "opcode" {
			op = opcode(d.String())
		} else {
			d.Skip()
		}
		return nil
	})
	return op
}

// pairs calls value for each key of a map; value has to read the value. It
// stops at the first error of value, which it returns, or of d.
func pairs(d *wire.Decoder, value func(key string) error) error {
	count, end := d.Map()
	for i := 0; i < count && d.Err() == nil; i += 2 {
		if code, _ := d.PeekCode(); code&0xef != 0xa1 && code&0xef != 0xa3 {
			d.Skip() // not a key of ours
			d.Skip()
			continue
		}
		if err := value(d.String()); err != nil {
			return err
		}
	}
	d.Close(0, end)
	return nil
}

// items calls item for each element of a list of at most limit; item has to
// read the element.
func items(d *wire.Decoder, limit int, item func() error) error {
	count, end := d.List()
	if count > limit {
		return fmt.Errorf("list has %d elements, more than %d", count, limit)
	}
	for i := 0; i < count && d.Err() == nil; i++ {
		if err := item(); err != nil {
			return err
		}
	}
	d.Close(0, end)
	return nil
}

// read reads the map of fields. An error of d itself is left to the caller.
func (b *body) read(d *wire.Decoder) error {
	return pairs(d, func(key string) (err error) {
		var f field
		switch key {
		case "id":
			f, b.id = hasID, d.String()
		case "pv":
			f, b.version = hasVersion, d.Int()
		case "area":
			f, b.area = hasArea, d.String()
		case "instance":
			f, b.instance = hasInstance, d.Int()
		case "ls_seq":
			f, b.lsSeq = hasLSSeq, d.Int()
		case "mobile_seq":
			f, b.mobileSeq = hasMobileSeq, d.Int()
		case "have_seq":
			f, b.haveSeq = hasHaveSeq, d.Int()
		case "seen":
			f, b.seen = hasSeen, nil
			err = items(d, MaxRouters, func() error {
				b.seen = append(b.seen, d.String())
				return nil
			})
		case "ls":
			f = hasLS
			b.ls, err = readLinkState(d)
		case "exist":
			f = hasExist
			b.exist, err = readAddresses(d)
		case "add":
			f = hasAdd
			b.add, err = readAddresses(d)
		case "del":
			f = hasDel
			b.del, err = readKeys(d)
		default:
			d.Skip()
		}
		b.has |= f
		return err
	})
}

func readLinkState(d *wire.Decoder) (linkState, error) {
	var ls linkState
	err := pairs(d, func(key string) error {
		switch key {
		case "id":
			ls.id = d.String()
		case "area":
			ls.area = d.String()
		case "ls_seq":
			ls.seq = d.Int()
		case "peers":
			ls.peers = map[string]int{}
			return pairs(d, func(peer string) error {
				cost := d.Int()
				if d.Err() != nil {
					return nil
				}
				if err := checkID(peer); err != nil {
					return err
				}
				if cost < 0 || cost > MaxCost {
					return fmt.Errorf("cost %d of peer %q is out of range", cost, peer)
				}
				ls.peers[peer] = int(cost)
				if len(ls.peers) > MaxRouters {
					return fmt.Errorf("link state has more than %d peers", MaxRouters)
				}
				return nil
			})
		default:
			d.Skip()
		}
		return nil
	})
	if err == nil && d.Err() == nil && ls.peers == nil {
		err = errors.New("link state has no peers")
	}
	return ls, err
}

func readAddresses(d *wire.Decoder) ([]address, error) {
	var out []address
	err := items(d, MaxAddresses, func() error {
		count, end := d.List()
		if d.Err() == nil && count == 0 {
			return errors.New("address without a key")
		}
		a := address{key: d.String(), treatment: treatmentDefault}
		left := count - 1
		if left > 0 {
			a.treatment = int(min(max(d.Int(), -1), treatmentLast+1))
			left--
		}
		if a.treatment < 0 || a.treatment > treatmentLast {
			a.treatment = treatmentDefault
		}
		if left >= 3 {
			d.Skip() // number of producers
			d.Skip() // capacity
			if left -= 3; !d.Null() {
				a.mesh = d.String()
			}
			if len(a.mesh) != meshLength {
				a.mesh = ""
			}
		}
		d.Close(max(left, 0), end)
		if err := checkKey(a.key); err != nil || d.Err() != nil {
			return err
		}
		if mobileClass(a.key) {
			out = append(out, a)
		}
		return nil
	})
	return out, err
}

// readKeys reads the addresses of a del list, each a list that starts with its key.
func readKeys(d *wire.Decoder) ([]string, error) {
	var out []string
	err := items(d, MaxAddresses, func() error {
		count, end := d.List()
		if d.Err() == nil && count == 0 {
			return errors.New("address without a key")
		}
		key := d.String()
		d.Close(count-1, end)
		if err := checkKey(key); err != nil || d.Err() != nil {
			return err
		}
		if mobileClass(key) {
			out = append(out, key)
		}
		return nil
	})
	return out, err
}

// Treatments, as numbers of AddressAdded.Treatment.
const (
	treatmentDefault = 3 // of an address whose treatment is not known
	treatmentLast    = 4
)

// mobileClass tells the keys that routers exchange. Others are passed over:
// a peer must not be able to add destinations to this router's own addresses.
func mobileClass(key string) bool {
	return len(key) > 1 && (key[0] == 'M' || key[0] == 'N' || key[0] == 'H')
}

func checkKey(key string) error {
	if len(key) > MaxKey {
		return fmt.Errorf("address key has %d octets, more than %d", len(key), MaxKey)
	}
	return nil
}

// checkID refuses ids that could not be told apart inside an address.
func checkID(id string) error {
	switch {
	case id == "" || len(id) > MaxID:
		return fmt.Errorf("router id has %d octets, want 1 to %d", len(id), MaxID)
	case !utf8.ValidString(id) || strings.ContainsAny(id, "/\x00") || id == "all":
		return fmt.Errorf("router id %q cannot be part of an address", id)
	}
	return nil
}

// check looks at the message as a whole.
func (b *body) check() error {
	need := b.required()
	switch {
	case need == 0:
		return fmt.Errorf("unknown opcode %.32q", string(b.op))
	case b.has&need != need:
		return errors.New("a mandatory field is missing")
	case b.op == opMAU && b.has&hasExist != 0 && b.has&(hasAdd|hasDel) != 0:
		return errors.New("exist goes with neither add nor del")
	case b.lsSeq < 0 || b.mobileSeq < 0 || b.haveSeq < 0 || b.ls.seq < 0:
		return errors.New("a sequence number is negative")
	case b.op == opLSU && b.ls.id != b.id:
		return fmt.Errorf("link state of %q sent by %q", b.ls.id, b.id)
	}
	return checkID(b.id)
}
