"""Which line of a template wrote a line of the render."""

import pytest

from tools.findings.model import Finding, Problem, Where
from tools.render.origins import RENDERED, at_template_lines
from tools.render.provenance import helpers, template_line

TEMPLATE = """\
{{- if .Values.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "name" . }}-egress
spec:
  podSelector:
    {{- include "selector" . | nindent 4 }}
  policyTypes: [Egress]
  egress:
    {{- range .Values.peers }}
    - to:
        - ipBlock: {cidr: {{ . }}}
      ports: [{port: 443}]
    {{- end }}
{{- end }}
""".splitlines()
RENDER = """\
---
# Source: sark/templates/egress.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: x-egress
spec:
  podSelector:
    matchLabels:
      app: sark
  policyTypes: [Egress]
  egress:
    - to:
        - ipBlock: {cidr: 10.0.0.0/8}
      ports: [{port: 443}]
    - to:
        - ipBlock: {cidr: 10.1.0.0/8}
      ports: [{port: 443}]
""".splitlines()


@pytest.mark.parametrize(
    ("rendered", "template"),
    [
        (3, 2),  # the text itself
        (6, 5),  # its key
        (10, 7),  # written by a helper: the nearest above that is known
        (9, 7),
        (13, 12),
        (17, 13),  # in a loop
        (18, 14),
        (1, 0),  # nothing above
        (0, 0),
        (999, 14),
    ],
)
def test_lines(rendered: int, template: int) -> None:
    assert template_line(RENDER, rendered, TEMPLATE) == template


def test_a_key_that_stands_twice_is_not_guessed() -> None:
    template = ["spec:", "  a: {{ .x }}", "  b:", "    a: {{ .y }}"]
    assert template_line(["spec:", "  b:", "    a: 1"], 3, template) == 3


def test_a_line_above_the_document_is_not_its_ancestor() -> None:
    assert template_line(["kind: A", "---", "  x: 1"], 3, ["kind: A"]) == 0


def finding_at(file: str, line: int) -> Finding:
    return Finding("rule", Problem(Where(file, "spec", line), "message"))


def test_findings_move_into_their_templates() -> None:
    files = {"charts/sark/templates/egress.yaml": TEMPLATE}
    before = [finding_at("charts/sark/templates/egress.yaml", 6), finding_at(RENDERED, 6), finding_at("values.yaml", 6)]
    after = at_template_lines(before, "\n".join(RENDER), "charts/sark", lambda file: files.get(file, ()))
    assert [(finding.problem.where.file, finding.problem.where.line) for finding in after] == [
        ("charts/sark/templates/egress.yaml", 5),
        ("charts/sark/templates/egress.yaml", 5),
        ("values.yaml", 6),
    ]


HELPERS = helpers(
    [
        """\
{{/* Not a named template. */}}
{{- define "sark.deny" }}
kind: NetworkPolicy
spec:
  egress: []
{{- end }}
{{- define "sark.allow" -}}
kind: NetworkPolicy
spec:
  egress:
    - to: {{ . }}
    - ports: [{port: 53}]
{{- end }}
"""
    ]
)
INCLUDING = [
    '{{- include "sark.deny" . }}',
    "---",
    '{{- include "sark.allow" (dict "x" 1) }}',
    '{{- include "sark.elsewhere" . }}',
]


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (["kind: NetworkPolicy", "spec:", "  egress: []"], 1),
        (["kind: NetworkPolicy", "spec:", "  egress:", "    - to: []", "    - ports: [{port: 53}]"], 3),
        (["kind: Service", "port: 1"], 0),
    ],
)
def test_a_named_templates_lines_are_at_the_line_that_includes_it(document: list[str], line: int) -> None:
    rendered = ["---", "kind: Other", "---", *document, "---", "spec:"]
    for place in range(4, 4 + len(document)):
        assert template_line(rendered, place, INCLUDING, HELPERS) == line


def test_two_named_templates_that_are_as_alike_tell_nothing() -> None:
    twice = [INCLUDING[0], INCLUDING[0]]
    assert template_line(["kind: NetworkPolicy", "spec:"], 1, twice, HELPERS) == 0
