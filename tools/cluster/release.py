"""The chart's release in the cluster, through pyhelm3."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import semver
from kubernetes.client.exceptions import ApiException
from pyhelm3 import Client, Command, errors

from tools.cluster import calico
from tools.cluster.errors import CannotRunError
from tools.cluster.kube import Kube, explain
from tools.cluster.options import NAMESPACE, RELEASE, TrialOptions
from tools.egress.engines import engine
from tools.findings.errors import InputError
from tools.manifests.files import read_yaml, shown
from tools.render.chart import chart
from tools.render.helm import Helm, HelmError, find
from tools.render.helm_errors import classify
from tools.render.merge import overlay

Output = TypeVar("Output")
SECONDS = 180


def values(options: TrialOptions, *more: Path) -> dict[str, Any]:
    """The environment's values with `options.values` and then `more` laid over them, as Helm would: one mapping."""
    try:
        environments = chart(options.chart).environments
        if options.environment not in environments:
            known = ", ".join(sorted(environments))
            raise CannotRunError(f"the chart has no environment {options.environment}; it has {known}")
        merged: dict[str, Any] = {}
        for path in (environments[options.environment], options.values, *more):
            merged = overlay(merged, _mapping(path))
    except InputError as error:
        raise CannotRunError(str(error)) from error
    return merged


def shipped_values(options: TrialOptions) -> dict[str, Any]:
    """The chart's defaults, with what the trial of SARK's own manifests must say over them: no environment's values."""
    return dict(_mapping(options.sark_values))


def _mapping(path: Path) -> Mapping[str, Any]:
    parsed = read_yaml(path)
    if parsed.problems:
        where, message = parsed.problems[0].where, parsed.problems[0].message
        raise CannotRunError(f"{where.file}:{where.line}: {message}")
    body = parsed.documents[0].body if parsed.documents else {}
    if not isinstance(body, Mapping):
        raise CannotRunError(f"{shown(path)} is not a mapping of values")
    return body


def images(options: TrialOptions) -> list[str]:
    """The images that the chart's own values name."""
    defaults = _mapping(options.chart / "values.yaml")
    merged = overlay(defaults, values(options))
    image_values = [merged[part]["image"] for part in ("proxy", "test", "dnsGuard")]
    return [f"{image['repository']}:{image['tag']}" for image in image_values]


def can_enforce(kube: Kube, release_values: Mapping[str, Any]) -> None:
    """Refuse what this cluster would accept and not enforce."""
    try:
        served = calico.resources(kube.api)
    except ApiException as error:
        served = ()
        if release_values.get("calico", {}).get("enabled"):
            raise CannotRunError(
                f"calico.enabled is true, but this cluster does not serve {calico.V3} ({explain(error)}). "
                "Install Calico's API server (apiserver.yaml of its release), or set calico.enabled=false"
            ) from error
    chosen = engine(release_values.get("egress", {}).get("engine", "proxy"))
    if chosen and chosen.resource and chosen.resource not in served:
        raise CannotRunError(
            f"egress.engine is {chosen.name}, but this cluster {chosen.without}. "
            f"Set egress.engine=proxy, or install {chosen.needs}"
        )


class AnyVersion(Command):  # type: ignore[misc]
    """pyhelm3's command, for a helm built by `go install` too: such a one says v4.3, which pyhelm3 refuses to parse."""

    def __init__(self, helm: Helm, kubeconfig: Path) -> None:
        super().__init__(executable=helm.path, kubeconfig=kubeconfig)
        self._version = semver.Version(*helm.version)

    def client_version(self) -> semver.Version:
        """The version that tools.render.helm read."""
        return self._version


@dataclass(frozen=True)
class Release:
    """One release of the chart. Helm's failures are `CannotRunError`s with its own words."""

    chart: Path
    command: Command
    client: Client

    @classmethod
    def of(cls, options: TrialOptions) -> Release:
        """Find helm, and aim it at the cluster."""
        logging.getLogger("pyhelm3").setLevel(logging.CRITICAL)
        try:
            helm = find()
        except HelmError as error:
            raise CannotRunError(str(error)) from error
        command = AnyVersion(helm, options.kubeconfig)
        return cls(options.chart, command, Client(command, executable=helm.path))

    def install(self, release_values: Mapping[str, Any]) -> int:
        """Install or upgrade, and wait until its pods are ready; returns the revision."""

        async def go() -> int:
            source = await self.client.get_chart(self.chart)
            done = await self.client.install_or_upgrade_release(
                RELEASE, source, dict(release_values), namespace=NAMESPACE, wait=True, timeout=f"{SECONDS}s"
            )
            return int(done.revision)

        return self._output_of("install", go())

    def uninstall(self) -> None:
        """Remove it and wait until it is gone; one that is not there is fine."""
        gone = self.client.uninstall_release(RELEASE, namespace=NAMESPACE, wait=True, timeout=f"{SECONDS}s")
        self._output_of("uninstall", gone)

    def helm(self, *words: str) -> str:
        """A helm command that pyhelm3 has no method for."""
        output = self._output_of(words[0], self.command.run([*words, "--namespace", NAMESPACE]))
        return bytes(output).decode("utf-8", "replace")

    def _output_of(self, what: str, words: Coroutine[Any, Any, Output]) -> Output:
        try:
            return asyncio.run(words)
        except errors.Error as error:
            refusal = classify(error.stderr.decode("utf-8", "replace"), error.returncode)
            raise CannotRunError(f"helm {what}: {refusal}") from error
