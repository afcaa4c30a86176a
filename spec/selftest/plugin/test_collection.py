"""A specification that is not well formed is refused, with one clear line for each mistake."""
import pytest

pytest_plugins = ["pytester"]

ONE = """
CLAIM = Claim("tensors.one", "One is one.", sources=SOURCES{})

@CLAIM
def test_one_is_one(): pass
"""

DEVIATING = """
CLAIM = Claim("tensors.one", "One is one.", sources=SOURCES, deviations=[Deviation("It is two.", {})])

@CLAIM
@given(x=st.integers(0, 1))
def test_one_is_one(x):
    '''
    >>> x
    '''

@CLAIM.instead
def test_one_is_two(): pass
"""

MISTAKES = {
    "a test of no claim": (
        "def test_something(): pass", "claims.tensors.test_first::test_something: the test is a witness of no claim"),
    "a claim without a witness": (
        "CLAIM = Claim('tensors.one', 'One is one.', sources=SOURCES)", "tensors.one: no test is a witness of it"),
    "two claims with one id": (
        ONE.format("") + ONE.format("").replace("CLAIM", "OTHER").replace("test_one", "test_other"),
        "tensors.one: another claim has this id"),
    "an id of another chapter": (
        ONE.format("").replace("tensors.", "indexing."), "the id does not begin with its chapter, tensors"),
    "an id that is none": (ONE.format("").replace("tensors.one", "Tensors!"), "'Tensors!' is not a claim id"),
    "a claim without a sentence": (ONE.format("").replace("One is one.", "one"), "is not a sentence"),
    "a claim without a source": (
        ONE.format("").replace("sources=SOURCES", "sources=[]"), "no document is named as a source"),
    "a mutant that is none": (ONE.format(", kills=['no-such-mutant']"), "there is no mutant no-such-mutant"),
    "a test of two claims": (
        ONE.format("").replace("@CLAIM", "@CLAIM\n@CLAIM"), "a test testifies to one claim"),
    "a deviation without a witness": (DEVIATING.format("witness=[]"), "has no witness"),
    "a witness that lacks an argument": (DEVIATING.format("witness={}"), "lacks x"),
    "a witness with an unknown argument": (DEVIATING.format("witness={'x': 1, 'y': 1}"), "unknown y"),
    "a condition on an unknown argument": (
        DEVIATING.format("witness={'x': 1}, where=lambda z: True"), "is decided by 'z', which the test does not take"),
    "an empty era": (DEVIATING.format("witness={'x': 1}, since='2.0', until='1.13'"), "from 2.0 until 1.13 is empty"),
    "an era with an end that is no release": (
        DEVIATING.format("witness={'x': 1}, since='1.14'"), "'1.14' is not a minor release"),
    "an era with a patch release": (
        DEVIATING.format("witness={'x': 1}, since='1.0.1'"), "'1.0.1' is not a minor release"),
    "two eras that overlap": (
        DEVIATING.format("witness={'x': 1}, until='1.5'), Deviation('So.', witness={'x': 1}, since='1.5'"),
        "the eras torch up to 1.5 and torch 1.5 on overlap"),
    "nothing said of what is true instead": (
        DEVIATING.format("witness={'x': 1}").replace("@CLAIM.instead", "@CLAIM.regardless"),
        "no test shows what is true instead"),
    "a deviation that no test could show": (
        DEVIATING.format("witness={'x': 1}").replace("@CLAIM\n", "@CLAIM.regardless\n"),
        "no test that could fail on the pinned witness"),
    "a drawn input without a script": (DEVIATING.format("witness={'x': 1}").replace(">>> x", "x"), "to reproduce"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_clear_line(book, mistake):
    section, line = MISTAKES[mistake]
    result = book(section)
    text = "\n".join(result.outlines + result.errlines)
    assert result.ret in (2, 4)
    assert line in text
    assert "Traceback" not in text and "INTERNALERROR" not in text


def test_a_section_that_the_chapter_does_not_list_is_refused(book, pytester):
    result = book(ONE.format(""), second="")
    assert result.ret == 0
    pytester.path.joinpath("claims/tensors/__init__.py").write_text("SECTIONS = []\n")
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    assert result.ret == 4
    assert "the section first is not in SECTIONS of its chapter" in "\n".join(result.errlines)


def test_sections_are_run_in_teaching_order(book):
    section = ONE.format("")
    result = book(section, "-v", another=section.replace("tensors.one", "tensors.two").replace("test_one", "test_two"))
    lines = [line for line in result.outlines if "PASSED" in line]
    assert ["test_another" in line for line in lines] == [True, False]


@pytest.mark.parametrize("arguments, line", [
    (["--device=warp"], "ERROR: device 'warp' cannot be used with torch"),
    (["--device=cpu:9x"], "ERROR: device 'cpu:9x' cannot be used with torch"),
    (["--verdicts=no/such/folder/v.json"], "ERROR: --verdicts=no/such/folder/v.json: there is no folder"),
    (["--verdicts=claims"], "ERROR: --verdicts=claims: this is a folder"),
    (["--hypothesis-profile=heroic"], "ERROR: --hypothesis-profile=heroic: the profiles are quick, default"),
    (["--hypothesis-seed=many"], "ERROR: --hypothesis-seed=many: a seed is a whole number"),
    (["--outline=pdf"], "argument --outline: invalid choice: 'pdf'"),
    (["--list-mutants=xml"], "argument --list-mutants: invalid choice: 'xml'"),
    (["--mutant=gremlin"], "ERROR: --mutant=gremlin: there is no mutant of that name"),
    (["--claim=tensors.none"], "ERROR: --claim=tensors.none: there is no claim of that id"),
])
def test_bad_input_is_a_usage_error_in_one_line(book, pytester, arguments, line):
    result = book(ONE.format(""), *arguments)
    text = "\n".join(result.outlines + result.errlines)
    assert result.ret == 4
    assert line in text
    assert "Traceback" not in text and "INTERNALERROR" not in text
    assert not list(pytester.path.glob("*.json"))
