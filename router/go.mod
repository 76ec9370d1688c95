module github.com/skupper-plugins/suite/router

go 1.26

require (
	github.com/Azure/go-amqp v1.7.0
	github.com/rs/zerolog v1.35.1
	go.uber.org/goleak v1.3.0
	go.uber.org/multierr v1.11.0
)

require golang.org/x/sys v0.47.0 // indirect
