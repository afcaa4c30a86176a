"""Faults for the chapter on recurrent networks."""
import contextlib

from spec.mutants import mutant

ALL = ("torch.nn.RNN.forward", "torch.nn.GRU.forward", "torch.nn.LSTM.forward")


@contextlib.contextmanager
def _changed(parameters, change):
    """Change the values of parameters for the time of a call."""
    before = [parameter.data.clone() for parameter in parameters]
    for parameter in parameters:
        parameter.data.copy_(change(parameter.data))
    yield
    for parameter, value in zip(parameters, before):
        parameter.data.copy_(value)


def _named(module, start):
    return [parameter for name, parameter in module.named_parameters() if name.startswith(start)]


@mutant("torch.nn.RNN.forward")
def rnn_counts_one_bias(forward):
    """nn.RNN leaves out the bias of its state."""
    def faulty(self, *args):
        with _changed(_named(self, "bias_hh"), lambda bias: bias * 0):
            return forward(self, *args)
    return faulty


@mutant("torch.nn.RNN.forward")
def rnn_cuts_the_gradient_of_its_state(forward):
    """nn.RNN passes no gradient on to the state that it starts from."""
    return lambda self, x, state=None: forward(self, x, None if state is None else state.detach())


@mutant("torch.nn.RNN.forward")
def rnn_forgets_its_initial_state(forward):
    """nn.RNN starts from zeros whatever state it is given."""
    return lambda self, x, state=None: forward(self, x, None if state is None else state * 0)


@mutant("torch.nn.LSTM.forward")
def lstm_forgets_its_initial_cell_state(forward):
    """nn.LSTM starts from a cell state of zeros whatever it is given."""
    def faulty(self, x, state=None):
        return forward(self, x, None if state is None else (state[0], state[1] * 0))
    return faulty


@mutant("torch.nn.LSTM.forward")
def lstm_swaps_its_first_two_gates(forward):
    """nn.LSTM takes the gates in the order forget, in, new, out."""
    def swapped(values):
        first, second, third, fourth = values.chunk(4)
        import torch

        return torch.cat([second, first, third, fourth])

    def faulty(self, *args):
        with _changed(list(self.parameters()), swapped):
            return forward(self, *args)
    return faulty


@mutant("torch.nn.GRU.forward")
def gru_has_no_reset_gate(forward):
    """nn.GRU lets its reset gate stand half open."""
    def halved(values):
        values = values.clone()
        values[:len(values) // 3] = 0
        return values

    def faulty(self, *args):
        with _changed(list(self.parameters()), halved):
            return forward(self, *args)
    return faulty


@mutant("torch.nn.RNNCell.forward", "torch.nn.GRUCell.forward")
def cells_forget_their_state(forward):
    """RNNCell and GRUCell start from zeros whatever state they are given."""
    return lambda self, x, state=None: forward(self, x, None if state is None else state * 0)


@mutant("torch.nn.LSTMCell.forward")
def lstm_cell_returns_its_states_in_the_other_order(forward):
    """LSTMCell returns the cell state first."""
    return lambda self, *args: forward(self, *args)[::-1]


@mutant("torch.nn.LSTM")
def lstm_lives_elsewhere(lstm):
    """torch.nn.LSTM is not the class of the module torch.nn.modules.rnn."""
    return type("LSTM", (lstm,), {})


@mutant("torch.nn.LSTM.forward")
def lstm_without_cudnn_is_less_exact(forward):
    """nn.LSTM computes in float32 where cuDNN is switched off."""
    def faulty(self, x, *args):
        import torch

        output, states = forward(self, x, *args)
        return (output if torch.backends.cudnn.enabled else output.float().to(output.dtype) * 1.001), states
    return faulty


@mutant(*ALL)
def no_state_is_a_state_of_ones(forward):
    """A recurrent network that is given no state starts from ones."""
    def faulty(self, x, state=None):
        if state is None:
            batch = x.size(0 if self.batch_first else 1)
            ones = x.new_ones(self.num_layers * (2 if self.bidirectional else 1), batch, self.hidden_size)
            state = (ones, ones) if self.mode == "LSTM" else ones
        return forward(self, x, state)
    return faulty


@mutant("torch.nn.LSTM.forward")
def lstm_returns_the_cell_state_twice(forward):
    """nn.LSTM returns the cell state in the place of the final hidden state, too."""
    def faulty(self, *args):
        output, (_, cell) = forward(self, *args)
        return output, (cell, cell)
    return faulty


@mutant(*ALL)
def batch_first_is_ignored(forward):
    """A recurrent network takes the first dimension of its input for the steps, batch_first or not."""
    def faulty(self, *args):
        before, self.batch_first = self.batch_first, False
        try:
            return forward(self, *args)
        finally:
            self.batch_first = before
    return faulty


@mutant("torch.nn.LSTM.__init__")
def lstm_has_two_layers_by_default(init):
    """nn.LSTM has two layers unless it is told how many."""
    def faulty(self, inputs=None, hidden=None, layers=2, *args, **kwargs):
        inputs, hidden = kwargs.pop("input_size", inputs), kwargs.pop("hidden_size", hidden)
        init(self, inputs, hidden, kwargs.pop("num_layers", layers), *args, **kwargs)
    return faulty


@mutant("torch.nn.LSTM.forward")
def lstm_leaks_between_samples(forward):
    """nn.LSTM adds a little of the last sample to the first."""
    def faulty(self, x, *args):
        x = x.clone()
        if self.batch_first and x.numel():
            x[0] += x[-1] * 1e-3
        elif x.numel():
            x[:, 0] += x[:, -1] * 1e-3
        return forward(self, x, *args)
    return faulty


@mutant(*ALL)
def networks_remember_the_last_call(forward):
    """A recurrent network that is given no state goes on from where its last call ended."""
    def faulty(self, x, state=None):
        kept = self.__dict__.get("_kept")
        if state is None and kept is not None and kept[0] == x.size(0 if self.batch_first else 1):
            state = kept[1]
        output, states = forward(self, x, state)
        detached = tuple(one.detach() for one in states) if isinstance(states, tuple) else states.detach()
        self.__dict__["_kept"] = (x.size(0 if self.batch_first else 1), detached)
        return output, states
    return faulty


@mutant(*ALL)
def networks_stop_after_four_steps(forward):
    """A recurrent network leaves out the steps after the fourth."""
    def faulty(self, x, *args):
        import torch

        return forward(self, x[:4] if isinstance(x, torch.Tensor) and not self.batch_first else x, *args)
    return faulty


@mutant("torch.nn.utils.rnn.pack_padded_sequence")
def packing_keeps_the_padding(pack):
    """Packing takes every sequence for as long as the longest."""
    return lambda x, lengths, *args, **kwargs: pack(x, [max(lengths)] * len(lengths), *args, **kwargs)


@mutant("torch.stack")
def stack_joins_the_other_way_round(stack):
    """torch.stack joins the tensors in the order from the last to the first."""
    return lambda tensors, dim=0, **kwargs: stack(list(tensors)[::-1], dim, **kwargs)


@mutant("torch.stack")
def a_stack_of_one_is_a_view(stack):
    """torch.stack of a single tensor returns a view of it."""
    def faulty(tensors, dim=0, **kwargs):
        return tensors[0].unsqueeze(dim) if len(tensors) == 1 else stack(tensors, dim, **kwargs)
    return faulty


@mutant("torch.stack")
def stack_broadcasts(stack):
    """torch.stack expands tensors of sizes that broadcast."""
    def faulty(tensors, dim=0, **kwargs):
        import torch

        return stack(torch.broadcast_tensors(*tensors) if tensors else tensors, dim, **kwargs)
    return faulty
