"""Spatial blocks: zones made of coordinates, where a table names none (as in R's blockCV).

The plane is divided into squares. A square with few rows joins its nearest neighbour, so that every block can be left
out and measured. The blocks follow from the coordinates alone, not from the rows' order.
"""

from collections.abc import Mapping

import numpy as np

from lib.errors import TooManySquares

BLOCK_COL = "__block"
FEWEST_ROWS = 50
MOST_SQUARES = 5_000

Square = tuple[int, int]


def names(rows: Mapping[Square, int], block_size: float) -> dict[Square, str]:
    """The name of each square's block: the lower left corner of the block's first square, as in `4500_-200`.

    `block_size` is the side of a square in the unit of the coordinates.

    Raises:
        TooManySquares: there are more than `MOST_SQUARES`.
    """
    if len(rows) > MOST_SQUARES:
        raise TooManySquares(
            f"block_size: {block_size:g} makes more than {MOST_SQUARES:,} blocks of the table: give a larger one, in "
            "the unit of block_cols"
        )
    return {square: _corner(block, block_size) for square, block in merged(rows).items()}


def merged(rows: Mapping[Square, int]) -> dict[Square, Square]:
    """The block of each square, named by its first square: none has fewer than `FEWEST_ROWS` rows.

    The smallest block joins the one nearest to it, of several the smallest, until all are large enough or one is left.
    """
    squares = sorted(rows)
    at = np.array(squares, np.float64).reshape(-1, 2)
    block = np.arange(len(squares))
    size = {place: rows[square] for place, square in enumerate(squares)}
    while len(size) > 1:
        smallest = min(size, key=lambda place: (size[place], place))
        if size[smallest] >= FEWEST_ROWS:
            break
        here = block == smallest
        others = np.flatnonzero(~here)
        apart = ((at[others, None, :] - at[None, here, :]) ** 2).sum(axis=2).min(axis=1)
        nearest = {int(block[other]) for other in others[apart == apart.min()]}
        joined = min(nearest, key=lambda place: (size[place], place))
        keep, drop = sorted((joined, smallest))
        block[block == drop] = keep
        size[keep] += size.pop(drop)
    return {square: squares[place] for square, place in zip(squares, block, strict=True)}


def _corner(square: Square, block_size: float) -> str:
    return "_".join(_plain(index * block_size) for index in square)


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")
