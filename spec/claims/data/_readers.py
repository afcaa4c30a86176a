"""Readers of other libraries: TensorFlow's queues, and the releases of torchtext."""
import importlib

from spec.claim import Deviation

try:
    from importlib import metadata
except ImportError:  # Python 3.7, where pytest brings the backport
    import importlib_metadata as metadata


def read_lines(tf, paths, size, shuffle=False):
    """Read whole numbers, a line each, from text files by queues in TensorFlow; return them in lists of a size.

    tf  the names of TensorFlow 1, in whose default graph the queues are put
    """
    lines = tf.TextLineReader().read(tf.train.string_input_producer(paths, num_epochs=1, shuffle=False)).value
    numbers = [tf.string_to_number(lines, out_type=tf.int32)]
    if shuffle:
        batch = tf.train.shuffle_batch(numbers, size, capacity=64, min_after_dequeue=32, seed=0,
                                       allow_smaller_final_batch=True)
    else:
        batch = tf.train.batch(numbers, size, allow_smaller_final_batch=True)
    read = []
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coord=coordinator)
        try:
            while not coordinator.should_stop():
                read.append(session.run(batch).tolist())
        except tf.errors.OutOfRangeError:
            pass
        finally:
            coordinator.request_stop()
            coordinator.join(threads)
    return read


def torchtext_release():
    """Return (major, minor) of the installed torchtext without importing it, or None where there is none."""
    try:
        return tuple(int(number) for number in metadata.version("torchtext").split(".")[:2])
    except metadata.PackageNotFoundError:
        return None


class TorchtextEra:
    """A range of releases of torchtext, (major, minor), both ends included; the last may be open, as None.

    It stands in the place of an era of torch: every torch lies in it, or none does.
    """

    since = until = None

    def __init__(self, first, last):
        self.first, self.last = first, last or (10**6, 0)

    def __contains__(self, version):
        """Say whether the installed torchtext is of these releases, whatever the release of torch."""
        here = torchtext_release()
        return here is not None and self.first <= here <= self.last

    def overlaps(self, other):
        """Say whether some release lies in both eras."""
        return self.first <= other.last and other.first <= self.last

    def __str__(self):
        first = "torchtext {}.{}".format(*self.first)
        return first + (" on" if self.last[0] == 10**6 else " to {}.{}".format(*self.last))


class InTorchtext(Deviation):
    """A deviation that some releases of torchtext show, from a first to a last one (None: open)."""

    def __init__(self, first, last, instead, witness, **options):
        super().__init__(instead, witness, **options)
        self.era = TorchtextEra(first, last)

    @property
    def always(self):
        """A deviation of some releases is never one of all."""
        return False


def importable(name):
    """Say whether a module can be imported."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
