"""Indexing: what stands between the brackets.

A tensor is indexed as a numpy array is: a[0, 3] is an element, a[:, 1] a column, a[:, 3:5] a block of columns. What
comes back is not a copy but a window on the tensor: writing through it, or assigning to an index, changes the tensor
itself.

The likeness to numpy has limits. A step never goes backwards, and the more inventive kinds of index, with lists and
masks, mean something else here and there, less so with every release.
"""

SECTIONS = ["elements", "slices", "expressions", "masks", "assignment"]
