"""A client for the cluster that a kubeconfig context names. Nothing is written, and no credentials are shown."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.config import kube_config
from kubernetes.config.config_exception import ConfigException
from yaml import YAMLError

from tools.findings.errors import InputError

# The client's messages name a place by all that the file holds of it, tokens included.
_CONTENTS = re.compile(r"/\{.*\}", re.DOTALL)
# What the client raises on its way through a file that is of another shape.
UNREADABLE = (ConfigException, YAMLError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


def connected(context: str = "") -> Any:
    """A client for the context, "" the current one. Raises InputError."""
    regular_files()
    settings: Any = client.Configuration()
    settings.retries = False
    try:
        with _credentials():
            api: Any = config.new_client_from_config(  # type: ignore[no-untyped-call]
                context=context or None, client_configuration=settings, persist_config=False
            )
    except UNREADABLE as error:
        raise InputError(reason(error)) from None
    host = str(api.configuration.host)
    if not host.startswith(("https://", "http://")):
        raise InputError(f"the kubeconfig's server is {host}, without a scheme; write https://{host}")
    return api


def regular_files() -> None:
    """Raises InputError for a part of the kubeconfig that is no regular file, such as a pipe without a writer."""
    for name in filter(None, str(kube_config.KUBE_CONFIG_DEFAULT_LOCATION).split(os.pathsep)):
        path = Path(name).expanduser()
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"the kubeconfig {name} is not a regular file")


def reason(error: BaseException) -> str:
    """What is wrong with the kubeconfig, in one line."""
    if isinstance(error, (KeyError, TypeError, AttributeError, RecursionError)):
        return "the kubeconfig does not have the shape that kubectl writes"
    return _CONTENTS.sub("/…", (str(error).splitlines() or [type(error).__name__])[0])


@contextmanager
def _credentials() -> Iterator[None]:
    """The client only logs that a credential plugin failed, and would go on without credentials: here that is an error.

    Raises InputError.
    """
    logged: list[str] = []

    class LoggedErrors(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.append(record.getMessage())

    handler, root = LoggedErrors(logging.ERROR), logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
    if logged:
        raise InputError(f"the kubeconfig's credentials cannot be had: {reason(ValueError(logged[0]))}")
