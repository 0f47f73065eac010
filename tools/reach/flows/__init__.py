"""Judges the rows of a flow specification: by policies from pod to pod, and by what the proxy would do."""
