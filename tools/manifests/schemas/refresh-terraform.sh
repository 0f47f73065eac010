#!/usr/bin/env bash
# Writes terraform.json beside it anew, from CDK Terrain's wheels: needs pip and 180 MB of downloads.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m pip download --quiet --no-deps --dest "$work" \
  cdktn-provider-aws==25.8.1 cdktn-provider-google==21.1.0 cdktn-provider-azurerm==18.9.0
cd "$here/../.."
"$python" -m tools.manifests.schemas.terraform_schemas "$work"/*.whl
