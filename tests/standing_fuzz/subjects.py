"""The subjects by name, in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping

from tests.standing_fuzz import commands, manifests, renders, terraform, values_judge
from tests.standing_fuzz.case import Subject

SUBJECTS: Mapping[str, Subject] = {
    subject.name: subject
    for subject in (
        values_judge.SUBJECT,
        renders.SUBJECT,
        manifests.SUBJECT,
        terraform.SUBJECT,
        commands.SUBJECT,
    )
}
