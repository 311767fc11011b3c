"""Extract files into the database, through one door: whole or not at all, every row accounted for."""

from data_access.loading.catalogue import KINDS
from data_access.loading.loader import load_file
from data_access.loading.result import (
    ALREADY_LOADED,
    LOADED,
    REPLACED,
    LoadOptions,
    LoadRefused,
    LoadResult,
)

__all__ = ["ALREADY_LOADED", "KINDS", "LOADED", "REPLACED", "LoadOptions", "LoadRefused", "LoadResult", "load_file"]
