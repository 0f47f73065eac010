"""What the tests share: each environment rendered once, and `--update` for goldens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import cache

import pytest

from tools.findings.model import Manifest
from tools.manifests.documents import manifests, parse
from tools.manifests.files import mapping
from tools.render.chart import chart
from tools.render.own import CHART
from tools.render.template import render

# The seed of what tests generate, beside their fixed ones. One for every process of a run, which must collect the same
# tests; and the same in every run, so that a gate fails for what changed. SARK_SEED names another.
os.environ.setdefault("SARK_SEED", "20261128")

Rendered = Callable[[str], tuple[Manifest, ...]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the goldens anew instead of comparing with them")


@pytest.fixture(scope="session")
def rendered_text() -> Callable[[str], str]:
    """An environment's name -> what Helm prints for it."""
    project = chart(CHART)

    @cache
    def text(environment: str) -> str:
        return asyncio.run(render(project.path, mapping(project.environments[environment])))

    return text


@pytest.fixture(scope="session")
def rendered(rendered_text: Callable[[str], str]) -> Rendered:
    """An environment's name -> its objects."""
    project = chart(CHART)

    @cache
    def objects(environment: str) -> tuple[Manifest, ...]:
        return manifests(parse(rendered_text(environment), environment), environment, project.name)

    return objects
