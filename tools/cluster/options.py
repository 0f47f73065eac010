"""What the command line says, and where things are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.findings.home import home

ROOT = home()
CHART = ROOT / "charts" / "sark-network"
COMMANDS = ("up", "install", "test", "fuzz", "down", "all")
RELEASE = "sark"
NAMESPACE = "sark"
IMAGE = "python:3.13-slim"
# Calico, and its API server, which serves projectcalico.org/v3: Calico's own manifest does not have it.
CALICO_RELEASE = "https://raw.githubusercontent.com/projectcalico/calico/v3.30.3/manifests"
CALICO_MANIFEST = f"{CALICO_RELEASE}/calico.yaml,{CALICO_RELEASE}/apiserver.yaml"


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """`node_image` empty: kind's own choice. `calico_manifest`: files or addresses, with commas between.

    `sark`: a checkout of SARK, or its k8s directory; `sark_values` is what its trial lays over the chart's defaults.
    `guarded_values` is laid over the chart's ci/guarded-values.yaml, and its ci/steered-values.yaml.
    `values` is laid over `environment`'s values file of the chart. `seed` and `policies` are for random policies:
    where chance begins, "" for anywhere, and how many there are to be, 0 for as many as a command usually takes.
    `record`: the file for what the cluster did.
    """

    name: str = "sark-network"
    node_image: str = ""
    calico_manifest: str = CALICO_MANIFEST
    kind_config: Path = ROOT / "kind-config.yaml"
    flows: Path = ROOT / "tests" / "flows.yaml"
    chart: Path = CHART
    environment: str = "production"
    values: Path = ROOT / "tests" / "cluster" / "values.yaml"
    changed_values: Path = ROOT / "tests" / "cluster" / "changed-values.yaml"
    sark: Path | None = None
    sark_values: Path = ROOT / "tests" / "cluster" / "sark-values.yaml"
    guarded_values: Path = ROOT / "tests" / "cluster" / "guarded-values.yaml"
    diagnostics: Path | None = None
    keep: bool = False
    reuse: bool = False
    seed: str = ""
    policies: int = 0
    record: Path | None = None

    @property
    def state(self) -> Path:
        """Where the cluster's kubeconfig lives between commands."""
        return ROOT / ".cache" / "cluster" / self.name

    @property
    def kubeconfig(self) -> Path:
        """The cluster's own kubeconfig; the user's is left alone."""
        return self.state / "kubeconfig"

    @property
    def evidence(self) -> Path:
        """The diagnostics folder."""
        return self.diagnostics or ROOT / "build" / "cluster" / self.name
