"""A derivation in parts, as HTML piece by piece, for a page that lays it out in its own way."""

from __future__ import annotations

from math import isfinite
from typing import Any

from clearprop.explaining.derivation.as_html import definition_html, lines_of, prose_html
from clearprop.explaining.derivation.html_lines import line_html, math_html
from clearprop.explaining.derivation.mathml import MATHML, MathML
from clearprop.explaining.derivation.tree import Equation, Part, Tree


def parts_of(derivation: Tree, writer: MathML = MATHML) -> dict[str, Any]:
    """Return a derivation as plain numbers, and HTML with MathML for all that is shown.

    Parameters
    ----------
    derivation : Derivation
    writer : MathML
        The notation of formulas.

    Returns
    -------
    dict
        of, title, words and parts; each part has title, words, definitions, equations and parts;
        each equation name, value (a text, "inf", where it is not finite, which JSON cannot hold),
        depends_on, left, and lines of html, marked "largest" or not.

    Examples
    --------
    >>> import clearprop as cp
    >>> derivation = cp.explain(cp.Network([2, 1], seed=0), [0.5, 1.0], 1.0, of="z1[0]")
    >>> found = parts_of(derivation)["parts"][0]["equations"][0]
    >>> found["name"], found["depends_on"]
    ('z1[0]', ['W1[0,0]', 'x[0]', 'W1[0,1]', 'x[1]', 'b1[0]'])
    """
    names = derivation.names

    def of_equation(equation: Equation) -> dict[str, Any]:
        _, left, lines = lines_of(equation, names, writer)
        return {
            "name": equation.name,
            "value": equation.value if isfinite(equation.value) else str(equation.value),
            "depends_on": list(equation.depends_on),
            "left": math_html(left),
            "lines": [{"html": line_html(content), "largest": most} for content, most in lines],
        }

    def of_part(part: Part) -> dict[str, Any]:
        return {
            "title": prose_html(part.title, names),
            "definitions": [definition_html(definition) for definition in part.definitions],
            "words": [prose_html(sentence, names) for sentence in part.words],
            "equations": [of_equation(equation) for equation in part.equations],
            "parts": [of_part(child) for child in part.parts],
        }

    return {
        "of": derivation.of,
        "title": prose_html(derivation.title, names),
        "words": [prose_html(sentence, names) for sentence in derivation.words],
        "parts": [of_part(part) for part in derivation.parts],
    }
