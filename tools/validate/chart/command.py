"""Tries of a chart what the command line asks for beside its environments."""

from __future__ import annotations

import argparse
from functools import partial

from tools.findings.errors import InputError
from tools.findings.model import Stage
from tools.findings.progress import Progress
from tools.findings.recorder import Recorder
from tools.findings.report import Gate
from tools.render.chart import chart
from tools.render.target import KUBE_VERSION, Target
from tools.render.template import render


async def beside(options: argparse.Namespace, gate: Gate, progress: Progress) -> tuple[Stage, ...]:
    """The stages that somebody has to ask for, where somebody does."""
    if not options.refused:
        return ()
    # Only now: who asks for none of it waits for none of it.
    from tools.validate.chart import refused

    recorder = Recorder("", progress.done, gate)
    try:
        judged = chart(options.chart)
    except InputError as error:
        recorder.skip((refused.STAGE,), str(error), excused=False)
        return tuple(recorder.stages)
    target = Target(kube_version=(options.kube_version or (KUBE_VERSION,))[0])
    rendered = partial(render, judged.path, target=target)
    return await refused.stages(options.refused, lambda values, files: rendered(values, files=files), recorder)
