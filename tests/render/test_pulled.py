"""`--chart oci://…`: Helm pulls it, it is kept by its digest, and what cannot be pulled says why."""

import sys
from pathlib import Path

import pytest

from tools.findings.errors import InputError
from tools.manifests.files import shown
from tools.render import pulled
from tools.render.chart import chart

DIGEST = "8ee9b1920fe7ee35bf019e9380bfc23fbf8fd329628614c9bc8b77351134a395"
# What stands for helm: it writes down how it was called, and leaves a chart where it is told to.
HELM = f"""\
#!{sys.executable}
import pathlib, sys
with open("calls", "a") as calls:
    calls.write(" ".join(sys.argv[1:3]) + "\\n")
name = sys.argv[2].rpartition("/")[2].partition(":")[0]
if name == "refused":
    sys.exit("Pulling\\nError: failed to do request:\\n no route to host")
folder = pathlib.Path(sys.argv[5], name)
folder.mkdir()
if name != "empty":
    folder.joinpath("Chart.yaml").write_text("{{apiVersion: v2, name: " + name + ", version: 0.1.0}}")
if name != "silent":
    print("Pulled: x\\nDigest: sha256:{DIGEST}")
"""


@pytest.fixture(autouse=True)
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program = tmp_path / "helm"
    program.write_text(HELM)
    program.chmod(0o755)
    monkeypatch.setattr(pulled, "located", lambda: str(program))


@pytest.mark.parametrize(
    ("path", "reference"),
    [
        ("oci://registry.example.com/charts/small:0.1.0", "oci://registry.example.com/charts/small:0.1.0"),
        ("oci://localhost:5000/small", "oci://localhost:5000/small"),
        ("charts/small", ""),
        ("/charts/small", ""),
        ("", ""),
        ("oci", ""),
    ],
)
def test_a_reference_is_told_from_a_path(path: str, reference: str) -> None:
    assert pulled.reference(Path(path)) == reference


def test_a_chart_is_kept_by_its_digest() -> None:
    made = chart(Path("oci://registry.example.com/charts/small:0.1.0"))
    assert made.title == "small"
    assert made.path == Path("cache/sark-network/charts", DIGEST[:16], "small").resolve()
    # A tag may have moved: the registry is asked each time, and what is the same is kept once.
    assert chart(Path("oci://registry.example.com/charts/small:0.1.0")).path == made.path
    assert Path("calls").read_text() == "pull oci://registry.example.com/charts/small:0.1.0\n" * 2
    assert [path.name for path in made.path.parents[1].iterdir()] == [DIGEST[:16]]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("refused", "cannot be pulled: failed to do request: no route to host"),
        ("empty", "is no chart: helm pull left none"),
        ("silent", "is no chart: helm pull left none"),
    ],
)
def test_what_cannot_be_pulled_says_why(name: str, reason: str) -> None:
    with pytest.raises(InputError) as raised:
        chart(Path(f"oci://registry.example.com/{name}"))
    assert str(raised.value) == f"oci://registry.example.com/{name} {reason}"


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(InputError) as raised:
        chart(Path("oci://registry.example.com/small"))
    place = tmp_path / "cache" / "sark-network" / "charts"
    assert str(raised.value) == f"oci://registry.example.com/small cannot be kept in {place}: Not a directory"


def test_a_report_does_not_say_where_the_cache_is() -> None:
    made = chart(Path("oci://registry.example.com/charts/small:0.1.0"))
    (made.path / "templates").mkdir(exist_ok=True)
    (made.path / "templates/policy.yaml").write_text("kind: NetworkPolicy\n")
    assert made.name == "small"
    # As Helm names it, and read by that name.
    assert shown(made.path / "templates/policy.yaml") == "small/templates/policy.yaml"
    assert made.template("small/templates/policy.yaml") == ("kind: NetworkPolicy",)


def test_without_a_home_nothing_is_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(InputError) as raised:
        chart(Path("oci://registry.example.com/small"))
    assert str(raised.value) == "there is no home directory to keep charts in; name a directory in XDG_CACHE_HOME"
    assert shown(Path("small/values.yaml")) == "small/values.yaml"
