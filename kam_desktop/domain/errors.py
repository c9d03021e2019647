"""The three kinds of failure that the whole program knows: refused, unavailable, broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One reason why an input is refused.

    Attributes:
        where: the field, row or file that is at fault, for showing the sentence beside it.
        code: stable and machine readable.
        message: an English sentence with {name} places, translated where it is shown.
        args: what fills the places.
    """

    where: str
    code: str
    message: str
    args: Mapping[str, str] = field(default_factory=dict)

    def english(self) -> str:
        """The sentence filled in, untranslated; for logs and tests."""
        return self.message.format(**self.args) if self.args else self.message


class Refused(Exception):
    """The input is at fault: shown beside its field, nothing was changed, nothing is logged."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        shown = "; ".join(problem.english() for problem in self.problems[:5])
        super().__init__(shown + (f" (and {len(self.problems) - 5} more)" if len(self.problems) > 5 else ""))


class Unavailable(Exception):
    """The world is at fault (disk, keyring, lock, network): said in the status bar, tried again."""

    def __init__(self, code: str, message: str, **args: str) -> None:
        self.code = code
        self.message = message
        self.args_named: Mapping[str, str] = args
        super().__init__(message.format(**args) if args else message)


class SignedOut(Unavailable):
    """The shared server no longer knows this session; work goes on, only syncing waits."""


class TooOld(Unavailable):
    """A file, a profile or a server speaks a newer language than this program."""


class Broken(Exception):
    """We are at fault: one dialog with details that can be copied; work goes on."""
