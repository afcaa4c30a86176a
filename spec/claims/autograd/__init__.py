"""Autograd: tensors that remember.

Backpropagation by hand is bearable for two layers and hopeless for fifty. The documents therefore wrap tensors in
Variables: objects that can do whatever a tensor can, and that remember what was done to them. The memory is a graph.
Followed backwards from a loss it yields the gradient of that loss with respect to everything it was computed from.

This chapter asks what a Variable is, what its parts are, and what the graph looks like; then which gradients come out
of it, where they are kept, and how the documents' programs use them to learn.
"""

SECTIONS = [
    "variables",
    "wrapping",
    "data",
    "operations",
    "graph",
    "intermediates",
    "changes",
    "loss",
    "propagation",
    "gradients",
    "exactness",
    "kinks",
    "accumulation",
    "updates",
    "programs",
]
