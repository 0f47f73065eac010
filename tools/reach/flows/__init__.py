"""Rows of a specification of flows, judged: by policies from pod to pod, and by what the proxy would do."""
