"""TensorFlow, imported when a test asks for it, and the deviations that depend on its release instead of torch's."""
import importlib.util
import os
import warnings
from contextlib import contextmanager

from spec.claim import Deviation

try:
    from importlib import metadata
except ImportError:  # Python 3.7, where pytest brings the backport
    import importlib_metadata as metadata

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def tensorflow():
    """Import TensorFlow, which takes seconds, and return it; what it logs on the way is not shown.

    Triton, which torch imports with torch._dynamo where it is installed, is imported first: each of the two brings an
    LLVM of its own, and the interpreter aborts where Triton's is loaded second (seen with torch 2.15, TensorFlow 2.21).
    """
    if importlib.util.find_spec("triton") is not None:
        importlib.import_module("triton")
    before = os.environ.get(LOG_LEVEL)
    os.environ[LOG_LEVEL] = "3"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module("tensorflow")
    finally:
        if before is None:
            del os.environ[LOG_LEVEL]
        else:
            os.environ[LOG_LEVEL] = before
    module.get_logger().setLevel("ERROR")
    return module


@contextmanager
def new_graph():
    """Make a graph of its own the default one; yield the names of TensorFlow 1, which TensorFlow 2 has as compat.v1."""
    tensorflow()
    tf = importlib.import_module("tensorflow.compat.v1")
    with tf.Graph().as_default():
        yield tf


def executed(tf, session, fetch, feed=None):
    """Run a fetch; return its value and the graphs that were executed for it, one for each device, as GraphDefs.

    tf  the names of TensorFlow 1
    """
    options, told = tf.RunOptions(output_partition_graphs=True), tf.RunMetadata()
    value = session.run(fetch, feed, options=options, run_metadata=told)
    return value, list(told.partition_graphs)


def tensorflow_major():
    """Return the major release of the installed TensorFlow without importing it, or None where there is none."""
    for name in ("tensorflow", "tensorflow-cpu", "tensorflow-gpu"):
        try:
            return int(metadata.version(name).split(".")[0])
        except metadata.PackageNotFoundError:
            pass
    return None


class TensorFlowEra:
    """A major release of TensorFlow, in the place of an era of torch: every torch lies in it, or none does."""

    since = until = None

    def __init__(self, major):
        self.major = major

    def __contains__(self, version):
        """Say whether the installed TensorFlow is of this major release, whatever the release of torch."""
        return tensorflow_major() == self.major

    def overlaps(self, other):
        """Say whether another such era is the same."""
        return self.major == other.major

    def __str__(self):
        return "TensorFlow {}".format(self.major)


class InTensorFlow(Deviation):
    """A deviation that one major release of TensorFlow shows, and the other does not."""

    def __init__(self, major, instead, witness, **options):
        super().__init__(instead, witness, **options)
        self.era = TensorFlowEra(major)

    @property
    def always(self):
        """A deviation of one release is never one of all."""
        return False
