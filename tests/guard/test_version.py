"""The CoreDNS that is tested is the one that the chart pulls."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.guard.conftest import Start
from tests.guard.program import SOURCE
from tools.render.own import CHART

IMAGE = yaml.safe_load((CHART / "values.yaml").read_text())["dnsGuard"]["image"]
REQUIRED = re.search(r"^require github\.com/coredns/coredns v(\S+)$", (SOURCE / "go.mod").read_text(), re.M)


def test_the_image_s_tag_is_the_version_of_the_module() -> None:
    assert REQUIRED
    assert (IMAGE["repository"], str(IMAGE["tag"])) == ("coredns/coredns", REQUIRED[1])


def test_the_program_says_that_version(coredns: Path) -> None:
    assert REQUIRED
    printed = subprocess.run([str(coredns), "-version"], capture_output=True, text=True, check=True).stdout
    assert printed.startswith(f"CoreDNS-{REQUIRED[1]}\n")


# Plugins of the official image (plugin.cfg); what only another build has would end the guard at its start.
OFFICIAL = {"errors", "forward", "health", "log", "prometheus", "ready", "reload", "rewrite", "template"}


@pytest.mark.parametrize("steering", [False, True])
def test_the_corefile_names_no_plugin_that_the_image_lacks(start: Start, steering: bool) -> None:
    values = {"dnsGuard": {"enabled": True, "steering": {"enabled": steering}, "names": ["ldap.corp.example"]}}
    text = (start(values).folder / "Corefile").read_text()
    depth, named = 0, set()
    for line in (each.strip() for each in text.splitlines()):
        if depth == 1 and line not in ("", "}") and not line.startswith("#"):
            named.add(line.split()[0])
        depth += line.endswith("{") - (line == "}")
    assert depth == 0
    assert named - OFFICIAL - {"import"} == set(), named
    assert "template" in named
