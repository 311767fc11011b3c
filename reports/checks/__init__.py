"""The checks before sign-off: each looks at the finished return or at the data behind it, and says what it looked at."""

from reports.checks.run import run_checks

__all__ = ["run_checks"]
