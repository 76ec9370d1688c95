package kube

import (
	"flag"
	"strconv"
)

// Parallel has go test run n tests at a time, unless -parallel says otherwise: as many as there are processors, which is usual, leaves
// these idle where tests mostly wait for servers. It is called after flag.Parse.
func Parallel(n int) error {
	const name = "test.parallel"
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return nil
	}
	return flag.Set(name, strconv.Itoa(n))
}
