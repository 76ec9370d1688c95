module github.com/skupper-plugins/suite/plugins/kubectl-skupper

go 1.26.0
