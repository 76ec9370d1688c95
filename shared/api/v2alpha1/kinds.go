package v2alpha1

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The kinds.
const (
	KindSite                     = "Site"
	KindListener                 = "Listener"
	KindMultiKeyListener         = "MultiKeyListener"
	KindConnector                = "Connector"
	KindAttachedConnector        = "AttachedConnector"
	KindAttachedConnectorBinding = "AttachedConnectorBinding"
	KindLink                     = "Link"
	KindAccessGrant              = "AccessGrant"
	KindAccessToken              = "AccessToken"
	KindRouterAccess             = "RouterAccess"
	KindSecuredAccess            = "SecuredAccess"
	KindCertificate              = "Certificate"
	KindSecret                   = "Secret" // of the core group
)

// KindInfo is what there is to know of a kind besides its fields.
//
// +kubebuilder:object:generate=false
type KindInfo struct {
	Kind       string
	Plural     string   // lower case, as in URLs
	ShortNames []string // may be empty
	APIVersion string
	New        func() Object         // empty, with its type meta set
	NewList    func() runtime.Object // empty; nil for Secret
}

// GroupVersionKind is the kind's full name.
func (k KindInfo) GroupVersionKind() schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(k.APIVersion, k.Kind)
}

// Singular is the lower-case name of the kind.
func (k KindInfo) Singular() string { return strings.ToLower(k.Kind) }

// Kinds are the twelve kinds of the group, in the order in which they are best created.
func Kinds() []KindInfo {
	infos := []KindInfo{
		{Kind: KindSite, Plural: "sites", ShortNames: []string{"st"},
			New: func() Object { return &Site{} }, NewList: func() runtime.Object { return &SiteList{} }},
		{Kind: KindCertificate, Plural: "certificates",
			New: func() Object { return &Certificate{} }, NewList: func() runtime.Object { return &CertificateList{} }},
		{Kind: KindRouterAccess, Plural: "routeraccesses",
			New: func() Object { return &RouterAccess{} }, NewList: func() runtime.Object { return &RouterAccessList{} }},
		{Kind: KindSecuredAccess, Plural: "securedaccesses",
			New: func() Object { return &SecuredAccess{} }, NewList: func() runtime.Object { return &SecuredAccessList{} }},
		{Kind: KindAccessGrant, Plural: "accessgrants", ShortNames: []string{"grant", "gr"},
			New: func() Object { return &AccessGrant{} }, NewList: func() runtime.Object { return &AccessGrantList{} }},
		{Kind: KindAccessToken, Plural: "accesstokens", ShortNames: []string{"token", "to"},
			New: func() Object { return &AccessToken{} }, NewList: func() runtime.Object { return &AccessTokenList{} }},
		{Kind: KindLink, Plural: "links", ShortNames: []string{"ln"},
			New: func() Object { return &Link{} }, NewList: func() runtime.Object { return &LinkList{} }},
		{Kind: KindListener, Plural: "listeners", ShortNames: []string{"lnr"},
			New: func() Object { return &Listener{} }, NewList: func() runtime.Object { return &ListenerList{} }},
		{Kind: KindMultiKeyListener, Plural: "multikeylisteners",
			New: func() Object { return &MultiKeyListener{} }, NewList: func() runtime.Object { return &MultiKeyListenerList{} }},
		{Kind: KindConnector, Plural: "connectors", ShortNames: []string{"cnr"},
			New: func() Object { return &Connector{} }, NewList: func() runtime.Object { return &ConnectorList{} }},
		{Kind: KindAttachedConnector, Plural: "attachedconnectors", ShortNames: []string{"acnr"},
			New: func() Object { return &AttachedConnector{} }, NewList: func() runtime.Object { return &AttachedConnectorList{} }},
		{Kind: KindAttachedConnectorBinding, Plural: "attachedconnectorbindings", ShortNames: []string{"acnrb"},
			New: func() Object { return &AttachedConnectorBinding{} }, NewList: func() runtime.Object { return &AttachedConnectorBindingList{} }},
	}
	for i := range infos {
		infos[i].APIVersion = APIVersion
		infos[i].New = typed(infos[i].New, APIVersion, infos[i].Kind)
	}
	return infos
}

// Lookup finds a kind by its kind, plural, singular or short name, in any case. Secret is found too.
func Lookup(name string) (KindInfo, bool) {
	name = strings.ToLower(name)
	for _, k := range append(Kinds(), secretKind()) {
		if name == k.Singular() || name == k.Plural {
			return k, true
		}
		for _, s := range k.ShortNames {
			if name == s {
				return k, true
			}
		}
	}
	return KindInfo{}, false
}

func secretKind() KindInfo {
	return KindInfo{Kind: KindSecret, Plural: "secrets", APIVersion: SecretAPIVersion,
		New: typed(func() Object { return &Secret{} }, SecretAPIVersion, KindSecret)}
}

func typed(make func() Object, apiVersion, kind string) func() Object {
	return func() Object {
		o := make()
		o.GetObjectKind().SetGroupVersionKind(schema.FromAPIVersionAndKind(apiVersion, kind))
		return o
	}
}
