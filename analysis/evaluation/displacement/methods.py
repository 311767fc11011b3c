"""Methods of this family, for the catalogue."""

from __future__ import annotations

from analysis.evaluation.catalogue import Method

METHODS: tuple[Method, ...] = ()
