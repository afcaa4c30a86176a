"""Multiprocessing: tensors that several processes share.

Python's processes have memories of their own: what is sent from one to another is a copy. torch.multiprocessing is
Python's own package, taught to send tensors differently. A tensor that goes through a queue has its storage moved to
memory that both processes map, so that each sees what the other writes. All else is still copied, and so is a tensor
that a forked process merely inherits, unless it was put into shared memory before.

With that a whole model can be shared, and trained by several processes at once without any lock: HOGWILD.
"""

SECTIONS = ["package", "sharing", "objects", "models"]
