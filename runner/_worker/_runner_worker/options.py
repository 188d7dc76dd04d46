"""What the parent asks of this worker: NUL-separated `key=value` fields, in which a key may repeat."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .seeding import Seeding

__unittest = True


class Options:
    """The fields as attributes; see `runner.execute.options`, which writes them.

    Attributes:
        settle: Tear fixtures down at the end of each unit.
        pdb: Debug the first problem in the terminal, which is this process's standard input.
        template: Load the suite and be forked: "auto" where that is safe, "fork" in any case; None to run tests itself.
        otherwise: Variables to set where that is not safe.
        skipped: Modules whose import killed an earlier worker.
        seed: Decimal digits; None where nothing is seeded.
        order_seed: Decimal digits that the order follows from; None runs in load order.
        pollution: Where state that tests leave changed is looked for: "class", "test" or "off".
        coverage_source: None where coverage is off.
    """

    def __init__(self, block: bytes) -> None:
        fields: dict[str, list[str]] = {}
        for field in block.split(b"\0"):
            key, _, value = field.partition(b"=")
            fields.setdefault(key.decode("ascii"), []).append(os.fsdecode(value))

        def single(key: str) -> str | None:
            return fields[key][0] if key in fields else None

        self.names = fields.get("name", [])
        self.start_directory = single("start") or "."
        self.pattern = single("pattern") or "test*.py"
        self.top_level_directory = single("top")
        self.name_patterns = fields.get("k")
        self.skipped = frozenset(fields.get("skip", []))
        self.failfast = "failfast" in fields
        self.buffer = "buffer" in fields
        self.show_locals = "locals" in fields
        self.settle = "settle" in fields
        self.pdb = "pdb" in fields
        self.template = single("template")
        pairs = (item.partition("=") for item in fields.get("otherwise", []))
        self.otherwise = {name: value for name, _, value in pairs}
        self.seed = single("seed")
        self._seeding: Seeding | None = None
        self.order_seed = single("order")
        self.pollution = single("pollution") or "off"
        self.coverage_data = single("coverage")
        self.coverage_source = fields.get("source")

    def seeding(self) -> "Seeding | None":
        """Return what seeds, always the same; the modules that it needs are loaded only where a seed was asked for."""
        if self.seed is not None and self._seeding is None:
            from .seeding import Seeding

            self._seeding = Seeding(self.seed)
        return self._seeding
