"""Boundaries from a file, without a database: what the command line, the rules and the loader all read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shapely.geometry import MultiPolygon, Polygon

from data_access.loading.readers.hot_spots import read_features
from data_access.loading.reading import refuse_all_rejected
from data_access.loading.result import LoadOptions
from data_access.loading.source_file import open_source


@dataclass(frozen=True)
class Boundary:
    """One hot spot; ``polygon`` is valid and in degrees (WGS84, longitude first)."""

    code: str
    name: str
    polygon: Polygon | MultiPolygon
    notes: tuple[str, ...] = ()  # what was done to this one (repaired), for people to read


class BoundaryList(list[Boundary]):
    """The usable boundaries in the file's order. ``read = len(self) + len(rejected)``."""

    def __init__(
        self, boundaries: list[Boundary], notes: list[str], rejected: list[dict[str, object]], sha256: str
    ) -> None:
        super().__init__(boundaries)
        self.notes = notes  # about the file: which properties, which coordinate system, what was repaired
        self.rejected = rejected  # row_number (of the feature), field, reason, raw
        self.sha256 = sha256  # of the file's content

    @property
    def read(self) -> int:
        return len(self) + len(self.rejected)


def read_boundaries(
    path: str | Path, *, code_property: str = "", name_property: str = "", crs: str = "", sheet: str = ""
) -> BoundaryList:
    """Polygons of a GeoJSON, GeoPackage, KML or zipped shapefile; LoadRefused when the file as a whole is of no use.

    ``crs`` (27700, EPSG:2154) is needed only where the file does not name its own and is neither in degrees nor
    on the British National Grid; ``sheet`` is a layer's name, where a file has several.
    """
    file = open_source(path)
    options = LoadOptions(code_property=code_property, name_property=name_property, crs=crs, sheet=sheet)
    features = read_features(file, options)
    refuse_all_rejected(file.name, features.rows)
    good, code, name = features.rows.good, features.rows.column("code"), features.rows.column("name")
    found = [
        Boundary(code[i], name[i], shape, tuple([features.repairs[i]] if i in features.repairs else []))
        for i, shape in enumerate(features.shapes)
        if good[i] and shape is not None
    ]
    features.rows.finish_notes()
    return BoundaryList(found, features.rows.notes, features.rows.rejects(), file.sha256)
