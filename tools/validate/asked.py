"""What a command line asks to be rendered: environments, and the clusters that they are rendered for."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.render.chart import Chart
from tools.render.load import Chosen
from tools.render.target import KUBE_VERSION, RenderTarget
from tools.validate.chart.variants import Variant, asked_for, variants
from tools.validate.options import parser


def environments_asked(options: argparse.Namespace) -> bool:
    """Whether environments are judged: the chart's own, unless manifests alone are named."""
    return bool(options.env or options.values or not options.manifests)


def versions(options: argparse.Namespace) -> tuple[str, ...]:
    """The versions of Kubernetes that are asked for, at least one."""
    return tuple(options.kube_version or (KUBE_VERSION,))


def clusters(options: argparse.Namespace, judged: Chart) -> tuple[Variant, ...]:
    """The clusters that each environment is rendered for."""
    apis = options.api_versions
    return variants(versions(options), asked_for(judged.templates) if apis == [] else apis)


def target(variant: Variant) -> RenderTarget:
    """What a render for that cluster is for."""
    return RenderTarget(kube_version=variant.kube_version, api_versions=variant.apis)


def unknown(options: argparse.Namespace, judged: Chart) -> list[str]:
    """The environments that are named and that the chart does not have."""
    return [name for name in options.env or () if name not in judged.environments]


def chosen(options: argparse.Namespace, judged: Chart) -> dict[str, Chosen]:
    """What is asked for, by the name that reports have: each environment, with the values that are laid over it."""
    known = judged.environments
    if strangers := unknown(options, judged):
        parser().error(f"there is no environment {', '.join(strangers)}; there are {', '.join(known) or 'none'}")
    over = tuple(map(Path, options.values or ()))
    names = options.env or (() if over else known)
    called = [file.name for file in over]
    if not names:
        return {"+".join(called) or "values.yaml": Chosen(over)}
    return {"+".join((name, *called)): Chosen((known[name], *over), name) for name in names}
