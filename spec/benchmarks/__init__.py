"""What the documents say about speed, measured: ``pytest spec/benchmarks --benchmark-only``; a plain run times nothing.

timing       the stopwatch, which waits for the device, and how operations are measured in turn
checks       what shows a measured time to be none: work left in the queue, no growth with the count, impossible speed
conditions   what is held fixed and written down: threads, precision, hardware, versions
networks     one training step of the two-layer network in each of its forms, and a convolutional network
recurrent    an LSTM, built in and as two loops over the sequence
static       the two-layer network as a static graph of TensorFlow
test_*       the benchmarks
documents    from pytest-benchmark's file to the file of measurements; ratios, table and plot are made from that

``python -m spec.benchmarks`` makes the documents. Only here are pytest-benchmark and matplotlib needed.
"""
