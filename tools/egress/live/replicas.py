"""Which list a replica serves, as its own metrics say: Envoy's of the proxy, CoreDNS's of the DNS guard.

Each file that Envoy watches carries the list's hash as its version. Envoy shows the version of the last file that it
took (`/stats/prometheus?text_readouts`), and counts the files that it refused: what is wrong in itself (rejected), and
what is no file of the right form (failure). The guard's Corefile has a zone that is called by its own hash; CoreDNS
names the zones that it serves (`/metrics`), and counts the files that it refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

STATS = "/stats/prometheus?text_readouts"
GUARD_STATS = "/metrics"
_LINE = re.compile(r"^envoy_(?P<name>\w+?)\{(?P<labels>.*)\} (?P<value>[0-9.e+-]+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_SUBJECTS = {
    "listener_manager_lds": "listeners.yaml",
    "cluster_manager_cds": "clusters.yaml",
    "runtime": "shares.yaml",
}
_METRIC = re.compile(
    r"(?P<subject>listener_manager_lds|cluster_manager_cds|http_rds|runtime)_"
    r"(?P<what>version_text|update_time|update_rejected|update_failure)"
)
_VERSION = re.compile(r'^version_info: "?([0-9a-f]{12})"?$', re.MULTILINE)
_COREFILE = re.compile(r"^([0-9a-f]{12})\.corefile\.dns-guard:", re.MULTILINE)
_STAMP = re.compile(r'^coredns_plugin_enabled\{.*zone="([0-9a-f]{12})\.corefile\.dns-guard\."', re.MULTILINE)
_REFUSED = re.compile(r"^coredns_reload_failed_total ([0-9.e+]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """One of the files that Envoy watches. `since` is when it was taken, in milliseconds of Unix time."""

    list: str = ""
    since: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Replica:
    """One pod of the proxy or of the guard and what it serves; `fault` is why it could not be asked."""

    pod: str
    files: tuple[tuple[str, WatchedFile], ...] = ()
    ready: bool = True
    fault: str = ""
    program: str = "Envoy"

    @property
    def lists(self) -> tuple[str, ...]:
        """The hash of the list that it serves; several while files of two lists are in force."""
        return tuple(sorted({file.list for _, file in self.files}))

    @property
    def since(self) -> str:
        """When it took the last of its files, in UTC, or ""."""
        latest = max((file.since for _, file in self.files), default=0)
        return datetime.fromtimestamp(latest / 1000, UTC).isoformat(timespec="milliseconds") if latest else ""

    @property
    def refused(self) -> int:
        """How many files it has refused since it started."""
        return sum(file.refused for _, file in self.files)

    def serves(self, list: str) -> bool:
        """Whether every file of it is of that list."""
        return self.lists == (list,)

    def behind(self, list: str) -> tuple[str, ...]:
        """The files that are not of that list."""
        return tuple(name for name, file in self.files if file.list != list)


def replica(pod: str, stats: str, ready: bool = True) -> Replica:
    """What a replica's metrics say."""
    files: dict[str, dict[str, str]] = {}
    for text in stats.splitlines():
        line = _LINE.match(text)
        metric = _METRIC.fullmatch(line["name"]) if line else None
        if line and metric:
            labels = dict(_LABEL.findall(line["labels"]))
            route = labels.get("envoy_rds_route_config")
            file = f"routes-{route}.yaml" if route else _SUBJECTS.get(metric["subject"], "")
            if file:
                is_text = metric["what"] == "version_text"
                files.setdefault(file, {})[metric["what"]] = labels.get("text_value", "") if is_text else line["value"]
    return Replica(pod, tuple((name, _file(facts)) for name, facts in sorted(files.items())), ready)


def guard_replica(pod: str, stats: str, ready: bool = True) -> Replica:
    """What a replica of the guard says; no file where its Corefile has no hash, as one of an older chart."""
    refused = _REFUSED.search(stats)
    count = int(float(refused[1])) if refused else 0
    files = tuple(("Corefile", WatchedFile(version, refused=count)) for version in sorted(set(_STAMP.findall(stats))))
    return Replica(pod, files, ready, program="CoreDNS")


def _file(facts: Mapping[str, str]) -> WatchedFile:
    refused = sum(int(float(facts.get(key, "0"))) for key in ("update_rejected", "update_failure"))
    return WatchedFile(facts.get("version_text", ""), int(float(facts.get("update_time", "0"))), refused)


def installed(texts: Iterable[str]) -> tuple[str, ...]:
    """The list's hash in the configuration that the cluster holds: one, or several while it is being changed."""
    return tuple(sorted({version for text in texts for version in _VERSION.findall(text)}))


def installed_corefile(texts: Iterable[str]) -> str:
    """The hash of the guard's Corefile that the cluster holds, or "" where it has none."""
    return next((version for text in texts for version in _COREFILE.findall(text)), "")


def sentence(replica: Replica, list: str) -> str:
    """What is said of a replica when `list` is the one that is installed."""
    ready = "" if replica.ready else ", not ready"
    if replica.fault:
        return f"{replica.pod}  cannot be asked{ready}: {replica.fault}"
    if not replica.files:
        return f"{replica.pod}  does not say which list it serves{ready}"
    serving = " and ".join(version or "a list without a hash" for version in replica.lists)
    serving += f" since {replica.since}" if replica.since else ""
    if replica.serves(list):
        earlier = f"; it has refused {_files(replica.refused)} since it started" if replica.refused else ""
        return f"{replica.pod}  serves {serving}{ready}{earlier}"
    behind = ", ".join(replica.behind(list))
    refusing = [name for name, file in replica.files if file.list != list and file.refused]
    why = (
        f"{replica.program} refused {', '.join(refusing)}, so the old list goes on; its log says why"
        if refusing
        else f"{behind} has not arrived; python -m tools.egress push brings it now"
    )
    return f"{replica.pod}  serves {serving}, and not {list}{ready}: {why}"


def _files(count: int) -> str:
    return f"{count} file{'s' * (count != 1)}"
