"""Backpropagation by hand.

Before a library derives gradients it is worth deriving them once oneself. The documents fit a network with one hidden
layer to random data, first with numpy arrays and then with tensors, and write the backward pass out: from the error of
the prediction back to the weights, one matrix product at a time.

This chapter asks whether the tools do what that program expects of them, whether the gradient that it computes is the
gradient, whether autograd finds the same one, and whether the program learns.
"""

SECTIONS = ["arrays", "shapes", "masks", "gradients", "autograd", "updates", "programs"]
