"""A question: the pairs of an address that are no setup, read as what they are meant to be."""

from __future__ import annotations

from collections.abc import Mapping

from clearprop.errors import ArgumentError, shown


class Question:
    """What the page asks.

    Examples
    --------
    >>> question = Question({"n": "12", "of": "W1[0,0]", "answer": "0,5"})
    >>> question.whole("n", 0), question.text("of"), question.real("answer")
    (12, 'W1[0,0]', 0.5)
    """

    def __init__(self, pairs: Mapping[str, str]) -> None:
        self._pairs = pairs

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        return self._pairs.get(name, default)

    def whole(self, name: str, default: int) -> int:
        """Return a whole number, or raise `ArgumentError`."""
        text = self._pairs.get(name)
        try:
            return default if text is None else int(text)
        except ValueError:
            raise ArgumentError(f"{name} is {shown(text)}; it must be a whole number") from None

    def real(self, name: str, default: float | None = None) -> float:
        """Return a number, with a point or a comma; or raise `ArgumentError`."""
        text = self._pairs.get(name)
        if text is None and default is not None:
            return default
        try:
            found = float((text or "").strip().replace(",", ".").replace("−", "-"))
        except ValueError:
            found = float("nan")
        if not abs(found) < float("inf"):
            raise ArgumentError(f"{name} is {shown(text)}; it must be a number")
        return found
