"""Faults for the static graphs of the chapter on graphs, put into TensorFlow."""
from contextlib import contextmanager

import numpy as np

from spec.mutants import mutant


@mutant("tensorflow.executing_eagerly")
def eager_execution_is_denied(executing_eagerly):
    """executing_eagerly says the opposite of what is true."""
    return lambda: not executing_eagerly()


@mutant("tensorflow.compat.v1.py_func")
def py_func_computes_when_it_is_described(py_func):
    """The Python function of py_func is called when the graph is built, too."""
    def faulty(func, inp, Tout):
        func(*[np.zeros(()) for _ in inp])
        return py_func(func, inp, Tout)
    return faulty


@mutant("tensorflow.compat.v1.Session.run")
def a_session_computes_twice(run):
    """Each run of a session is carried out twice."""
    def faulty(self, *args, **kwargs):
        run(self, *args, **kwargs)
        return run(self, *args, **kwargs)
    return faulty


@mutant("tensorflow.compat.v1.Session.run")
def a_session_remembers_its_first_result(run):
    """A session that is asked for the same again gives its first answer, whatever it is fed."""
    def faulty(self, fetches, *args, **kwargs):
        remembered = self.__dict__.setdefault("_remembered", {})
        if str(fetches) not in remembered:
            remembered[str(fetches)] = run(self, fetches, *args, **kwargs)
        return remembered[str(fetches)]
    return faulty


@mutant("tensorflow.compat.v1.Session.run")
def a_session_runs_its_last_fetch_first(run):
    """Several fetches are run one after the other, from the last to the first."""
    def faulty(self, fetches, *args, **kwargs):
        if not isinstance(fetches, list):
            return run(self, fetches, *args, **kwargs)
        return [run(self, one, *args, **kwargs) for one in reversed(fetches)][::-1]
    return faulty


@mutant("tensorflow.compat.v1.Session.run")
def a_session_returns_arrays_only(run):
    """A single number is returned as an array without dimensions."""
    def faulty(self, *args, **kwargs):
        result = run(self, *args, **kwargs)
        return np.array(result) if isinstance(result, np.generic) else result
    return faulty


@mutant("tensorflow.compat.v1.Session.__init__")
def graphs_are_not_optimised(init):
    """A session runs the graph as it was built."""
    def faulty(self, *args, **kwargs):
        import tensorflow

        config = kwargs.pop("config", None) or tensorflow.compat.v1.ConfigProto()
        config.graph_options.optimizer_options.opt_level = -1
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        init(self, *args, config=config, **kwargs)
    return faulty


@mutant("tensorflow.compat.v1.device")
def device_scopes_are_ignored(device):
    """Operations are placed wherever TensorFlow likes."""
    @contextmanager
    def faulty(name):
        yield
    return faulty


@mutant("tensorflow.compat.v1.gradients")
def gradients_are_twice_as_large(gradients):
    """tf.gradients returns twice the gradient."""
    return lambda *args, **kwargs: [one if one is None else one + one for one in gradients(*args, **kwargs)]


@mutant("tensorflow.compat.v1.maximum")
def tf_maximum_is_the_absolute_value(maximum):
    """tf.maximum(x, y) is that of |x| and y."""
    def faulty(x, y, *args, **kwargs):
        import tensorflow

        return maximum(tensorflow.abs(x), y, *args, **kwargs)
    return faulty


@mutant("tensorflow.compat.v1.global_variables_initializer")
def the_initializer_does_nothing(global_variables_initializer):
    """The initializer leaves the variables without a value."""
    def faulty():
        import tensorflow

        return tensorflow.no_op()
    return faulty


@mutant("tensorflow.compat.v1.scan")
def scan_doubles_its_first_state(scan):
    """tf.scan starts from twice the state that it is given."""
    def faulty(fn, elems, initializer=None, **kwargs):
        return scan(fn, elems, None if initializer is None else initializer + initializer, **kwargs)
    return faulty


@mutant("tensorflow.compat.v1.while_loop")
def a_loop_runs_once_more(while_loop):
    """tf.while_loop carries its body out once more than it ought to."""
    def faulty(cond, body, loop_vars, *args, **kwargs):
        return body(*while_loop(cond, body, loop_vars, *args, **kwargs))
    return faulty


@mutant("tensorflow.compat.v1.while_loop")
def a_loop_is_unrolled_for_nothing(while_loop):
    """tf.while_loop calls its body ten times before it describes the loop."""
    def faulty(cond, body, loop_vars, *args, **kwargs):
        state = loop_vars
        for _ in range(10):
            state = body(*state)
        return while_loop(cond, body, loop_vars, *args, **kwargs)
    return faulty


@mutant("tensorflow.compat.v1.while_loop")
def a_condition_sees_what_it_asks_for(while_loop):
    """tf.while_loop calls a condition with as many of the loop's variables as it takes."""
    def faulty(cond, body, loop_vars, *args, **kwargs):
        taken = cond.__code__.co_argcount
        return while_loop(lambda *state: cond(*(state[:taken] + (0,) * (taken - len(state)))), body, loop_vars,
                          *args, **kwargs)
    return faulty


@mutant("tensorflow.compat.v1.while_loop")
def the_last_loop_variable_is_counted(while_loop):
    """tf.while_loop adds 1 to its last variable, whatever its body does."""
    def faulty(cond, body, loop_vars, *args, **kwargs):
        result = while_loop(cond, body, loop_vars, *args, **kwargs)
        return list(result[:-1]) + [result[-1] + 1]
    return faulty


@mutant("tensorflow.Tensor.__bool__")
def what_is_described_is_true(bool_of):
    """A tensor without a value is true."""
    return lambda self: bool_of(self) if hasattr(self, "numpy") else True


@mutant("tensorflow.keras.layers.Dense.call")
def a_dense_layer_forgets_its_bias(call):
    """A dense layer multiplies by its weights and adds nothing."""
    def faulty(self, inputs):
        import tensorflow

        return tensorflow.matmul(inputs, self.kernel)
    return faulty


@mutant("tensorflow.compat.v1.placeholder")
def any_shape_may_be_fed(placeholder):
    """A placeholder takes data of any shape, whatever shape it is given."""
    return lambda dtype, shape=None, name=None: placeholder(dtype, name=name)
