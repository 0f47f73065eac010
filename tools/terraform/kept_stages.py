"""The Terraform stages of a run: those that were worked out before come from the user's cache.

An entry stands under a hash of everything that the findings follow from: Python, its libraries and the toolkit itself,
the day and the rules, every file below terraform/ and of the chart, and the values files. What looked at any other file
is not kept, nor what could not run, nor what changed meanwhile.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tools.findings.kept import DAMAGED, KeptStore, installed, key
from tools.findings.model import Finding, Identity, Problem, Severity, Stage, Where
from tools.findings.recorder import Recorder
from tools.render.own import CHART
from tools.terraform.job import TerraformRequest

# The store's name, and how many entries it keeps.
STORE, MOST = "stages", 400
TOOLKIT = Path(__file__).resolve().parents[1]
# Environments have values files of their own, which are read for each of them.
_ENVIRONMENTS = "ci"
# The name of an entry by its environment; None: the stage of the modules.
Names = Mapping[str | None, str]
Work = Callable[[], tuple[Stage, ...]]


def begun(request: TerraformRequest, begin: Callable[[Work], Work], store: KeptStore) -> Work:
    """Begin what has to be worked out, by `begin`; what is given waits for the stages. Nothing is begun for no work."""
    names = _names(request) if store.usable else {}
    kept = {label: findings for label, name in names.items() if (findings := _read(store, name)) is not None}
    left = {name: chosen for name, chosen in request.environments.items() if name not in kept}
    of_modules = None not in kept
    missing = replace(request, environments=left)
    work = begin(partial(_judged, missing, of_modules, store, names)) if left or of_modules else tuple
    return lambda: tuple(_in_order(request, kept, work()))


def begun_job(request: TerraformRequest) -> Any:
    """The TerraformJob of a request, with nothing read yet."""
    from tools.terraform.stage import TerraformJob

    return TerraformJob(**vars(request))


def _in_order(
    request: TerraformRequest, kept: Mapping[str | None, tuple[Finding, ...]], judged: Iterable[Stage]
) -> Iterator[Stage]:
    new = {_label(stage): stage for stage in judged}
    for label in (None, *request.environments):
        if label in new:
            yield new[label]
            continue
        recorder = Recorder(label or "", request.done, request.gate)
        recorder.run("terraform" if label is None else "layers", partial(kept.__getitem__, label))
        yield from recorder.stages


def _judged(request: TerraformRequest, of_modules: bool, store: KeptStore, names: Names) -> tuple[Stage, ...]:
    # Only now: what was worked out before needs neither the language nor its parser.
    from tools.terraform import stage

    job = begun_job(request)
    stages = stage.stages(job, of_modules=of_modules)
    # Hashed again: a file may have changed since.
    if not names or not set(_names(request).items()) <= names.items() or not _within(job.looked_at, request):
        return stages
    for ended in stages:
        if not ended.skipped and not any(finding.fault for finding in ended.findings):
            store.write(names[_label(ended)], [_encoded(finding) for finding in ended.findings])
    store.tidy()
    return stages


def _label(stage: Stage) -> str | None:
    return None if stage.name == "terraform" else stage.environment


def _names(request: TerraformRequest) -> Names:
    """The names of the entries, each a hash of what the stage follows from; none when a file cannot be read."""
    settings = (
        str(Path.cwd()), str(request.directory), str(request.chart.path), str(CHART), request.today.isoformat(),
        *sorted(request.known), "", *sorted(request.gate.disabled),
    )  # fmt: skip
    try:
        files = (part for tree in _trees(request) for part in _files(tree, _ENVIRONMENTS))
        shared = key((*_toolkit(), *(setting.encode() for setting in settings), *files)).encode()
        return {None: shared.decode()} | {
            name: key((shared, name.encode(), chosen.environment.encode(), *_values(chosen.files)))
            for name, chosen in request.environments.items()
        }
    except (OSError, UnicodeError):
        return {}


def _trees(request: TerraformRequest) -> tuple[Path, ...]:
    """What the stages may read and still be kept, with everything below."""
    return tuple(dict.fromkeys(path.resolve() for path in (request.directory, CHART, request.chart.path)))


def _within(paths: Iterable[Path], request: TerraformRequest) -> bool:
    """Whether all of these were hashed, had they been there."""
    trees = _trees(request)
    return all(any(_hashed(path, tree) for tree in trees) for path in paths)


def _hashed(path: Path, tree: Path) -> bool:
    parts = path.relative_to(tree).parts if path.is_relative_to(tree) else (_ENVIRONMENTS,)
    return parts[:1] != (_ENVIRONMENTS,) and not any(map(_passed_over, parts))


def _passed_over(name: str) -> bool:
    """What Terraform and Python put beside the files of a person."""
    return name.startswith(".") or name == "__pycache__"


def _toolkit() -> Iterator[bytes]:
    yield sys.version.encode()
    yield from installed()
    yield from _files(TOOLKIT)


def _files(tree: Path | str, without: str = "") -> Iterator[bytes]:
    """The path, kind and text of everything below a directory. Raises OSError for what cannot be read."""
    for entry in sorted(os.scandir(tree), key=lambda entry: entry.name):
        if _passed_over(entry.name) or entry.name == without:
            continue
        yield os.fsencode(entry.path)
        if entry.is_symlink():
            # What it leads to is hashed where it is.
            yield b"link"
            yield os.fsencode(os.readlink(entry.path))  # noqa: PTH115
        elif entry.is_dir():
            yield b"directory"
            yield from _files(entry.path)
        else:
            yield b"file"
            yield _text(entry.path)


def _values(files: Iterable[Path]) -> Iterator[bytes]:
    for file in files:
        yield os.fsencode(file)
        yield _text(file)


def _text(path: Path | str) -> bytes:
    if not os.path.isfile(path):  # noqa: PTH113
        # A pipe is read once, and not here.
        raise OSError(f"{path} is no regular file")
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def _read(store: KeptStore, name: str) -> tuple[Finding, ...] | None:
    try:
        data = store.read(name)
        if not isinstance(data, list):
            raise ValueError("no list")
        return tuple(map(_decoded, data))
    except DAMAGED:
        return None


def _encoded(finding: Finding) -> list[Any]:
    problem = finding.problem
    where, identity = problem.where, problem.where.identity
    stands = [identity.kind, identity.namespace, identity.name] if identity else []
    return [finding.rule, where.file, where.path, where.line, stands, problem.message, problem.severity.value]


def _decoded(data: Any) -> Finding:
    rule, file, path, line, stands, message, severity = data
    if not all(isinstance(text, str) for text in (rule, file, path, *stands, message)) or type(line) is not int:
        raise ValueError("no finding")
    where = Where(file, path, line, Identity(*stands) if stands else None)
    return Finding(rule, Problem(where, message, Severity(severity)))
