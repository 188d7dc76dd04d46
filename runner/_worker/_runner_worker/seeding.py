"""Seed the random generators from the run's seed and a name, so that results depend neither on order nor on the worker."""

import hashlib
import random
import sys

__unittest = True

_SEED_BYTES = 4  # what NumPy takes


class Seeding:
    """Seeds `random`, and NumPy and torch where they are loaded."""

    def __init__(self, seed: str) -> None:
        self._root = seed.encode("ascii") + b"\0"

    def apply(self, name: str) -> int:
        """Seed for a test or a fixture of that name; return the seed, with which a user can do the same."""
        digest = hashlib.blake2b(self._root + name.encode("utf-8", "surrogatepass"), digest_size=_SEED_BYTES).digest()
        seed = int.from_bytes(digest, "big")
        random.seed(seed)
        modules = sys.modules
        if "numpy" in modules:
            _seed_numpy(modules["numpy"], seed)
        if "torch" in modules:
            _seed_torch(modules["torch"], seed)
        return seed


def _seed_numpy(numpy: object, seed: int) -> None:
    generators = getattr(numpy, "random", None)
    if hasattr(generators, "seed"):
        generators.seed(seed)  # type: ignore[union-attr]


def _seed_torch(torch: object, seed: int) -> None:
    """Seed torch, at a hundredth of what `torch.manual_seed` costs; the cards only where they are in use."""
    generator = getattr(torch, "default_generator", None)
    if generator is None:  # half imported, or another module of that name
        return
    generator.manual_seed(seed)
    cuda = getattr(torch, "cuda", None)
    if cuda is not None and cuda.is_initialized():
        cuda.manual_seed_all(seed)
