"""Rows of a derivation, each recomputed from its own symbols by an evaluator of its own."""

from __future__ import annotations

import re

import numpy as np
import pytest

from clearprop.activations import ACTIVATIONS
from clearprop.explaining.derivation.expressions import Symbol
from clearprop.explaining.derivation.glyphs import CodeNames
from clearprop.explaining.derivation.plain_text import TEXT
from evaluator import Evaluator, close


class Book:
    """Looks names up in a record, in an optimizer's settings, and in rows read before."""

    def __init__(self, record, before=None):
        self.record = record
        self.known: dict[str, float] = dict(before or {})
        self.n = len(record.losses)

    def value(self, name: str) -> float:
        if name in self.known:
            return self.known[name]
        if name.startswith("∂"):
            return self.partial(name)
        base, _, row = name.partition("@")
        i = int(row) if row else 0
        if target := re.fullmatch(r"y\[(\d+)\]", base):
            return float(self.record.y[i, int(target[1])])
        if quantile := re.fullmatch(r"q\[(\d+)\]", base):
            return self.record.network.loss.settings["q"][int(quantile[1])]
        if base == "omega":
            return float(self.record.omega[i])
        if base == "L" and (row or (self.n == 1 and not self.record.l2)):
            return float(self.record.losses[i])
        if base == "l2":
            return self.record.l2
        if base == "sum of W²":
            return sum(float((W**2).sum()) for W in self.record.network.weights)
        if base == "sum(y)":
            return float(self.record.y[i].sum())
        if layer := re.fullmatch(r"(log)?sumexp\(z(\d+)\)", base):
            z = self.record[f"z{layer[2]}"][i]
            with np.errstate(all="ignore"):
                return float(np.logaddexp.reduce(z) if layer[1] else np.exp(z).sum())
        if mask := re.fullmatch(r"mask(\d+)\[(\d+)\]", base):
            return float(self.record.masks[int(mask[1]) - 1][i, int(mask[2])])
        if base[:2] in ("dW", "db") and (row or (self.n == 1 and not self.record.l2)):
            j, *rest = (int(k) for k in re.findall(r"\d+", base.partition("[")[2]))
            layer = int(re.match(r"d[Wb](\d+)", base)[1])
            own = self.record.delta[layer - 1][i, j]
            return float(own * self.record.a[layer - 1][i, rest[0]] if rest else own)
        setting = getattr(self.record.network.loss, "settings", {}).get(base)
        if setting is not None:
            return setting
        value = self.record[base]
        return float(value[i]) if np.ndim(value) else float(value)

    def partial(self, name: str) -> float:
        top, bottom = (part[1:] for part in name.split("/"))
        i = int(bottom.partition("@")[2] or top.partition("@")[2] or 0)
        (a, j), (b, k) = (self.place(part) for part in (top, bottom))
        if a == "L":
            return float(self.record[f"d{b}" if b[0] == "a" else f"delta{b[1:]}"][i, k[0]])
        layer = int(a[1:])
        if b[0] in "Wb":
            return float(self.record.a[layer - 1][i, k[1]]) if b[0] == "W" else 1.0
        if a[0] == "z":
            return float(self.record[f"W{layer}"][j[0], k[0]])
        f, z = self.record.network.activations[layer - 1], self.record[f"z{layer}"][i : i + 1]
        if f.name == "softmax":  # an entry of the Jacobian, by a backward pass from one output
            slope = float(f.backward(z, np.eye(z.shape[1])[j[0]][None])[0, k[0]])
        else:
            slope = float(f.backward(z, np.ones_like(z))[0, j[0]])
        masks = self.record.masks
        masked = bool(masks) and layer <= len(masks)
        return slope * float(masks[layer - 1][i, j[0]]) if masked else slope

    @staticmethod
    def place(name: str):
        head, _, index = name.partition("@")[0].partition("[")
        return head.replace("x", "a0"), [int(k) for k in re.findall(r"\d+", index)]

    def apply(self, function: str, x: float) -> float:
        plain = {
            "log": np.log, "exp": np.exp, "sign": np.sign,
            "Phi": lambda x: 0.5 * (1 + _erf(x / np.sqrt(2))),
            "phi": lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
        }  # fmt: skip
        with np.errstate(all="ignore"):
            if function in plain:
                return float(plain[function](x))
            own = {f.name: f for f in self.record.network.activations}
            f = own.get(function.rstrip("'")) or ACTIVATIONS[function.rstrip("'")]
            z = np.array([[x]])
            return float((f.backward(z, np.ones_like(z)) if "'" in function else f(z))[0, 0])


def _erf(x):
    from math import erf

    return erf(x)


def verify(derivation, record, before=None) -> int:
    """Recompute every row of a derivation; return how many were."""
    book, rows = Book(record, before), 0
    for equation in derivation:
        name = equation.name
        if isinstance(equation.left, Symbol) and re.match(r"(d?[Wbaxz]|delta|L\b)", name):
            assert equation.value == pytest.approx(book.value(name), rel=1e-12, abs=0), name
        terms = equation.to_dict().get("terms", [])
        for form in equation.forms:
            text = form_text(form)
            rest = [t for t in terms if t["symbols"].startswith("[")]
            if rest and "[" in text and " other " in text:
                book.known[rest[0]["symbols"]] = rest[0]["value"]
            found = Evaluator(text, book.value, book.apply).result()
            assert close(found, equation.value), (name, text, found, equation.value)
            rows += 1
        for term in terms:
            found = Evaluator(term["symbols"], book.value, book.apply).result()
            assert close(found, term["value"]), (name, term)
            put_in = Evaluator(term["numbers"], book.value, book.apply).result()
            assert close(put_in, term["value"], 1e-4), (name, term)
        if terms:
            total = sum(term["value"] for term in terms)
            scale = sum(abs(term["value"]) for term in terms)
            assert abs(total - equation.value) <= 1e-12 * scale + 1e-300, name
        if equation.forms and np.isfinite(equation.value):
            put_in = Evaluator(equation.numbers, book.value, book.apply).result()
            assert close(put_in, equation.value, 10.0 ** (2 - equation.digits)), (
                name,
                equation.numbers,
                equation.value,
            )
        if name.startswith("new ") or not re.match(r"(d?[Wbaxz]|delta|L\b|∂)", name):
            book.known[name] = equation.value  # later rows may speak of it
    return rows


def form_text(form) -> str:

    return TEXT.symbols(form, CodeNames())
