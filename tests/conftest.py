"""What the tests share: each environment rendered once, and `--update` for goldens."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tools.findings.model import Manifest

pytest_plugins = ["tools.validate.pytest_plugin"]

# The seed of what tests generate, beside their fixed ones. One for every process of a run, which must collect the same
# tests; and the same in every run, so that a gate fails for what changed. SARK_SEED names another.
os.environ.setdefault("SARK_SEED", "20261128")

Rendered = Callable[[str], tuple[Manifest, ...]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the goldens anew instead of comparing with them")


@pytest.fixture(scope="session")
def rendered_text(sark_rendered_text: Callable[[str], str]) -> Callable[[str], str]:
    """An environment's name -> what Helm prints for it."""
    return sark_rendered_text


@pytest.fixture(scope="session")
def rendered(sark_rendered: Rendered) -> Rendered:
    """An environment's name -> its objects."""
    return sark_rendered
