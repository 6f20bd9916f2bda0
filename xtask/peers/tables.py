"""Markdown tables that mark the best of each column, whoever it is."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Column:
    """A column; `cost` says how bad a value is (the least is marked), or is absent where none is better."""

    title: str
    places: int | None = None
    cost: Callable | None = None
    signed: bool = False
    # Marks all that are this good, in place of the least alone.
    good_enough: float | None = None

    def text(self, value):
        if value is None:
            return "–"
        if isinstance(value, str):
            return value
        if not math.isfinite(value):
            return "−∞" if value < 0 else "∞"
        rounded = round(value, self.places or 0) + 0.0
        return f"{rounded:{'+' if self.signed and rounded else ''}.{self.places or 0}f}".replace("-", "−")


def table(columns, rows, mark=True):
    """Rows of values, the first of each a name. Ties after rounding are all marked; words and gaps never are."""
    cells = [[column.text(value) for column, value in zip(columns, row, strict=True)] for row in rows]
    for k, column in enumerate(columns):
        if column.cost is None or not mark:
            continue
        costs = {}
        for r, row in enumerate(rows):
            if isinstance(row[k], (int, float)):
                costs[r] = round(column.cost(row[k]), column.places or 0)
        if not costs:
            continue
        limit = min(costs.values()) if column.good_enough is None else column.good_enough
        for r, cost in costs.items():
            if cost <= limit:
                cells[r][k] = f"**{cells[r][k]}**"
    head = "| " + " | ".join(column.title for column in columns) + " |"
    line = "|" + "|".join("---" if k == 0 else "---:" for k in range(len(columns))) + "|"
    return "\n".join([head, line, *("| " + " | ".join(row) + " |" for row in cells)])


def low(value):
    return value


def high(value):
    return -value


def near_zero(value):
    return abs(value)


def minus(number):
    return f"{number:g}".replace("-", "−")


def pairs(titles, rows, sides, places=None):
    """A table that marks the better of two columns in each row."""
    places = places or [None] + [p for *_, p in sides for _ in (0, 1)]
    columns = [Column(t, p, signed="change" in t) for t, p in zip(titles, places)]
    cells = []
    for row in rows:
        texts = [c.text(v) for c, v in zip(columns, row)]
        for a, b, cost, digits in sides:
            both = [(k, round(cost(row[k]), digits)) for k in (a, b) if isinstance(row[k], (int, float))]
            best = min((c for _, c in both), default=None)
            for k, c in both:
                texts[k] = f"**{texts[k]}**" if c == best else texts[k]
        cells.append(texts)
    return table([Column(t) for t in titles], cells)


def self_check():
    made = table(
        [
            Column("a"),
            Column("b", 1, low),
            Column("c", 1, near_zero, signed=True),
            Column("d", 2, low, good_enough=-1.0),
        ],
        [["x", 1.04, -2.0, -1.0], ["y", 0.96, 0.5, -0.9], ["z", None, "failed", -1.2]],
    )
    must_be = [
        "| x | **1.0** | −2.0 | **−1.00** |",
        "| y | **1.0** | **+0.5** | −0.90 |",
        "| z | – | failed | **−1.20** |",
    ]
    if made.splitlines()[2:] != must_be:
        raise AssertionError(f"tables mark the wrong cells:\n{made}")
