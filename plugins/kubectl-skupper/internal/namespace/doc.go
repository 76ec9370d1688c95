// Package namespace is the heart of the controller: one reconcile a namespace, from all resources in it to all that has to be
// done for them.
//
//	gather (cache) → site.Plan (pure) → apply what differs → statuses that differ
//
// What cannot be applied is planned with once more: the plan has it told by the statuses of those whom it concerns.
//
// It keeps no state but the cluster's. Whatever changes in a namespace wakes its one request, a moment later so that changes
// that come together are seen together; a conflict means that the cache is behind and wakes it again. What was decided before
// and must stay (ports, ordinals of certificates) is read back from the router's ConfigMap, which is written with its resource
// version: so two plans made of the same old state cannot both win.
//
// It writes the specs of the objects that a site consists of and the statuses of all kinds but Certificate, SecuredAccess,
// AccessGrant and AccessToken, which have reconcilers of their own.
package namespace
