"""Other libraries.

torchtext has datasets of texts, and TensorFlow readers that are queues in a graph.
"""
import importlib

import pytest

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim
from spec.claims.data._helpers import TEXT
from spec.claims.data._readers import InTorchtext, importable, read_lines
from spec.sources import FLOYDHUB, TEMPLATE
from spec.tensorflow_beside import new_graph, tensorflow, tensorflow_major

LEGACY = InTorchtext(
    (0, 9), (0, 11),
    "torchtext 0.9 to 0.11 have them in torchtext.legacy.datasets.",
    witness={},
    issue="text#985",
)
GONE = InTorchtext(
    (0, 12), None,
    "Since torchtext 0.12 there are none of them.",
    witness={},
    issue="text#1691",
)

TEXT_DATASETS = Claim(
    "data.text-datasets",
    "torchtext has the datasets SNLI and SST, and generic ones for translation and for language modeling.",
    sources=[TEMPLATE["Data Loading"]],
    deviations=[LEGACY, GONE],
    kills=["torchtext-has-snli-as-a-function"],
)

NAMES = ["SNLI", "SST", "TranslationDataset", "LanguageModelingDataset"]


@TEXT_DATASETS
@needs(TEXT)
def test_torchtext_has_the_datasets_named():
    datasets = importlib.import_module("torchtext.datasets")
    assert [name for name in NAMES if not isinstance(getattr(datasets, name, None), type)] == []


@LEGACY.instead
@needs(TEXT)
def test_they_are_among_the_legacy_datasets_of_torchtext():
    legacy = importlib.import_module("torchtext.legacy.datasets")
    assert [name for name in NAMES if not isinstance(getattr(legacy, name, None), type)] == []
    datasets = importlib.import_module("torchtext.datasets")
    assert [name for name in NAMES if hasattr(datasets, name)] == []


@GONE.instead
@needs(TEXT)
def test_torchtext_has_neither_the_datasets_nor_a_legacy_part():
    datasets = importlib.import_module("torchtext.datasets")
    assert [name for name in NAMES if hasattr(datasets, name)] == []
    assert not importable("torchtext.legacy.datasets")


TENSORFLOW_READER_PIPELINE = Claim(
    "data.tensorflow-reader-pipeline",
    "TensorFlow reads data by queues: of file names, of examples, and of batches.",
    sources=[FLOYDHUB["Data handling"]],
    kills=["queues-lose-the-first-file", "numbers-are-read-with-the-opposite-sign"],
)


@pytest.fixture
def files(tmp_path):
    """Three text files with four whole numbers each, 0 to 11 in order; their paths."""
    paths = [tmp_path / "{}.txt".format(number) for number in range(3)]
    for number, path in enumerate(paths):
        path.write_text(u"".join("{}\n".format(4 * number + line) for line in range(4)))
    return [str(path) for path in paths]


@TENSORFLOW_READER_PIPELINE
@needs(TENSORFLOW)
def test_queues_give_the_lines_of_the_files_in_batches(files):
    with new_graph() as tf:
        assert read_lines(tf, files, size=5) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]


@TENSORFLOW_READER_PIPELINE
@needs(TENSORFLOW)
def test_a_queue_that_shuffles_gives_the_same_lines_in_another_order(files):
    with new_graph() as tf:
        lines = sum(read_lines(tf, files, size=5, shuffle=True), [])
    assert sorted(lines) == list(range(12)) != lines


@TENSORFLOW_READER_PIPELINE
@needs(TENSORFLOW)
def test_datasets_of_tf_data_give_the_same_batches(files):
    with new_graph() as tf:
        lines = tf.data.TextLineDataset(files).map(lambda line: tf.string_to_number(line, out_type=tf.int32))
        batch = tf.data.make_one_shot_iterator(lines.batch(5)).get_next()
        with tf.Session() as session:
            assert [session.run(batch).tolist() for _ in range(3)] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]


@TENSORFLOW_READER_PIPELINE
@needs(TENSORFLOW)
def test_queues_need_a_graph_where_operations_are_run_at_once(files):
    tf = tensorflow()
    if tensorflow_major() == 1:
        assert not tf.executing_eagerly()
    else:
        with pytest.raises(RuntimeError):
            importlib.import_module("tensorflow.compat.v1").train.string_input_producer(files)
