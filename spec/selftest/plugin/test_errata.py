"""The form of an erratum: its lines are run, and must fail as its correction says."""
import pytest

from spec.claim import ClaimError
from spec.claims.errata._erratum import Correction, Erratum, NotAsRecorded, undefined_names
from spec.sources import NOTEBOOK


def erratum(*failure):
    return Erratum("errata.example", "The lines run.", [NOTEBOOK["Autograd"]], Correction("They fail.", *failure))


def lines(text):
    def test_the_lines_run():
        pass
    test_the_lines_run.__doc__ = text
    return test_the_lines_run


def test_lines_fail_by_the_exception_that_is_recorded():
    with pytest.raises(NameError, match="'b'"):
        erratum(NameError, "'b'").printed(lines(">>> a = 1\n>>> b"))()


def test_lines_that_do_not_compile_fail_by_the_error_of_syntax():
    with pytest.raises(SyntaxError):
        erratum(SyntaxError).printed(lines(">>> a = 1\n>>> a b"))()


def test_lines_that_run_do_not_fail():
    erratum(NameError).printed(lines(">>> a = torch.ones(2)\n>>> assert a.sum().item() == 2"))()


@pytest.mark.parametrize("text", [">>> b\n>>> a = 1", ">>> a = [\n>>>     b]\n>>> for b in a:\n>>>     b"])
def test_lines_that_fail_before_their_last_statement_are_noticed(text):
    with pytest.raises(NotAsRecorded, match="not the last"):
        erratum(NameError).printed(lines(text))()


@pytest.mark.parametrize("text", [">>> for a in (1, 2):\n>>>     b", ">>> def f():\n>>>     return b\n>>> f()"])
def test_lines_that_fail_somewhere_in_their_last_statement_fail_as_recorded(text):
    with pytest.raises(NameError):
        erratum(NameError, "'b'").printed(lines(text))()


def test_another_message_than_the_recorded_one_is_noticed():
    with pytest.raises(NotAsRecorded, match="does not mention"):
        erratum(NameError, "'b'").printed(lines(">>> c"))()


def test_corrected_lines_that_fail_fail():
    with pytest.raises(AssertionError):
        erratum(NameError).corrected(lines(">>> assert torch.ones(1).item() == 2"))()


@pytest.mark.parametrize("text", ["", "\n".join([">>> pass"] * 6)])
def test_an_erratum_has_one_to_five_lines(text):
    with pytest.raises(ClaimError, match="1 to 5"):
        erratum(NameError).printed(lines(text))


def test_undefined_names_are_found_in_the_order_in_which_they_are_needed():
    found, names = undefined_names(["c = b + a"], a=1, b=2)
    assert found == ["b", "a"] and names["c"] == 3
    with pytest.raises(KeyError):
        undefined_names(["c = b + a"], a=1)
