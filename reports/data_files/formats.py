"""The data files that are offered beside a return's PDF."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reports.data_files.about import file_stem
from reports.data_files.csv_files import to_csv, to_csv_bundle
from reports.data_files.json_file import to_json
from reports.data_files.ods import MIME_TYPE as ODS_TYPE
from reports.data_files.ods import to_ods
from reports.model import ReturnContents


@dataclass(frozen=True)
class DataFormat:
    """``name`` is what people call it; ``extension`` has no dot."""

    key: str
    name: str
    extension: str
    mime_type: str
    write: Callable[[ReturnContents], bytes]

    def file_name(self, contents: ReturnContents, number: int = 1) -> str:
        """ "return-demo-2023-12.ods"; ``number`` is the version's."""
        return f"{file_stem(contents, number)}.{self.extension}"


def _to_xlsx(contents: ReturnContents) -> bytes:
    from reports.data_files.xlsx import to_xlsx  # here: its library is slow to load, and no PDF holds this file

    return to_xlsx(contents)


_OFFERED = (
    DataFormat("ods", "OpenDocument spreadsheet (ODS)", "ods", ODS_TYPE, to_ods),
    DataFormat(
        "xlsx", "Excel workbook (XLSX)", "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _to_xlsx,
    ),
    DataFormat("csv", "Every value in one CSV file", "csv", "text/csv; charset=utf-8", to_csv),
    DataFormat("csv-bundle", "CSV file for each table (ZIP)", "zip", "application/zip", to_csv_bundle),
    DataFormat("json", "JSON with a published schema", "json", "application/json", to_json),
)  # fmt: skip
FORMATS: Mapping[str, DataFormat] = {offered.key: offered for offered in _OFFERED}
