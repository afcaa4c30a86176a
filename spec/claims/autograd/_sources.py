"""Where the documents explain the gradient: four of the five do, in the same words."""
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE

EVERYWHERE = [
    TEMPLATE["Variables and autograd"],
    EXAMPLES["PyTorch: Variables and autograd"],
    INTRODUCTION["Variables and Autograd"],
    FLOYDHUB["Variables and AutoGrad"],
    NOTEBOOK["Autograd"],
]
