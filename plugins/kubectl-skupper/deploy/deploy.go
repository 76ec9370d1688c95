// Package deploy has what is put into a cluster: the definitions of the resources, generated from their Go types.
package deploy

import "embed"

// Regenerate the definitions after a change of the types. Secret is the core group's own.
//
//go:generate ../../../scripts/tool.sh controller-gen crd paths=../../../shared/api/v2alpha1 output:crd:dir=crds
//go:generate rm crds/skupper.io_secrets.yaml

// CRDs are the definitions, crds/skupper.io_PLURAL.yaml, one document each.
//
//go:embed crds/*.yaml
var CRDs embed.FS
