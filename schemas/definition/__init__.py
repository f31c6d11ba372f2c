"""Workflows as data: what a YAML document may say, and the immutable version that a run is pinned to."""
