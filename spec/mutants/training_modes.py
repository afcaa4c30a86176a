"""Faults for the chapter on training: training and inference mode, dropout and batch norm."""
import numpy as np
import torch

from spec.mutants import mutant


@mutant("torch.nn.Module.train")
def train_stops_at_the_children(train):
    """train() reaches a module and its children, and nothing further down."""
    def stopping(self, mode=True):
        self.training = mode
        for child in self.children():
            child.training = mode
        return self
    return stopping


@mutant("torch.nn.Module.train")
def train_returns_nothing(train):
    """train() sets the flags and returns nothing."""
    def returning(self, mode=True):
        for module in self.modules():
            module.training = mode
    return returning


@mutant("torch.nn.Module.__init__")
def modules_are_born_in_inference_mode(init):
    """A new module is in inference mode."""
    def born(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.training = False
    return born


@mutant("torch.nn.Module.eval")
def eval_leaves_dropout_on(evaluate):
    """eval() leaves dropout layers in training mode."""
    def leaving(self):
        evaluate(self)
        for module in self.modules():
            if isinstance(module, torch.nn.Dropout):
                module.training = True
        return self
    return leaving


def _dropout(result_of):
    """Return a faulty torch.nn.functional.dropout: where it is active, its result is made by `result_of`."""
    def make(dropout):
        def faulty(input, p=0.5, training=True, inplace=False):
            if not training or not 0 < p < 1:
                return dropout(input, p, training, inplace)
            return result_of(dropout, input, p)
        return faulty
    return make


@mutant("torch.nn.functional.dropout")
def dropout_forgets_to_scale(dropout):
    """Dropout does not scale what it keeps."""
    return _dropout(lambda original, x, p: original(x, p, True) * (1 - p))(dropout)


@mutant("torch.nn.functional.dropout")
def dropout_takes_p_for_the_share_that_stays(dropout):
    """Dropout keeps each element with probability p, and scales by 1/(1-p)."""
    return _dropout(lambda original, x, p: original(x, 1 - p, True) * (p / (1 - p)))(dropout)


@mutant("torch.nn.functional.dropout")
def dropout_never_drops_the_first_element(dropout):
    """Dropout keeps the first column of a matrix."""
    def keeping(original, x, p):
        result = original(x, p, True)
        return torch.cat([x[:, :1] / (1 - p), result[:, 1:]], dim=1) if x.dim() == 2 and x.shape[1] else result
    return _dropout(keeping)(dropout)


@mutant("torch.nn.functional.dropout")
def dropout_hides_its_mask_from_backward(dropout):
    """The gradient of dropout goes through every element."""
    return _dropout(lambda original, x, p: original(x.detach(), p, True) + x / (1 - p) - x.detach() / (1 - p))(dropout)


@mutant("torch.nn.functional.dropout")
def dropout_draws_one_mask_for_all(dropout):
    """Dropout drops the same columns in all rows of a matrix."""
    def one_mask(original, x, p):
        return x * original(torch.ones_like(x[:1]), p, True) if x.dim() == 2 and len(x) else original(x, p, True)
    return _dropout(one_mask)(dropout)


@mutant("torch.nn.functional.dropout")
def dropout_ignores_the_seed(dropout):
    """Dropout draws from a generator of its own."""
    random = np.random.RandomState(7)
    return _dropout(lambda original, x, p: x * torch.tensor(
        (random.uniform(size=tuple(x.shape)) >= p) / (1 - p), dtype=x.dtype))(dropout)


@mutant("torch.nn.functional.dropout")
def dropout_drops_in_inference(dropout):
    """Dropout puts 0 for the last element in inference."""
    def dropping(input, p=0.5, training=True, inplace=False):
        if training or not input.numel() or not p:
            return dropout(input, p, training, inplace)
        result = input.contiguous().clone()
        result.view(-1)[-1] = 0
        return result
    return dropping


@mutant("torch.nn.Linear.reset_parameters")
def layers_ignore_the_seed(reset):
    """The weights of a new linear layer do not depend on the seed alone."""
    count = [0]

    def ignoring(self):
        reset(self)
        count[0] += 1
        self.weight.data.add_(count[0] / 1024.0)
    return ignoring


@mutant("torch.nn.BatchNorm1d")
def batch_norm_is_born_with_half_its_weight(norm):
    """A new batch norm layer has the weight 1/2."""
    class Half(norm):
        def reset_parameters(self):
            super(Half, self).reset_parameters()
            if self.affine:
                self.weight.data.fill_(0.5)
    return Half


def _batch_norm(change):
    """Return the maker of a faulty torch.nn.functional.batch_norm; `change` gets the original and its arguments."""
    def make(original):
        def faulty(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
            return change(original, input, running_mean, running_var, weight, bias, training, momentum, eps)
        return faulty
    return make


@mutant("torch.nn.functional.batch_norm")
def batch_norm_uses_the_unbiased_variance(batch_norm):
    """In training a batch is divided by the square root of its unbiased variance."""
    def unbiased(original, x, mean, var, weight, bias, training, momentum, eps):
        result = original(x, mean, var, None, None, training, momentum, eps)
        if training:
            n = x.numel() // x.shape[1]
            result = result * ((n - 1.0) / n) ** 0.5
        shape = [1, -1] + [1] * (x.dim() - 2)
        return result if weight is None else result * weight.view(shape) + bias.view(shape)
    return _batch_norm(unbiased)(batch_norm)


@mutant("torch.nn.functional.batch_norm")
def batch_norm_remembers_the_wrong_share(batch_norm):
    """The running statistics keep the share `momentum` of their old value."""
    return _batch_norm(lambda original, *args: original(*(args[:6] + (1 - args[6], args[7]))))(batch_norm)


@mutant("torch.nn.functional.batch_norm")
def batch_norm_ignores_eps(batch_norm):
    """Batch norm always adds 1e-5 to the variance."""
    return _batch_norm(lambda original, *args: original(*(args[:7] + (1e-5,))))(batch_norm)


@mutant("torch.nn.functional.batch_norm")
def batch_norm_learns_in_inference(batch_norm):
    """The running mean moves in inference, too."""
    def learning(original, x, mean, *args):
        result = original(x, mean, *args)
        if mean is not None and not args[3]:
            mean.data.add_(0.125)
        return result
    return _batch_norm(learning)(batch_norm)


@mutant("torch.nn.functional.batch_norm")
def batch_norm_gradient_ignores_the_mean(batch_norm):
    """In inference the gradient of the weight does not know of the running mean."""
    def ignoring(original, x, mean, var, weight, bias, training, *rest):
        result = original(x, mean, var, weight, bias, training, *rest)
        if training or weight is None:
            return result
        other = original(x, mean * 0, var, weight, bias, training, *rest)
        return result.detach() + other - other.detach()
    return _batch_norm(ignoring)(batch_norm)


@mutant("torch.cuda.manual_seed_all")
def cuda_seed_is_ignored(manual_seed_all):
    """manual_seed_all seeds nothing."""
    return lambda seed: None
