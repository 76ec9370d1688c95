// Package e2e attacks local sites as they are used: the real program, real processes, real TLS and traffic. Processes are
// killed at any moment, files are broken, ports are taken, servers lie; what is asserted is what the user is left with.
package e2e
