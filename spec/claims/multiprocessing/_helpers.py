"""A process to talk to, and the ways to start one. No wait is without end, and no process is left behind."""
import torch
import torch.multiprocessing

from spec.claims.multiprocessing._workers import Counting, serve

SECONDS = 300
"""How long to wait for another process before it is given up."""

METHODS = ("fork", "spawn")
"""A forked process begins as a copy of this one; a spawned one begins anew and is sent what it is to work with."""


def small_model():
    """Return a model with parameters and a buffer, always the same."""
    model = Counting()
    with torch.no_grad():
        for number, parameter in enumerate(model.parameters()):
            parameter.copy_((torch.arange(parameter.numel()).float() + number).view_as(parameter) / 4)
    return model


class Child:
    """A process that was given a tensor and a model and carries out tasks; at the end of the block it is gone.

    method  how it is started
    shared  whether the tensor and the model are in shared memory before
    """

    def __init__(self, method, shared=False):
        context = torch.multiprocessing.get_context(method)
        self.tensor, self.model = torch.zeros(3), small_model()
        if shared:
            self.tensor.share_memory_()
            self.model.share_memory()
        self._tasks = context.SimpleQueue()
        self._answers, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=serve, args=(self._tasks, theirs, {"tensor": self.tensor, "model": self.model}))
        self._process.daemon = True
        self._process.start()
        theirs.close()

    def ask(self, name, thing=None):
        """Send an object for a task and return the answer; RuntimeError where the task fails or the process has ended.

        The object is kept until the answer is there, as it has to be.
        """
        self._tasks.put((name, thing))
        if not self._answers.poll(SECONDS):
            raise RuntimeError("no answer for {} seconds".format(SECONDS))
        try:
            done, answer = self._answers.recv()
        except EOFError:
            raise RuntimeError("the other process has ended") from None
        if not done:
            raise RuntimeError("the other process raised {}".format(answer))
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *details):
        try:
            self._tasks.put(None)
            self._process.join(SECONDS)
        finally:
            end(self._process)

    @property
    def exit_status(self):
        """The exit status of the process, None while it runs."""
        return self._process.exitcode


def end(process):
    """End a process that is still there, and wait for it."""
    if process.is_alive():
        process.terminate()
    process.join(SECONDS)
