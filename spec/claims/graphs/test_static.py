"""Static graphs.

What is described is not computed. TensorFlow is given the whole computation first; only then does it run, and as often
as one likes.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import programs, run, shapes, tensors
from spec.tensorflow_beside import InTensorFlow, new_graph, tensorflow

TF_IS_STATIC_TORCH_IS_DYNAMIC = Claim(
    "graphs.tf-is-static-torch-is-dynamic",
    "The biggest difference: TensorFlow's graphs are static, and those of PyTorch are dynamic.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             INTRODUCTION["Opening"], FLOYDHUB["Static vs Dynamic Computational Graph"]],
    deviations=[
        InTensorFlow(
            2,
            "TensorFlow 2 computes at once, as torch does; a static graph has to be asked for, with tf.Graph or "
            "tf.function.",
            witness={},
        )
    ],
    kills=["eager-execution-is-denied"],
)


@TF_IS_STATIC_TORCH_IS_DYNAMIC
@needs(TENSORFLOW)
def test_unless_it_is_told_otherwise_tensorflow_describes_a_sum_and_does_not_compute_it():
    tf = tensorflow()
    assert not tf.executing_eagerly()
    with tf.Graph().as_default() as graph:
        total = tf.constant(2) + 3
    assert total.graph is graph and not hasattr(total, "numpy")


@TF_IS_STATIC_TORCH_IS_DYNAMIC.regardless
def test_torch_computes_a_sum_at_once_and_python_may_act_on_it(device):
    total = torch.tensor([2.0], device=device, requires_grad=True) + 3
    assert total.item() == 5 and total.grad_fn is not None
    steps = 0
    while total > steps:
        steps += 1
    assert steps == 5


@TF_IS_STATIC_TORCH_IS_DYNAMIC.instead
@needs(TENSORFLOW)
def test_tensorflow_2_computes_a_sum_at_once():
    tf = tensorflow()
    total = tf.constant(2) + 3
    assert tf.executing_eagerly() and total.numpy() == 5
    steps = 0
    while total > steps:
        steps += 1
    assert steps == 5


@TF_IS_STATIC_TORCH_IS_DYNAMIC.instead
@needs(TENSORFLOW)
def test_a_function_of_tensorflow_2_is_traced_into_a_static_graph_once_and_then_run():
    tf = tensorflow()
    seen = []

    @tf.function
    def add_three(value):
        seen.append(hasattr(value, "numpy"))
        return value + 3

    assert [add_three(tf.constant(value)).numpy() for value in (2, 5, 7)] == [5, 8, 10]
    assert seen == [False]


TF_BUILD_DOES_NO_NUMERICS = Claim(
    "graphs.tf-build-does-no-numerics",
    "Building a TensorFlow graph computes nothing; numbers come when a session runs it.",
    sources=[EXAMPLES["TensorFlow: Static Graphs"], FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["py-func-computes-when-it-is-described", "a-session-computes-twice"],
)

OPERATIONS = {"neg": np.negative, "add": np.add, "sub": np.subtract, "mul": np.multiply}


def numbers_needed(program, node):
    """Return the numbers of the steps that a node of a program is computed from, its own included, counted from 0."""
    step = node - len(program.leaves)
    if step < 0:
        return set()
    return {step}.union(*[numbers_needed(program, operand) for operand in program.steps[step].operands])


@TF_BUILD_DOES_NO_NUMERICS
@needs(TENSORFLOW)
@reaches(left_out=lambda program: len(numbers_needed(program, len(program.leaves))) < len(program.steps))
@given(program=programs(ops=tuple(sorted(OPERATIONS)), no_grad=False, max_steps=5))
def test_each_operation_is_computed_once_in_each_run_that_needs_it_and_never_before(program):
    """
    >>> nodes = [leaf for leaf, flag in leaves]
    >>> for op, at, on in steps: nodes.append(getattr(torch, op)(*[nodes[place] for place in at])); print(nodes[-1])
    """
    computed = []

    def operation(name):
        def described(*operands):
            step = len(nodes)
            nodes.append(step)

            def compute(*values):
                computed.append(step)
                return OPERATIONS[name](*values)
            return tf.py_func(compute, operands, "float64")
        return described

    nodes, leaves = [], [leaf.blueprint.array for leaf in program.leaves]
    expected = run(program, leaves, OPERATIONS)
    with new_graph() as tf:
        described = run(program, [tf.constant(leaf) for leaf in leaves], {name: operation(name) for name in OPERATIONS})
        assert computed == []
        with tf.Session() as session:
            for place in (len(leaves), len(expected) - 1):
                agrees(session.run(described[place]), expected[place])
                assert sorted(computed) == sorted(numbers_needed(program, place))
                del computed[:]


@TF_BUILD_DOES_NO_NUMERICS
@needs(TENSORFLOW)
def test_what_is_described_has_a_shape_and_no_value():
    with new_graph() as tf:
        huge = tf.zeros((10**6, 10**6))
        product = tf.matmul(huge, huge)
        assert product.shape.as_list() == [10**6, 10**6]
        with pytest.raises(TypeError):
            int(tf.constant(2) + 3)
        with pytest.raises(ValueError):
            tf.matmul(tf.zeros((2, 3)), tf.zeros((2, 3)))


TF_DEFINE_ONCE_RUN_MANY = Claim(
    "graphs.tf-define-once-run-many",
    "In TensorFlow a graph is defined once, and executed over and over, with other input data if one likes.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["a-session-remembers-its-first-result"],
)


@pytest.fixture(scope="module")
def square_plus_itself():
    with new_graph() as tf:
        x = tf.placeholder("float64")
        result = x * x + x
        session = tf.Session()
    yield session, x, result
    session.close()


@TF_DEFINE_ONCE_RUN_MANY
@needs(TENSORFLOW)
@reaches(shapes=lambda data: len({x.size for x in data}) > 1, empty=lambda data: any(0 in x.size for x in data),
         no_dimension=lambda data: any(x.size == () for x in data))
@given(data=st.lists(tensors("float64", shape=shapes(max_elements=8), integral=True, bounded=99), min_size=1,
                     max_size=4))
def test_one_graph_computes_the_result_for_data_of_any_shape_and_does_not_grow(square_plus_itself, data):
    """
    >>> for x in data: print(x * x + x)
    """
    session, x, result = square_plus_itself
    before = len(session.graph.get_operations())
    for one in data:
        agrees(session.run(result, {x: one.array}), one.array * one.array + one.array)
    assert len(session.graph.get_operations()) == before


@TF_DEFINE_ONCE_RUN_MANY
@needs(TENSORFLOW)
def test_operations_that_are_written_in_the_training_loop_make_the_graph_grow_unless_it_is_finalized():
    with new_graph() as tf:
        graph = tf.get_default_graph()
        x = tf.constant(1.0)
        sizes = []
        for _ in range(3):
            x = tf.add(x, x)
            sizes.append(len(graph.get_operations()))
        assert sizes == [2, 3, 4]
        graph.finalize()
        with pytest.raises(RuntimeError):
            tf.add(x, x)
        with tf.Session() as session:
            assert session.run(x) == 8 and len(graph.get_operations()) == 4
