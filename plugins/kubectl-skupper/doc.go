// Package kubectlskupper reserves the module of the kubectl plugin. The program that goes here adapts the shared verbs to
// kubectl: cli-runtime flags and printers, a store on the cluster's API, and the controller that runs Kubernetes sites.
// It has no code of its own yet; local sites are complete without it.
package kubectlskupper
