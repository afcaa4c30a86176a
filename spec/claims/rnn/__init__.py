"""Recurrent networks: one layer applied again and again along a sequence.

What distinguishes a recurrent network is its state. At each step it is made of the input of that step and of the state
before, by the same weights. The documents first write this as a loop, which is all that it takes where graphs are made
as the program runs, and then use what the library has: a plain network, the GRU and the LSTM.

This chapter asks whether the loop and the library compute the same, how sequences, batches, layers and states lie in
tensors, and what becomes of sequences that are not of one length.
"""

SECTIONS = ["loops", "blocks", "lstm", "layouts", "states", "programs", "lengths"]
