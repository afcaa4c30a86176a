"""The built-in LSTM against loops over the sequence."""
from spec.benchmarks import recurrent
from spec.benchmarks.timing import Operation


def test_lstm(measure, device):
    sequence = recurrent.sequences(device)
    measure("LSTM", [
        Operation(name, recurrent.pass_over(way, parameters, sequence), work=recurrent.flop(sequence))
        for name, (way, parameters) in recurrent.ways(device).items()], budget=1.5)
