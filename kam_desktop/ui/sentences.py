"""Problems and failures as sentences on the screen, in the current language."""

from __future__ import annotations

from kam_desktop.domain.errors import Problem, Refused, Unavailable
from kam_desktop.language import tr


def sentence(problem: Problem) -> str:
    """A problem as it is shown: translated, and the name of the field in it too."""
    args = {name: tr(value) if name == "label" else value for name, value in problem.args.items()}
    return tr(problem.message, **args)


def words_of(failure: Refused | Unavailable) -> str:
    """A failure as it is shown."""
    if isinstance(failure, Refused):
        return " ".join(map(sentence, failure.problems))
    return tr(failure.message, **failure.args_named)
