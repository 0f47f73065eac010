"""The version of Kubernetes that is meant where nobody names one."""

from __future__ import annotations

KUBE_VERSION = "1.34"
