// Package names has the labels, annotations and object names that a site on Kubernetes consists of and that others (other
// controllers, adaptors, command lines, observers) know it by. Their values are part of the interface between all of these.
package names

// Labels and annotations.
const (
	Controlled        = "internal.skupper.io/controlled"          // annotation "true": a controller made it and may remove it
	RouterConfig      = "internal.skupper.io/router-config"       // label, empty: a ConfigMap that is a router's configuration
	Listener          = "internal.skupper.io/listener"            // label: a Service for listeners, with the name of one of them
	SecuredAccess     = "internal.skupper.io/secured-access"      // label "true": what a SecuredAccess consists of
	RouterAccess      = "internal.skupper.io/routeraccess"        // annotation: the RouterAccess that a SecuredAccess is for
	Certificate       = "internal.skupper.io/certificate"         // label of Certificates, annotation of Secrets, "true"
	Hosts             = "internal.skupper.io/hosts"               // annotation of Secrets and SecuredAccesses; with "-" and a UID behind it: of Certificates
	TLSProfileContext = "internal.skupper.io/tls-profile-context" // annotation of Secrets: JSON list of profiles with their ordinals
	PriorRevisions    = "skupper.io/tls-prior-valid-revisions"    // annotation of Secrets: replaced certificates that stay valid
	ConfigDigest      = "skupper.io/config-digest"                // annotation of router pods: what needs a new pod
	Account           = "internal.skupper.io/service-account"     // annotation of router pods that replaced those of an account that is gone: its UID
	Authority         = "internal.skupper.io/authority"           // annotation of Certificates that sign: the digest of key and name of the one in use
	AuthorityReplaced = "internal.skupper.io/authority-replaced"  // annotation of Certificates that sign: since when there is another one than before, RFC 3339
	AuthorityBefore   = "internal.skupper.io/authority-before"    // annotation of the same: the digest of that one
	RedeemedFor       = "internal.skupper.io/redeemed-for"        // annotation of AccessTokens: the UID of the Site that the links are for
	SiteSizing        = "skupper.io/site-sizing"                  // label of ConfigMaps: the name of a size
	DefaultSizing     = "skupper.io/default-site-sizing"          // annotation of the ConfigMap that is the default size
	LabelTemplate     = "skupper.io/label-template"               // label of ConfigMaps: their labels are copied

	Component   = "skupper.io/component" // label: router or controller
	Type        = "skupper.io/type"      // label: site
	Group       = "skupper.io/group"     // label of router pods
	Application = "application"
	AppName     = "app.kubernetes.io/name"
	PartOf      = "app.kubernetes.io/part-of"
)

// Values of labels.
const (
	ComponentRouter     = "router"
	ComponentController = "controller"
	TypeSite            = "site"
	Skupper             = "skupper"
)

// Names of objects.
const (
	Router        = "skupper-router"         // Deployment, ConfigMap, Role, ServiceAccount, RouterAccess, SecuredAccess; the first group
	SecondRouter  = "skupper-router-2"       // the second group of a site with two routers
	RouterLocal   = "skupper-router-local"   // Service with the router's amqps port
	SiteServer    = "skupper-site-server"    // credentials of the router's listeners for other routers
	NetworkStatus = "skupper-network-status" // ConfigMap
	NetworkKey    = "NetworkStatus"          // its key
	ConfigKey     = "skrouterd.json"         // key of the router's ConfigMap
	SiteLeader    = "skupper-site-leader"    // Lease
	ControlMap    = "skupper"                // ConfigMap that says whose a namespace is
	ControlKey    = "controller"             // its key
	GrantServer   = "skupper-grant-server"   // SecuredAccess, Certificate, Secret
	GrantServerCA = "skupper-grant-server-ca"
	Controller    = "skupper-controller"    // Deployment, field manager
	LogConfig     = "skupper-log-config"    // ConfigMap with the controller's log level
	GrantJournal  = "skupper-grant-journal" // ConfigMap with redemptions that the grants of the namespace do not have yet

	RouterContainer  = "router"
	AdaptorContainer = "kube-adaptor"
	InitContainer    = "config-init"
)

// DrainPath is where the adaptor answers, at its port for health, once the pod's containers may end.
const DrainPath = "/drain"

// Places in a router's pod.
const (
	CertDir  = "/etc/skupper-router-certs"
	ProxyDir = "/etc/skupper-router-proxies"
)

// The controller's own.
const (
	Applied    = "internal.skupper.io/applied"     // annotation of what is applied as a whole: the digest of it
	TLSDigests = "internal.skupper.io/tls-digests" // annotation of a router's ConfigMap: JSON map of credentials to the digest of the Secret that its ordinal is for
)

// Keys of the settings in other ConfigMaps.
const (
	LogLevelKey = "CONTROLLER_LOG_LEVEL" // of LogConfig
)
