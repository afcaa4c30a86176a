"""Graphs: described once and run many times, or recorded anew by each run.

Both kinds of framework compute with a graph of operations, and derive gradients by walking it backwards. They differ in
when the graph comes to be. TensorFlow as the documents know it is given the whole computation first, with placeholders
where the data will be; a session then runs it, as often as one likes. This graph is static: loops and updates of the
weights have to be operations of it, and it can be optimised before the first number is computed. PyTorch has no such
description. Ordinary Python runs, each operation leaves a record, and backward reads the record: the graph is dynamic,
may be another one each time, and loops, conditions and the debugger are those of Python.

Both have moved since: TensorFlow 2 computes at once, and torch can compile.
"""

SECTIONS = [
    "static", "optimisation", "names", "sessions", "training", "order", "loops", "counters",
    "dynamic", "as_we_go", "compilers", "sharing", "programs",
]
