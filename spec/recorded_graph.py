"""The graph that autograd has recorded behind a tensor, as torch shows it."""


def functions(tensor):
    """Return the functions that are reached backwards from a tensor's grad_fn, each once, itself included."""
    found, waiting = [], [tensor.grad_fn]
    while waiting:
        function = waiting.pop()
        if function is not None and not any(function is other for other in found):
            found.append(function)
            waiting.extend(source for source, _ in function.next_functions)
    return found
