"""Optimizers: the rule that turns gradients into new weights, as an object.

Gradient descent by hand takes a line for each weight. The package torch.optim keeps the rule in one place: an
optimizer is given the weights once, zero_grad() clears their gradients, and step() changes the weights by the gradients
that it finds. So a loop that trains a model need not say which rule it uses, and better rules than plain gradient
descent can be put in: those with momentum, and those that adapt the step to the history of each weight.

An optimizer is only that rule. It does not compute gradients, and it does not clear them by itself.
"""

SECTIONS = ["parameters", "zeroing", "order", "steps", "algorithms", "package", "programs"]
