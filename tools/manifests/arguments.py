"""Names of objects on a command line: what the API server would refuse is refused before anything is read."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from tools.manifests.names import label_fault, subdomain_fault

# Helm's own limit (pkg/chart/common/util, ValidateReleaseName): a Service's name has to fit behind it.
RELEASE_LENGTH = 53


def namespace(text: str) -> str:
    """A namespace. Raises ArgumentTypeError, of which argparse makes a usage error."""
    if fault := label_fault(text):
        raise argparse.ArgumentTypeError(fault)
    return text


def release(text: str) -> str:
    """A release's name. Raises ArgumentTypeError."""
    if len(text) > RELEASE_LENGTH:
        raise argparse.ArgumentTypeError(f"the name is {len(text)} characters long; write at most {RELEASE_LENGTH}")
    if fault := subdomain_fault(text):
        raise argparse.ArgumentTypeError(fault)
    return text


def or_none(check: Callable[[str], str]) -> Callable[[str], str]:
    """The same, where an empty text means that none is given."""
    return lambda text: check(text) if text else ""
