"""Choices that cost little, since many of them are made of the bytes of one draw.

Hypothesis takes about a tenth of a millisecond for each draw, and more for each part that it might repeat elsewhere in
an example. What belongs together is therefore one draw; what is worth repeating, such as a whole tensor, is another.
"""
from hypothesis import strategies as st


class Choices(object):
    """Choices in a row, each made of the next bytes of one draw; a byte of 0 stands for the simplest option.

    Every method raises IndexError where there are not as many bytes left as it takes.
    """

    __slots__ = ("_bytes", "_place")

    def __init__(self, drawn):
        self._bytes = drawn
        self._place = 0

    def codes(self, number):
        """Return the next `number` bytes: whole numbers from 0 to 255."""
        start, end = self._place, self._place + number
        if end > len(self._bytes):
            raise IndexError("of {} bytes there are no {} after the first {}".format(len(self._bytes), number, start))
        self._place = end
        return self._bytes[start:end]

    def part(self, number):
        """Return Choices of the next `number` bytes: what follows stays in place, however many of them are used."""
        return Choices(self.codes(number))

    def below(self, number):
        """Return a whole number from 0 to number - 1, of one byte where number is at most 256, and else of two."""
        if number <= 256:
            return self.codes(1)[0] % number
        high, low = self.codes(2)
        return (256 * high + low) % number

    def between(self, low, high):
        """Return a whole number between the two bounds (inclusive), of which `low` is the simplest."""
        return low + self.below(high - low + 1)

    def of(self, options):
        """Return one of `options`, of which the first is the simplest."""
        return options[self.below(len(options))]


BLOCK = 32
"""How many bytes a draw has.

Hypothesis tries parts of one example in another; a draw that has another size there comes out as zeros.
"""

_BLOCK = st.binary(min_size=BLOCK, max_size=BLOCK)


def draw_choices(draw, size):
    """Draw Choices of at least `size` bytes: for use inside a composite."""
    return Choices(b"".join(draw(_BLOCK) for _ in range(-(-size // BLOCK))))
