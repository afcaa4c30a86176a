"""The two-layer network as a static graph: built once, and then run step by step."""
import torch

from spec.networks.with_tensorflow import build
from spec.tensorflow_beside import new_graph


class StaticNetwork:
    """The program of spec.networks.with_tensorflow, taken apart: the constructor builds, `run` makes one step."""

    def __init__(self, problem, learning_rate):
        with new_graph() as tf:
            _, start, self._step, self._feed = build(tf, *problem, learning_rate=learning_rate)
            threads = torch.get_num_threads()
            self.session = tf.Session(config=tf.ConfigProto(
                intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads,
                device_count={"GPU": 0}))
        self.session.run(start)

    def run(self):
        """Make one step and return the loss before it."""
        return float(self.session.run(self._step, feed_dict=self._feed)[0])


def build_and_run(problem, learning_rate):
    """Build the network anew and make its first step."""
    network = StaticNetwork(problem, learning_rate)
    network.run()
    network.session.close()
