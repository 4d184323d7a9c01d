"""What columns are called: sixty kinds, as tables have them, and what `Model.fit` makes of each.

The table in docs/columns.md is made of these.
"""

from __future__ import annotations

import datetime
import hashlib
import random
import uuid
from collections.abc import Callable
from typing import Any

ROWS = 300

WORDS = [
    "battery",
    "screen",
    "keyboard",
    "arrived",
    "broken",
    "works",
    "great",
    "never",
    "again",
    "would",
    "buy",
    "fast",
    "slow",
    "cheap",
    "solid",
    "light",
    "heavy",
    "quiet",
    "loud",
    "refund",
    "seller",
    "parcel",
    "driver",
    "window",
    "garden",
    "river",
    "summer",
]
FIRST = [
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Felix",
    "Greta",
    "Hugo",
    "Ida",
    "Jonas",
    "Karla",
    "Leo",
    "Mia",
    "Noah",
    "Olga",
    "Paul",
]
LAST = [
    "Abel",
    "Brandt",
    "Cohen",
    "Dahl",
    "Ek",
    "Fischer",
    "Gomez",
    "Haas",
    "Ito",
    "Jansen",
    "Kim",
    "Lang",
    "Moser",
    "Nowak",
    "Olsen",
]
CHINESE = "今天天气很好我们去公园散步晚上吃饭然后回家看书喝茶听音乐"

Rng = random.Random
Kind = Callable[[Rng], list[Any]]


def each(make: Callable[[Rng, int], Any]) -> Kind:
    """Return what makes a column of the values of its rows."""
    return lambda rng: [make(rng, i) for i in range(ROWS)]


def shuffled(values: list[Any]) -> Kind:
    return lambda rng: rng.sample(values, len(values))


def sentence(rng: Rng, n: int = 9) -> str:
    return " ".join(rng.choices(WORDS, k=n)).capitalize() + "."


def sparse(rng: Rng, value: Any, some: int = 5) -> Any:
    return value if rng.randrange(some) else None


IDENTIFIER = "looks like an identifier"
ROW_NUMBER = "looks like a row number"
TEXT = "is text"
NUMERALS = "is text that is numbers"
MANY = "has too many categories"

KINDS: dict[str, tuple[Kind, str]] = {
    # Numbers, though they differ in every row.
    "measurements": (each(lambda r, i: round(r.gauss(5, 2), 6)), "number"),
    "measurements, sorted": (lambda r: sorted(r.random() for _ in range(ROWS)), "number"),
    "populations of cities": (each(lambda r, i: int(r.lognormvariate(10, 1.5))), "number"),
    "populations, sorted": (
        lambda r: sorted((int(r.lognormvariate(10, 1.5)) for _ in range(ROWS)), reverse=True),
        "number",
    ),
    "prices": (each(lambda r, i: round(r.lognormvariate(4, 1), 2)), "number"),
    "whole numbers of grams": (shuffled([1000 + 7 * i for i in range(ROWS)]), "number"),
    "counts with repeats": (each(lambda r, i: r.randrange(30)), "number"),
    "years": (lambda r: list(range(1724, 1724 + ROWS)), "number"),
    "seconds since 1970": (each(lambda r, i: 1_600_000_000 + 3600 * i), "number"),
    "revenues of nine digits and more": (each(lambda r, i: int(r.lognormvariate(21, 2))), "number"),
    "percentages": (each(lambda r, i: f"{r.random():.2%}"), "number"),
    "kilograms": (each(lambda r, i: f"{40 + i} kg"), "number"),
    "decimals as text in a data frame": (each(lambda r, i: f"{r.random():.6f}"), "number"),
    "coordinates": (each(lambda r, i: r.uniform(-90, 90)), "number"),
    "numbers with holes": (each(lambda r, i: sparse(r, r.random())), "number"),
    "postcodes without a zero in front": (each(lambda r, i: r.randrange(10, 80) * 1000), "number"),
    "times between events": (each(lambda r, i: r.expovariate(1)), "number"),
    "ranks": (shuffled(list(range(1, ROWS + 1))), "number"),
    "a step of ten": (lambda r: list(range(0, 10 * ROWS, 10)), "number"),
    # Categories, true and false, dates.
    "cities": (each(lambda r, i: r.choice(LAST) + "town"), "category"),
    "postcodes": (each(lambda r, i: f"0{r.randrange(10, 80)}00"), "category"),
    "states of two letters": (each(lambda r, i: r.choice(LAST)[:2].upper()), "category"),
    "phrases that repeat": (each(lambda r, i: f"{r.choice(WORDS)} and so on"), "category"),
    "a product code in many rows": (each(lambda r, i: f"P-{r.randrange(60):03}"), "category"),
    "half of the values different": (each(lambda r, i: f"v{i % (ROWS // 2)}"), "category"),
    "yes and no": (each(lambda r, i: r.choice(["yes", "no"])), "category"),
    "true and false": (each(lambda r, i: r.choice([True, False])), "boolean"),
    "true, or no value": (each(lambda r, i: True if i % 3 else None), "boolean"),
    "days": (
        each(lambda r, i: (datetime.date(2020, 1, 1) + datetime.timedelta(i)).isoformat()),
        "date",
    ),
    "times of sale, all different": (
        each(lambda r, i: datetime.datetime(2020, 1, 1) + datetime.timedelta(0, 4999 * i)),
        "date",
    ),
    # Identifiers.
    "row numbers from 0": (lambda r: list(range(ROWS)), ROW_NUMBER),
    "row numbers from 1": (lambda r: list(range(1, ROWS + 1)), ROW_NUMBER),
    "numbered from 1001": (lambda r: list(range(1001, 1001 + ROWS)), IDENTIFIER),
    "row_id, shuffled": (shuffled(list(range(ROWS))), IDENTIFIER),
    "numbered, a fifth is not there": (
        lambda r: sorted(r.sample(range(5000, 5000 + ROWS * 5 // 4), ROWS)),
        IDENTIFIER,
    ),
    "customer_id": (each(lambda r, i: i * 7919 % 100_003), IDENTIFIER),
    "customer_id, some twice": (each(lambda r, i: (i % 250) * 7919 % 100_003), IDENTIFIER),
    "PassengerId": (each(lambda r, i: i * 7919 % 100_003), IDENTIFIER),
    "telephone numbers": (each(lambda r, i: r.randrange(2 * 10**9, 10**10)), IDENTIFIER),
    "telephone numbers as text": (
        each(lambda r, i: f"+1 {r.randrange(200, 1000)} {r.randrange(100, 1000)} {1000 + i}"),
        IDENTIFIER,
    ),
    "numbers of cards": (each(lambda r, i: str(r.randrange(10**15, 10**16))), IDENTIFIER),
    "numbers beyond 2^53": (each(lambda r, i: 2**60 + r.randrange(2**50)), IDENTIFIER),
    "UUIDs": (each(lambda r, i: str(uuid.UUID(int=r.getrandbits(128)))), IDENTIFIER),
    "UUIDs, some twice": (
        lambda r: [str(uuid.UUID(int=7**40 * (i % 200))) for i in range(ROWS)],
        IDENTIFIER,
    ),
    "hashes": (each(lambda r, i: hashlib.sha1(str(i).encode()).hexdigest()), IDENTIFIER),
    "e-mail addresses": (
        each(lambda r, i: f"{r.choice(FIRST)}.{r.choice(LAST)}{i}@mail.com".lower()),
        IDENTIFIER,
    ),
    "e-mail addresses without digits": (
        each(lambda r, i: f"{r.choice(FIRST)}.{WORDS[i % 26]}{WORDS[i % 25]}@mail.com".lower()),
        IDENTIFIER,
    ),
    "URLs": (each(lambda r, i: f"https://shop.com/{r.choice(WORDS)}/{i}"), IDENTIFIER),
    "paths of files": (each(lambda r, i: f"/data/{r.choice(WORDS)}/img{i}.png"), IDENTIFIER),
    "invoice numbers": (each(lambda r, i: f"INV-2024-{i:05}"), IDENTIFIER),
    "persons by number": (each(lambda r, i: f"person {i}"), IDENTIFIER),
    "plates of cars": (
        each(lambda r, i: f"{r.choice(LAST)[:2].upper()}-{r.choice('ABCDEF')} {1000 + i}"),
        IDENTIFIER,
    ),
    "IP addresses": (
        each(lambda r, i: ".".join(str(r.randrange(1, 255)) for _ in range(4))),
        IDENTIFIER,
    ),
    "words, each one row's own": (
        lambda r: [f"{a}{b}" for a in WORDS for b in FIRST][:ROWS],
        IDENTIFIER,
    ),
    # Text.
    "sentences": (each(lambda r, i: sentence(r)), TEXT),
    "sentences with numbers": (each(lambda r, i: f"Order {i} was {sentence(r, 3)}"), TEXT),
    "sentences in a fifth of the rows": (
        each(lambda r, i: sentence(r) if i % 5 == 0 else None),
        TEXT,
    ),
    "paragraphs": (each(lambda r, i: " ".join(sentence(r) for _ in range(6))), TEXT),
    "sentences in Chinese": (
        each(lambda r, i: "".join(r.choices(CHINESE, k=14)) + "。"),
        TEXT,
    ),
    "names of persons": (
        lambda r: [f"{a}, {b} {c}" for a in LAST for b in FIRST for c in WORDS][: ROWS * 7 : 7],
        TEXT,
    ),
    "addresses": (
        each(lambda r, i: f"{i + 1} {r.choice(WORDS)} {r.choice(LAST)} Street"),
        TEXT,
    ),
    "a dictionary as JSON": (
        each(lambda r, i: f'{{"{r.choice(WORDS)}": {i}, "{r.choice(WORDS)}": 1}}'),
        TEXT,
    ),
    "last names, some twice": (
        lambda r: [f"{a}{b}" for a in LAST for b in ("son", "berg", "mann", "er", "ov", "ski",
         "feld", "stein", "ton", "ez", "ius", "ak")][: ROWS * 3 // 5] * 2,
        MANY,
    ),
    "numbers and others": (
        each(lambda r, i: f"{r.random():.6f}" if i % 9 else f"<{i}"),
        "is text that is mostly numbers",
    ),
    "decimal commas and others": (
        each(lambda r, i: f"{r.random():.6f}".replace(".", ",") if i % 9 else f"<{i}"),
        "is text that is mostly numbers",
    ),
    "marked thousands and others": (
        each(lambda r, i: f"{r.randrange(1000, 10**7):,}.{r.randrange(100):02}" if i % 9 else f"<{i}"),
        "is text that is mostly numbers",
    ),
    "money and others": (
        each(lambda r, i: f"{r.randrange(10**6) / 100:.2f} €".replace(".", ",") if i % 9 else f"<{i}"),
        "is text that is mostly numbers",
    ),
    "percentages and others": (
        each(lambda r, i: f"{r.random() * 100:.2f}%" if i % 9 else f"<{i}"),
        "is text that is mostly numbers",
    ),
    "telephone numbers in threes and others": (
        each(lambda r, i: f"+49 170 {r.randrange(100, 1000)} {i + 100}" if i % 9 else f"ext. {i}"),
        IDENTIFIER,
    ),
    "IP addresses of threes and others": (
        each(lambda r, i: f"192.168.{100 + i % 150}.{r.randrange(100, 255)}" if i % 9 else f"host{i}"),
        IDENTIFIER,
    ),
    "registers of nine digits and others": (
        each(lambda r, i: f"{r.randrange(200, 999)} {r.randrange(100, 1000)} {i + 100}" if i % 9 else f"old {i}"),
        IDENTIFIER,
    ),
    "digits as text in a data frame": (each(lambda r, i: f"{r.randrange(10**6)}"), NUMERALS),
    # Nothing to learn from.
    "always the same number": (each(lambda r, i: 7), "is always 7"),
    "always the same word": (each(lambda r, i: "EUR"), "is always EUR"),
    "no values": (each(lambda r, i: None), "has no values"),
    "lists": (each(lambda r, i: [i, i + 1]), "holds list"),
}  # fmt: skip
"""By name: what makes the values of a column, and how what it is called begins."""


def column(name: str) -> list[Any]:
    """Return the values of one of the `KINDS`."""
    make, _ = KINDS[name]
    return make(random.Random(name))[:ROWS]
