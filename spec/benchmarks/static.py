"""The two-layer network as a static graph: built once, and then run step by step."""
import torch

from spec.tensorflow_beside import new_graph


class StaticNetwork:
    """The program of spec.networks.with_tensorflow, taken apart: the constructor builds, `run` makes one step."""

    def __init__(self, problem, learning_rate):
        with new_graph() as tf:
            inputs = tf.placeholder(problem.x.dtype, problem.x.shape)
            targets = tf.placeholder(problem.y.dtype, problem.y.shape)
            weights1 = tf.Variable(problem.w1, use_resource=True)
            weights2 = tf.Variable(problem.w2, use_resource=True)
            active = tf.maximum(tf.matmul(inputs, weights1), 0)
            loss = tf.reduce_sum(tf.square(tf.matmul(active, weights2) - targets))
            grad1, grad2 = tf.gradients(loss, [weights1, weights2])
            with tf.control_dependencies([loss, grad1, grad2]):
                update1 = weights1.assign_sub(learning_rate * grad1)
                update2 = weights2.assign_sub(learning_rate * grad2)
            start = tf.global_variables_initializer()
            threads = torch.get_num_threads()
            self.session = tf.Session(config=tf.ConfigProto(
                intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads,
                device_count={"GPU": 0}))
        self.session.run(start)
        self._fetches, self._feed = [loss, update1, update2], {inputs: problem.x, targets: problem.y}

    def run(self):
        """Make one step and return the loss before it."""
        return float(self.session.run(self._fetches, feed_dict=self._feed)[0])


def build_and_run(problem, learning_rate):
    """Build the network anew and make its first step."""
    network = StaticNetwork(problem, learning_rate)
    network.run()
    network.session.close()
