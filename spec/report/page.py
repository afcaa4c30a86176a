"""The page: chapters and claims as rows, releases as a strip; one HTML file that opens without a network."""
import base64
import json
import zlib
from itertools import groupby

from spec.era import RELEASES
from spec.report import history as told
from spec.report import templates
from spec.report.sections import passages

MEANINGS = [
    ("holds", "every test of the claim passed"),
    ("deviates", "not true in this release, exactly as recorded, and what is true instead was tested"),
    ("not-applicable", "the device or this torch lacks by nature what the claim is about"),
    ("unverified", "hardware or a package was absent"),
    ("broken", "a test failed that should not"),
    (told.NOT_RUN, "nobody has run this release on this device"),
]


def html(history, speeds=()):
    """Return the page as text; the tests are quoted from the sources that lie beside this package.

    speeds are what was measured about speed, as spec.report.speed reads it; without any, the page has no such section.
    """
    places = passages()
    return templates.environment().get_template("page.html").render(
        style=templates.source("page.css"), program=templates.source("page.js"),
        sources=_packed(places, history.claims),
        chapters=[(chapter, [_row(history, id, places.get(id)) for id in ids])
                  for chapter, ids in groupby(history.claims, key=lambda id: history.claims[id]["chapter"])],
        devices=[(device, len(history.releases[device]), _hardware(history, device)) for device in history.devices],
        releases=[told.text_of(one) for one in RELEASES], words=told.WORDS, meanings=MEANINGS,
        number=len(history.claims), speeds=speeds)


def _row(history, id, place):
    entry = history.claims[id]
    runs = {device: history.runs(id, device) for device in history.devices}
    return {
        "id": id, "says": entry["says"], "place": place, "runs": runs,
        "sources": [(source["document"], source["section"]) for source in entry["sources"]],
        "eras": {device: _eras(found) for device, found in runs.items()},
        "kind": {device: told.kind(found) for device, found in runs.items()},
        "changed": [device for device, found in runs.items() if told.changed(found)],
    }


def _eras(runs):
    """Write the eras of a claim on a device: "holds 1.0 to 2.13, deviates 2.14 to 2.15"."""
    said = [(verdict, list(same)) for verdict, same in groupby(runs, key=lambda run: run.verdict)]
    parts = ["{} {}".format(told.WORDS[verdict], told.span(
        same[0]._replace(last=same[-1].last, releases=sum(run.releases for run in same))))
        for verdict, same in said if verdict != told.NOT_RUN]
    return ", ".join(parts) or told.WORDS[told.NOT_RUN]


def _hardware(history, device):
    return ", ".join(sorted(set(history.hardware[device].values())))


def _packed(places, claims):
    """Return the source text of each claim as JSON, deflated, in base64: a fifth of its size."""
    texts = {id: place.text for id, place in places.items() if id in claims}
    return base64.b64encode(zlib.compress(json.dumps(texts).encode("utf-8"), 9)).decode("ascii")
