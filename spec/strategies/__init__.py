"""Hypothesis strategies: tensors of every layout, values with corners, and what is made of them.

Everything here describes; nothing is built on a device before a property asks for it with `.on(device)`.
"""

from spec.strategies.aliases import RELATIONS, AliasedPair, View, aliased_pairs
from spec.strategies.arrays import ARRAY_LAYOUTS, ORDINARY_LAYOUTS, ArrayBlueprint, arrays
from spec.strategies.blueprint import LAYOUTS, Blueprint
from spec.strategies.groups import Broadcast, Matmul, broadcast_size, broadcastable, matmul_operands, same_shape
from spec.strategies.indexing import Mask, basic_indices, index_lists, masks, slices
from spec.strategies.networks import Regression, Stack, TwoLayer, regressions, relu_stacks, two_layer_networks
from spec.strategies.programs import Leaf, Program, Step, programs, run
from spec.strategies.seeds import seeds
from spec.strategies.shapes import SIZES, shapes, sizes
from spec.strategies.source_text import expression
from spec.strategies.tensors import SEPARATE, matrices, scalars, tensors, vectors
from spec.strategies.values import elements, fills

__all__ = [name for name in dir() if not name.startswith("_")]
