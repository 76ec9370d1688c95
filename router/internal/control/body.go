package control

// opcode is the kind of a control message, by its name on the wire.
type opcode string

const (
	opHello opcode = "HELLO" // to the neighbours: I am here, and hear these
	opRA    opcode = "RA"    // to all: the sequence numbers of what I advertise
	opLSR   opcode = "LSR"   // to one: tell me your links
	opLSU   opcode = "LSU"   // to one: my links
	opMAR   opcode = "MAR"   // to one: I have your addresses as of this number
	opMAU   opcode = "MAU"   // to one: all my addresses; to all: what changed
)

// Versions of the messages: the first four share one, the two others have
// theirs. A message of a later version is not understood.
const (
	versionRouting = 1
	versionMobile  = 2
)

// Targets of the messages. A differential MAU goes out without the scheme.
const (
	toHello     = "amqp:/_local/qdhello"
	toAll       = "amqp:/_topo/0/all/qdrouter"
	toAllMobile = "_topo/0/all/qdrouter.ma"
)

func toRouter(area, id string) string { return "amqp:/_topo/" + area + "/" + id + "/qdrouter" }
func toMobile(area, id string) string { return toRouter(area, id) + ".ma" }

// field is a set of fields that a message carried.
type field uint16

const (
	hasID field = 1 << iota
	hasVersion
	hasArea
	hasInstance
	hasLSSeq
	hasMobileSeq
	hasHaveSeq
	hasSeen
	hasLS
	hasExist
	hasAdd
	hasDel
)

// body is a control message of any kind; has tells which fields mean something.
type body struct {
	op      opcode
	has     field
	id      string // sender
	version int64
	area    string

	instance  int64
	lsSeq     int64
	mobileSeq int64
	haveSeq   int64
	seen      []string
	ls        linkState
	exist     []address
	add       []address
	del       []string
}

// linkState is the neighbours of one router.
type linkState struct {
	id, area string
	seq      int64
	peers    map[string]int // id → cost
}

// address is one element of a MAU.
type address struct {
	key       string
	treatment int
	mesh      string // "" or meshLength octets
}

// required is the fields that a message cannot do without.
func (b *body) required() field {
	switch b.op {
	case opHello:
		return hasID | hasVersion | hasArea | hasInstance | hasSeen
	case opRA:
		return hasID | hasVersion | hasArea | hasInstance | hasLSSeq | hasMobileSeq
	case opLSR:
		return hasID | hasVersion | hasArea
	case opLSU:
		return hasID | hasVersion | hasArea | hasInstance | hasLSSeq | hasLS
	case opMAR:
		return hasID | hasHaveSeq
	case opMAU:
		if b.has&hasExist != 0 {
			return hasID | hasMobileSeq | hasExist
		}
		return hasID | hasMobileSeq | hasAdd | hasDel
	}
	return 0
}

// mobile tells the messages about addresses from those about links.
func (b *body) mobile() bool { return b.op == opMAR || b.op == opMAU }
