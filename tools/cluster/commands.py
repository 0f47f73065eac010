"""The commands: what each does, in which order, and what is left when it fails or is interrupted."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from tools.cluster import diagnostics, kind, preflight, results, trial
from tools.cluster import fuzz_run as fuzz
from tools.cluster.errors import CannotRunError
from tools.cluster.fuzz import coverage
from tools.cluster.fuzz_pods import Ground
from tools.cluster.internet import Internet
from tools.cluster.kube import Kube, explain
from tools.cluster.options import TrialOptions
from tools.cluster.release import Release, can_enforce, values
from tools.cluster.sark.checkout import Sark
from tools.cluster.sark.checkout import read as read_sark
from tools.cluster.trial_cluster import Scene
from tools.cluster.tried import specification
from tools.cluster.up import bring_up, deploy_stand_ins, enforcement_is_real
from tools.cluster.verdict import GOOD, Result
from tools.findings.errors import InputError
from tools.findings.escaping import line, lines
from tools.findings.output import put
from tools.findings.progress import Progress
from tools.findings.report import COULD_NOT_RUN, STARTED, Report, exit_code, formats
from tools.manifests.files import shown
from tools.reach.flows.model import Specification


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the results go."""

    format: str = "text"
    file: Path | None = None
    junit: Path | None = None


@dataclass
class CommandRun:
    """One run of a command: its results, and why it stopped if it did."""

    options: TrialOptions
    progress: Progress = field(default_factory=lambda: Progress.on(sys.stderr))
    results: list[Result] = field(default_factory=list)
    stopped: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def good(self) -> bool:
        """Nothing failed and nothing stopped."""
        return not self.stopped and all(result.status in GOOD for result in self.results)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What stops the block ends up in `stopped`; an interruption passes through."""
        try:
            yield
        except CannotRunError as error:
            self.stopped = str(error)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{shown(Path(place.filename))}:{place.lineno}"
            self.stopped = f"{type(error).__name__} in {place.name}, {where}: {explain(error)}"


def run_everything(options: TrialOptions, output: Destination) -> int:
    """up, test, down. Whatever happens, the test internet goes, and so does a cluster that was made here."""
    done = CommandRun(options)
    with done.noted():
        spec, sark = specification(options.flows), checkout(options)
        preflight.check(options)
        with cleaned_up(done, made_here=not kind.exists(options.name), always=True), done.noted():
            kube = bring_up(options, spec, done.progress)
            scene = Scene(
                options, spec, kube, Internet.of(options.name), Release.of(options), done.progress, done.results
            )
            enforcement_is_real(scene)
            trial.run(scene, sark)
    return report_results(done, output)


def random_policies(options: TrialOptions, output: Destination) -> int:
    """up, random policies, down; a cluster that was there is used with --reuse, and stays."""
    done = CommandRun(options)
    with done.noted():
        spec = specification(options.flows)
        preflight.check(options)
        with cleaned_up(done, made_here=not kind.exists(options.name), always=True), done.noted():
            kube = bring_up(options, spec, done.progress)
            ground = Ground(kube, options.name, Internet.of(options.name), done.progress)
            run = fuzz.FuzzRun(ground, options, done.results)
            run.refusals()
            run.run_cases(options.seed or fuzz.any_seed(), options.policies or fuzz.MANY)
            if options.record:
                _write(options.record, "".join(f"{line}\n" for line in run.recorded))
            if output.format == "text":
                print(f"features of the policies, and how often each was used:\n{coverage.shown(run.features)}\n")
    return report_results(done, output)


def up(options: TrialOptions, output: Destination) -> int:
    """Make the cluster and leave it, or leave nothing."""
    done = CommandRun(options)
    with done.noted():
        spec = specification(options.flows)
        preflight.check(options)
        with cleaned_up(done, made_here=not kind.exists(options.name), always=False), done.noted():
            kube = bring_up(options, spec, done.progress)
            internet = Internet.of(options.name)
            enforcement_is_real(Scene(options, spec, kube, internet, Release.of(options), done.progress))
    if not done.stopped:
        print(f"cluster {options.name} is up: export KUBECONFIG={shown(options.kubeconfig)}")
    return report_results(done, output, table=False)


def install(options: TrialOptions, output: Destination) -> int:
    """Install the chart into a cluster that is up."""
    done = CommandRun(options)
    with done.noted():
        kube, release = connect(options), Release.of(options)
        requested = values(options)
        can_enforce(kube, requested)
        with done.progress.step("helm install"):
            revision = release.install(requested)
        print(f"installed: revision {revision}, environment {options.environment}")
    return report_results(done, output, table=False)


def test(options: TrialOptions, output: Destination) -> int:
    """Run the trial in a cluster that is up; the chart is not installed afterwards."""
    done = CommandRun(options)
    with done.noted():
        spec, sark = specification(options.flows), checkout(options)
        kube = connect(options)
        with done.noted():
            scene = furnished(options, spec, kube, done.progress, done.results)
            enforcement_is_real(scene)
            trial.run(scene, sark)
        if not done.good:
            gather(done)
    return report_results(done, output)


def down(options: TrialOptions, output: Destination) -> int:
    """Remove the cluster and the test internet; what is not there is fine."""
    done = CommandRun(options)
    with done.noted():
        preflight.docker_answers()
        preflight.kind_is_new_enough()
        remove(options, cluster=True)
    return report_results(done, output, table=False)


RUN: Mapping[str, Callable[[TrialOptions, Destination], int]] = {
    "up": up,
    "install": install,
    "test": test,
    "fuzz": random_policies,
    "down": down,
    "all": run_everything,
}


def checkout(options: TrialOptions) -> Sark | None:
    """SARK's manifests, where --sark names a checkout."""
    return read_sark(options.sark) if options.sark else None


def furnished(
    options: TrialOptions, spec: Specification, kube: Kube, progress: Progress, results: list[Result]
) -> Scene:
    """A cluster that is up, with the test internet and the stand-ins for SARK's parts there."""
    internet = Internet.of(options.name)
    if not internet.runs():
        internet.start(options.name, spec)
    deploy_stand_ins(kube, spec, progress)
    return Scene(options, spec, kube, internet, Release.of(options), progress, results)


def connect(options: TrialOptions) -> Kube:
    """Connect to the API of a cluster that exists."""
    preflight.docker_answers()
    preflight.kind_is_new_enough()
    if not kind.exists(options.name):
        raise CannotRunError(
            f"there is no kind cluster named {options.name}. Make it: python -m tools.cluster up --name {options.name}"
        )
    kind.connect(options)
    return Kube.at(options.kubeconfig)


@contextmanager
def cleaned_up(done: CommandRun, *, made_here: bool, always: bool) -> Iterator[None]:
    """Clean up after the block: always, or only when it failed. A cluster that was there before stays."""
    stop = signal.signal(signal.SIGTERM, _interrupt)
    ended = False
    try:
        yield
        ended = True
    finally:
        # From here on an impatient Ctrl-C must not leave half a cluster behind.
        patient = signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        failed = not ended or not done.good
        if failed:
            gather(done)
        if failed or always:
            with done.progress.step("clean up"):
                remove(done.options, cluster=made_here and not done.options.keep)
        signal.signal(signal.SIGINT, patient)
        signal.signal(signal.SIGTERM, stop)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def gather(done: CommandRun) -> None:
    """Write the diagnostics folder."""
    with done.progress.step("diagnostics"):
        folder = done.options.evidence
        diagnostics.write(done.options, "end")
        failed = [
            {"state": it.state, "name": it.name, "message": it.message} for it in done.results if it.status not in GOOD
        ]
        diagnostics.summary(folder, done.stopped, failed)
    print(f"diagnostics: {shown(folder)}", file=sys.stderr)


def remove(options: TrialOptions, *, cluster: bool) -> None:
    """Remove the test internet, and the cluster if it is to go."""
    Internet.of(options.name).stop()
    if cluster:
        kind.delete(options)


def report_results(done: CommandRun, output: Destination, *, table: bool = True) -> int:
    """Print or write the results, and return the exit code."""
    stages = results.stages(done.results, shown(done.options.flows), done.progress.timings, done.stopped)
    if output.junit:
        _write(output.junit, results.junit(done.results, done.stopped, done.started.strftime(STARTED)))
    if table or output.format != "text":
        text = _text(done) if output.format == "text" else formats()[output.format](Report(stages))
        if output.file:
            _write(output.file, text)
        else:
            print(text.rstrip("\n"))
    if done.stopped:
        print(lines(f"could not run: {done.stopped}"), file=sys.stderr)
        return COULD_NOT_RUN
    return exit_code(stages)


def _text(done: CommandRun) -> str:
    spent = ", ".join(f"{name} {value:.1f} s" for name, value in done.progress.timings.items())
    return f"{results.table(done.results)}\ntimings: {spent}\ntotal: {sum(done.progress.timings.values()):.0f} s\n"


def _write(path: Path, text: str) -> None:
    with suppress(OSError):  # The file then cannot be written either, which is said.
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        put((text,), path)
    except InputError as error:
        print(line(str(error)), file=sys.stderr)
