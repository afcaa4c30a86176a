"""Running a witness: the pinned inputs of its claim's deviations first, then the property over its remaining domain."""
import functools
import inspect

import pytest
from hypothesis import assume
from hypothesis.errors import UnsatisfiedAssumption

from spec import devices
from spec.capabilities import HERE
from spec.plugin.collection import drawn_names

ROUNDS = 20
"""How often a property is run again, with other seeds, until it has reached every branch that it names."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not hasattr(pyfuncitem.function, "claim"):
        return None
    pyfuncitem.spec_trial = Trial(pyfuncitem)
    pyfuncitem.spec_trial.run()
    return True


class Trial:
    """One run of one test: what it found about the claim, for the record.

    deviation  the deviation that this run has seen fail on its pinned witness, or None
    known      the entry of the deviation by device that this run has seen, or None
    examples   how many times the test's body was run, the pinned witnesses included
    failing    the arguments of the last failing call, by name, or None
    """

    def __init__(self, item):
        self.test = item.function
        self.claim = item.function.claim.claim
        self.law = item.function.claim.role == "law"
        self.first_seed = item.config.spec_seed
        self.drawn = drawn_names(self.test)
        self.given = {name: item.funcargs[name] for name in inspect.signature(self.test).parameters}
        device = self.given.get("device", "cpu")
        # What matters to the claim is drawn on the CPU; another device may lack it, such as a dtype.
        self.rounds = ROUNDS if device == "cpu" and item.config.spec_profile != "quick" else 0
        self._seed = devices.seeder(device)
        self.deviation = self.known = None
        self.examples = 0
        self.failing = None
        self.missed = dict(getattr(self.test, "reaches", {}))
        self._body = self.test.hypothesis.inner_test if self.drawn else self.test

    def run(self):
        excluded = None
        for deviation in self.claim.deviations if self.law else ():
            decided_by_case = set(deviation.condition_names) <= set(self.given)
            if decided_by_case and not deviation.covers(self.given):
                continue
            if HERE not in deviation.era:
                self._hold_on_the_witness(deviation)
                continue
            self._fail_on_the_witness(deviation)
            if decided_by_case:
                return
            excluded = deviation
        self._hold_everywhere(excluded)

    def _pinned(self, deviation):
        """Yield the arguments of the test's body for each pinned input that concerns this case."""
        for pinned in deviation.witnesses:
            if all(self.given[name] == value for name, value in pinned.items() if name in self.given):
                yield dict(self.given, **{name: pinned[name] for name in self.drawn})

    def _fail_on_the_witness(self, deviation):
        cases = list(self._pinned(deviation))
        if not cases:
            self._broken("the deviation in {} covers this case, but none of its witnesses is of it".format(
                deviation.era))
        for arguments in cases:
            try:
                self._call(arguments)
            except _failures(deviation.raises):
                continue
            except Exception as error:
                self.failing = arguments
                self._broken("on the pinned witness of the deviation in {} it must fail by {}, not by {!r}".format(
                    deviation.era, _names(deviation.raises), error))
            self.failing = arguments
            self._broken("this holds on the pinned witness, although a deviation in {} is recorded:\n  {}".format(
                deviation.era, deviation.instead_says))
        self.deviation = deviation
        self.failing = None

    def _hold_on_the_witness(self, deviation):
        if not self.drawn:
            return  # the test itself is the witness, and runs below
        for arguments in self._pinned(deviation):
            if not any(other.covers(arguments) for other in self.claim.deviations if HERE in other.era):
                self._call(arguments)

    def _hold_everywhere(self, excluded):
        __tracebackhide__ = True
        if not self.drawn:
            self._call(self.given)
            return
        handle = self.test.hypothesis

        @functools.wraps(self._body)
        def tried(**arguments):
            __tracebackhide__ = True
            if excluded is not None:
                assume(not excluded.covers(arguments))
            self._look_for_branches(arguments)
            self._try(arguments)

        handle.inner_test = tried
        try:
            self.test(**self.given)
            self._go_on_until_every_branch_is_reached()
        finally:
            handle.inner_test = self._body

    def _go_on_until_every_branch_is_reached(self):
        """Repeat the property with other seeds; fail it where it does not come to a branch that it names."""
        __tracebackhide__ = True
        chosen = getattr(self.test, "_hypothesis_internal_use_seed", None)
        try:
            for number in range(1, self.rounds + 1):
                if not self.missed:
                    return
                self.test._hypothesis_internal_use_seed = self.first_seed + number
                self.test(**self.given)
        finally:
            self.test._hypothesis_internal_use_seed = chosen
        if self.missed and self.rounds:
            self._broken("in {} examples this property never reached: {}".format(
                self.examples, ", ".join(sorted(self.missed))))

    def _look_for_branches(self, arguments):
        for label, branch in list(self.missed.items()):
            if branch.taken(arguments):
                del self.missed[label]

    def _try(self, arguments):
        __tracebackhide__ = True
        self._call(arguments)

    def _call(self, arguments):
        __tracebackhide__ = True
        self._seed(0)
        try:
            self._body(**arguments)
        except UnsatisfiedAssumption:
            raise
        except (Exception, pytest.fail.Exception):
            self.failing = dict(arguments)
            self.examples += 1
            raise
        self.examples += 1

    def _broken(self, text):
        pytest.fail("{}: {}".format(self.claim.id, text), pytrace=False)


def _failures(raises):
    """Return the exception types by which a test fails, where the record says `raises`."""
    return (AssertionError, pytest.fail.Exception) if raises is AssertionError else raises


def _names(types):
    return " or ".join(one.__name__ for one in (types if isinstance(types, tuple) else (types,)))
