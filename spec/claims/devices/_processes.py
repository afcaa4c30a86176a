"""What new processes find out: about GPUs that they may not see, and together, as the ranks of one group.

``python -m spec.claims.devices._processes DEVICE FOLDER [MUTANT ...]`` prints it as JSON. Torch is imported once; the
processes are forked from there before anything is computed.
"""
import datetime
import functools
import json
import multiprocessing
import os
import subprocess
import sys

import torch
from torch import nn

from spec import mutants

SECONDS = 300
RANKS = 2

VISIBLE = {"unchanged": None, "none": "", "minus one": "-1"}
"""Values of CUDA_VISIBLE_DEVICES by name; None leaves the variable as it is."""

CALLS = {
    "tensor.cuda()": lambda: torch.ones(2).cuda(),
    "tensor.to('cuda')": lambda: torch.ones(2).to("cuda"),
    "tensor.type(torch.cuda.FloatTensor)": lambda: torch.ones(2).type(torch.cuda.FloatTensor),
    "torch.ones(device='cuda')": lambda: torch.ones(2, device="cuda"),
    "torch.cuda.FloatTensor": lambda: torch.cuda.FloatTensor(2),
    "model.cuda()": lambda: nn.Linear(2, 2).cuda(),
    "model.to('cuda')": lambda: nn.Linear(2, 2).to("cuda"),
}


@functools.lru_cache(maxsize=None)
def _printed(device, folder, faults):
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
    ended = subprocess.run([sys.executable, "-m", "spec.claims.devices._processes", device, folder, *faults],
                           cwd=root, timeout=SECONDS, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert ended.returncode == 0, "exit status {}: {}".format(ended.returncode, ended.stderr.decode()[-2000:])
    return json.loads(ended.stdout.decode().splitlines()[-1])


_folder_of = {}


def findings(device, folder, faults):
    """Return what the processes found, once for each device of the ranks, "cpu" or "cuda": a dictionary.

    "absence"  by what may be seen: the "answer" of is_available, whether asking has "started" anything, and what came
               of the "calls": "moved", or the name of the error
    "ranks"    for each rank what `rank` returned
    folder  an empty folder in which the ranks meet
    faults  the names of the mutants that the processes are to have put in
    AssertionError, with what was written to standard error, where a process failed.
    """
    return _printed(device, _folder_of.setdefault(device, folder), tuple(faults))


def absence(visible):
    """Say how things stand for a process with one of the values of VISIBLE."""
    if visible is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = visible
    answer, kind = torch.cuda.is_available(), torch.cuda.FloatTensor
    started = getattr(torch.cuda, "is_initialized", lambda: torch.cuda._initialized)()
    return {"answer": repr(answer), "started": started, "kind": kind.__name__,
            "calls": {name: _outcome(call) for name, call in CALLS.items()}}


def _outcome(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "moved"


def batch(number):
    """Return the inputs and the targets of a rank, as nested lists of whole numbers."""
    return [[number + 1, 2, -1], [3, number - 4, 5]], [[number], [2]]


def rank(number, device, folder):
    """Make one step of training as one rank of a group; return the weights before it, their gradient, and them after.

    Each rank has a batch of its own and begins with weights of its own.
    """
    import torch.distributed

    torch.distributed.init_process_group(
        "nccl" if device == "cuda" else "gloo", init_method="file://" + os.path.join(folder, device), rank=number,
        world_size=RANKS, timeout=datetime.timedelta(seconds=SECONDS // 3))
    place = "cuda:{}".format(number) if device == "cuda" else device
    if device == "cuda":
        torch.cuda.set_device(number)
    model = nn.Linear(3, 1, bias=False).double().to(place)
    with torch.no_grad():
        model.weight.fill_(number + 1)
    parallel = _parallel(model, [number] if device == "cuda" else None)
    before = model.weight.tolist()
    x, y = [torch.tensor(values, device=place).double() for values in batch(number)]
    ((parallel(x) - y) ** 2).sum().backward()
    gradient = model.weight.grad.tolist()
    torch.optim.SGD(model.parameters(), lr=0.5).step()
    return {"before": before, "gradient": gradient, "after": model.weight.tolist()}


def _parallel(model, devices):
    if devices is None and torch.__version__.startswith("1.0."):
        return nn.parallel.DistributedDataParallelCPU(model)  # what torch 1.0 has for the CPU
    return nn.parallel.DistributedDataParallel(model, device_ids=devices)


def main(device, folder, *faults):
    for name in faults:
        mutants.catalogue()[name].apply()
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    fork = multiprocessing.get_context("fork")
    with fork.Pool(1, maxtasksperchild=1) as pool:
        found = {"absence": dict(zip(VISIBLE, pool.map(absence, VISIBLE.values(), chunksize=1)))}
    try:
        import torch._dynamo  # noqa: F401  DistributedDataParallel imports it: once, not in each rank
    except ImportError:
        pass
    with fork.Pool(RANKS) as pool:
        found["ranks"] = pool.starmap(rank, [(number, device, folder) for number in range(RANKS)], chunksize=1)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
