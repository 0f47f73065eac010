"""The tables of the Terraform modules' READMEs, and the tool that writes them."""

from pathlib import Path

import pytest

from tests import doc_checks
from tools.validate.docs.page_file import keep
from tools.validate.docs.terraform_page import pages
from tools.validate.docs.terraform_tables import BEGIN, END, tables, updated

MODULE = """\
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "mode" {
  description = "This | that, or \\"both\\"."
  default     = "this"
  type        = string
}

variable "ports" {
  description = "Ports."
  type        = map(number)
}

variable "peer_list" {
  description = "Peers."
  default     = ["10.0.0.0/24"]
  type = list(object({
    name = optional(string, "x")
  }))
}

module "policy" {
  source = "./policy"
}

resource "aws_security_group" "x" {
  name = var.mode
}

output "id" {
  description = "An id."
  value       = 1
}
"""

TABLES = """\
## Requirements

| Name | Version |
|------|---------|
| terraform | >= 1.9 |
| aws | >= 6.0 |

## Providers

| Name | Version |
|------|---------|
| aws | >= 6.0 |

## Modules

| Name | Source | Version |
|------|--------|---------|
| policy | ./policy | n/a |

## Resources

| Name | Type |
|------|------|
| aws\\_security\\_group.x | resource |

## Inputs

| Name | Description | Type | Default | Required |
|------|-------------|------|---------|:--------:|
| mode | This \\| that, or "both". | `string` | `"this"` | no |
| peer\\_list | Peers. | <pre>list(object({<br/>    name = optional(string, "x")<br/>  }))</pre> | \
<pre>[<br/>  "10.0.0.0/24"<br/>]</pre> | no |
| ports | Ports. | `map(number)` | n/a | yes |

## Outputs

| Name | Description |
|------|-------------|
| id | An id. |"""


def module(tmp_path: Path, readme: str, text: str = MODULE) -> Path:
    (tmp_path / "main.tf").write_text(text)
    (tmp_path / "README.md").write_text(readme)
    return tmp_path


def test_tables() -> None:
    assert tables([MODULE]) == TABLES


def test_a_section_without_rows_says_so() -> None:
    assert tables(['output "x" {\n  description = "An x."\n  value = 1\n}\n']) == (
        "## Requirements\n\nNo requirements.\n\n## Providers\n\nNo providers.\n\n## Modules\n\nNo modules.\n\n"
        "## Resources\n\nNo resources.\n\n## Inputs\n\nNo inputs.\n\n"
        "## Outputs\n\n| Name | Description |\n|------|-------------|\n| x | An x. |"
    )


@pytest.mark.parametrize("readme", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}\n{BEGIN}\n{END}"])
def test_markers_are_needed(readme: str) -> None:
    assert updated(readme, "x") is None


def test_committed_readmes_are_up_to_date() -> None:
    assert keep(pages(), check=True) == 0


def test_check_finds_old_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = module(tmp_path, f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert keep(pages(here), check=True) == 1
    assert "its tables are not what the .tf files say; run python -m tools.validate.docs" in capsys.readouterr().out
    assert keep(pages(here), check=False) == 0
    assert keep(pages(here), check=True) == 0
    assert (here / "README.md").read_text() == f"before\n{BEGIN}\n{TABLES}\n{END}\nafter\n"


@pytest.mark.parametrize(
    ("readme", "text", "says"),
    [
        ("no markers", MODULE, "README.md: the tables go between two lines"),
        (f"{BEGIN}\n{END}\n", "variable {{", "not Terraform: "),
    ],
)
def test_what_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], readme: str, text: str, says: str
) -> None:
    assert keep(pages(module(tmp_path, readme, text)), check=False) == 2
    assert says in capsys.readouterr().err


def test_a_module_without_a_readme(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "main.tf").write_text(MODULE)
    assert keep(pages(tmp_path), check=False) == 2
    assert "No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("page", sorted(Path("terraform").rglob("*.md")), ids=str)
def test_paths_and_links_are_there(page: Path) -> None:
    assert list(doc_checks.paths(page.read_text("utf-8"), page)) == []
