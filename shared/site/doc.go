// Package site turns the resources of a namespace into everything that has to be done for them.
//
// [Plan] is the heart: a pure function from resources and what was observed of the router to a [Desired] state: router
// configuration, certificates, statuses, and what is being waited for. The same plan serves Kubernetes sites and local
// ones; Resources.Platform decides the few true differences.
//
// What surrounds the plan is behind two ports: [Store] has the resources, [Runtime] runs and observes the router. A
// reconciler is then always the same loop:
//
//	res := Gather(store) → obs := runtime.Observe() → d := Plan(res, obs)
//	issue d.Certificates → runtime.Start(d) → store.UpdateStatus(d.Statuses) → remember d.Ports
//
// Plan never fails because a resource is wrong: the resource says so in its status, and the rest of the site goes on.
package site
