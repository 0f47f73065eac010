"""Helm's error texts, as Helm 3.22 and 4.3 write them, and what they are taken for."""

import pytest

from tools.findings.model import Where
from tools.render.helm_errors import classify, dotted

SCHEMA = """\
Error: values don't meet the specifications of the schema(s) in the following chart(s):
sark-network:
- at '/opa/ports/http': got string, want integer
- at '/egress': validation failed
  - at '/egress/domains/0': value must be 'another'
  - at '/egress': additional properties 'nope' not allowed

"""
HELM_4_LOG = 'level=WARN msg="something" error="else"\n'
EXECUTION = """\
Error: execution error at (sark-network/templates/values/refused.yaml:5:4): egress.engine: cilium is no engine

Use --debug flag to render out invalid YAML
"""


@pytest.mark.parametrize("log", ["", HELM_4_LOG])
def test_a_schema_error_gives_its_leaves(log: str) -> None:
    error = classify(log + SCHEMA)
    assert error.kind == "schema"
    assert error.details == (
        ("opa.ports.http", "got string, want integer"),
        ("egress.domains[0]", "value must be 'another'"),
        ("egress", "additional properties 'nope' not allowed"),
    )
    assert error.message.startswith("opa.ports.http: got string, want integer; egress.domains[0]: ")


@pytest.mark.parametrize(
    ("stderr", "kind", "message", "where"),
    [
        (EXECUTION, "template", "egress.engine: cilium is no engine", Where("templates/values/refused.yaml", "", 5)),
        (
            "Error: YAML parse error on sark/templates/x.yaml: error converting YAML to JSON: yaml: line 3: bad\n",
            "template",
            "YAML parse error on sark/templates/x.yaml: error converting YAML to JSON: yaml: line 3: bad",
            Where("templates/x.yaml"),
        ),
        (
            'Error: parse error at (sark/templates/x.yaml:7): function "nope" not defined\n',
            "template",
            'parse error at (sark/templates/x.yaml:7): function "nope" not defined',
            Where("templates/x.yaml", "", 7),
        ),
        (
            'Error: template: sark/templates/x.yaml:1:10: executing "x" at <.a.b>: nil pointer\n',
            "template",
            'template: sark/templates/x.yaml:1:10: executing "x" at <.a.b>: nil pointer',
            Where("templates/x.yaml", "", 1),
        ),
        (
            'Error: sark/charts/sub/templates/x.yaml:1:10\n  executing "x" at <.a.b>:\n    nil pointer\n',
            "template",
            'sark/charts/sub/templates/x.yaml:1:10 executing "x" at <.a.b>: nil pointer',
            Where("charts/sub/templates/x.yaml", "", 1),
        ),
        ("Error: execution error at (gotpl:1:3): no\n", "template", "no", Where("")),
        (
            "Error: open /x/templates/a.yaml: permission denied\n",
            "helm",
            "open /x/templates/a.yaml: permission denied",
            Where(""),
        ),
        ('Error: path "/nope" not found\n', "helm", 'path "/nope" not found', Where("")),
        (
            'level=ERROR msg="x" error="y"\nError: chart requires kubeVersion: >=1.25.0-0\n\n'
            "Use --debug flag to render out invalid YAML\n",
            "helm",
            "chart requires kubeVersion: >=1.25.0-0",
            Where(""),
        ),
        ("", "helm", "helm ended with 7 and said nothing", Where("")),
        ("sh: helm: not found\n", "helm", "sh: helm: not found", Where("")),
    ],
)
def test_other_errors(stderr: str, kind: str, message: str, where: Where) -> None:
    error = classify(stderr, 7)
    assert (error.kind, error.message, error.where) == (kind, message, where)


@pytest.mark.parametrize(
    ("pointer", "path"),
    [
        ("", ""),
        ("/egress/domains/0", "egress.domains[0]"),
        ("/commonLabels/app.kubernetes.io~1name", 'commonLabels["app.kubernetes.io/name"]'),
        ("/a~0b/c", '["a~b"].c'),
    ],
)
def test_pointers(pointer: str, path: str) -> None:
    assert dotted(pointer) == path
