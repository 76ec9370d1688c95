module github.com/skupper-plugins/suite/plugins/podman-skupper

go 1.26.0

require (
	github.com/containers/common v0.64.2
	github.com/fsnotify/fsnotify v1.9.0
	github.com/google/uuid v1.6.0
	github.com/rs/zerolog v1.35.1
	github.com/skupper-plugins/suite/router v0.0.0
	github.com/skupper-plugins/suite/shared v0.0.0
	github.com/urfave/cli/v2 v2.27.7
	go.uber.org/goleak v1.3.0
	go.uber.org/multierr v1.11.0
	golang.org/x/sys v0.47.0
	k8s.io/apimachinery v0.37.2
	sigs.k8s.io/yaml v1.6.0
)

require (
	go.yaml.in/yaml/v2 v2.4.4 // indirect
)

replace (
	github.com/skupper-plugins/suite/router => ../../router
	github.com/skupper-plugins/suite/shared => ../../shared
)
