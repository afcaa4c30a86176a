"""Freezing: leaving parts of a network out of the backward pass.

A model that is only used, not trained, needs no record of how its results came about; and to retrain the last layer of
a trained model one needs gradients for that layer alone. The documents name two switches for this, requires_grad and
volatile. Only the first is left. In place of the second there is a block, torch.no_grad(), inside which nothing is
recorded.

What requires a gradient is then decided from the leaves: backward visits exactly those operations from which some leaf
that requires a gradient can be reached.
"""

SECTIONS = ["flags", "volatile", "recording", "subgraphs", "layers"]
