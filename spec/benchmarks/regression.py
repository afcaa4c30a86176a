"""The specification's own speed against a recorded one: a ratio that has grown by more than a fifth is named."""
from spec.benchmarks.documents import OWN

GROWN = 1.2


def regressions(now, recorded):
    """Yield a line for each of the specification's own ratios whose median is more than GROWN times the recorded one.

    A ratio that is recorded and was not measured now is named too; one that is measured for the first time is not.
    """
    def own(found):
        return {(one["name"], one["device"]): one["median"] for one in found["ratios"] if one["name"] in OWN}
    new = own(now)
    for (name, device), before in own(recorded).items():
        if (name, device) not in new:
            yield "{}: it was not measured; {:.3g} is recorded".format(name, before)
        elif new[name, device] > GROWN * before:
            yield "{}: {:.3g}, which is {:.0%} more than the {:.3g} that is recorded".format(
                name, new[name, device], new[name, device] / before - 1, before)
