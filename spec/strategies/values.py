"""Elements of tensors, with the corners of each dtype reached often.

A tensor's elements cost one draw, however many there are: two bytes pick a table of 4, 16 or 256 numbers, and of
sixteen bytes one for each element is made, which picks from the table. The narrow tables hold corners only (kinks,
ties, -0.0, NaN, infinities, subnormals, extremes); the widest mixes them half and half with ordinary numbers that
depend on the table's own number. Now and then all elements are one corner.
"""

from functools import lru_cache

import numpy as np
from hypothesis import strategies as st

from spec import dtypes
from spec.strategies.choices import draw_choices
from spec.strategies.remembered import remembered

_WIDTHS = 5 * (4,) + 5 * (16,) + 4 * (256,) + 2 * (1,)
"""How many numbers of a table may occur in a tensor; 1 is for a tensor whose elements are all the same."""

_TABLES = 16
"""How many tables of a kind there are; each has 128 ordinary numbers of its own, and to make one takes a while."""


def _float_corners(name):
    limits, width = dtypes.limits(name), dtypes.precision(name)
    nan, inf = float("nan"), float("inf")
    numbers = [0.0, 1.0, -1.0, 0.5, -0.0, -0.5, 2.0, nan, 3.0, inf, -inf, limits.smallest_subnormal, -2.0, limits.max]
    numbers += [limits.smallest_normal, 6.0, -limits.smallest_subnormal, -limits.max, 1 + limits.eps]
    numbers += [1 - limits.eps / 2, limits.smallest_normal * (1 - limits.eps), -limits.smallest_normal, limits.eps]
    numbers += [-3.0, -6.0, 2.0 ** (width - 1) + 0.5, 2.0**width - 1, 2.0**width, 0.1, -0.1, 1 / 3.0, 7.0, 100.0]
    return dtypes.nearest(name, numbers)


def _integer_corners(name):
    low, high = dtypes.limits(name)
    numbers = [0, 1, -1, 2, high, low, 3, -2, high - 1, low + 1, 7, 8, -3, high // 2, high // 2 + 1, 15, 16, 100]
    kept = [number for number in numbers if low <= number <= high]
    return sorted(set(kept), key=kept.index)


def _complex_corners(name):
    parts = _float_corners(name)[:14]
    diagonal = [complex(part, parts[-number]) for number, part in enumerate(parts)]
    return [0j, 1 + 0j, 1j, -1 + 0j, 0.5 - 0.5j, complex(-0.0, -0.0)] + diagonal


def _ordinary(name, random, number):
    """Return `number` unremarkable values: half of them near 1, half spread over the exponents or the whole range."""
    half = number // 2
    if dtypes.is_integer(name):
        low, high = dtypes.limits(name)
        near = random.randint(max(low, -20), 21, half).tolist()
        return near + [low + int(share * (high - low)) for share in random.random_sample(number - half)]
    if dtypes.is_complex(name):
        parts = _ordinary(dtypes.part_of(name), random, 2 * number)
        return [complex(real, imaginary) for real, imaginary in zip(parts[::2], parts[1::2])]
    near = np.round(random.standard_normal(half), 3)
    reach = min(30.0, np.log2(dtypes.limits(name).max) - 1)
    far = random.standard_normal(number - half) * 2.0 ** random.uniform(-reach, reach, number - half)
    return dtypes.nearest(name, near.tolist() + np.clip(far, -(2.0**reach), 2.0**reach).tolist())


def _whole(name, random, number):
    values = random.randint(-9, 10, number)
    return dtypes.nearest(name, (abs(values) if name == "uint8" else values).tolist())


def _admitted(values, finite, kinks, subnormal, bounds, positive, smallest_normal):
    low, high = (-np.inf, np.inf) if bounds is None else bounds
    kept = []
    for value in values:
        size = abs(value)
        if finite and not np.isfinite(value) or not kinks and value == 0 or positive and not value > 0:
            continue
        if not subnormal and 0 < size < smallest_normal or bounds is not None and not low <= value <= high:
            continue
        kept.append(value)
    return kept


@lru_cache(maxsize=4096)
def table(name, number=2, finite=False, kinks=True, subnormal=True, integral=False, bounded=None, positive=False):
    """Return 256 Python numbers of dtype `name`, the simplest and most telling first: what a byte picks from.

    number is the table's own; finite leaves out NaN and infinities; kinks=False leaves out zeros; subnormal=False
    leaves out subnormals; integral admits small whole numbers only (up to 9 in size, on which float arithmetic is
    exact); bounded is the largest size allowed, or (low, high); positive leaves out all that is not above 0.
    ValueError where nothing is left.
    """
    if name == "bool":
        values = [False, True] if kinks and not positive else [True]
        return tuple((values * 256)[:256])
    bounds = (-bounded, bounded) if isinstance(bounded, (int, float)) else bounded
    random = np.random.RandomState(number)
    if integral:
        corners = dtypes.nearest(name, [0, 1, 2, 3] if name == "uint8" else [0, 1, -1, 2, -2, 3, -3])
        ordinary = _whole(name, random, 128)
    else:
        kind = _integer_corners if dtypes.is_integer(name) else _float_corners
        corners = (_complex_corners if dtypes.is_complex(name) else kind)(name)
        ordinary = _ordinary(name, random, 128)
    tiny = 0 if dtypes.is_integer(name) else dtypes.limits(name).smallest_normal
    if bounds is not None and not dtypes.is_complex(name):
        ordinary = [_folded(value, *bounds) for value in ordinary]
        ordinary = [int(value) for value in ordinary] if dtypes.is_integer(name) else dtypes.nearest(name, ordinary)
    if positive:
        ordinary = [abs(value) for value in ordinary]
    rules = (finite, kinks, subnormal, bounds, positive, tiny)
    corners, ordinary = _admitted(corners, *rules), _admitted(ordinary, *rules)
    if not corners and not ordinary:
        raise ValueError("no value of {} is left".format(name))
    corners, ordinary = corners or ordinary, ordinary or corners
    return tuple((corners * 128)[:128] + (ordinary * 128)[:128])


def _folded(value, low, high):
    """Bring a number into [low, high], keeping what varies about it."""
    if low <= value <= high or value != value:
        return value
    if np.isinf(low) or np.isinf(high):
        return min(max(value, low), high)
    return low + (value - low) % (high - low) if high > low else low


VALUE_BYTES = 18
"""How many bytes `values_of` takes, however many values it makes."""


def codes_of(choices, number):
    """Return `number` whole numbers from 0 to 255 as a list, made of sixteen bytes however many they are."""
    codes = choices.codes(16)
    further = [(3 * codes[i % 16] + 5 * codes[(i + i // 16) % 16]) % 256 for i in range(16, number)]
    return (list(codes) + further)[:number]


def values_of(choices, name, number, among=None, **options):
    """Return `number` values of dtype `name` as a list, made of VALUE_BYTES bytes.

    They are some of `among`, numbers of that dtype, where it is given; else the options are those of `table`.
    """
    width, which, codes = choices.of(_WIDTHS), choices.below(_TABLES), codes_of(choices, number)
    values = among or table(name, which, **options)
    if width == 1:
        return [values[codes[0] % min(16, len(values))] for _ in codes]
    return [values[code % min(width, len(values))] for code in codes]


def draw_values(draw, name, number, **options):
    """Draw `number` values of dtype `name` as a list, with the options of `values_of`: for use inside a composite."""
    return values_of(draw_choices(draw, VALUE_BYTES), name, number, **options)


@remembered
@st.composite
def fills(draw, name, number, **options):
    """Draw a tuple of `number` values of dtype `name`; the options are those of `values_of`. It costs one draw."""
    return tuple(draw_values(draw, name, number, **options))


def elements(name, **options):
    """Draw one value of dtype `name`, a Python number; the options are those of `values_of`."""
    return fills(name, 1, **options).map(lambda values: values[0])
