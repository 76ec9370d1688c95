package control

// Effect is something the engine asks of its owner: one of the types below,
// always as a value. Effects are to be carried out in the order given: a
// router is announced before a message is sent to it.
type Effect interface{ effect() }

// Send asks for a control message to be sent, pre-settled, with a
// router-annotation section in front of Body.
type Send struct {
	To   string // as in the properties section
	Link int    // 1 or more: on this control link only; 0: routed by To
	Body []byte // the sections after the router annotations; owned by the receiver
}

// NodeReachable tells that a router became reachable or that the way to it
// changed.
//
// A neighbour has Link > 0, and is announced before whatever is reached
// through it. NextHop is "" when the next hop is the router
// itself, which only a neighbour can be. A neighbour whose direct link costs
// more than a way around has both: floods use Link, all else goes by NextHop.
type NodeReachable struct {
	ID           string
	Link         int      // control link of a neighbour; 0 means not a neighbour
	NextHop      string   // id of a neighbour; "" means the router itself
	Cost         int      // sum of the costs on the way
	ValidOrigins []string // sorted: whose multicasts to it pass here; shared, not to be changed
	Hops         int      // links on the way, 1 for a next hop
}

// NodeUnreachable tells that there is no way to a router any more. Its
// addresses stay until AddressesFlushed.
type NodeUnreachable struct{ ID string }

// NodeDeleted tells that a router left the table. It may never have been
// reachable. Its addresses are gone before.
type NodeDeleted struct{ ID string }

// AddressAdded tells that a router has destinations for an address, or that
// the treatment or mesh of one changed.
type AddressAdded struct {
	Node, Key string
	Treatment int    // the advertiser's: 0 flood, 1 multicast, 2 closest, 3 balanced, 4 unavailable
	Mesh      string // "" or the only mesh of edge routers with destinations there
}

// AddressRemoved tells that a router has no more destinations for an address.
type AddressRemoved struct{ Node, Key string }

// AddressesFlushed takes back every AddressAdded of a router.
type AddressesFlushed struct{ Node string }

// RadiusChanged tells how many hops a message can have made when it comes here,
// on the longest of the cheapest ways, or has to make from here to the farthest
// router; 0 while there is no other router. A message that has made more than
// one hop above it runs in a loop, and is to be dropped.
type RadiusChanged struct{ Radius int }

func (Send) effect()             {}
func (NodeReachable) effect()    {}
func (NodeUnreachable) effect()  {}
func (NodeDeleted) effect()      {}
func (AddressAdded) effect()     {}
func (AddressRemoved) effect()   {}
func (AddressesFlushed) effect() {}
func (RadiusChanged) effect()    {}
