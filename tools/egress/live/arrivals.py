"""Pushes a list the moment that the cluster has it, while something else upgrades the release.

A push that begins when `helm upgrade` has ended comes a second or two after the changed ConfigMaps: Helm still writes
what is left, and a program has to start. Here the ConfigMaps are watched, and the pods are patched as soon as all files
of a list have arrived.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import urllib3
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

from tools.egress.live.cluster import ProxyInCluster, again, explain, first_line
from tools.egress.live.replicas import installed, installed_corefile
from tools.findings.cli import complain
from tools.findings.errors import InputError

# How long the API server may take to begin the watch; it ends with the block anyway.
SECONDS = 10.0


@dataclass
class Arrivals:
    """What the ConfigMaps hold, by their names, and what was pushed of it: the list's hash and the Corefile's."""

    texts: dict[str, tuple[str, ...]]
    pushed: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.pushed = self.whole() or ("", "")

    def whole(self) -> tuple[str, str] | None:
        """The two hashes, None while files of two lists are there."""
        texts = [text for each in self.texts.values() for text in each]
        lists = installed(texts)
        return (lists[0], installed_corefile(texts)) if len(lists) == 1 else None

    def due(self, name: str, data: Mapping[str, str]) -> str:
        """Take a ConfigMap as it is now: the hash of a list that has arrived with it and was not pushed, or ""."""
        if name not in self.texts:
            return ""
        self.texts[name] = tuple(data.values())
        whole = self.whole()
        if whole is None or whole == self.pushed:
            return ""
        self.pushed = whole
        return whole[0]


@dataclass
class Watching:
    """What came of it. `fault`: why a list could not be pushed, or the ConfigMaps not watched, if so."""

    fault: str = ""
    pushes: list[str] = field(default_factory=list)


@contextmanager
def pushed_on_arrival(running: ProxyInCluster) -> Iterator[Watching]:
    """Within the block, whoever upgrades the release, every list is pushed as soon as the cluster has all of it.

    That it is in force is not waited for; what fails is said, and is left to whoever pushes and waits afterwards.
    """
    core = client.CoreV1Api(client.ApiClient(running.api.configuration))
    done, begun = Watching(), threading.Event()
    events: watch.Watch = watch.Watch()  # type: ignore[no-untyped-call]
    ended = threading.Event()

    def broken_off(reason: str) -> None:
        # Stopping it ends the answer in the middle, which is no fault, and hides none that came before.
        if not ended.is_set():
            done.fault = reason

    def follow() -> None:
        try:
            since = core.list_namespaced_config_map(running.namespace, limit=1).metadata.resource_version  # type: ignore[union-attr]
            arrivals = Arrivals(running.texts())
            begun.set()
            for event in events.stream(  # type: ignore[no-untyped-call]
                core.list_namespaced_config_map, running.namespace, resource_version=since
            ):
                # Of a line that is no JSON the client makes nothing.
                if not event:
                    continue
                body = event["object"]
                if version := arrivals.due(body.metadata.name, body.data or {}):
                    try:
                        again(running).push(version)
                        done.pushes.append(version)
                    except InputError as error:
                        # An API server that is busy, say; the next list is pushed all the same.
                        done.fault = str(error)
        except ApiException as error:
            done.fault = explain(error)
        except (KeyError, TypeError, ValueError, AttributeError):
            broken_off("the API server's answer is no event of a watch")
        except (InputError, OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
            broken_off(first_line(error))
        finally:
            begun.set()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    begun.wait(SECONDS)
    try:
        yield done
    finally:
        ended.set()
        events.stop()  # type: ignore[no-untyped-call]
    if done.fault:
        complain("egress", f"the list could not be pushed while it was installed, and is pushed only now: {done.fault}")
