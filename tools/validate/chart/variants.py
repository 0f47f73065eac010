"""The clusters that each environment is rendered for: versions of Kubernetes, with and without the APIs asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_ASKS = re.compile(r"\.Capabilities\.APIVersions\.Has\s*(?:[\"`](?P<api>[^\"`\s]+)[\"`])?")
_API = re.compile(r"[\"`](?P<api>[a-z0-9-]+(?:\.[a-z0-9-]+)+/v\d[a-z0-9]*(?:/[A-Z]\w*)?)[\"`]")


@dataclass(frozen=True, slots=True)
class Variant:
    """One cluster: its version of Kubernetes and the APIs that it has beside Kubernetes' own.

    `suffix`: what a report writes behind the name of an environment.
    """

    kube_version: str
    apis: tuple[str, ...] = ()
    suffix: str = ""


def variants(versions: Sequence[str], apis: Sequence[str] | None) -> tuple[Variant, ...]:
    """Each version, once; with `apis` (None: nobody asks for any) each without them and with them."""
    every = tuple(dict.fromkeys(versions))
    return tuple(variant for version in every for variant in _of_version(version, apis, several=len(every) > 1))


def _of_version(version: str, apis: Sequence[str] | None, *, several: bool) -> Iterator[Variant]:
    suffix = f"@{version}" if several else ""
    yield Variant(version, (), suffix)
    if apis:
        yield Variant(version, tuple(apis), f"{suffix}+apis")


def asked_for(templates: Iterable[str]) -> tuple[str, ...]:
    """The APIs that templates ask for: `.Capabilities.APIVersions.Has "a.io/v1"`.

    Where a template asks for what a variable holds, every text in it that has the form of an API is taken for one.
    """
    return tuple(sorted({api for text in templates for api in _asked_for(text)}))


def _asked_for(text: str) -> Iterator[str]:
    for question in _ASKS.finditer(text):
        if question["api"]:
            yield question["api"]
        else:
            yield from (literal["api"] for literal in _API.finditer(text))
