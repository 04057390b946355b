"""How many clips of a run may fail: so many, or a share of the suite."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from bench.errors import BenchError


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """A number of clips, or `percent` of all that the run was asked for."""

    amount: Fraction = Fraction(0)
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of `3`, or `2.5%`.

        Raises:
            BenchError: it is neither.
        """
        digits, percent = text.removesuffix("%"), text.endswith("%")
        plain = digits.replace(".", "", 1) if percent else digits
        if not (plain.isascii() and plain.isdigit()):
            raise BenchError(f"'{text}' is neither a number of clips nor a share of them: write 3 or 2.5%")
        limit = cls(Fraction(digits), percent)
        if percent and limit.amount > 100:
            raise BenchError(f"'{text}' is more than all clips: write a share from 0% to 100%")
        return limit

    def is_exceeded(self, failed: int, *, clips: int) -> bool:
        """Whether so many of so many clips are too many."""
        return failed * 100 > self.amount * clips if self.percent else failed > self.amount

    def __str__(self) -> str:
        number = int(self.amount) if self.amount.denominator == 1 else float(self.amount)
        return f"{number}%" if self.percent else f"{number}"
