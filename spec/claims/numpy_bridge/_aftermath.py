"""What two dangerous calls leave behind, found out in an interpreter of its own.

After `share_memory_` an array may lie on memory that is no longer there, and after a refused `resize_` a tensor has
elements beyond its memory. The script looks at addresses and shapes only; it never touches such an element.
"""

import functools
import json
import os
import subprocess
import sys

import spec
from spec import mutants

SECONDS = 600

_SCRIPT = """
import json
from multiprocessing.reduction import ForkingPickler

import numpy as np
import torch
import torch.multiprocessing


def address(array):
    return array.__array_interface__["data"][0]


facts = {}

tensor = torch.ones(5)
view = tensor[1:]
array = tensor.numpy()
tensor.share_memory_()
facts["numpy"] = {
    "one memory": tensor.data_ptr() == address(array),
    "views follow": view.data_ptr() == tensor.data_ptr() + tensor.element_size(),
    "shared": tensor.is_shared(),
}

tensor = torch.ones(5)
array = tensor.numpy()
ForkingPickler.dumps(tensor)
facts["queue"] = {"one memory": tensor.data_ptr() == address(array), "shared": tensor.is_shared()}

array = np.ones(5)
tensor = torch.from_numpy(array)
tensor.share_memory_()
tensor.add_(1)
facts["from_numpy"] = {
    "one memory": tensor.data_ptr() == address(array),
    "tensor": tensor.tolist(),
    "array": array.tolist(),
}

array = np.ones(2)
tensor = torch.from_numpy(array)
try:
    tensor.resize_(1000)
    refused = None
except Exception as error:
    refused = type(error).__name__
facts["resize_"] = {
    "refused": refused,
    "shape": list(tensor.shape),
    "one memory": tensor.data_ptr() == address(array),
    "array": array.tolist(),
}

print(json.dumps(facts))
"""


@functools.lru_cache(maxsize=None)
def aftermath(faults, folder):
    """Run the script in a fresh interpreter, with the mutants of these names put in, and return its findings.

    They are a dictionary: "numpy" and "from_numpy" tell of share_memory_ after a conversion, "queue" of pickling as a
    queue between processes does it, "resize_" of a refusal.
    AssertionError, with what the script wrote to standard error, where it ends otherwise than it should.
    """
    root = os.path.dirname(os.path.dirname(os.path.abspath(spec.__file__)))
    paths = [root] + [path for path in [os.environ.get("PYTHONPATH")] if path]
    ended = subprocess.run(
        [sys.executable, "-c", mutants.source(faults) + _SCRIPT],
        cwd=folder,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(paths)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=SECONDS,
    )
    assert ended.returncode == 0, "exit status {}: {}".format(ended.returncode, ended.stderr.decode()[-2000:])
    return json.loads(ended.stdout.decode().splitlines()[-1])
