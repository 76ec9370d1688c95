module github.com/skupper-plugins/suite/tests

go 1.26.0

require (
	github.com/Azure/go-amqp v1.7.0
	github.com/rogpeppe/go-internal v1.14.1
	github.com/rs/zerolog v1.35.1
	github.com/skupper-plugins/suite/router v0.0.0
	github.com/skupper-plugins/suite/shared v0.0.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/tools v0.26.0 // indirect
)

replace (
	github.com/skupper-plugins/suite/plugins/podman-skupper => ../plugins/podman-skupper
	github.com/skupper-plugins/suite/router => ../router
	github.com/skupper-plugins/suite/shared => ../shared
)
