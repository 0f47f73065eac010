"""Serves the committed schemas to Terraform: within `offline()` no command of Terraform downloads a provider.

TF_REATTACH_PROVIDERS tells Terraform which providers are running, so that `init` installs none; one process serves all
commands of a run. No credentials are needed, and nothing can be applied.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc

from tools.terraform.offline.provider import SERVICE, Provider

SCHEMAS = Path(__file__).resolve().parent.parent.parent / "manifests" / "schemas" / "terraform.json"
# Variables of the user's environment that would change what Terraform does or prints.
CLEARED = ("TF_CLI_ARGS", "TF_LOG", "TF_WORKSPACE", "TF_PLUGIN_CACHE_DIR", "TF_CHDIR")


@contextmanager
def offline(schemas: Path = SCHEMAS) -> Iterator[dict[str, str]]:
    """The environment for Terraform while its providers are served. Raises OSError and ValueError."""
    document = json.loads(schemas.read_text("utf-8"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="terraform-", ignore_cleanup_errors=True)))
        settings = folder / "terraformrc"
        settings.write_text("disable_checkpoint = true\n", encoding="utf-8")
        addresses = {
            name: stack.enter_context(_served(Provider(schema), folder / f"{name.rpartition('/')[2]}.sock"))
            for name, schema in document["provider_schemas"].items()
        }
        yield _environment(settings, addresses)


def _environment(settings: Path, addresses: Mapping[str, Any]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in CLEARED and not name.startswith(("TF_VAR_", "TF_CLI_ARGS_"))
    }
    own = {
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_REATTACH_PROVIDERS": json.dumps(addresses),
    }
    return kept | own


@contextmanager
def _served(provider: Provider, socket: Path) -> Iterator[dict[str, Any]]:
    """One provider on a socket of its own, and how Terraform finds it there."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    handlers = {name: grpc.unary_unary_rpc_method_handler(_call(method)) for name, method in provider.methods.items()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    try:
        address = {"Network": "unix", "String": str(socket)}
        yield {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
    finally:
        server.stop(grace=None).wait()


def _call(method: Callable[[bytes], bytes]) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    return lambda request, _: method(request)
