package deploy

import rbacv1 "k8s.io/api/rbac/v1"

// Rules are what the controller may do, in all namespaces or in its own. Each is used, or is granted to routers: nobody may
// grant what he does not have.
func Rules() []rbacv1.PolicyRule {
	read := []string{"get", "list", "watch"}
	plain := append(append([]string{}, read...), "create", "update", "delete")
	all := append(append([]string{}, plain...), "patch")
	rule := func(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
	}
	return []rbacv1.PolicyRule{
		rule("", read, "pods"),
		rule("", all, "configmaps", "secrets", "services"),
		rule("", all, "serviceaccounts"),
		rule("", []string{"create", "patch"}, "events"),
		rule("events.k8s.io", []string{"create", "patch"}, "events"),
		rule("apps", all, "deployments"),
		rule("rbac.authorization.k8s.io", all, "roles", "rolebindings"),
		rule("coordination.k8s.io", plain, "leases"),
		rule("networking.k8s.io", all, "ingresses"),
		rule("route.openshift.io", all, "routes"),
		rule("route.openshift.io", []string{"create"}, "routes/custom-host"),
		rule("projectcontour.io", all, "httpproxies"),
		rule("gateway.networking.k8s.io", all, "gateways", "tlsroutes"),
		rule("skupper.io", all, "sites", "listeners", "multikeylisteners", "connectors", "attachedconnectors", "attachedconnectorbindings",
			"links", "accessgrants", "accesstokens", "routeraccesses", "securedaccesses", "certificates"),
		rule("skupper.io", []string{"get", "update", "patch"}, "sites/status", "listeners/status", "multikeylisteners/status", "connectors/status",
			"attachedconnectors/status", "attachedconnectorbindings/status", "links/status", "accessgrants/status", "accesstokens/status",
			"routeraccesses/status", "securedaccesses/status", "certificates/status"),
	}
}
