"""How templates are written: lines that fit a screen, and values read once a render."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path("charts/sark-network/templates")
FILES = sorted(path for path in TEMPLATES.rglob("*") if path.is_file())
WIDTH = 140


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_line_is_wider_than_a_screen(path: Path) -> None:
    wide = [number for number, line in enumerate(path.read_text().splitlines(), 1) if len(line) > WIDTH]
    assert wide == [], f"{path}: lines {wide} have more than {WIDTH} columns"


@pytest.mark.parametrize(
    ("helper", "file"),
    [("sark-network.allowlist.read", "_allowlist.tpl"), ("sark-network.envoy.planned", "_envoy-plan.tpl")],
)
def test_what_the_allowlist_says_is_computed_in_one_place(helper: str, file: str) -> None:
    """Which keeps the result in .Values for the rest of the render."""
    assert [path.name for path in FILES for _ in range(path.read_text().count(f'include "{helper}"'))] == [file]
    before, _, _ = (TEMPLATES / file).read_text().partition(f'include "{helper}"')
    assert "if not (hasKey .Values " in before.splitlines()[-1] + before.splitlines()[-2]


STORES = {"database-access.yaml": "database", "redis-access.yaml": "cache", "opa-access.yaml": "opa"}


@pytest.mark.parametrize(("name", "part"), STORES.items())
def test_a_stores_policy_stands_in_the_file_of_its_name(name: str, part: str) -> None:
    text = (TEMPLATES / name).read_text()
    assert text.startswith("{{- /*\nWho may call ")
    assert f'"part" "{part}"' in text
    for line in ("kind: NetworkPolicy\n", "  podSelector:\n", "  policyTypes: [Ingress, Egress]\n", "  ingress:\n"):
        assert line in text


_BUILT = re.compile(r"""printf\s+["`][&*](?!\.)""")


@pytest.mark.parametrize("path", FILES, ids=str)
def test_anchors_stand_in_the_template_as_yaml(path: Path) -> None:
    """docs/adr/0018-what-all-names-share-is-written-once.md; `*.` is the beginning of a wildcard."""
    assert _BUILT.findall(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "built"),
    [
        ('printf "&%s %s" $mark $filters', True),
        ('printf "*%s" $mark', True),
        ("printf `*%s` $mark", True),
        ('printf "*.%s" $domain', False),
        ("filters: *{{ $mark }}", False),
    ],
)
def test_an_anchor_that_is_put_together_is_seen(text: str, built: bool) -> None:
    assert bool(_BUILT.search(text)) is built
