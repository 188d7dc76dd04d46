"""Seed the random generators from the run's seed and a name, so that results depend neither on order nor on the worker."""

import hashlib
import random
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__unittest = True

_LIBRARIES = ("numpy.random", "torch")
_SEED_BYTES = 4  # what NumPy takes


class Seeding:
    """Seeds `random`, and NumPy and torch where they are loaded."""

    def __init__(self, seed: str) -> None:
        self._root = seed.encode("ascii") + b"\0"
        self._current = 0
        self._importing: frozenset[str] = frozenset()
        sys.meta_path.insert(0, _WhenLoaded(self))

    def apply(self, name: str) -> int:
        """Seed for a test or a fixture of that name; return the seed, with which a user can do the same."""
        self._importing = frozenset()
        return self._seed(name)

    def before_import(self, name: str) -> None:
        """Seed for the import of a module; where the name goes on to a class or a test, for that of its module all the same."""
        parts = name.split(".")
        self._importing = frozenset(".".join(parts[:number]) for number in range(1, len(parts) + 1))
        self._seed(f"import {name}")

    def found(self, name: str) -> None:
        """A module is about to be loaded, maybe one of those."""
        if name in self._importing:
            self._seed(f"import {name}")

    def _seed(self, name: str) -> int:
        digest = hashlib.blake2b(self._root + name.encode("utf-8", "surrogatepass"), digest_size=_SEED_BYTES).digest()
        self._current = seed = int.from_bytes(digest, "big")
        random.seed(seed)
        modules = sys.modules
        if "numpy" in modules:
            _seed_numpy(modules["numpy"], seed)
        if "torch" in modules:
            _seed_torch(modules["torch"], seed)
        return seed

    def apply_to(self, module: "ModuleType") -> None:
        """Seed one of the libraries that was just loaded as it would be, had it been there before."""
        if module.__name__ == "torch":
            _seed_torch(module, self._current)
        else:
            _seed_generators(module, self._current)


class _WhenLoaded:
    """Seeds a library when somebody imports it: what a module draws at its top is the same, whoever imported first."""

    def __init__(self, seeding: Seeding) -> None:
        self._seeding = seeding

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        """Find those libraries as the other finders do, and see to it that they are seeded."""
        self._seeding.found(name)
        if name not in _LIBRARIES:
            return None
        finders = [finder for finder in sys.meta_path if not isinstance(finder, _WhenLoaded)]
        found = (finder.find_spec(name, path, target) for finder in finders if hasattr(finder, "find_spec"))  # type: ignore[arg-type]
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            self._watch(spec.loader)
        return spec

    def _watch(self, loader: object) -> None:
        execute = loader.exec_module  # type: ignore[attr-defined]

        def execute_and_seed(module: "ModuleType") -> None:
            execute(module)
            self._seeding.apply_to(module)

        loader.exec_module = execute_and_seed  # type: ignore[attr-defined]


def _seed_numpy(numpy: object, seed: int) -> None:
    _seed_generators(getattr(numpy, "random", None), seed)


def _seed_generators(generators: object, seed: int) -> None:
    if hasattr(generators, "seed"):
        generators.seed(seed)


def _seed_torch(torch: object, seed: int) -> None:
    """Seed torch, at a hundredth of what `torch.manual_seed` costs; the cards only where they are in use."""
    generator = getattr(torch, "default_generator", None)
    if generator is None:  # half imported, or another module of that name
        return
    generator.manual_seed(seed)
    cuda = getattr(torch, "cuda", None)
    if cuda is not None and cuda.is_initialized():
        cuda.manual_seed_all(seed)
