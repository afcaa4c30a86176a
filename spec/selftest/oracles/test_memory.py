"""The model of views agrees with numpy's own strides, and the probe finds shared memory; both notice a small fault."""
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from spec.oracles.memory import View, cells, overlap, read, self_overlapping, shares_memory, write

SIZES = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@st.composite
def views(draw, base=None, most_steps=4):
    """Draw a view of a base in the model, and the same view as a numpy array over np.arange."""
    size = draw(SIZES) if base is None else base
    model = View.whole(size)
    array = np.arange(model.cells.size).reshape(size)
    for _ in range(draw(st.integers(0, most_steps))):
        steps = [_unsqueeze, _squeeze, _expand] + ([_transpose, _slice] if model.shape else [])
        steps += [_select] if 0 not in model.shape and model.shape else []
        model, array = draw(st.sampled_from(steps))(draw, model, array)
    return model, array


def _dim(draw, model):
    return draw(st.integers(-len(model.shape), len(model.shape) - 1))


def _select(draw, model, array):
    dim = _dim(draw, model)
    index = draw(st.integers(-model.shape[dim], model.shape[dim] - 1))
    key = [slice(None)] * array.ndim
    key[dim] = slice(index, index + 1 or None)
    return model.select(dim, index), array[tuple(key)].squeeze(dim)


def _slice(draw, model, array):
    dim, bound = _dim(draw, model), st.none() | st.integers(-4, 4)
    part = slice(draw(bound), draw(bound), draw(st.integers(1, 3)))
    key = [slice(None)] * array.ndim
    key[dim] = part
    return model.slice(dim, part.start, part.stop, part.step), array[tuple(key)]


def _transpose(draw, model, array):
    one, other = _dim(draw, model), _dim(draw, model)
    order = list(range(array.ndim))
    order[one], order[other] = order[other], order[one]
    return model.transpose(one, other), array.transpose(order)


def _unsqueeze(draw, model, array):
    dim = draw(st.integers(0, len(model.shape)))
    return model.unsqueeze(dim), array[(slice(None),) * dim + (None,)]


def _squeeze(draw, model, array):
    return model.squeeze(), array.reshape([length for length in array.shape if length != 1])


def _expand(draw, model, array):
    size = [draw(st.sampled_from([1, 2, 3, 0])) if length == 1 else length for length in (1,) + model.shape]
    return model.expand(*size), np.lib.stride_tricks.as_strided(
        array, size, [0 if old == 1 else step for old, step in zip((1,) + array.shape, (0,) + array.strides)])


@given(views())
def test_every_operation_on_views_covers_the_cells_that_numpy_reaches_by_strides(pair):
    model, array = pair
    assert model.shape == array.shape
    assert (model.cells == array).all()
    assert model.contiguous == (array.flags.c_contiguous or not array.size)
    for axis, length in enumerate(array.shape):
        if length > 1 and array.size:
            assert model.stride[axis] == array.strides[axis] // array.itemsize


@given(views(base=(2, 2, 3)), st.data())
def test_another_shape_is_a_view_exactly_where_numpy_needs_no_copy(pair, data):
    model, array = pair
    assume(array.size)
    shapes = [(-1,), (1, -1), (2, -1), (-1, 2), (3, -1), (-1, 3), (2, -1, 2)]
    shape = data.draw(st.sampled_from([shape for shape in shapes if array.size % np.prod(shape) == 0]))
    moved = array.reshape(shape)
    if np.shares_memory(moved, array):
        assert (model.view(*shape).cells == moved).all()
    else:
        with pytest.raises(ValueError, match="would need a copy"):
            model.view(*shape)


def test_rows_with_a_gap_between_them_and_transposes_have_no_flat_view():
    base = View.whole((3, 4))
    for view in (base[:, :2], base.transpose(0, 1), base[::2]):
        with pytest.raises(ValueError, match="would need a copy"):
            view.view(-1)
    assert base[1:].view(-1).cells.tolist() == list(range(4, 12))
    assert base[:, :1].view(3).stride == (4,)
    assert base[0, :1].expand(2, 3, 1).view(6).stride == (0,)


@given(st.integers(0, 3).flatmap(lambda rank: st.tuples(*[st.tuples(*[st.integers(0, 3)] * rank)] * 2)),
       st.integers(0, 5))
def test_size_stride_and_offset_reach_the_cells_that_numpy_reaches(layout, offset):
    size, stride = layout
    storage = np.arange(64)
    expected = np.lib.stride_tricks.as_strided(storage[offset:], size, [8 * step for step in stride])
    assert (View.strided(size, stride, offset).cells == expected).all()
    assert (View.whole((8, 8))[0, offset:].as_strided(size, stride).cells == expected).all()
    assert (View.whole((8, 8)).as_strided(size, stride, offset).cells == expected).all()


@pytest.mark.parametrize("fault", ["stride", "offset"])
@given(pair=views(base=(3, 4), most_steps=2))
def test_a_stride_or_an_offset_off_by_one_is_noticed(fault, pair):
    model, _ = pair
    long = [axis for axis, length in enumerate(model.shape) if length > 1]
    assume(model.cells.size and long)
    stride = list(model.stride)
    stride[long[0]] += fault == "stride"
    wrong = View.strided(model.shape, stride, model.offset + (fault == "offset"))
    assert (wrong.cells != model.cells).any()


def test_overlap_is_a_cell_in_common():
    base = View.whole((4, 4))
    assert not overlap(base[::2], base[1::2])
    assert overlap(base[:, 1], base[2])
    assert not overlap(base[:, :2], base[:, 2:])
    assert not overlap(base[2:2], base)
    assert cells(base.select(1, 2).narrow(0, 1, 2)) == {6, 10}
    assert cells(base.permute(1, 0)[0]) == {0, 4, 8, 12}


def test_a_view_that_meets_itself_is_told_from_one_that_does_not():
    base = View.whole((4,))
    assert self_overlapping(base.as_strided((3, 2), (1, 1)))
    assert self_overlapping(base[:1].expand(3))
    assert self_overlapping(base.expand(2, -1))
    assert not self_overlapping(base.as_strided((2, 2), (2, 1)))
    assert not self_overlapping(base[:1].expand(1))
    assert not self_overlapping(base.expand(0, 4))


def test_a_write_through_a_view_changes_its_cells_in_a_new_storage():
    storage = np.arange(6)
    column = View.whole((2, 3)).select(1, 1)
    after = write(storage, column, [7, 8])
    assert after.tolist() == [0, 7, 2, 3, 8, 5]
    assert storage.tolist() == list(range(6))
    assert read(after, View.whole((2, 3))).tolist() == [[0, 7, 2], [3, 8, 5]]
    assert write(storage, column, 9).tolist() == [0, 9, 2, 3, 9, 5]


def test_a_write_whose_outcome_depends_on_the_order_is_refused():
    meeting = View.whole((3,)).as_strided((2, 2), (1, 1))
    assert write(np.zeros(3), meeting, [[1, 2], [2, 3]]).tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="one cell"):
        write(np.zeros(3), meeting, [[1, 2], [5, 3]])
    with pytest.raises(ValueError):
        write(np.zeros(3), meeting, [[1, 0.0], [-0.0, 3]])


def test_nan_is_written_as_any_other_value():
    nan = float("nan")
    assert np.isnan(write(np.zeros(2), View(np.array([0, 1])), [1, nan])).tolist() == [False, True]
    assert np.isnan(write(np.zeros(1), View(np.array([0, 0, 0])), nan)).tolist() == [True]


@given(st.tuples(views(base=(4, 3)), views(base=(4, 3))))
def test_the_probe_finds_memory_shared_exactly_where_the_model_says_so(pairs):
    storage = np.arange(12)
    (a, _), (b, _) = pairs
    real = [np.lib.stride_tricks.as_strided(storage[view.offset:], view.shape, [8 * step for step in view.stride])
            for view in (a, b)]
    assert shares_memory(*real) == overlap(a, b)
    assert storage.tolist() == list(range(12))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "float16", "float32", "float64"])
def test_the_probe_works_on_tensors_and_arrays_and_puts_the_contents_back(dtype):
    base = torch.arange(12).to(getattr(torch, dtype)).reshape(3, 4)
    before = base.clone()
    assert shares_memory(base[1], base[:, 2])
    assert shares_memory(base, base.numpy() if dtype != "int8" else base.t())
    assert not shares_memory(base[0], base[1])
    assert not shares_memory(base, base.clone())
    assert shares_memory(base[:, :1].expand(3, 4), base[:, 0])
    assert shares_memory(base[0], base.as_strided((2, 3), (1, 1), 2))
    assert not shares_memory(base[0, 0], base[0, 1])
    assert not shares_memory(base[0, :0], base)
    assert base.tolist() == before.tolist()


def test_the_probe_leaves_the_history_of_a_tensor_alone():
    x = torch.ones(3, requires_grad=True)
    y = x * x
    assert not shares_memory(x, y)
    assert shares_memory(x, x.detach())
    y.sum().backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_the_probe_cannot_write_to_a_read_only_array():
    array = np.zeros(3)
    array.setflags(write=False)
    with pytest.raises(ValueError):
        shares_memory(array, np.zeros(3))
