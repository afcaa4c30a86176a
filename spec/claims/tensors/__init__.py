"""Tensors: arrays that can live on a GPU.

A tensor is what a numpy array is: numbers of one type in a box of any number of dimensions, with functions to compute
on them. This chapter says how far the likeness goes, what tensors have that arrays lack, and how they are made,
converted, added, multiplied and taken apart.

The documents write a whole neural network with nothing but these; each of the steps it takes has a place here.
"""

SECTIONS = [
    "arrays",
    "counterparts",
    "names",
    "gradients",
    "gpu",
    "constructors",
    "types",
    "random",
    "addition",
    "matrices",
    "steps",
    "protocols",
]
