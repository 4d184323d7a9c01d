"""How names are written: in text as the grammar has them, in mathematics with scripts.

Subscripts are the grammar's own numbers: `W2[1,3]` is W with 2 above and 1,3 below. A reader may
give names of their own, and `dW1[0,0]` is then written by the name of `W1[0,0]`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clearprop import notation
from clearprop.errors import ArgumentError, ElementError, shown
from clearprop.explaining.derivation.expressions import Partial, Symbol
from clearprop.explaining.names import element_name, own_name

LONGEST = 24
"""Characters of a reader's own name."""

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi",
    "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "varphi", "χ": "chi", "ψ": "psi",
    "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi",
    "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "ϵ": "epsilon", "ι": "iota",
    "υ": "upsilon", "ς": "varsigma", "ϕ": "phi", "ϑ": "vartheta", "ħ": "hbar", "∞": "infty",
    "ℓ": "ell",
}  # fmt: skip
"""Greek letters and their commands in LaTeX."""


@dataclass(frozen=True)
class Glyph:
    """A symbol as mathematics writes it.

    `derivative` is the cost that is derived by the symbol ("L", with its row), if it stands for
    dL/d(symbol); `mark` is "hat", "new" or "before"; "sumexp" or "logsumexp" for the sum over
    exp of all symbols of a layer; "squares" for the sum of all squares; "+" or "-" for the cost
    where `argument` is moved by h.
    """

    base: str
    above: str = ""
    below: str = ""
    mark: str = ""
    derivative: Glyph | None = None
    argument: Glyph | None = None

    @property
    def is_raised(self) -> bool:
        """Whether a square of it needs parentheses: something stands above already."""
        return bool(self.above or self.mark or self.derivative is not None)


_MOVED = re.compile(r"L\((.+) ([+-]) h\)")
_SUM_OF_EXP = re.compile(r"(sumexp|logsumexp)\(z(\d+)\)")
IN_PROSE = re.compile(
    r"(?P<base>[A-Za-zδω])(?:_(?:\{(?P<several>[\d,]+)\}|(?P<below>\d+|[jk]\b)))?"
    r"(?:\^\((?P<above>\d+)\))?(?P<row>@\d+)?"
)
"""A symbol with scripts as text has it, among words: "W_{1,2}^(2)@3"."""

_ELEMENT = re.compile(r"([WbzaxyLq]|delta|mask)\d*(\[|$)")
_GRADIENT = re.compile(r"d([Wbzax])\d*(\[|$)")
_POWER = re.compile(r"beta([12])\^(\d+)")

_SETTINGS = {
    "eta": Glyph("η"), "mu": Glyph("μ"), "beta1": Glyph("β", below="1"),
    "beta2": Glyph("β", below="2"), "alpha": Glyph("α"), "epsilon": Glyph("ε"),
    "l2": Glyph("λ"), "decay": Glyph("decay"), "shrink": Glyph("shrink"), "t": Glyph("t"),
    "q": Glyph("q"), "h": Glyph("h"), "threshold": Glyph("threshold"),
    "g": Glyph("g"), "m": Glyph("m"), "v": Glyph("v"), "s": Glyph("s"), "size": Glyph("size"),
    "m_before": Glyph("m", mark="before"), "v_before": Glyph("v", mark="before"),
    "s_before": Glyph("s", mark="before"), "size_before": Glyph("size", mark="before"),
    "g_before": Glyph("g", mark="before"),
    "m_hat": Glyph("m", mark="hat"), "v_hat": Glyph("v", mark="hat"),
    "step": Glyph("step"), "path": Glyph("path"), "difference": Glyph("difference"),
    "update": Glyph("update"), "sum of W²": Glyph("W", mark="squares"),
}  # fmt: skip


class Names:
    """Writes symbols, with the names that a reader gave.

    Parameters
    ----------
    given : mapping of str to str
        Elements or whole arrays to names, as `read_names` returns them.
    sizes : tuple of int
        Of the network: what its own inputs and targets are called is no name for another thing.
    parentheses : bool
        Whether layers stand in parentheses, a^(2), so that none reads as a power.
    one_based : bool
        Whether neurons and samples are counted from 1 in what is shown; the grammar's stay.

    Raises
    ------
    ArgumentError
        If a name is too long, given twice, or that of another element.
    """

    def __init__(
        self,
        given: Mapping[str, str] | None = None,
        sizes: tuple[int, ...] = (),
        *,
        parentheses: bool = False,
        one_based: bool = False,
    ) -> None:
        self.given = dict(given or {})
        self._sizes = sizes
        self.parentheses, self.one_based = parentheses, one_based
        for key, name in self.given.items():
            if len(name) > LONGEST:
                raise ArgumentError(
                    f"names[{shown(key)}] has {len(name)} characters; formulas take {LONGEST} at "
                    "most"
                )
            if _is_element(name, sizes) and name not in (key, *self.given):
                raise ArgumentError(
                    f"names[{shown(key)}] is {shown(name)}, which is the name of another"
                )
        if len(set(self.given.values())) < len(self.given):
            raise ArgumentError("names gives two elements the same name")

    @property
    def cost(self) -> str:
        """What the cost is called."""
        return self.given.get("L", "L")

    @property
    def has_scripts(self) -> bool:
        """Whether text has scripts too, z_1^(2), where the grammar's names would mislead."""
        return self.parentheses or self.one_based

    def array(self, name: str) -> str:
        """Return the name of a whole array."""
        return self.text(Symbol(name, 0.0)) if self.has_scripts else self.given.get(name, name)

    def count(self, index: int) -> int:
        """Return the number that a neuron or a sample is shown by."""
        return index + self.one_based

    def _layer(self, layer: int | str) -> str:
        return f"({layer})" if self.parentheses else str(layer)

    def _indices(self, indices: Iterable[int | str]) -> str:
        return ",".join(str(self.count(int(index))) for index in indices)

    def own(self, name: str) -> str | None:
        """Return the reader's name of an element: its own, its array's, or its parameter's."""
        own = own_name(name, self.given)
        if own != name:
            return own
        if name.startswith("d") and (inner := self.own(name[1:])) is not None:
            return f"∂{self.cost}/∂{inner}"
        return (
            f"∂{self.cost}/∂{name[1:]}" if name[:2] in ("dW", "db") and self.cost != "L" else None
        )

    def text(self, symbol: Symbol) -> str:
        """Return a symbol as text: the reader's name, or the grammar's."""
        if self.has_scripts:
            return self._with_scripts(symbol)
        name = symbol.name
        moved = _MOVED.fullmatch(name)
        if moved is not None:
            written = f"{self.cost}({self.own(moved[1]) or moved[1]} {moved[2]} h)"
        elif name.startswith("new "):
            written = f"new {self.own(name[4:]) or name[4:]}"
        else:
            written = self.own(name) or _GREEK_TEXT.get(name, name)
            written = re.sub(r"^beta([12]\^)", r"β\1", written)
        return written if symbol.sample is None else f"{written}@{symbol.sample}"

    def _with_scripts(self, symbol: Symbol) -> str:
        """Return a symbol as text with its scripts: the reader's name, "z_1^(2)", "∂L/∂w1"."""
        name = symbol.name
        moved = _MOVED.fullmatch(name)
        of_layer = _SUM_OF_EXP.fullmatch(name)
        if name in self.given:
            written = self.given[name]
        elif name == "L":
            written = self.cost
        elif moved is not None:
            written = f"{self.cost}({self.text(Symbol(moved[1], 0.0))} {moved[2]} h)"
        elif of_layer is not None:
            written = f"{of_layer[1]}(z^({of_layer[2]}))"
        elif name.startswith("new "):
            written = f"new {self.text(Symbol(name[4:], 0.0))}"
        elif _GRADIENT.match(name):
            inner = name[1:].replace("a0[", "x[")
            written = f"∂{self.cost}/∂{self.text(Symbol(inner, 0.0))}"
        elif _ELEMENT.match(name):
            glyph = self.glyph(Symbol(name, 0.0))
            below = f"{{{glyph.below}}}" if "," in glyph.below else glyph.below
            above = f"^({glyph.above.strip('()')})" if glyph.above else ""
            written = glyph.base + (f"_{below}" if below else "") + above
        else:
            written = re.sub(r"^beta([12]\^)", r"β\1", _GREEK_TEXT.get(name, name))
        return written if symbol.sample is None else f"{written}@{self.count(symbol.sample)}"

    def partial(self, partial: Partial) -> str:
        """Return a partial derivative as text."""
        return f"∂{self.text(partial.of)}/∂{self.text(partial.by)}"

    def in_prose(self, words: str) -> list[tuple[str, Glyph | None]]:
        """Return words in pieces: those that are symbols with scripts have their glyph."""
        pieces: list[tuple[str, Glyph | None]] = []
        at = 0
        for found in IN_PROSE.finditer(words) if self.has_scripts else ():
            below = found["several"] or found["below"] or ""
            before = words[max(found.start() - 2, 0) : found.start()]
            in_a_word = before[-1:].isalnum() and before != "/d"
            if in_a_word or not (below or found["above"]):
                continue
            above = self._layer(found["above"]) if found["above"] else ""
            row = found["row"] or ""
            if row:
                mark = row if self.parentheses else f"({row[1:]})"
                above = f"{above},{mark}" if above else mark
            pieces += [(words[at : found.start()], None)]
            pieces += [(found[0], Glyph(found["base"], above, below))]
            at = found.end()
        return [*pieces, (words[at:], None)]

    def glyph(self, symbol: Symbol) -> Glyph:
        """Return a symbol as mathematics writes it."""
        name, sample = symbol.name, symbol.sample
        row = "" if sample is None else str(self.count(sample))
        mark = f"@{row}" if self.parentheses else f"({row})"  # (3) would be a layer there
        if name in self.given:
            return self._with_row(self._own_glyph(self.given[name]), row)
        if name in _SETTINGS:
            return _SETTINGS[name]
        if name == "omega":
            return Glyph("ω", below=row)
        if name == "L":
            return Glyph("L", below=row)
        if name.startswith("new "):
            inner = self.glyph(Symbol(name[4:], symbol.value))
            return Glyph(inner.base, inner.above, inner.below, "new")
        of_output = re.fullmatch(r"([yq])\[(\d+)\]", name)
        if of_output is not None:
            return Glyph(of_output[1], mark if row else "", self._indices([of_output[2]]))
        special = _SUM_OF_EXP.fullmatch(name)
        if special is not None:
            above = self._layer(special[2]) + (f",{mark}" if row else "")
            return Glyph("z", above, "k", special[1])
        moved = _MOVED.fullmatch(name)
        if moved is not None:
            argument = self.glyph(Symbol(moved[1], 0.0))
            return Glyph(self.cost, mark=moved[2], argument=argument)
        power = _POWER.fullmatch(name)
        if power is not None:
            return Glyph("β", power[2], power[1])
        factor = re.fullmatch(r"mask(\d+)\[(\d+)\]", name)
        if factor is not None:
            glyph = Glyph("mask", self._layer(factor[1]), self._indices([factor[2]]))
            return self._with_row(glyph, row)
        return self._of_grammar(name, symbol, row)

    def _own_glyph(self, name: str) -> Glyph:
        """Return a reader's name: "w1" and "w_1" have the 1 below, "z_1^(2)" the (2) above."""
        name = re.sub("[₀-₉]+", lambda m: "_{" + unicodedata.normalize("NFKC", m[0]) + "}", name)
        plain = unicodedata.normalize("NFD", name)
        hat = "hat" if len(plain) > 1 and plain[1] == "\u0302" else ""
        plain = plain.replace("\u0302", "", 1) if hat else name
        match = re.fullmatch(
            r"([^\W\d_]+)(?:_?(\d+)|_(\w)|_\{([^{}]+)\})?(?:\^(\(?\w+\)?)|\^\{([^{}]+)\})?", plain
        )
        if match is None:
            return Glyph(name)
        below = match[2] or match[3] or match[4] or ""
        above = match[5] or match[6] or ""
        glyph = Glyph(match[1], above, below, hat)
        return Glyph(name) if self._is_taken(glyph) else glyph

    def _is_taken(self, glyph: Glyph) -> bool:
        """Whether an input or a target without a name of its own is written just so."""
        if glyph.base not in ("x", "y") or glyph.above or glyph.mark or not glyph.below.isdigit():
            return False
        size = self._sizes[0 if glyph.base == "x" else -1] if self._sizes else 0
        index = int(glyph.below) - self.one_based
        return 0 <= index < size and f"{glyph.base}[{index}]" not in self.given

    def _of_grammar(self, name: str, symbol: Symbol, row: str) -> Glyph:
        try:
            element = notation.parse(name)
        except ElementError:
            return Glyph(name)
        kind, layer, indices = element
        if kind in ("dW", "db", "da"):
            inner = element_name(kind[1], layer, indices)
            bottom = self.glyph(Symbol(inner, 0.0, symbol.sample if kind == "da" else None))
            cost = Glyph(self.cost, below=row)
            return Glyph(bottom.base, bottom.above, bottom.below, "", cost)
        base = {"delta": "δ"}.get(kind, kind)
        above, array = self._layer(layer), name.partition("[")[0]
        if kind == "a" and layer == 0:
            base, above = "x", ""
        if array in self.given:
            base, above = self.given[array], ""
        return self._with_row(Glyph(base, above, self._indices(indices)), row)

    def _with_row(self, glyph: Glyph, row: str) -> Glyph:
        if not row:
            return glyph
        mark = f"@{row}" if self.parentheses else f"({row})"
        above = f"{glyph.above},{mark}" if glyph.above else mark
        return Glyph(glyph.base, above, glyph.below, glyph.mark)


class CodeNames(Names):
    """Writes every symbol by its code name: "omega@3", "beta1^2"."""

    def text(self, symbol: Symbol) -> str:
        """Return the code name."""
        return symbol.code

    def partial(self, partial: Partial) -> str:
        """Return a partial derivative by the code names of its symbols."""
        return partial.code


_GREEK_TEXT = {
    "eta": "η", "mu": "μ", "beta1": "β1", "beta2": "β2", "alpha": "α", "epsilon": "ε",
    "omega": "ω",
}  # fmt: skip


def _is_element(name: str, sizes: tuple[int, ...]) -> bool:
    """Whether a network of these sizes has an element of this name, or such a target."""
    if re.fullmatch(r"y\[\d+\]", name):
        return True
    return notation.exists(name, sizes, True)
