"""What is wrong with a document, all of it at once, so that a user mends a file once."""

from __future__ import annotations


class DocumentError(ValueError):
    """One sentence a line: what is wrong in the document, where, and what it takes."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
