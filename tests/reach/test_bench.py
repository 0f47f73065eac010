"""What bench/reach.py leans on: lists of other programs in one form, in which a difference is seen, and clusters."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tools.manifests.documents import manifests, parse
from tools.reach.formats import connlist
from tools.reach.world import World


def bench(name: str) -> Any:
    """A module beside bench/reach."""
    return import_module(f"bench.{name}")


OURS = """\
0.0.0.0-9.255.255.255[External] => a/b[Pod] : All Connections
10.0.0.0-255.255.255.255[External] => a/b[Pod] : TCP 80,443,UDP 1-65535
a/b[Pod] => c/d[Deployment] : TCP 100-200
# other protocols: a/b[Pod] => c/d[Deployment] : none
"""
THEIRS = """\
global: cluster has 2 unique endpoints, 2 namespaces
0.0.0.0-4.255.255.255 => a/b[Pod] : All connections
5.0.0.0-9.255.255.255 => a/b[Pod] : All connections
10.0.0.0-255.255.255.255 => a/b[Pod] : {protocols:TCP,dst_ports:80,443}
10.0.0.0-255.255.255.255 => a/b[Pod] : {protocols:UDP}
a/b[Pod] => c/d[Deployment] : {protocols:TCP,dst_ports:100-150}
a/b[Pod] => c/d[Deployment] : {protocols:TCP,dst_ports:151-200}

Total run time:   0.05 seconds
"""


def test_lists_that_say_the_same_are_equal() -> None:
    lists = bench("connlists")
    ours, other = (lists.read(text.splitlines(keepends=True)) for text in (OURS, THEIRS))
    assert lists.differences(ours, other) == []
    assert (ours.lines, other.lines) == (3, 6)


@pytest.mark.parametrize(
    ("message", "instead", "place"),
    [
        ("100-200", "100-201", "a/b[Pod] c/d[Deployment]: "),
        ("9.255.255.255", "9.255.255.254", "a/b[Pod] from: "),
        ("TCP 80,443,UDP", "TCP 80,443,SCTP", "a/b[Pod] from: "),
        ("# other protocols", "# conditional", "# conditional: a/b[Pod]"),
        ("a/b[Pod] => c/d[Deployment]", "c/d[Deployment] => a/b[Pod]", "a/b[Pod] c/d[Deployment]: "),
    ],
)
def test_a_difference_is_seen(message: str, instead: str, place: str) -> None:
    lists = bench("connlists")
    ours, other = lists.read(OURS.replace(message, instead).splitlines()), lists.read(THEIRS.splitlines())
    differences = lists.differences(ours, other)
    assert any(line.startswith(place) for line in differences)


@pytest.mark.parametrize("line", ["a => b", "a => b : {protocols:TCP,src_ports:7}", "a => b : TCP many", "a/b : 80"])
def test_a_line_that_is_not_understood_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        bench("connlists").read([line])


def test_clusters_are_whole_and_the_same_for_a_seed(tmp_path: Path) -> None:
    clusters, lists = bench("clusters"), bench("connlists")
    texts = []
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        (tmp_path / name).mkdir()
        clusters.write(clusters.Size(60, 40, seed), tmp_path / name)
        texts.append("---\n".join(file.read_text() for file in sorted((tmp_path / name).iterdir())))
    assert texts[0] == texts[1] != texts[2]
    parsed = parse(texts[0], "f")
    world = World(manifests(parsed, "f"))
    kinds = [manifest.kind for manifest in world.manifests]
    assert (kinds.count("Deployment"), kinds.count("NetworkPolicy"), kinds.count("Namespace")) == (60, 40, 3)
    assert (parsed.problems, world.problems) == ((), ())
    listed = lists.read("".join(connlist.matrix(world.matrix())).splitlines())
    assert listed.perhaps == []
    assert 0 < len(listed.pairs) < 60 * 59
