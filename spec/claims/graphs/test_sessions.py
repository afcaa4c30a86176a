"""Sessions.

A session executes a graph. Data come in through placeholders, values are kept from run to run in variables, and what is
asked for comes back to numpy.
"""
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim, Deviation, reaches
from spec.oracles.agreement import agrees, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE
from spec.strategies import Blueprint, shapes, tensors
from spec.tensorflow_beside import new_graph

TF_PLACEHOLDERS_ARE_FED = Claim(
    "graphs.tf-placeholders-are-fed",
    "Placeholders hold no data: each run binds data to them through its feed_dict, and the next run may bind others.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["a-session-remembers-its-first-result"],
)


@pytest.fixture(scope="module")
def placeholders():
    """Return a session, a placeholder, and what reading it gives."""
    with new_graph() as tf:
        x = tf.placeholder("float32")
        result = tf.identity(x)
        session = tf.Session()
    yield session, x, result
    session.close()


@TF_PLACEHOLDERS_ARE_FED
@needs(TENSORFLOW)
@reaches(rounded=lambda data: any((x.array.astype("float32") != x.array).any() for x in data))
@example(data=[Blueprint.of([0.1], "float64"), Blueprint.of([float("nan"), -0.0], "float64")])
@given(data=st.lists(tensors("float64", shape=shapes(max_elements=8), bounded=1e30), min_size=1, max_size=3))
def test_a_placeholder_is_what_this_run_feeds_it_rounded_to_its_own_dtype(placeholders, data):
    """
    >>> for x in data: print(x.float())
    """
    session, x, result = placeholders
    for one in data:
        bitwise(session.run(result, {x: one.array}), one.array.astype("float32"))


@TF_PLACEHOLDERS_ARE_FED
@needs(TENSORFLOW)
def test_each_run_has_to_feed_the_placeholders_that_it_needs_anew_and_no_others():
    with new_graph() as tf:
        x, y = tf.placeholder("float32", (2,)), tf.placeholder("float32", (2,))
        double, total = x * 2, x + y
        with tf.Session() as session:
            agrees(session.run(double, {x: [1, 2]}), np.array([2, 4], dtype="float32"))
            for feed in ({}, {x: [1, 2]}):
                with pytest.raises(tf.errors.InvalidArgumentError, match="must feed a value for placeholder"):
                    session.run(total, feed)
            with pytest.raises(ValueError):
                session.run(total, {x: [1, 2], y: [1, 2, 3]})


@TF_PLACEHOLDERS_ARE_FED
@needs(TENSORFLOW)
def test_other_tensors_can_be_fed_too_for_the_length_of_one_run():
    with new_graph() as tf:
        constant = tf.constant(2.0)
        square = constant * constant
        with tf.Session() as session:
            assert [session.run(square, feed) for feed in ({}, {constant: 3}, {})] == [4, 9, 4]


TF_NONE_DIMENSION_IS_OPEN = Claim(
    "graphs.tf-none-dimension-is-open",
    "A placeholder of shape (None, D) leaves the batch size open: one graph takes any number of rows.",
    sources=[EXAMPLES["TensorFlow: Static Graphs"]],
    kills=["a-session-remembers-its-first-result"],
)


@pytest.fixture(scope="module")
def rows():
    """Return a session, a placeholder of three columns, and the sums of its rows and of everything."""
    with new_graph() as tf:
        x = tf.placeholder("float64", (None, 3))
        sums = tf.reduce_sum(x, 1), tf.reduce_sum(x)
        session = tf.Session()
    yield session, x, sums
    session.close()


@TF_NONE_DIMENSION_IS_OPEN
@needs(TENSORFLOW)
@reaches(empty=lambda x: x.size[0] == 0, one=lambda x: x.size[0] == 1, many=lambda x: x.size[0] > 16)
@given(x=st.integers(0, 20).flatmap(lambda n: tensors("float64", shape=(n, 3), integral=True, bounded=999)))
def test_any_number_of_rows_can_be_fed_none_included(rows, x):
    """
    >>> x.sum(1), x.sum()
    """
    session, fed, sums = rows
    by_row, total = session.run(sums, {fed: x.array})
    agrees(by_row, x.array.sum(axis=1))
    agrees(total, x.array.sum())


@TF_NONE_DIMENSION_IS_OPEN
@needs(TENSORFLOW)
@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 4), (1, 3, 1)], ids=str)
def test_the_other_dimensions_are_checked(rows, shape):
    session, fed, sums = rows
    with pytest.raises(ValueError):
        session.run(sums, {fed: np.zeros(shape)})


TF_VARIABLE_PERSISTS = Claim(
    "graphs.tf-variable-persists",
    "A TensorFlow Variable keeps its value from one run of the graph to the next.",
    sources=[EXAMPLES["TensorFlow: Static Graphs"]],
    kills=["a-session-remembers-its-first-result", "the-initializer-does-nothing"],
)


@TF_VARIABLE_PERSISTS
@needs(TENSORFLOW)
@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
def test_a_variable_has_its_value_until_it_is_assigned_or_initialized_again_and_a_random_operation_has_none(resource):
    with new_graph() as tf:
        random = tf.random_normal((4,), seed=0)
        variable = tf.Variable(random, use_resource=resource)
        start, twice = tf.global_variables_initializer(), variable.assign_add(variable)
        with tf.Session() as session:
            session.run(start)
            first = session.run(variable)
            assert (session.run(random) != session.run(random)).all()
            bitwise(session.run(variable), first)
            session.run(twice)
            session.run(random)
            bitwise(session.run(variable), first + first)
            session.run(start)
            assert (session.run(variable) != first).all()
        with tf.Session() as another, pytest.raises(tf.errors.FailedPreconditionError):
            another.run(variable)


TF_INITIALIZER_REQUIRED = Claim(
    "graphs.tf-initializer-required",
    "The graph has to be run once to initialize the Variables before they are used.",
    sources=[EXAMPLES["TensorFlow: Static Graphs"], FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["the-initializer-does-nothing"],
)


@TF_INITIALIZER_REQUIRED
@needs(TENSORFLOW)
@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
@pytest.mark.parametrize("use", ["read", "update", "loop"])
def test_a_variable_cannot_be_used_before_it_is_initialized(resource, use):
    with new_graph() as tf:
        variable = tf.Variable([1.5, -2.0], use_resource=resource)
        used = {
            "read": lambda: tf.identity(variable),
            "update": lambda: variable.assign_add([0.0, 0.0]),
            "loop": lambda: tf.while_loop(lambda state: False, lambda state: state, [variable]),
        }[use]()
        with tf.Session() as session:
            with pytest.raises((tf.errors.FailedPreconditionError, tf.errors.NotFoundError)):
                session.run(used)
            session.run(tf.global_variables_initializer())
            agrees(session.run(used), np.array([1.5, -2.0], dtype="float32"))


TF_FETCHES_ARE_NUMPY_ARRAYS = Claim(
    "graphs.tf-fetches-are-numpy-arrays",
    "What a session returns, the loss as well as the weights, are numpy arrays.",
    sources=[EXAMPLES["TensorFlow: Static Graphs"]],
    deviations=[
        Deviation(
            "What has a dimension comes back as a numpy array; the loss, which has none, as a numpy number.",
            witness={"shape": ()},
            where=lambda shape: shape == (),
        )
    ],
    kills=["a-session-returns-arrays-only"],
)


@TF_FETCHES_ARE_NUMPY_ARRAYS
@needs(TENSORFLOW)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (1, 1), (2, 3)], ids=str)
def test_a_result_is_a_numpy_array_of_its_values(shape, dtype):
    values = np.arange(np.prod(shape, dtype=int), dtype=dtype).reshape(shape)
    with new_graph() as tf, tf.Session() as session:
        result = session.run(tf.constant(values))
    agrees(result, values)
    assert isinstance(result, np.ndarray)


@TF_FETCHES_ARE_NUMPY_ARRAYS.instead
@needs(TENSORFLOW)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_a_sum_comes_back_as_a_numpy_number_of_the_same_dtype(dtype):
    with new_graph() as tf, tf.Session() as session:
        total = session.run(tf.reduce_sum(tf.constant([1, 2], dtype)))
    assert type(total) is np.dtype(dtype).type and total == 3


@TF_FETCHES_ARE_NUMPY_ARRAYS.instead
@needs(TENSORFLOW)
def test_lists_tuples_and_dictionaries_of_results_keep_their_form_and_an_operation_gives_none():
    with new_graph() as tf, tf.Session() as session:
        one = tf.constant(1)
        assert session.run([one, tf.no_op()]) == [1, None]
        assert session.run((one, {"again": one})) == (1, {"again": 1})
