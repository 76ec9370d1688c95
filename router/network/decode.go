package network

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// beacon is what a source says of itself.
type beacon struct {
	id, kind, address, direct string
}

// The kinds of sources that are listened to.
const (
	kindRouter     = vanflow.KindRouter
	kindController = vanflow.KindController
)

// subject is what kind of message it is, "" if it does not say.
func subject(m *amqp.Message) string {
	if m.Properties == nil || m.Properties.Subject == nil {
		return ""
	}
	return *m.Properties.Subject
}

// decodeBeacon reads a beacon. One that would have us listen or send to anything but the addresses that follow from the source's
// identity is none: whoever is first could have us listen elsewhere for somebody else's source.
func decodeBeacon(m *amqp.Message) (b beacon, ok bool) {
	if subject(m) != vanflow.SubjectBeacon {
		return b, false
	}
	if v, ok := m.ApplicationProperties["v"].(uint32); !ok || v != vanflow.FormatVersion {
		return b, false
	}
	b.id = property(m, "id")
	b.kind = property(m, "sourceType")
	b.address = property(m, "address")
	b.direct = property(m, "direct")
	ok = (b.kind == kindRouter || b.kind == kindController) && isIdentity(b.id) && isIdentity(b.address) && isIdentity(b.direct) &&
		b.address == "mc/sfe."+b.id && b.address != vanflow.Beacons && b.direct == "sfe."+b.id
	return b, ok
}

func property(m *amqp.Message, name string) string {
	s, _ := m.ApplicationProperties[name].(string)
	return s
}

// change is what a message says of one record.
type change struct {
	typ   vanflow.Type
	id    string
	attrs map[vanflow.Attr]any // string or uint64; only those that are kept
}

// kept are the attributes that a status is made from, with whether they are texts.
var kept = map[vanflow.Attr]bool{
	vanflow.Parent: true, vanflow.EndTime: false, vanflow.Peer: true, vanflow.ProcessID: true, vanflow.Platform: true, vanflow.Namespace: true,
	vanflow.Mode: true, vanflow.SourceHost: true, vanflow.DestHost: true, vanflow.Protocol: true, vanflow.DestPort: true, vanflow.Address: true,
	vanflow.ImageName: true, vanflow.ImageVersion: true, vanflow.Hostname: true, vanflow.Name: true, vanflow.Version: true,
	vanflow.LinkCost: false, vanflow.Status: true, vanflow.Role: true,
}

// needed are the attributes that are looked at, by the type of the record.
var needed = map[vanflow.Type][]vanflow.Attr{
	vanflow.Site:         {vanflow.Name, vanflow.Namespace, vanflow.Platform, vanflow.Version},
	vanflow.Router:       {vanflow.Parent, vanflow.Name, vanflow.Namespace, vanflow.Mode, vanflow.ImageName, vanflow.ImageVersion, vanflow.Hostname},
	vanflow.Link:         {vanflow.Parent, vanflow.Name, vanflow.LinkCost, vanflow.Status, vanflow.Role, vanflow.Peer},
	vanflow.RouterAccess: {vanflow.Parent},
	vanflow.Listener:     {vanflow.Parent, vanflow.Name, vanflow.DestHost, vanflow.DestPort, vanflow.Protocol, vanflow.Address},
	vanflow.Connector:    {vanflow.Parent, vanflow.DestHost, vanflow.DestPort, vanflow.Protocol, vanflow.Address, vanflow.ProcessID},
	vanflow.Process:      {vanflow.Parent, vanflow.Name, vanflow.SourceHost},
}

func needs(typ vanflow.Type, a vanflow.Attr) bool { return slices.Contains(needed[typ], a) }

// decodeRecords reads the records of a message. What is not understood is left out.
func decodeRecords(m *amqp.Message) []change {
	if subject(m) != vanflow.SubjectRecord {
		return nil
	}
	list, _ := m.Value.([]any)
	var out []change
	for _, item := range list {
		attrs, _ := item.(map[any]any)
		if c, ok := decodeRecord(attrs); ok {
			out = append(out, c)
		}
	}
	return out
}

func decodeRecord(in map[any]any) (c change, ok bool) {
	typ, isNumber := number(in[uint32(0)])
	id, _ := in[uint32(1)].(string)
	if !isNumber || typ > uint64(vanflow.RouterAccess) || !isIdentity(id) {
		return c, false
	}
	c = change{typ: vanflow.Type(typ), id: id, attrs: map[vanflow.Attr]any{}}
	for k, v := range in {
		n, isAttr := k.(uint32)
		isText, keep := kept[vanflow.Attr(n)]
		if !isAttr || !keep {
			continue
		}
		if s, isString := v.(string); isText && isString && isPrintable(s) {
			c.attrs[vanflow.Attr(n)] = s
		} else if x, isNumber := number(v); !isText && isNumber {
			c.attrs[vanflow.Attr(n)] = x
		}
	}
	return c, true
}

// number reads the unsigned integers.
func number(v any) (uint64, bool) {
	switch v := v.(type) {
	case uint64:
		return v, true
	case uint32:
		return uint64(v), true
	case uint16:
		return uint64(v), true
	case uint8:
		return uint64(v), true
	}
	return 0, false
}

// isPrintable tells texts that can be shown from those that are too long, or would do something to a terminal.
func isPrintable(s string) bool {
	return len(s) <= MaxText && utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// isIdentity tells what can be an identity or an address: printable, with no space.
func isIdentity(s string) bool {
	return s != "" && len(s) <= MaxIdentity && isPrintable(s) && !strings.Contains(s, " ")
}
