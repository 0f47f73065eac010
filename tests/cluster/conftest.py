"""The tests in kind run when they are asked for, and not because somebody typed `pytest`."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip them unless a marker expression was given: `pytest -m kind`."""
    if not config.option.markexpr:
        for item in items:
            if item.get_closest_marker("kind"):
                item.add_marker(pytest.mark.skip(reason="makes a kind cluster; ask for it: pytest -m kind"))
