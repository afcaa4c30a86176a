"""What PyTorch's tutorials promise.

Five well-read tutorials taught a generation what PyTorch does. This is what they state, sentence by sentence, and
whether it is true: below each sentence stand the tests that verify it, and where a release of torch does something
else, what is true there instead.
"""

CHAPTERS = [
    "tensors",
    "indexing",
    "inplace",
    "numpy-bridge",
    "backprop",
    "autograd",
    "freezing",
    "custom-functions",
    "graphs",
    "nn",
    "initialization",
    "optim",
    "rnn",
    "training",
    "serialization",
    "data",
    "multiprocessing",
    "devices",
    "performance",
    "errata",
]
"""The chapters in the order a learner meets them."""
