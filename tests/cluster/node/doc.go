// Package node runs real Kubernetes clusters of one node each, as processes of this machine: etcd, kube-apiserver,
// kube-controller-manager, kube-scheduler, kubelet and kube-proxy of one version, with containerd and runc of the system.
//
// It is for programs that package isolate runs: it names network namespaces, bridges and cgroups without asking who else
// does, and leaves the end of pods and mounts to the end of the namespaces.
//
// The network is one bridge, which stands for the internet: this process is at 172.30.0.1, the node of cluster N at
// 172.30.0.10+N, its pods are 10.244.N.0/24 and its Services 10.95+N.0.0/16. Services are reachable from outside of the
// cluster too, as is usual between a workstation and a test cluster, and names of Services are answered by this process. So
// are Services of type LoadBalancer, which get addresses of 172.30.10+N.0/24. Other machines, without Kubernetes, are at 172.30.0.101 and on.
package node
