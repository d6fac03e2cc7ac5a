"""What a mutant is."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One change of one file, and the tests that catch it."""

    what: str
    file: str
    old: str  # occurs once in the file
    new: str
    tests: str  # in the folder of tests, with blanks between them
    hangs: bool = False  # a time-out counts as caught

    @property
    def is_compiled(self) -> bool:
        return not self.file.endswith(".py")

    @property
    def module(self) -> str:
        """What can still be imported."""
        name = "kernels" if self.is_compiled else self.file.removesuffix(".py").replace("/", ".")
        return f"pynn.{name}" if name.startswith("bench.") else name
