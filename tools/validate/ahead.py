"""Begins Helm's renders of what is asked for before the modules are loaded that judge them, which take as long."""

from __future__ import annotations

import argparse
from itertools import islice, product

from tools import COMMAND
from tools.render.early import EarlyRenders

# Each is a process with memory of its own.
MOST = 4


def renders_begun(options: argparse.Namespace) -> EarlyRenders:
    """The first renders that the run will ask for; none where the command line may be wrong, which the run says.

    They are begun where the toolkit is a command: elsewhere a test may have another Helm in mind.
    """
    early = EarlyRenders()
    if COMMAND and not options.list_rules and not options.explain:
        _begin(early, options)
    return early


def _begin(early: EarlyRenders, options: argparse.Namespace) -> None:
    # Only now: the list of the rules needs none of it.
    from tools.render.chart import Chart, is_chart
    from tools.render.helm import likely
    from tools.render.template import command
    from tools.validate.asked import chosen, environments_asked, target, unknown, versions
    from tools.validate.chart.variants import variants

    helm = options.helm[0] if options.helm else likely()
    judged = Chart(options.chart)
    if not helm or not environments_asked(options) or not is_chart(options.chart) or unknown(options, judged):
        return
    # Which APIs the templates ask for is read later.
    runs = product(variants(versions(options), None), chosen(options, judged).values())
    for variant, environment in islice(runs, MOST):
        early.begin(command(helm, judged.path, environment.files, target(variant)))
