// Package sandbox gives a test an installation of its own: programs built once, a home that nothing outside of it sees,
// and the end of every process that was started in it, whatever the test did.
//
// Agents and routers outlive the command that starts them, so they are no children of the test and no context ends them.
// They are found by the records that they keep in the home and, where the system tells (Linux), by the SKUPPER_HOME they
// were started with, which also finds those that died before they wrote a record or whose record is gone.
package sandbox
