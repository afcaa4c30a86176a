"""Small realistic faults, put into torch, numpy or TensorFlow to show that a claim's tests notice them.

A mutant is a function that takes an original and returns the faulty version; its name, with hyphens, is the mutant's
name, and its docstring says what is wrong:

    @mutant("torch.Tensor.add_")
    def add_underscore_on_a_copy(add_):
        \"\"\"add_ adds into a copy and returns that.\"\"\"
        return lambda self, *args, **kwargs: add_(self.clone(), *args, **kwargs)

The modules of this package hold them by chapter. They are found by name and put in before any test is imported.
"""
import importlib
import pkgutil
from collections import OrderedDict

from spec.capabilities import HERE
from spec.era import Era


class Mutant:
    """One fault: its name, what it does, the dotted names it replaces, and the function that makes the replacement.

    A null mutant changes nothing that can be observed, and no test may notice it.
    """

    def __init__(self, make, targets, null=False, since=None):
        self.null = null
        self.era = Era(since)
        self.name = make.__name__.replace("_", "-")
        self.does = " ".join((make.__doc__ or "").split())
        self.targets = targets
        self.module = make.__module__
        self._make = make
        if not self.does:
            raise ValueError("mutant {} does not say what it does".format(self.name))

    def apply(self):
        """Replace each target that this version has; return the dotted names replaced, none if it has no target."""
        replaced = self.fits()
        for dotted in replaced:
            owner, name = _owner(dotted)
            setattr(owner, name, self._make(getattr(owner, name)))
        return replaced

    def fits(self):
        """Return those of the targets that this version has, none outside of the mutant's era."""
        if HERE not in self.era:
            return []
        owners = [(dotted,) + _owner(dotted) for dotted in self.targets]
        return [dotted for dotted, owner, name in owners if owner is not None and hasattr(owner, name)]


_registry = OrderedDict()


def mutant(*targets, null=False, since=None):
    """Register the decorated maker of a faulty version for the functions named, such as "torch.Tensor.add_".

    null   whether the version is not faulty at all, to show that no test notices what does not matter
    since  the first release in which it is one, or in which a machine without a GPU can tell
    """
    def register(make):
        fault = Mutant(make, targets, null, since)
        if fault.name in _registry:
            raise ValueError("two mutants are named {}: one of {}, one of {}".format(
                fault.name, _registry[fault.name].module, fault.module))
        _registry[fault.name] = fault
        return make
    return register


def catalogue():
    """Import every module of this package and return the mutants by name."""
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name != "__main__"):
        importlib.import_module("{}.{}".format(__name__, module))
    return _registry


def source(names):
    """Return a line of Python that puts in the mutants of these names, for an interpreter that a test starts."""
    return "from spec import mutants; [mutants.catalogue()[name].apply() for name in {!r}]\n".format(list(names))


def _owner(dotted):
    """Return the object that holds the last name of a dotted path, and that name; (None, name) where there is none."""
    parts = dotted.split(".")
    for split in range(len(parts) - 1, 0, -1):
        try:
            owner = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        for part in parts[split:-1]:
            owner = getattr(owner, part, None)
        return owner, parts[-1]
    return None, parts[-1]
