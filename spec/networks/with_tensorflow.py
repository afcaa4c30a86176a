"""The running example with a static graph: TensorFlow describes the whole computation first and then runs it.

The description holds the forward pass, the gradients and the update of the weights; each call of ``session.run`` is one
step.  The names live in ``tf.compat.v1``, which TensorFlow 1.15 and TensorFlow 2 both have.

The documents' program computes the gradient of one weight from the other while that one may already be overwritten, for
a variable of its kind hands out its memory, not its value; so its result changes from run to run.  The resource
variables here hand out their value at the time of reading, and both updates wait until the loss and both gradients are
computed.

At a hidden unit of exactly 0 this form takes the derivative to be 1: where its two arguments are equal, ``tf.maximum``
passes the gradient to the first of them.  With the arguments exchanged, and with ``tf.nn.relu``, it is 0.

Source: "Learning PyTorch with Examples", section "TensorFlow: Static Graphs".
"""

from spec.networks import LEARNING_RATE, STEPS, Trajectory


def build(tf, x, y, w1, w2, learning_rate=LEARNING_RATE):
    """Describe the network in the current graph; return (weights, start, step, feed), to be run by a session.

    tf: the names of TensorFlow 1; the arrays are those of `train`. start gives the variables their first values; step
    is what one step runs, the loss first; feed goes with it.
    """
    inputs = tf.placeholder(x.dtype, x.shape)
    targets = tf.placeholder(y.dtype, y.shape)
    weights1 = tf.Variable(w1, use_resource=True)
    weights2 = tf.Variable(w2, use_resource=True)

    active = tf.maximum(tf.matmul(inputs, weights1), 0)
    loss = tf.reduce_sum(tf.square(tf.matmul(active, weights2) - targets))

    grad1, grad2 = tf.gradients(loss, [weights1, weights2])
    with tf.control_dependencies([loss, grad1, grad2]):
        update1 = weights1.assign_sub(learning_rate * grad1)
        update2 = weights2.assign_sub(learning_rate * grad2)
    start = tf.global_variables_initializer()
    return [weights1, weights2], start, [loss, update1, update2], {inputs: x, targets: y}


def train(x, y, w1, w2, learning_rate=LEARNING_RATE, steps=STEPS):
    """Fit the network to (x, y) and return its `Trajectory`.

    x, y, w1, w2: numpy arrays of shapes (n, d_in), (n, d_out), (d_in, h), (h, d_out) and one dtype; none is modified.
    Raises ImportError when TensorFlow is not installed.
    Raises ValueError when matrices that are to be multiplied do not fit together.
    """
    import tensorflow

    tf = tensorflow.compat.v1
    with tf.Graph().as_default() as graph:
        weights, start, step, feed = build(tf, x, y, w1, w2, learning_rate)

    losses = []
    with tf.Session(graph=graph) as session:
        session.run(start)
        for _ in range(steps):
            losses.append(float(session.run(step, feed_dict=feed)[0]))
        w1, w2 = session.run(weights)
    return Trajectory(losses, w1, w2)
