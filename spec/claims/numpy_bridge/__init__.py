"""The numpy bridge: one memory under two libraries.

A tensor on the CPU and a numpy array can be two views of the same memory. Crossing from one library to the other then
costs nothing, whatever the size, and a write on either side shows on the other. The documents promise this in a few
lines; below stands for which dtypes, layouts and constructors it is true, who keeps the memory alive, and what autograd
knows of writes that come from numpy.
"""

SECTIONS = ["sharing", "round_trips", "constructors", "dtypes", "layouts", "gradients", "lifetimes"]
