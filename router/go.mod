module github.com/skupper-plugins/suite/router

go 1.26

require (
	github.com/Azure/go-amqp v1.7.0
	github.com/rs/zerolog v1.35.1
	go.uber.org/goleak v1.3.0
)

require (
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	golang.org/x/sys v0.47.0
)
