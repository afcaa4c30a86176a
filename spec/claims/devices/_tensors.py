"""The tensors that are moved about."""
from spec import dtypes
from spec.strategies import LAYOUTS, Blueprint, tensors

EVERYTHING = tensors(dtypes.ALL, layouts=LAYOUTS)
"""Tensors of every dtype and of every layout."""

CORNERS = Blueprint.of([0.0, -0.0, 5e-324, float("nan"), float("inf"), float("-inf")])
BRANCHES = dict(
    empty=lambda t: not t.numel,
    scalar=lambda t: not t.ndim,
    strided=lambda t: not t.contiguous,
    expanded=lambda t: t.layout() == "expanded",
    long=lambda t: t.numel > 16,
    integer=lambda t: dtypes.is_integer(t.dtype),
)
"""What a property of all tensors must reach."""
