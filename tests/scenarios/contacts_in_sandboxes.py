from contextlib import contextmanager
@contextmanager
def sandbox_world(scenario):
    raise NotImplementedError
    yield
