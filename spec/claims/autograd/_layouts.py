"""One tensor of each layout."""
from spec.strategies import Blueprint

EXAMPLE_OF = {
    "contiguous": Blueprint.of([[1.0, 2.0], [3.0, 4.0]], "float32"),
    "transposed": Blueprint("float64", [1.0, 2.0, 3.0, 4.0], (2, 2), (1, 2)),
    "sliced": Blueprint("float64", [9.0, 1.0, 8.0, 2.0, 9.0, 3.0, 7.0, 4.0], (2, 2), (4, 2), 1),
    "expanded": Blueprint("float32", [1.0, 2.0], (2, 2), (0, 1)),
    "overlapping": Blueprint("float32", [1.0, 2.0, 3.0], (2, 2), (1, 1)),
}
"""A square matrix of floats for each name of spec.strategies.LAYOUTS."""
