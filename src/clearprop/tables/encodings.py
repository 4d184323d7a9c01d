"""Encodings: the bytes of a file become text.

UTF-8 is what text is in today, and what is marked as UTF-16 or UTF-32 says so itself. Bytes that
are neither are older text, most often windows-1252, that of Western Europe. They are taken for it
where nothing speaks against that, and the guess is said. In the writing of Western Europe each
letter and sign has its places; what other encodings make of other languages soon has one where it
cannot be: "Ìîñêâà" is windows-1251's Moscow, "Wroc³aw" windows-1250's. Then nothing is guessed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

from clearprop.errors import ArgumentError, TableFileError, shown

GUESS = "windows-1252"

ANOTHER = "say another encoding (--encoding)"
"""Advice where the encoding that was said does not fit."""

OTHERS = "windows-1252, windows-1250, windows-1251, cp850, shift_jis or gb18030"
"""Encodings that messages name."""

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # begins like UTF-16's, so it comes first
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

_CELL = re.compile(
    rb'(?<![^\x80-\xff\r\n\t,;|"])[^\x80-\xff\r\n\t,;|"]*+[\x80-\xff][^\r\n\t,;|"]*+'
)
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

_H = "À-ÖØ-öø-ÿŒœ"  # letters beyond ASCII
_L = f"A-Za-z{_H}"
_SMALL = "a-zß-öø-ÿœ"
_SIGNS = "¡¢£¥§©®°±²³´¶·¸¹º¼½¾"

_AGAINST = re.compile(
    "|".join(
        (
            "[ƒˆ†‡‰‹›˜ŠšŽžŸ¤¦¨¬¯¸ÐðÝýÞþ]",  # rare in Western Europe, and elsewhere common
            f"[{_H}]{{3}}",  # another alphabet
            f"(?<![{_L}])[{_H}]{{2,}}(?![{_L}])",
            f"(?<![{_L}])(?![ÀàÉéÈèÒòÓóÔôÅåÄäÖöØ])[{_H}](?![{_L}])",  # such as the M of men
            f"(?<![{_L}])[{_H}][{_SIGNS}«»]",
            f"[{_SIGNS}]{{2}}",
            f"[{_L}][€“”–—™¡¢£¥§©«®°±²³¶¹º»¼½¾][{_SMALL}]",  # a sign within a word
            f"[{_L}][‚„]|(?<![{_L}.,!?0-9])”(?=[{_L}])",
            f"[{_SMALL}][¢£¹]|[£™][{_L}]|[©®][{_SMALL}]",
            r"[–—‘’“”][@\[\\\]^_`{|}~]",  # half of a character of two bytes
            "[A-Z][À-ÖØ-Þ][a-z]|á(?=e)",
            "[0-9] ?(?:¡|ø(?![a-z]))",  # of degrees
            "[õÕ](?![eE])|[ãÃ](?![oOeEsS])(?=[A-Za-z])",  # "ões", "ão": Portuguese
            "[ñÑ](?![aeiouAEIOUàáâäèéêëìíîïòóôöùúûüÁÉÍÓÚ])",  # before a vowel: Spanish
            f"[ìòùÌÒÙ](?=[{_SMALL}])",  # at the end: Italian
            "[èÈ](?=[aeiouyáéíóú])",  # before a consonant: French
            "ø[áéíìòù]|[áíìòù]ø",
        )
    )
)
"""What Western Europe does not write, as windows-1252 shows it."""


def check_encoding(encoding: object) -> str | None:
    """Return the name of an encoding of text, or raise `ArgumentError`."""
    if encoding is None:
        return None
    try:
        "a".encode(encoding)  # type: ignore[arg-type]
    except (LookupError, TypeError, ValueError):  # no name, not of text, a zero character
        raise ArgumentError(
            f"encoding is {shown(encoding)}; give one that Python knows, such as utf-8, {OTHERS}"
        ) from None
    return str(encoding)


def decode(content: bytes, path: Path, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of a file, and a note on how it was guessed, or "".

    Parameters
    ----------
    content : bytes
    path : path
        What messages call it.
    encoding : str, optional
        What it is said to be in.

    Raises
    ------
    TableFileError
        If it is not text in the encoding, or if none can be guessed, with the line.
    """
    note = ""
    if encoding is None:
        encoding, skip = marked(content)
        try:
            text = content[skip:].decode(encoding)
        except UnicodeDecodeError as error:
            if skip:
                refuse(content, skip + error.start, encoding, path, f"save it as {encoding}")
            check_guess(content, error.start, path)
            text = content.decode(GUESS)
            note = guess_note(content, error.start, path)
    else:
        try:
            text = content.decode(encoding).removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
        except UnicodeDecodeError as error:
            refuse(content, error.start, encoding, path, ANOTHER)
    check_no_zero(text, path)
    return text, note


def check_no_zero(text: str, path: Path, before: int = 0) -> None:
    """Raise `TableFileError` for a zero byte; `before` lines stand before the text."""
    if "\0" in text:
        line = before + text[: text.index("\0")].count("\n") + 1
        raise TableFileError(
            f"{path} is not text: line {line} has a zero byte (a binary file, or UTF-16 without a "
            "byte-order mark: say so by encoding='utf-16-le', --encoding utf-16-le)"
        )


def has_utf8(content: bytes) -> bool:
    """Whether some bytes beyond ASCII are characters in UTF-8."""
    return _UTF8.search(content) is not None


def marked(content: bytes) -> tuple[str, int]:
    """Return the encoding that a byte-order mark says, and its length; UTF-8 without one."""
    for mark, name in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return name, len(mark)
    return "utf-8", 0


def refuse(
    content: bytes, at: int, encoding: str, path: Path, advice: str, before: int = 0
) -> NoReturn:
    """Raise `TableFileError` for a byte that is not of the encoding.

    Parameters
    ----------
    content : bytes
    at : int
        The byte's place in it.
    encoding : str
    path : path
    advice : str
    before : int
        Lines of the file before the content.
    """
    line = before + content[:at].count(b"\n") + 1
    raise TableFileError(
        f"{path} is not {encoding.upper()}: line {line} has the byte 0x{content[at]:02X}; {advice}"
    )


def check_guess(
    content: bytes, at: int, path: Path, before: int = 0, rest_is_utf8: bool = False
) -> None:
    """Raise `TableFileError` where something speaks against windows-1252.

    Parameters
    ----------
    content : bytes
        Whole lines.
    at : int
        The place of the first byte that is not UTF-8.
    path : path
    before : int
        Lines of the file before the content.
    rest_is_utf8 : bool
        Whether the file is known to have characters of UTF-8 elsewhere.
    """
    why = ""
    if rest_is_utf8 or has_utf8(content):
        why = "though the rest is: mend it, or"
    else:
        lines = b"\n".join(line for line in content.splitlines() if not line.isascii())
        cells = sorted(set(_CELL.findall(lines)))
        try:
            doubt = _AGAINST.search("\n".join(cell.decode(GUESS) for cell in cells))
            if doubt is None:
                content.decode(GUESS)
                return
        except UnicodeDecodeError:
            why = f"and the file has bytes that are not in {GUESS}:"
        else:
            found = doubt.group()
            word = next(cell for cell in cells if found in cell.decode(GUESS)).decode(GUESS)
            at = content.index(word.encode(GUESS))
            why = f"and {shown(word.strip())}, as {GUESS}, is doubtful:"
    line = before + content[:at].count(b"\n") + 1
    raise TableFileError(
        f"{path} is not UTF-8: line {line} has the byte 0x{_high(content, at):02X}, {why} say "
        f"what it is by encoding= (--encoding): {OTHERS}"
    )


def _high(content: bytes, at: int) -> int:
    return next(byte for byte in content[at:] if byte > 127)


def guess_note(content: bytes, at: int, path: Path, before: int = 0) -> str:
    """Return what to know of a guess; the arguments are those of `check_guess`."""
    start = max(content.rfind(b"\n", 0, at), content.rfind(b",", 0, at), content.rfind(b";", 0, at))
    cell = _CELL.match(content, start + 1)
    word = cell.group() if cell else content[at : at + 1]
    line = before + content[:at].count(b"\n") + 1
    return (
        f"{path} is not UTF-8 and is read as {GUESS}, line {line} with "
        f"{shown(word.decode(GUESS).strip())}; encoding= (--encoding) says what it is otherwise"
    )
