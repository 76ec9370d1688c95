package deps

// Rules are the import directions of the suite.
//
//	plugins/* → shared → router/config            the router imports nothing of ours
//	plugins/* → router, router/manage, router/config
//	wire ← frame ← conn ← transport ← core ← {tcp, vanflow}       message ← {core, agent}
//	control knows neither conn nor core
var Rules = append(moduleRules, append(sharedRules, engineRules...)...)

var moduleRules = []Rule{
	{
		From:   []string{"./router/..."},
		Allow:  []string{},
		Forbid: []string{"k8s.io/...", "sigs.k8s.io/...", "github.com/containers/..."},
		Reason: "the router is usable without the rest of the suite, by those who only want a router",
	},
	{
		From:   []string{"./shared/..."},
		Allow:  []string{"./router/config"},
		Reason: "the domain knows no host tool and no engine; of the router it writes only the configuration",
	},
	{
		From: []string{"./shared/..."},
		Forbid: []string{"k8s.io/cli-runtime/...", "k8s.io/client-go/...", "k8s.io/kubectl/...", "sigs.k8s.io/controller-runtime/...",
			"github.com/containers/...", "go.podman.io/..."},
		Reason: "what shared needs every consumer carries, with its size and its vulnerabilities: adapters live with their host tool",
	},
	{
		From: []string{"./plugins/podman-skupper/..."},
		Forbid: []string{"./plugins/kubectl-skupper/...", "k8s.io/cli-runtime/...", "k8s.io/client-go/...", "k8s.io/kubectl/...",
			"sigs.k8s.io/controller-runtime/...", "github.com/containers/podman/...", "go.podman.io/podman/..."},
		Reason: "a local site must not carry a cluster client, which makes the program four times as big; podman is spoken to over its socket",
	},
	{
		From:   []string{"./plugins/kubectl-skupper/..."},
		Forbid: []string{"./plugins/podman-skupper/...", "github.com/containers/...", "go.podman.io/..."},
		Reason: "the plugins are two hosts of the same verbs: what both need belongs to shared",
	},
	{
		From:   []string{"./plugins/kubectl-skupper/internal/kubehost/..."},
		Forbid: []string{"./plugins/kubectl-skupper/internal/controller/..."},
		Reason: "the plugin never links the controller",
	},
	{
		From:   []string{"./router/...", "./shared/...", "./plugins/..."},
		Except: []string{"./shared/site/sitetest", "./router/routertest"},
		Forbid: []string{"./tests/...", "./shared/site/sitetest", "./router/routertest", "github.com/rogpeppe/go-internal/...", "go.uber.org/goleak"},
		Reason: "test support must not get into programs",
	},
}

var sharedRules = []Rule{
	{
		From:   []string{"./shared/..."},
		Except: []string{"./shared/command", "./shared/host"},
		Forbid: []string{"github.com/urfave/cli/..."},
		Reason: "a verb is plain fields and a Run; only the command tree and the host port know how flags are parsed",
	},
	{
		From:   []string{"./shared/op"},
		Forbid: []string{"./shared/command", "./shared/host"},
		Reason: "verbs return data; hosts print it",
	},
	{
		From:   []string{"./shared/site"},
		Forbid: []string{"./shared/op", "./shared/command", "./shared/host", "./shared/grant/..."},
		Reason: "the plan is a pure function of resources and observations",
	},
	{
		From:   []string{"./shared/grant"},
		Forbid: []string{"./shared/grant/grantserver", "./shared/grant/redeem", "./shared/site"},
		Reason: "the rules of a grant are a pure machine; what serves them and what asks it is outside",
	},
	{
		From:    []string{"./shared/fault", "./shared/pki"},
		Allow:   []string{},
		StdOnly: true,
		Reason:  "these are the leaves everything else stands on",
	},
}

var engineRules = []Rule{
	{
		From:    []string{"./router/config"},
		Allow:   []string{},
		StdOnly: true,
		Reason:  "the configuration is plain data that both shared and the engines read",
	},
	{
		From:    []string{"./router/internal/limits"},
		Allow:   []string{},
		StdOnly: true,
		Reason:  "bounds are numbers with units and know nobody",
	},
	{
		From:    []string{"./router/internal/wire"},
		Allow:   []string{"./router/internal/limits"},
		StdOnly: true,
		Reason:  "wire ← frame ← conn ← transport: AMQP types know only octets",
	},
	{
		From:   []string{"./router/internal/frame"},
		Allow:  []string{"./router/internal/wire", "./router/internal/limits"},
		Reason: "wire ← frame ← conn ← transport: a frame knows only AMQP types",
	},
	{
		From:   []string{"./router/internal/message"},
		Allow:  []string{"./router/internal/wire", "./router/internal/frame", "./router/internal/limits"},
		Reason: "a message is what frames carry and knows nobody who moves it",
	},
	{
		From: []string{"./router/internal/conn"},
		Forbid: []string{"./router/internal/transport", "./router/internal/core", "./router/internal/control", "./router/internal/tcp",
			"./router/internal/agent", "net/http"},
		Reason: "wire ← frame ← conn ← transport: the connection machine does no input or output and routes nothing",
	},
	{
		From:   []string{"./router/internal/transport"},
		Forbid: []string{"./router/internal/core", "./router/internal/control", "./router/internal/tcp", "./router/internal/agent"},
		Reason: "sockets carry connections; what is said over them is decided above",
	},
	{
		From:   []string{"./router/internal/core"},
		Forbid: []string{"./router/internal/control", "./router/internal/tcp", "./router/internal/agent", "./router/internal/vanflow"},
		Reason: "transport ← core ← {tcp, vanflow}: the core decides where deliveries go, whoever asks for them",
	},
	{
		From:   []string{"./router/internal/tcp"},
		Forbid: []string{"./router/internal/control", "./router/internal/agent", "./router/internal/vanflow"},
		Reason: "an adaptor meets the core only: the router package joins it to the rest",
	},
	{
		From:   []string{"./router/internal/agent"},
		Forbid: []string{"./router/internal/conn", "./router/internal/transport", "./router/internal/control", "./router/internal/tcp"},
		Reason: "management asks through its own port: the router package joins it to the rest",
	},
	{
		From:   []string{"./router/internal/vanflow"},
		Forbid: []string{"./router/internal/control", "./router/internal/tcp", "./router/internal/agent"},
		Reason: "telemetry meets the core only: the router package joins it to the rest",
	},
	{
		From: []string{"./router/internal/control"},
		Forbid: []string{"./router/internal/conn", "./router/internal/core", "./router/internal/transport", "./router/internal/tcp",
			"./router/internal/agent"},
		Reason: "control knows neither conn nor core: it turns messages and time into effects, and is tested as that",
	},
	{
		From: []string{"./router/manage"},
		Forbid: []string{"./router", "./router/internal/conn", "./router/internal/core", "./router/internal/control", "./router/internal/transport",
			"./router/internal/tcp", "./router/internal/agent"},
		Reason: "the management client works against any router, so it needs none of ours",
	},
	{
		From: []string{"./router/network", "./router/announce"},
		Forbid: []string{"./router", "./router/internal/conn", "./router/internal/core", "./router/internal/control", "./router/internal/transport",
			"./router/internal/tcp", "./router/internal/agent"},
		Reason: "the network is seen and told of through any router: of ours these share only the records and their numbers",
	},
}
