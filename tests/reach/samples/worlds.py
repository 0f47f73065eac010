"""Worlds for tests, from YAML."""

from tools.findings.model import Manifest
from tools.manifests.documents import manifests, parse
from tools.reach.model import Explanation
from tools.reach.world import World

FILE = "policies.yaml"


def objects(text: str, file: str = FILE) -> tuple[Manifest, ...]:
    """The objects of a YAML text."""
    parsed = parse(text, file)
    assert parsed.problems == ()
    return manifests(parsed, file)


def world(text: str) -> World:
    """The world of a YAML text."""
    return World(objects(text))


def explained(judge: World, src: str, dst: str, port: int, protocol: str = "TCP") -> Explanation:
    """Why, by names."""
    return judge.explain(judge.peer(src), judge.peer(dst), port, protocol)
