"""The processes that the chapter's tests talk to, each started once."""
import pytest

from spec.claims.multiprocessing._helpers import Child


@pytest.fixture(scope="package")
def forked():
    """A forked process."""
    with Child("fork") as child:
        yield child


@pytest.fixture(scope="package")
def spawned():
    """A spawned process."""
    with Child("spawn") as child:
        yield child


@pytest.fixture
def child(request, method):
    """The process started by the method that the test's parameter names."""
    return request.getfixturevalue({"fork": "forked", "spawn": "spawned"}[method])
