"""What a model's file says beside its numbers: written here, and read back without trust.

Whatever is read can be shown, saved again, exported and predicted with: every value is of its
type and in its range, or the file is refused.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from clearprop.activations import Activation
from clearprop.errors import ModelFileError
from clearprop.files import model_file
from clearprop.network import Network, arrays_in_file, network_header, restore_network
from clearprop.tables import dates
from clearprop.tables.cells import Reading
from clearprop.tables.encoding import KINDS_OF_CATEGORY, STATISTICS, Encoding, Input
from clearprop.tables.intervals import MOST_ROWS, Calibration, quantiles_of
from clearprop.tables.numerals import MARKS, POINT
from clearprop.tables.report import Report
from clearprop.tables.target import TASKS, TRANSFORMS, Target
from clearprop.tables.text import cut
from clearprop.tables.values import EXACT

PathLike = str | os.PathLike[str]

LONGEST = 100_000
"""Characters of a name, a category or a class."""

ROWS = ("training", "validation", "test", "without target")
"""What a report counts the rows of."""

MOST = 2**63 - 1
"""No count is larger."""


class Parts(NamedTuple):
    """What a model is made of."""

    network: Network
    encoding: Encoding
    target: Target
    report: Report
    calibration: Calibration | None = None


def write_model(path: PathLike, parts: Parts) -> None:
    """Write a model to one file, whole or not at all.

    Raises
    ------
    FileWriteError
        If it cannot be written; what stood there stays.
    ModelFileError
        If no file may hold it, with the reason.
    """
    network, encoding, target, report, calibration = parts
    header: model_file.Header = {
        "network": network_header(network),
        "inputs": encoding.header(),
        "missing_words": encoding.missing_words,
        "target": _target_header(target),
        "report": report.to_dict(),
    }
    if calibration is not None:
        header["calibration"] = calibration.errors.tolist()  # 0.1.0 refuses another array
    try:  # what is written can be read
        _read_inputs(header["inputs"]), _read_target(header["target"])
        _read_report(header["report"]), _read_words(header["missing_words"])
        _check_fit(parts)
    except ValueError as error:
        raise ModelFileError(f"the model does not fit a file: {error}") from None
    arrays = network.unflatten(network.parameters)
    arrays |= {f"inputs.{name}": numbers for name, numbers in encoding.statistics.items()}
    model_file.write(path, "model", header, arrays)


def read_model(path: PathLike, activations: Mapping[str, Activation] | None) -> Parts:
    """Return the parts of a model in a file.

    Parameters
    ----------
    path : path
    activations : mapping, optional
        The user-made activations that the file names, by name.

    Raises
    ------
    FileMissingError
        If there is no such file.
    ModelFileError
        If it holds no model that can be used.
    """
    with model_file.opened(path, "model") as file:
        try:
            header = file.header
            inputs, target = _read_inputs(header["inputs"]), _read_target(header["target"])
            report = _read_report(header["report"])
            words = _read_words(header.get("missing_words"))
            n_values = sum(len(one.values) for one in inputs)
            statistics = {name: np.empty(n_values) for name in STATISTICS}
            arrays = {f"inputs.{name}": numbers for name, numbers in statistics.items()}
            expected = {name: (numbers.shape, "float64") for name, numbers in arrays.items()}
            file.check(arrays_in_file(header["network"]) | expected)
            network = restore_network(header["network"], path, activations)
            file.fill(network.unflatten(network.parameters) | arrays)
            encoding = Encoding(inputs, statistics, words)
            calibration = _read_calibration(header.get("calibration"), network.sizes[-1])
            parts = Parts(network, encoding, target, report, calibration)
            _check_fit(parts)
        except (ModelFileError, OSError):
            raise
        except Exception as error:  # whatever a damaged header leads to
            raise ModelFileError(f"{path} describes no model ({error})") from None
    return parts


def _check_fit(parts: Parts) -> None:
    """Raise `ValueError` if these cannot be parts of one model."""
    network, encoding, target, _, calibration = parts
    quantiles = quantiles_of(network.loss)
    ends = len(encoding.features), len(target.classes) or len(quantiles) or 1
    if ends != (network.sizes[0], network.sizes[-1]):
        raise ValueError(f"a network {network.sizes} for {ends[0]} inputs and {ends[1]} outputs")
    if target.classes and network.activations[-1].name != "softmax":
        raise ValueError(f"classes of a network that ends with {network.activations[-1].name!r}")
    if quantiles and (0.5 not in quantiles or list(quantiles) != sorted(set(quantiles))):
        raise ValueError(f"the quantiles {quantiles}")
    if calibration is not None and not np.isfinite(calibration.errors).all():
        raise ValueError("an error on the validation rows that is not finite")
    if calibration is not None and target.classes:
        raise ValueError("intervals of classes")
    for name, numbers in encoding.statistics.items():
        if not np.isfinite(numbers).all() or (name == "scale" and (numbers <= 0).any()):
            raise ValueError(f"a {name} is not what training finds")


def _read_calibration(rows: Any, n_outputs: int) -> Calibration | None:
    """Return the errors on the validation rows; None where a file holds none, as older ones."""
    if rows is None:
        return None
    known = (
        isinstance(rows, list)
        and 1 <= len(rows) <= MOST_ROWS
        and all(_is_list_of(_is_number, row) and len(row) == n_outputs for row in rows)
    )
    if not known:
        raise ValueError("the errors that intervals are made of are described in no known way")
    return Calibration(np.array(rows, dtype=np.float64))


def _read_inputs(header: Any) -> tuple[Input, ...]:
    inputs = tuple(map(_read_input, header))
    if len({one.column for one in inputs}) < len(inputs):
        raise ValueError("two inputs are of one column")
    return inputs


def _read_input(header: Mapping[str, Any]) -> Input:
    column, kind = header["column"], header["kind"]
    categories, parts = header["categories"], header["parts"]
    within = header.get("within")
    has_categories = kind in KINDS_OF_CATEGORY
    known = (
        _is_name(column)
        and kind in ("number", "date", *KINDS_OF_CATEGORY)
        and _is_list_of(_is_text, categories)
        and len(set(categories)) == len(categories)
        and _is_list_of(dates.PARTS.__contains__, parts)
        and len(set(parts)) == len(parts)
        and bool(parts) == (kind == "date")
        and _is_count(header["rare"])
        and _is_list_of(_is_text, header.get("rare_words", []))
        and len(header.get("rare_words", [])) in (0, header["rare"])
        and (has_categories or not (categories or header["rare"]))
        and (kind != "boolean" or set(categories) <= {"true", "false"})
        and type(header["missing"]) is bool
        and _is_typical(header.get("typical"), kind)
        and _is_range(within, kind, parts)
    )
    if not known:
        raise ValueError(f"column {column!r} is described in no known way")
    return Input(
        column,
        kind,
        tuple(categories),
        header["rare"],
        tuple(header.get("rare_words", [])),
        header["missing"],
        tuple(parts),
        _read_reading(header.get("reading", header)),
        header.get("typical"),
        None if within is None else (float(within[0]), float(within[1])),
    )


def _read_reading(header: Mapping[str, Any]) -> Reading:
    """Return how text is read; the default where the file, of 0.1.0, does not say."""
    decimal, unit = header.get("decimal", POINT), header.get("unit")
    form = header.get("date_format")
    known = decimal in MARKS and (unit is None or _is_text(unit)) and form in (None, *dates.FORMATS)
    if not known:
        raise ValueError("how cells are read is described in no known way")
    return Reading(decimal, unit, form)


def _read_words(words: Any) -> tuple[str, ...] | None:
    if words is not None and not _is_list_of(_is_text, words):
        raise ValueError("the words for a missing value are described in no known way")
    return None if words is None else tuple(words)


def _target_header(target: Target) -> model_file.Header:
    """Return what a file says of a target.

    Mean and scale of a logarithm are called so: what does not know of it is not to take them for
    those of the number itself.
    """
    of = f" of {target.transform}" if target.transform else ""
    transform = {"transform": target.transform} if target.transform else {}
    return {
        "column": target.column,
        "classes": list(target.classes),
        f"mean{of}": target.mean,
        f"scale{of}": target.scale,
        "reading": asdict(target.reading),
        **transform,
    }


def _read_target(header: Mapping[str, Any]) -> Target:
    transform = header.get("transform", "")
    if transform not in ("", *TRANSFORMS):
        raise ValueError("the target's transform is not known")
    of = f" of {transform}" if transform else ""
    classes, mean, scale = header["classes"], header[f"mean{of}"], header[f"scale{of}"]
    known = (
        not (classes and transform)
        and _is_name(header["column"])
        and _is_list_of(_is_class, classes)
        and len({*map(type, classes)}) <= 1
        and len(set(classes)) == len(classes) != 1
        and _is_number(mean)
        and _is_number(scale)
        and scale > 0
    )
    if not known:
        raise ValueError("the target is described in no known way")
    if any(type(value) is int and abs(value) >= EXACT for value in classes):
        classes = [float(value) for value in classes]  # as 0.1.0 wrote 1e20
        if len(set(classes)) < len(classes):
            raise ValueError("two classes are one number in float64")
    reading = _read_reading(header.get("reading", {}))
    return Target(header["column"], tuple(classes), float(mean), float(scale), reading, transform)


def _read_report(header: Mapping[str, Any]) -> Report:
    kinds: dict[str, Callable[[Any], bool]] = {
        "target": _is_text,
        "task": TASKS.__contains__,
        "reason": _is_text,
        "classes": _is_table_of(_is_count),
        "rows": _is_record(dict.fromkeys(ROWS, _is_count)),
        "inputs": _is_table_of(_is_text),
        "dropped": _is_table_of(_is_text),
        "missing": _is_table_of(_is_count),
        "notes": lambda notes: _is_list_of(_is_text, notes),
        "training": _is_record(
            {
                "epochs": _is_count,
                "best_epoch": lambda epoch: epoch is None or _is_count(epoch),
                "stopped": _is_text,
                "seconds": _is_number,
            }
        ),
        "network": _is_text,
        "scores": _is_table_of(_is_table_of(lambda one: one is None or _is_number(one))),
        "verdict": _is_text,
    }  # fmt: skip
    for name, is_right in kinds.items():
        if not is_right(header[name]):
            raise ValueError(f"the report's {name!r} is described in no known way")
    if len({tuple(figures) for figures in header["scores"].values()}) > 1:
        raise ValueError("the report's scores are of different figures")
    added = {"intervals": _is_intervals, "quantiles": _is_quantiles}
    for name, is_right in added.items():
        if not is_right(header.get(name, {})):
            raise ValueError(f"the report's {name!r} are described in no known way")
    return Report(
        **{name: header[name] for name in kinds},
        **{name: header.get(name, {}) for name in added},
    )


def _is_intervals(value: Any) -> bool:
    names = ("level", "held", "low", "high")
    kinds = {"rows": _is_count, "mean_width": _is_number} | dict.fromkeys(names, _is_share)
    return value == {} or _is_record(kinds)(value)


def _is_quantiles(value: Any) -> bool:
    kinds = {"below": _is_table_of(_is_share), "crossed": _is_share}
    return value == {} or _is_record(kinds)(value)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_typical(value: Any, kind: str) -> bool:
    """Whether it can be a column's typical value: a text, and of a date one in ISO 8601."""
    if value is None or kind in KINDS_OF_CATEGORY:
        return value is None or _is_text(value)
    return kind == "date" and _is_text(value) and not np.isnat(np.datetime64(value, "us"))


def _is_text(value: Any) -> bool:
    if isinstance(value, str) and len(value) > LONGEST:
        raise ValueError(
            f"{cut(value)!r} has {len(value):,} characters; a name in a file has {LONGEST:,} or "
            "fewer"
        )
    return isinstance(value, str)


def _is_name(value: Any) -> bool:
    """Whether a table's column can be called so."""
    return _is_text(value) and value == value.strip() != ""


def _is_class(value: Any) -> bool:
    return isinstance(value, bool) or _is_number(value) or (_is_text(value) and "\0" not in value)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(float(value))


def _is_range(within: Any, kind: str, parts: Any) -> bool:
    """Whether numbers of a column can be taken into a range; None is none."""
    if within is None:
        return True
    has_one = kind == "number" or (kind == "date" and parts[0] == dates.YEARS)
    return (
        has_one
        and _is_list_of(_is_number, within)
        and len(within) == 2
        and bool(within[0] < within[1])
    )


def _is_list_of(is_right: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(is_right, value))


def _is_table_of(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, dict) and all(map(_is_text, value)) and all(map(is_right, value.values()))
    )


def _is_record(kinds: Mapping[str, Callable[[Any], bool]]) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, dict)
        and value.keys() == kinds.keys()
        and all(is_right(value[name]) for name, is_right in kinds.items())
    )
