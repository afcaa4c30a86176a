"""In place and out of place.

Most operations on tensors come in two forms. One returns a new tensor and leaves its operands alone; the other, whose
name ends in an underscore, changes the tensor it is called on. The second saves memory and is how weights are updated,
gradients are cleared and buffers are filled, but every view of the tensor changes with it, and so does what autograd
has to know.

This chapter says which name does which, what the two forms have in common, and when torch refuses to work in place
because the gradient would be wrong.
"""

SECTIONS = [
    "underscore",
    "examples",
    "purity",
    "exceptions",
    "assignment",
    "pairs",
    "missing_forms",
    "names",
    "index_add",
]
