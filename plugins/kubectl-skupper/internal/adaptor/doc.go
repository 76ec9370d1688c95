// Package adaptor keeps the router of a pod as the controller wants it, and tells the cluster what the router knows of the network.
//
// # Flow
//
// The controller writes a router's configuration to a ConfigMap and credentials to Secrets; an annotation of a Secret says which
// TLS profiles of the configuration it is for, and how often its content was replaced (its ordinal). In the mode init, before
// the router starts, [Run] waits until all that the configuration refers to is there, and writes it to the pod's directory.
// Otherwise it goes on doing so while the router runs, and makes the same changes in the router through its management.
//
// Of several routers of a site one adaptor is the leader: it writes what the network consists of to a ConfigMap, and tells the
// network of the site and its pods.
//
// # Ownership
//
// follow keeps a table for each kind of object; the syncer alone has the disk and the router's management; a duty (collector,
// announcer, publisher, pods) lives as long as this adaptor is the leader. All end before Run returns.
//
// # What is left alone
//
// The router's listeners for management and health, connectors that it made itself, and all that only a new pod can change.
package adaptor
