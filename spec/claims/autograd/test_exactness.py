"""How exact.

The gradient is the derivative, not an estimate. On whole numbers, where nothing rounds, it equals the exact one, the
kinks of relu included; for smooth functions it agrees with the complex step, which is exact to rounding.
"""
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.autograd._graphs import leaves_of, used
from spec.claims.autograd._sources import EVERYWHERE
from spec.oracles import backprop
from spec.oracles.agreement import agrees
from spec.oracles.derivatives import complex_step
from spec.oracles.exact_ad import Exact, floats
from spec.sources import EXAMPLES, TEMPLATE
from spec.strategies import SEPARATE, Blueprint, programs, relu_stacks, run, same_shape, shapes, tensors, vectors

GRADIENTS_EXACT = Claim(
    "autograd.gradients-exact",
    "Backpropagating through the recorded graph gives the exact gradient of the scalar with respect to every weight, "
    "for any network of differentiable operations.",
    sources=[TEMPLATE["Opening"], EXAMPLES["Opening"], EXAMPLES["PyTorch: nn"]] + EVERYWHERE,
    kills=["mm-has-a-gradient-off-by-a-thousandth", "a-square-counts-one-of-its-two-uses",
           "relu-passes-the-gradient-at-zero", "exp-has-a-gradient-off-by-a-billionth",
           "the-gradient-of-a-broadcast-operand-is-an-average", "backward-scales-its-argument"],
)


@GRADIENTS_EXACT
@needs(FLOAT64)
@reaches(kink=lambda stack: any((h == 0).any() for h in backprop.stack(*stack).pre_activations[:-1]),
         deep=lambda stack: len(stack.weights) > 3, linear=lambda stack: len(stack.weights) == 1)
@given(stack=relu_stacks(exact=True))
def test_the_gradients_of_a_relu_network_of_any_depth_equal_exact_backpropagation(device, stack):
    """
    >>> h, weights = torch.tensor(x), [torch.tensor(w).requires_grad_() for w in weights]
    >>> for w in weights: last = h.mm(w); h = last.relu()
    >>> (last - torch.tensor(y)).pow(2).sum().backward(); [w.grad for w in weights]
    """
    hidden = Blueprint.of(stack.x).on(device)
    weights = [Blueprint.of(weight).on(device, requires_grad=True) for weight in stack.weights]
    for weight in weights:
        last = hidden.mm(weight)
        hidden = last.relu()
    (last - Blueprint.of(stack.y).on(device)).pow(2).sum().backward()
    expected = backprop.stack(*stack, at_zero=0).grad_weights
    for weight, gradient in zip(weights, expected):
        agrees(weight.grad, gradient)


@GRADIENTS_EXACT
@needs(FLOAT64)
@reaches(shared=lambda program: any(len(set(step.operands)) < len(step.operands) for step in program.steps),
         several=lambda program: len(used(program)) > 1)
@given(program=programs(ops=("neg", "add", "sub", "mul", "relu", "sum", "detach"), scalar=True, no_grad=False))
def test_the_gradients_of_any_program_of_sums_differences_products_and_relus_are_exact(device, program):
    """
    >>> nodes = [tensor.requires_grad_(flag) for tensor, flag in leaves]
    >>> for op, at, _ in steps: nodes.append(getattr(torch, op)(*[nodes[i] for i in at]))
    >>> nodes[-1].backward(); [tensor.grad for tensor, flag in leaves]
    """
    tensors_ = leaves_of(program, device)
    numbers = [Exact.leaf(leaf.blueprint.array) for leaf in program.leaves]
    result, exactly = run(program, tensors_)[-1], run(program, numbers, EXACT)[-1]
    reached = used(program)
    if reached:
        result.backward()
    for number, (tensor, gradient) in enumerate(zip(tensors_, exactly.gradient(numbers))):
        assert (tensor.grad is not None) is (number in reached)
        if number in reached:
            agrees(tensor.grad, floats(gradient))


EXACT = {
    "neg": lambda a: -a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "relu": lambda a: a.relu(at_zero=0),
    "sum": lambda a: a.sum(),
    "detach": lambda a: Exact.leaf(a.value),
}

SMOOTH = OrderedDict([
    ("exp", np.exp),
    ("tanh", np.tanh),
    ("sin", np.sin),
    ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    ("sqrt", lambda x: np.sqrt(x * x + 1)),
    ("log", lambda x: np.log(x * x + 1)),
])
"""Analytic functions, with a safe argument where the function has a boundary."""


@GRADIENTS_EXACT
@needs(FLOAT64)
@pytest.mark.parametrize("function", SMOOTH)
@reaches(zero=lambda x: (x.array == 0).any(), negative=lambda x: (x.array < 0).any(), long=lambda x: x.numel > 8,
         strided=lambda x: not x.contiguous)
@given(x=vectors("float64", min_side=1, max_side=17, finite=True, subnormal=False, bounded=4.0))
def test_the_gradient_of_a_smooth_function_equals_its_complex_step_derivative(device, function, x):
    """
    >>> safe = x * x + 1 if function in ("sqrt", "log") else x
    >>> torch.autograd.grad(getattr(torch, function)(safe.requires_grad_()).sum(), safe)
    """
    tensor = x.on(device, requires_grad=True)
    safe = tensor * tensor + 1 if function in ("sqrt", "log") else tensor
    getattr(torch, function)(safe).sum().backward()
    expected = complex_step(SMOOTH[function], x.array, np.ones(x.size))
    agrees(tensor.grad, expected, bound=64 * 2.0 ** -53 * np.maximum(1, abs(expected)))


@GRADIENTS_EXACT
@needs(FLOAT64)
@reaches(stretched=lambda a: 1 in a.size or a.size == ())
@given(a=tensors("float64", shape=shapes(0, 2, 0, 5), integral=True), rows=st.integers(1, 4))
@example(a=Blueprint.of([1.0, 2.0, 3.0]), rows=4)
def test_the_gradient_of_an_operand_that_was_broadcast_is_summed_over_its_copies(device, a, rows):
    """
    >>> a = a.requires_grad_()
    >>> (torch.ones((rows,) + tuple(a.shape), dtype=a.dtype) + a).sum().backward()
    >>> a.grad
    """
    tensor = a.on(device, requires_grad=True)
    other = torch.ones((rows,) + a.size, dtype=tensor.dtype, device=device)
    (other + tensor).sum().backward()
    agrees(tensor.grad, np.full(a.size, float(rows)))


@GRADIENTS_EXACT
@needs(FLOAT64)
@reaches(strided=lambda pair: not pair[0].contiguous, empty=lambda pair: pair[0].numel == 0,
         no_dimension=lambda pair: pair[0].ndim == 0, zero=lambda pair: (2 * pair[1].array == pair[2].array).any())
@given(pair=same_shape(3, dtype="float64", layouts=SEPARATE, integral=True, max_elements=17))
def test_backward_is_linear_in_the_gradient_that_it_is_given(device, pair):
    """
    >>> x, u, v = pair[0].requires_grad_(), pair[1], pair[2]
    >>> (x * x).backward(2 * u - v)
    >>> x.grad - 4 * (x * u) + 2 * (x * v)
    """
    x, u, v = pair
    gradients = []
    for seed in (2 * u.array - v.array, u.array, v.array):
        tensor = x.on(device, requires_grad=True)
        (tensor * tensor).backward(Blueprint.of(seed).on(device))
        gradients.append(np.array(tensor.grad.tolist()).reshape(x.size))
        agrees(tensor.grad, 2 * x.array * seed)
    agrees(gradients[0], 2 * gradients[1] - gradients[2])
