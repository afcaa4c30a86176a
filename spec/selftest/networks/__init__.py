"""The forms of the running example are the same program, and a fault in any of them is noticed."""
