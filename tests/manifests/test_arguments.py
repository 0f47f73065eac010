"""Namespaces and releases of a command line are names that the API server and Helm take."""

from __future__ import annotations

import argparse

import pytest

from tools.manifests.arguments import namespace, or_none, release


@pytest.mark.parametrize("text", ["sark", "a", "0", "a-b", "a" * 63])
def test_a_namespace(text: str) -> None:
    assert namespace(text) == text


@pytest.mark.parametrize("text", [".", "", "A", "a b", "a.b", "-a", "a" * 64, "a/b", "a\n"])
def test_what_is_no_namespace(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a valid name here; write lower-case letters, digits"):
        namespace(text)


@pytest.mark.parametrize("text", ["sark", "a.b", "a" * 53])
def test_a_release(text: str) -> None:
    assert release(text) == text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (".", "'.' is not a valid name; write lower-case"),
        ("", "'' is not a valid name"),
        ("a" * 54, "the name is 54 characters long; write at most 53"),
    ],
)
def test_what_is_no_release(text: str, fault: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=fault):
        release(text)


def test_none_at_all_is_allowed_where_it_has_a_meaning() -> None:
    assert (or_none(namespace)(""), or_none(namespace)("sark")) == ("", "sark")
    with pytest.raises(argparse.ArgumentTypeError):
        or_none(namespace)(".")
