import unittest

from tokenizer import PAD_ID, UNKNOWN_ID, Tokenizer

CORPUS = ["the model learns", "the loss falls"]


class TestRoundTrip(unittest.TestCase):
    def test_words(self):
        """Words known to the vocabulary come back in order."""
        tokenizer = Tokenizer(CORPUS)

        self.assertEqual(tokenizer.decode(tokenizer.encode("the loss learns")), "the loss learns")

    def test_characters(self):
        """Characters come back exactly, double spaces and line ends included."""
        text = "a  b\na"
        tokenizer = Tokenizer([text], level="character")

        self.assertEqual(tokenizer.decode(tokenizer.encode(text)), text)

    def test_same_corpus_same_ids(self):
        """The order of the texts in the corpus does not change the ids."""
        there = Tokenizer(CORPUS).encode("the model falls")
        back = Tokenizer(reversed(CORPUS)).encode("the model falls")

        self.assertEqual(there, back)


class TestUnknownTokens(unittest.TestCase):
    def test_unknown_word(self):
        """A word that the corpus never held gets the id of the unknown."""
        self.assertEqual(Tokenizer(CORPUS).encode("gradient"), [UNKNOWN_ID])

    def test_unknown_word_is_visible(self):
        """Decoding shows where something was lost."""
        tokenizer = Tokenizer(CORPUS)

        self.assertEqual(tokenizer.decode(tokenizer.encode("the gradient falls")), "the <unk> falls")

    def test_foreign_id_is_refused(self):
        """An id outside the vocabulary is refused, negative ones too (a Python list would take -1)."""
        tokenizer = Tokenizer(CORPUS)
        for foreign in (-1, len(tokenizer)):
            with self.subTest(id=foreign), self.assertRaisesRegex(ValueError, "not in the vocabulary"):
                tokenizer.decode([foreign])


class TestPadding(unittest.TestCase):
    def test_short_text_is_filled_up(self):
        """Padding stands at the end and gives the length asked for."""
        ids = Tokenizer(CORPUS).encode("the loss", length=4)

        self.assertEqual(len(ids), 4)
        self.assertEqual(ids[2:], [PAD_ID, PAD_ID])

    def test_padding_disappears_again(self):
        """Decoding leaves the padding out."""
        tokenizer = Tokenizer(CORPUS)

        self.assertEqual(tokenizer.decode(tokenizer.encode("the loss", length=9)), "the loss")

    def test_long_text_is_refused(self):
        """A text longer than the length is refused, not cut."""
        with self.assertRaisesRegex(ValueError, "3 tokens and the length is 2"):
            Tokenizer(CORPUS).encode("the model learns", length=2)

    def test_text_that_spells_padding(self):
        """The word "<pad>" in a text is an unknown word, not padding."""
        self.assertEqual(Tokenizer(CORPUS).encode("<pad>"), [UNKNOWN_ID])


class TestEmpty(unittest.TestCase):
    def test_empty_text(self):
        """The empty text has no ids and comes back empty, by words and by characters."""
        for level in ("word", "character"):
            with self.subTest(level=level):
                tokenizer = Tokenizer(CORPUS, level=level)
                self.assertEqual(tokenizer.encode(""), [])
                self.assertEqual(tokenizer.decode([]), "")

    def test_empty_corpus(self):
        """A vocabulary of nothing still holds padding and the unknown."""
        tokenizer = Tokenizer([])

        self.assertEqual(len(tokenizer), 2)
        self.assertEqual(tokenizer.encode("anything"), [UNKNOWN_ID])


class TestUnicode(unittest.TestCase):
    def test_other_scripts(self):
        """Words of any script round-trip."""
        text = "сеть 網路 ağ"
        tokenizer = Tokenizer([text])

        self.assertEqual(tokenizer.decode(tokenizer.encode(text)), text)

    def test_characters_outside_the_basic_plane(self):
        """An emoji is one character, not two halves."""
        self.assertEqual(len(Tokenizer(["🙂"], level="character").encode("🙂")), 1)

    def test_two_spellings_of_one_letter(self):
        """An accent written as a character of its own gives the same id as the accented letter."""
        tokenizer = Tokenizer(["caf\u00e9"])

        self.assertEqual(tokenizer.encode("cafe\u0301"), tokenizer.encode("caf\u00e9"))


class TestLevel(unittest.TestCase):
    def test_unknown_level_is_refused(self):
        """A level that does not exist is refused when the tokenizer is made, not later."""
        with self.assertRaisesRegex(ValueError, "'sentence'"):
            Tokenizer(CORPUS, level="sentence")


if __name__ == "__main__":
    unittest.main()
