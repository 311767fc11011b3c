"""Tracker positions from any file: CSV, GPX or Parquet, streamed in batches of canonical arrays."""

from data_access.loading.pings.batches import Names, ReadBatch, Reject
from data_access.loading.pings.reader import PingFile, each_batch

__all__ = ["Names", "PingFile", "ReadBatch", "Reject", "each_batch"]
