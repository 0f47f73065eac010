#!/usr/bin/env bash
# Writes the JSON files beside it anew, from the Go types and CRDs of the modules named here: needs Go and the Go module proxy.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
calico=github.com/projectcalico/api@v0.0.0-20250916150628-d4009e4d7c50
cluster=sigs.k8s.io/network-policy-api@v0.3.0
admin=sigs.k8s.io/network-policy-api@v0.1.7
generator=sigs.k8s.io/controller-tools/cmd/controller-gen@v0.19.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
go mod init crds
go get "$calico"
printf 'package main\n\nimport _ "github.com/projectcalico/api/pkg/apis/projectcalico/v3"\n\nfunc main() {}\n' > main.go
go mod tidy
go run "$generator" crd:allowDangerousTypes=true paths=github.com/projectcalico/api/pkg/apis/projectcalico/v3 output:crd:dir=calico
directory() { go mod download -json "$1" | "$python" -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'; }
# The Profile and BlockAffinity kinds are Calico's own bookkeeping: nobody writes them.
rm calico/projectcalico.org_{profiles,blockaffinities,caliconodestatuses}.yaml

write() { PYTHONPATH="$here/../../.." "$python" -m tools.manifests.schemas.structural "$1" "${@:3}" > "$here/$2"; }
write "$calico, by $generator" calico.json calico/*.yaml
write "$cluster config/crd/experimental, $admin config/crd/experimental" policy-api.json \
  "$(directory "$cluster")"/config/crd/experimental/policy.*.yaml "$(directory "$admin")"/config/crd/experimental/policy.*.yaml
