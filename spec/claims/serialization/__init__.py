"""Serialization: keeping what was learned.

A model can be saved in two ways: its parameters alone, as a dictionary from names to tensors, or the object as a whole,
by pickling. The documents do both in a few lines and prefer the first.

What do the two files hold, and what do they need to be read: the class, a machine with the same devices, a release of
torch that trusts them? And can a model run where its Python definition is not?
"""

SECTIONS = ["parameters", "mismatches", "models", "classes", "devices"]
