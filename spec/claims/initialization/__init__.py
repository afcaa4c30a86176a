"""Initialization: where the values of the weights come from before training.

Some libraries ask for first values when a variable is declared. Here there is a tensor first, and whoever wants other
values writes them into it: with the functions of torch.nn.init, whose names end in an underscore because they work in
place, or with the methods of the tensor itself.

Layers do not wait for that. They fill their weights when they are made, so that they can be used at once, and the same
functions set all layers of a kind in another way: in a function given to model.apply(), or in a loop over
model.modules().
"""

SECTIONS = ["tensors", "methods", "layers", "defaults"]
