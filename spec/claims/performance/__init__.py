"""Performance: what is said to be fast, and why.

The documents promise speed: a GPU computes many times faster than a CPU, its memory can be had for nearly nothing,
workers load data while the network trains, frozen layers and inference cost less, a static graph is optimised once and
run often. A promise of speed has two parts. One is a reason that can be seen without a clock: work that is not done,
memory that is used again, two things that go on at the same time. These the tests look at. The other part is a ratio of
two times, which depends on the machine; the benchmarks measure it, and a test judges what they found, with the claim
unverified in part where nothing was measured.

That the faster way computes the same is tested first, for otherwise its speed is worth nothing.
"""

SECTIONS = ["gpu", "memory", "networks", "loading", "transfers", "recording", "optimisation", "compiling"]
