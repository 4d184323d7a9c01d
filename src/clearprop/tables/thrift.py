"""Thrift's compact protocol, both ways: what the end of a Parquet file is written in.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from typing import Any, NamedTuple

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, _MAP, STRUCT = range(1, 13)


class Listed(NamedTuple):
    """A list, and the type of what is in it."""

    kind: int
    values: list[Any]


Struct = dict[int, tuple[int, Any]]
"""The type and the value of each field, by its number."""


class Reader:
    """Reads values, one behind the other, from a place on.

    What is damaged raises an `IndexError`, a `LookupError` or a `RecursionError`.
    """

    def __init__(self, content: bytes, at: int = 0) -> None:
        self._content, self.at = content, at

    def skip(self, length: int) -> None:
        """Go on behind so many bytes."""
        if length < 0:
            raise LookupError(length)
        self.at += length

    def struct(self) -> Struct:
        """Return a structure.

        Examples
        --------
        >>> Reader(bytes([0x15, 0x06, 0x00])).struct()
        {1: (5, 3)}
        """
        fields: Struct = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._whole()
            kind = head & 15
            fields[number] = (kind, kind == TRUE if kind in (TRUE, FALSE) else self._value(kind))
        return fields

    def _value(self, kind: int) -> Any:
        if kind in (TRUE, FALSE, BYTE):  # in a list, a truth value takes a byte
            return self._byte()
        if kind in (I16, I32, I64):
            return self._whole()
        if kind in (DOUBLE, BINARY):
            return self._bytes(8 if kind == DOUBLE else self._unsigned())
        if kind in (LIST, SET):
            head = self._byte()
            length = head >> 4 if head >> 4 < 15 else self._unsigned()
            return Listed(head & 15, [self._value(head & 15) for _ in range(length)])
        if kind == STRUCT:
            return self.struct()
        raise LookupError(kind)  # maps are in no footer

    def _byte(self) -> int:
        self.at += 1
        return self._content[self.at - 1]

    def _bytes(self, length: int) -> bytes:
        self.at += length
        return self._content[self.at - length : self.at]

    def _unsigned(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return found

    def _whole(self) -> int:
        found = self._unsigned()
        return (found >> 1) ^ -(found & 1)


def plain(value: Any) -> Any:
    """Return a structure as a dictionary by the fields' numbers, and lists in it as such.

    Examples
    --------
    >>> plain({1: (I32, 3), 2: (LIST, Listed(STRUCT, [{1: (I32, 4)}]))})
    {1: 3, 2: [{1: 4}]}
    """
    if isinstance(value, Listed):
        return [plain(one) for one in value.values]
    if isinstance(value, dict):
        return {number: plain(one) for number, (_, one) in value.items()}
    return value


def written(fields: Struct) -> bytes:
    """Return the bytes of a structure.

    Examples
    --------
    >>> written({1: (5, 3)}).hex()
    '150600'
    """
    found = bytearray()
    last = 0
    for number, (kind, value) in sorted(fields.items()):
        if kind in (TRUE, FALSE):
            kind = TRUE if value else FALSE
        step = number - last
        if 0 < step < 16:
            found.append(step << 4 | kind)
        else:
            found.append(kind)
            _write_whole(found, number)
        last = number
        if kind not in (TRUE, FALSE):
            _write(found, kind, value)
    found.append(0)
    return bytes(found)


def _write(found: bytearray, kind: int, value: Any) -> None:
    if kind in (TRUE, FALSE, BYTE):
        found.append(value)
    elif kind in (I16, I32, I64):
        _write_whole(found, value)
    elif kind == DOUBLE:
        found += value
    elif kind == BINARY:
        _write_unsigned(found, len(value))
        found += value
    elif kind == STRUCT:
        found += written(value)
    else:
        length = len(value.values)
        found.append(min(length, 15) << 4 | value.kind)
        if length >= 15:
            _write_unsigned(found, length)
        for one in value.values:
            _write(found, value.kind, one)


def _write_whole(found: bytearray, value: int) -> None:
    _write_unsigned(found, value << 1 if value >= 0 else (-value << 1) - 1)


def _write_unsigned(found: bytearray, value: int) -> None:
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
