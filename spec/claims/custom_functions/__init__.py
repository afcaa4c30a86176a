"""Custom functions: operators that one writes oneself.

Under the hood each operator of autograd is two functions. The forward function computes outputs from inputs. The
backward function is handed the gradient of some scalar by the outputs and returns its gradient by the inputs. Whoever
writes such a pair has a new operator.

This chapter asks what the two functions may do, what they are handed and what may be kept between them, and whether the
documents' example, a rectifier, is the one that torch brings along.
"""

SECTIONS = ["operators", "instances", "gradients", "recording", "saving", "rectifier", "programs"]
