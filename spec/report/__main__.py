"""``python -m spec.report FILE.json ... --html=OUT --markdown=OUT --changes=OUT`` makes documents of verdict files."""
import argparse
import glob
import os
import sys

from spec import records
from spec.report import changes, history, markdown


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m spec.report", description=__doc__.partition(" makes ")[2])
    parser.add_argument("files", nargs="*", metavar="FILE.json", help="verdict files; default: all in spec/verdicts")
    parser.add_argument("--html", metavar="OUT", help="write the page: claims as rows, releases as strips")
    parser.add_argument("--markdown", metavar="OUT", help="write a table in Markdown")
    parser.add_argument("--changes", metavar="OUT", help="write what changed, release by release, in Markdown")
    chosen = parser.parse_args(arguments)
    if not (chosen.html or chosen.markdown or chosen.changes):
        return _refuse("name at least one of --html, --markdown and --changes")
    try:
        told = history.read(chosen.files or sorted(glob.glob(os.path.join(records.FOLDER, "*.json"))))
        texts = {path: make(told) for path, make in (
            (chosen.html, _page), (chosen.markdown, _lines(markdown)), (chosen.changes, _lines(changes))) if path}
        for path, text in texts.items():
            records.write_text(path, text)
    except (records.NotAVerdictFile, history.Contradiction) as error:
        return _refuse(error)
    except OSError as error:
        return _refuse("{}: it cannot be written: {}".format(error.filename, error.strerror))
    return 0


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
