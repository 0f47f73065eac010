"""How the wheel is made: `tools` of a checkout is installed as `sark_network`; docs/adr/ has the reasons."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

PACKAGE = "sark_network"
ROOMS = "cluster|egress|findings|manifests|policies|reach|render|terraform|validate"
COMMANDS = "cluster|egress|reach|render|terraform|validate"
# What a user types; imports, and modules that are named in strings; `import tools` and `from tools import`.
NAMES = (
    (re.compile(rf"python -m tools\.({COMMANDS})(?![.\w])"), r"sark-network \1"),
    (re.compile(rf"(?<![\w./-])tools\.(?={ROOMS})"), f"{PACKAGE}."),
    (re.compile(r"^(\s*)(from|import) tools(?= import|$)", re.MULTILINE), rf"\1\2 {PACKAGE}"),
)
# What the commands read beside their code, at the places that a checkout has.
DATA = ("charts/sark-network", "terraform/modules", "tests/flows.yaml")


class Renamed(build_py):
    """Builds the package under its own name, with the files that its commands read."""

    def run(self) -> None:
        """Build, rename what the modules say of each other, and lay the data beside them."""
        super().run()
        built = Path(self.build_lib, PACKAGE)
        for module in built.rglob("*.py"):
            module.write_text(renamed(module.read_text("utf-8")), "utf-8")
        for name in DATA:
            source, target = Path(name), built / "data" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "__pycache__")
                shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copyfile(source, target)


def renamed(text: str) -> str:
    """A module's text as it is installed."""
    for old, new in NAMES:
        text = old.sub(new, text)
    return text


if __name__ == "__main__":
    setup(
        packages=[PACKAGE, *(f"{PACKAGE}.{name}" for name in find_packages("tools"))],
        package_dir={PACKAGE: "tools"},
        package_data={PACKAGE: ["**/*.json", "**/*.yaml", "**/*.json.gz"]},
        cmdclass={"build_py": Renamed},
    )
