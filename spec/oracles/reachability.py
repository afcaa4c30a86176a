"""Which tensors of a computation require a gradient, and which leaves receive one, by reachability in a graph.

A leaf is a tensor that the user makes; every other tensor is the result of an operation on others. Nothing here knows
values: ``requires_grad`` flows from inputs to results, backward flows the other way. Source: the torch documentation,
"Autograd mechanics", sections "How autograd encodes the history" and "Locally disabling gradient computation".
"""


class Node:
    """A tensor: a leaf with its flag, or the result of an operation with its inputs.

    Make one with ``leaf``, ``op``, ``detach``, ``no_grad`` or ``integral``.
    """

    def __init__(self, kind, inputs=(), flag=False):
        self.kind = kind
        self.inputs = tuple(node for node in inputs if isinstance(node, Node))  # numbers carry no gradient
        self.flag = flag

    def __repr__(self):
        return f"<{self.kind} of {len(self.inputs)}{', requires_grad' if requires_grad(self) else ''}>"


def leaf(requires_grad=False, integral=False):
    """Make a leaf.

    integral  its dtype is one of integers or bool; raises ValueError together with requires_grad, as torch does
    """
    if requires_grad and integral:
        raise ValueError("only a tensor of floating point or complex dtype can require a gradient")
    return Node("leaf", flag=requires_grad)


def op(*inputs):
    """Make the result of a differentiable operation on nodes and numbers."""
    return Node("op", inputs)


def detach(node):
    """Make the result of detach: the same values without a history."""
    return Node("detach", [node])


def no_grad(*inputs):
    """Make the result of an operation that is carried out while gradients are off."""
    return Node("no_grad", inputs)


def integral(*inputs):
    """Make the result of an operation whose values are integers or bools: a comparison, argmax, a conversion."""
    return Node("integral", inputs)


def requires_grad(node):
    """Say whether a tensor requires a gradient: a leaf by its flag, a result if it is tracked and some input does."""
    return any(ancestor.flag for ancestor in _tracked(node))


def is_leaf(node):
    """Say what the attribute of that name is: true of every tensor without a recorded history."""
    return node.kind == "leaf" or not requires_grad(node)


def leaves_with_gradient(root):
    """Return the set of leaves that receive a gradient from root.backward().

    Raises ValueError if the root does not require a gradient, as backward then raises.
    """
    return {node for node in _backward(root) if node.kind == "leaf"}


def operations_run(root):
    """Return the number of operations whose derivative backward evaluates: each once, however often it is used."""
    return sum(node.kind == "op" for node in _backward(root))


def _backward(root):
    if not requires_grad(root):
        raise ValueError("the root does not require a gradient")
    return [node for node in _tracked(root) if requires_grad(node)]


def _tracked(root):
    """List a node and those it was made of, each once, as far back as the history is recorded."""
    seen, stack = {root: None}, [root]
    while stack:
        node = stack.pop()
        for source in node.inputs if node.kind == "op" else ():
            if source not in seen:
                seen[source] = None
                stack.append(source)
    return list(seen)
