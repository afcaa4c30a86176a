"""Modules: layers that own their weights, and networks made of layers.

Writing out every weight of a network becomes tedious soon. The package torch.nn offers layers instead: objects that
hold their weights and are called like functions. A network is then a list of layers, or a class with layers as members
and a forward function of one's own; either is a module again, and all weights are found through it.

The chapter begins with the network that all documents build, a Sequential of two linear layers and a rectifier, and
with the loss that judges it. It goes on to modules of one's own and to the ways of visiting all parts of a model, and
ends with the documents' training programs.
"""

SECTIONS = ["sequential", "linear", "losses", "gradients", "steps", "rectifier", "custom", "members", "walks",
            "printing", "images", "programs", "small_program"]
