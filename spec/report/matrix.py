"""``python -m spec.report.matrix [torchX.Y ...]`` verifies releases one after the other, and reports on all.

Each is a tox environment; without a word, those that were set up before. Their verdict files go to build/matrix, with
index.html, table.md and changes.md made from them and, for every other release, from the records.
"""
import glob
import os
import re
import subprocess
import sys

from spec import records
from spec.era import release
from spec.report import __main__ as report

OUT = os.path.join("build", "matrix")


def main(names):
    names = names or sorted(os.path.basename(path) for path in glob.glob(os.path.join(".tox", "torch*")))
    strange = [name for name in names if not re.match(r"torch\d+\.\d+(-tf|-vision)?$", name)]
    if strange or not names:
        print("spec.report.matrix: {}".format("{} is not of the form torch2.15".format(strange[0]) if strange else
              "no release is set up yet; name some, such as torch1.13 torch2.15"), file=sys.stderr)
        return 2
    os.makedirs(OUT, exist_ok=True)
    failed = [name for name in names if not _verify(name)]
    made = [path for path in (_path(name) for name in names) if os.path.exists(path)]
    try:
        files = made + _records_of_others(made)
    except records.NotAVerdictFile as error:
        print("spec.report.matrix: {}".format(error), file=sys.stderr)
        return 2
    status = report.main(files + ["--html", os.path.join(OUT, "index.html"), "--markdown",
                                  os.path.join(OUT, "table.md"), "--changes", os.path.join(OUT, "changes.md")])
    if failed:
        print("these did not pass: {}".format(", ".join(failed)), file=sys.stderr)
    return 1 if failed else status


def _path(name):
    return os.path.join(OUT, name + ".json")


def _verify(name):
    if os.path.exists(_path(name)):
        os.unlink(_path(name))
    return subprocess.call([
        sys.executable, "-m", "tox", "run", "-e", name, "--", "--device=cpu", "--verdicts=" + _path(name)]) == 0


def _records_of_others(made):
    """Return the paths of the records of those releases and devices of which no new file was made."""
    def subject(path):
        data = records.read(path)
        return release(data["torch"]), data["device"]

    new = {subject(path) for path in made}
    return [path for path in sorted(glob.glob(os.path.join(records.FOLDER, "*.json"))) if subject(path) not in new]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
