// Package announce tells the network of a site and of the processes that run there, on behalf of a controller, which is no
// router itself. What it tells is heard by whoever collects the records of the network, see package network.
//
// # Flow
//
// [Run] is a client of one of the site's routers. It sends beacons and heartbeats in the rhythm of all sources, records as
// they change, and all of them when somebody asks for that. A connection that is lost is made again.
//
// # Ownership
//
// One goroutine has the records; another one reads what is asked. Both end before Run returns. That the source ends is not
// told: another controller of the site may go on with it, and the network forgets a source that is silent.
package announce
