"""``python -m spec.report FILE.json ... --html=OUT --markdown=OUT --changes=OUT`` makes documents of verdict files.

``python -m spec.report FILE.json --conformance=OUT.html`` (or OUT.md) makes the report on one device of one file.
"""
import argparse
import glob
import os
import sys

from spec import records
from spec.report import changes, conformance, history, markdown


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m spec.report", description="makes documents of verdict files")
    parser.add_argument("files", nargs="*", metavar="FILE.json", help="verdict files; default: all in spec/verdicts")
    parser.add_argument("--html", metavar="OUT", help="write the page: claims as rows, releases as strips")
    parser.add_argument("--markdown", metavar="OUT", help="write a table in Markdown")
    parser.add_argument("--changes", metavar="OUT", help="write what changed, release by release, in Markdown")
    parser.add_argument("--conformance", metavar="OUT", action="append", default=[],
                        help="write the report on the device of one file: OUT.html or OUT.md (repeatable)")
    chosen = parser.parse_args(arguments)
    wrong = _conformance_refused(chosen)
    if wrong:
        return _refuse(wrong)
    if not (chosen.conformance or chosen.html or chosen.markdown or chosen.changes):
        return _refuse("name at least one of --html, --markdown, --changes and --conformance")
    try:
        texts = {path: _conformance(chosen.files[0], path) for path in chosen.conformance}
        makers = [(path, make) for path, make in (
            (chosen.html, _page), (chosen.markdown, _lines(markdown)), (chosen.changes, _lines(changes))) if path]
        if makers:
            told = history.read(chosen.files or sorted(glob.glob(os.path.join(records.FOLDER, "*.json"))))
            texts.update((path, make(told)) for path, make in makers)
        for path, text in texts.items():
            records.write_text(path, text)
    except (records.NotAVerdictFile, history.Contradiction) as error:
        return _refuse(error)
    except OSError as error:
        return _refuse("{}: it cannot be written: {}".format(error.filename, error.strerror))
    return 0


def _conformance_refused(chosen):
    """Return why --conformance cannot be done as it was asked for, or None."""
    for path in chosen.conformance:
        if os.path.splitext(path)[1] not in (".html", ".md"):
            return "--conformance={}: its name must end in .html or .md".format(path)
        if len(chosen.files) != 1:
            return "--conformance={}: name one verdict file, that of the device".format(path)
    return None


def _conformance(file, path):
    told = conformance.Conformance(file)
    return conformance.html(told) if path.endswith(".html") else conformance.markdown(told)


def _page(told):
    from spec.report import page, speed

    return page.html(told, speed.recorded())


def _lines(module):
    return lambda told: "\n".join(module.lines(told)) + "\n"


def _refuse(reason):
    print("spec.report: {}".format(reason), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
