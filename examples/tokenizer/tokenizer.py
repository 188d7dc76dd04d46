"""Text to numbers and back, by words or by characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

PAD, UNKNOWN = "<pad>", "<unk>"
PAD_ID, UNKNOWN_ID = 0, 1


class Tokenizer:
    """A vocabulary learnt from a corpus.

    Args:
        corpus: Texts whose tokens get an id each, from 2 upwards, in sorted order: the same corpus gives the same ids everywhere.
        level: "word" splits at white space, "character" takes every character.

    Raises:
        ValueError: The level is neither of the two.
    """

    def __init__(self, corpus: Iterable[str], level: str = "word") -> None:
        if level not in {"word", "character"}:
            raise ValueError(f"level is {level!r}; it must be 'word' or 'character'")
        self.level = level
        known = sorted({token for text in corpus for token in self._split(text)})
        self._tokens = [PAD, UNKNOWN, *known]
        # PAD and UNKNOWN are not looked up: a text that happens to spell "<pad>" is no padding.
        self._ids = {token: number for number, token in enumerate(known, start=2)}

    def __len__(self) -> int:
        return len(self._tokens)

    def encode(self, text: str, length: int | None = None) -> list[int]:
        """Return the ids of the text, padded at the end to `length` where given.

        Raises:
            ValueError: The text has more tokens than `length`; nothing is cut off silently.
        """
        ids = [self._ids.get(token, UNKNOWN_ID) for token in self._split(text)]
        if length is None:
            return ids
        if len(ids) > length:
            raise ValueError(f"the text has {len(ids)} tokens and the length is {length}; shorten the text or raise the length")
        return ids + [PAD_ID] * (length - len(ids))

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of the ids, without the padding.

        Raises:
            ValueError: An id is not in the vocabulary.
        """
        separator = " " if self.level == "word" else ""
        return separator.join(self._token(number) for number in ids if number != PAD_ID)

    def _token(self, number: int) -> str:
        if not 0 <= number < len(self._tokens):
            raise ValueError(f"id {number} is not in the vocabulary of {len(self._tokens)}; was it made by another tokenizer?")
        return self._tokens[number]

    def _split(self, text: str) -> list[str]:
        # One form for what looks the same: "é" may be one character or two.
        text = unicodedata.normalize("NFC", text)
        return text.split() if self.level == "word" else list(text)
