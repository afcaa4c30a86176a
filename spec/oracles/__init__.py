"""Answers that do not use torch: what a claim compares a result with.

agreement      whether a result is the expected one, with one grammar of messages
exact_ad       reverse-mode differentiation over whole numbers and fractions
backprop       backpropagation by hand, in numpy, for networks of ReLU layers
rounding       how far rounding may take one operation from its exact value
running_error  the same for a chain of operations, carried along with the values
memory         views as arrays of cell numbers, and a probe that finds shared memory by writing
reachability   which tensors of a graph require a gradient, and which leaves receive one
derivatives    complex step, Taylor order, differences and subgradients
promotion      the dtype of a result, by release of torch
layers         linear layers, convolutions and loss functions, written out
recurrences    the cell formulas of recurrent networks, unrolled over a sequence
optimizers     the update rules of the optimizers, step by step
statistics     how far a sample may stray from its distribution, at a stated rate of false alarms
"""
