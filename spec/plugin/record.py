"""From test reports to verdicts: one for each claim on each device."""
from collections import OrderedDict

import pytest
import torch

from spec.capabilities import HERE
from spec.plugin.collection import device_of, is_claim_module

KEY = "spec"
NOT_APPLICABLE, UNVERIFIED = "not-applicable", "unverified"


def pytest_configure(config):
    config.spec_results = Results()
    config.pluginmanager.register(config.spec_results, "spec-results")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if not is_claim_module(item.module):
        return
    for capability in getattr(item.function, "needs", ()):
        if not capability.on(device_of(item) or "cpu"):
            item.spec_unmet = (NOT_APPLICABLE if capability.by_nature else UNVERIFIED, capability.lacking)
            pytest.skip(capability.lacking)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if not is_claim_module(item.module):
        return
    trial = getattr(item, "spec_trial", None)
    if report.when == "call" and report.failed and trial is not None:
        report.sections.append(("What is claimed", _claimed(trial)))
    if report.when != "setup" or report.outcome != "passed":
        report.user_properties.append((KEY, _testimony(item, trial)))


def _claimed(trial):
    """Return the sentence that failed, where it stands, and a script that shows the failure."""
    from spec.plugin.script import script

    lines = [trial.claim.says + "  [" + trial.claim.id + "]"]
    lines += ["  {}: {}".format(*source) for source in trial.claim.sources]
    if trial.failing is not None:
        lines += ["", "To reproduce with torch {} alone:".format(torch.__version__), ""]
        lines += ["    " + line for line in script(trial.test, trial.failing)]
    return "\n".join(lines)


def _testimony(item, trial):
    """Return what one report says about its claim, as plain data that can cross a process boundary."""
    witness = item.function.claim
    claim, seen = witness.claim, trial.deviation if trial else None
    spoken_of = claim.deviation_in(HERE)
    return {
        "id": claim.id,
        "chapter": claim.chapter,
        "says": claim.says,
        "sources": [dict(source._asdict()) for source in claim.sources],
        "device": device_of(item),
        "role": witness.role,
        "seen": seen is not None,
        "deviation": spoken_of and [spoken_of.instead_says, spoken_of.since, spoken_of.issue],
        "listed": hasattr(item, "spec_known"),
        "known": trial.known and [trial.known.says, trial.known.issue, trial.known.reason] if trial else None,
        "unmet": getattr(item, "spec_unmet", None),
        "examples": trial.examples if trial else 0,
        "place": item.spec_place,
    }


class Results:
    """What the tests of a run said, by claim and test.

    expected  the node ids of the tests of each claim, by its id, whether they ran or not
    partial   ids of the claims of which not even all tests were collected
    """

    def __init__(self):
        self.claims = OrderedDict()
        self.expected, self.partial = {}, []

    def pytest_runtest_logreport(self, report):
        """Take in one report; a test whose call passed and whose teardown failed has failed."""
        testimony = dict(report.user_properties).get(KEY)
        if testimony is None:
            return
        tests = self.claims.setdefault(testimony["id"], OrderedDict())
        test = tests.setdefault(report.nodeid, {"outcome": "passed", "seconds": 0.0, "testimony": testimony})
        test["seconds"] += report.duration
        if report.when == "call":
            test["testimony"] = testimony
        if report.outcome == "failed" or test["outcome"] == "passed":
            test["outcome"] = report.outcome

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        """Take in what a worker process collected (pytest-xdist)."""
        output = getattr(node, "workeroutput", {}).get(KEY)
        if output is not None:
            self.expected, self.partial = output

    def complete(self, id):
        """Say whether every test of a claim was run."""
        return id not in self.partial and set(self.claims[id]) == set(self.expected.get(id, ()))

    def chapters(self):
        """Return the names of the chapters in teaching order."""
        places = {}
        for tests in self.claims.values():
            testimony = next(iter(tests.values()))["testimony"]
            places[testimony["chapter"]] = testimony["place"]
        return sorted(places, key=places.get)

    def verdicts(self, device):
        """Return one entry of the verdict file for each claim, sorted by id."""
        return [self._verdict(id, tests, device) for id, tests in sorted(self.claims.items())]

    def _verdict(self, id, tests, device):
        here = {node: test for node, test in tests.items() if test["testimony"]["device"] in (None, device)}
        any_test = next(iter(tests.values()))["testimony"]
        verdict, reason = _judge(list(here.values()), self.complete(id))
        instead, since, issue = _instead(here.values()) if verdict == "deviates" else (None, None, None)
        return OrderedDict([
            ("id", id), ("chapter", any_test["chapter"]), ("says", any_test["says"]), ("sources", any_test["sources"]),
            ("verdict", verdict), ("instead", instead), ("since", since), ("issue", issue), ("reason", reason),
            ("tests", [
                OrderedDict([("nodeid", node), ("outcome", test["outcome"]),
                             ("examples", test["testimony"]["examples"]), ("seconds", round(test["seconds"], 3))])
                for node, test in sorted(here.items())
            ]),
        ])


def _instead(tests):
    """Return what is true instead by the deviation of this era and by those of this device, since when, and the issue.
    """
    told = [test["testimony"] for test in tests]
    by_era = next(([one["deviation"]] for one in told if one["seen"]), [])
    by_device = list(OrderedDict.fromkeys(tuple(one["known"]) for one in told if one["known"]))
    issues = list(OrderedDict.fromkeys(
        [issue for _, _, issue in by_era if issue] + [issue for _, issue, _ in by_device if issue]))
    return (" ".join([one[0] for one in by_era + by_device]), by_era[0][1] if by_era else None,
            ", ".join(issues) or None)


def _judge(tests, complete):
    """Return the verdict that tests (at least none) of one claim on one device amount to, and the reason for it."""
    failed = [test for test in tests if test["outcome"] == "failed"]
    skipped = [test for test in tests if test["outcome"] == "skipped"]
    passed = [test for test in tests if test["outcome"] == "passed"]
    if failed:
        return "broken", None
    unexplained = [test for test in skipped if test["testimony"]["unmet"] is None]
    if unexplained:
        return "broken", "a test was skipped without a missing capability"
    if any(test["testimony"]["listed"] for test in skipped):
        return "broken", "a test was skipped that is recorded to fail on this device"
    reasons = sorted({tuple(test["testimony"]["unmet"]) for test in skipped}, reverse=True)
    if not complete:
        return UNVERIFIED, "not all tests of this claim were run"
    if not passed:
        if not reasons:
            return UNVERIFIED, "no test of this claim ran on this device"
        return reasons[0]
    reason = "; ".join(text for _, text in reasons) or None
    by_device = sorted({test["testimony"]["known"][2] for test in passed if test["testimony"]["known"]})
    if by_device:
        return "deviates", "; ".join([", ".join(by_device)] + ([reason] if reason else []))
    recorded = any(test["testimony"]["deviation"] for test in passed)
    seen = any(test["testimony"]["seen"] for test in passed)
    instead = any(test["testimony"]["role"] == "instead" for test in passed)
    if seen and instead:
        return "deviates", reason
    absent = [text for kind, text in reasons if kind == UNVERIFIED]
    if absent:
        return UNVERIFIED, "in part: " + "; ".join(absent)
    if not recorded:
        return "holds", reason
    if reasons:
        return reasons[0]
    return "broken", "a deviation is recorded, but this run did not see it" if not seen else (
        "a deviation is recorded, but no test of what is true instead ran")
