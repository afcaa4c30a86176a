"""Devices: from the CPU to a GPU and back.

A tensor lies in the memory of one device, and computes there. The documents move tensors by x.cuda() and x.cpu(), move
a whole model by model.cuda(), and say that this is all that training on a GPU takes. What is moved keeps its type, its
values and its history, so that gradients find their way back.

A tensor that is moved is copied; a model is moved as it stands. The rest follows from these two sentences: which of
them needs an assignment, when the optimizer may be made, and which losses have to be moved at all. What is said here of
a GPU is tried on every device that is asked for, and on the CPU as far as it makes sense there.
"""

SECTIONS = ["moving", "staying", "types", "models", "operations", "training", "absence", "transfers", "several"]
