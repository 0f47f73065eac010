"""How soon a changed list is in force in a cluster: from the changed ConfigMap to the last replica that obeys.

    python -m bench.push [ROUNDS]

Needs a cluster that is up (`python -m tools.cluster up`), and leaves the chart uninstalled there. Changes it by the
chart's hook, by `python -m tools.egress push` after `helm upgrade` and by the same around it, in turns, so that what
else the machine does falls on all.
"""

from __future__ import annotations

import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence

from bench.arguments import positive
from tools.cluster import pushed
from tools.cluster.commands import connect, furnished
from tools.cluster.options import TrialOptions
from tools.cluster.pushed import WAYS, PushRound
from tools.cluster.trial_cluster import Scene
from tools.cluster.tried import specification
from tools.findings.progress import Progress


def rounds(scene: Scene, number: int) -> Iterator[PushRound]:
    """So many changes by each way."""
    for _ in range(number):
        for way in WAYS:
            lists = pushed.lists_of(scene, way)
            pushed.settle(scene, lists[False])
            yield pushed.change(scene, way, lists[True], listed=False)


def row(name: str, seconds: Sequence[float]) -> str:
    """Median, and the worst of all rounds, which with fewer than a hundred is also their 99th percentile."""
    ranked = sorted(seconds)
    worst = ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]
    return f"| {name} | {statistics.median(ranked):.2f} s | {worst:.2f} s |"


def main() -> None:
    """The table."""
    parser = ArgumentParser(prog="python -m bench.push", description=__doc__)
    parser.add_argument("rounds", type=positive, nargs="?", default=20, help="changes by each way (%(default)s)")
    parser.add_argument("--name", default=TrialOptions().name, help="the kind cluster's name (%(default)s)")
    given = parser.parse_args()
    options = TrialOptions(name=given.name)
    scene = furnished(options, specification(options.flows), connect(options), Progress.on(sys.stderr), [])
    try:
        done = list(rounds(scene, given.rounds))
    finally:
        scene.release.uninstall()
    print(f"{given.rounds} changes by each way, {len(done[0].obeyed)} replicas\n")
    print("| from … to the last replica that obeys | p50 | p99 |\n|---|---|---|")
    for way in WAYS:
        of_way = [it for it in done if it.way == way]
        print(row(f"the changed ConfigMap, by the {way}", [it.after_writing for it in of_way]))
        print(row(f"the start of `helm upgrade`, by the {way}", [it.after_starting for it in of_way]))
        print(
            row(
                f"the start of `helm upgrade` until it came back, by the {way}",
                [it.returned - it.started for it in of_way],
            )
        )


if __name__ == "__main__":
    main()
