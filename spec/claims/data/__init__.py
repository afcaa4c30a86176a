"""Data: from files to batches.

A dataset is anything that has a length and gives a sample for an index. A DataLoader asks it for the samples in order,
or in a new random order for every epoch, and stacks them to batches, whose first dimension counts the samples. It does
so itself, or has it done by worker processes in the background; what comes out must be the same.

Everything that is done to a sample happens when it is read: a transform that draws random numbers gives another picture
in every epoch, and no dataset becomes longer by it. The documents show this on pictures of faces with marked points, in
which the points have to move with the picture.
"""

SECTIONS = ["datasets", "batches", "training", "workers", "transforms", "faces", "vision", "libraries"]
