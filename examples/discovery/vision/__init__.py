"""The code under test; the tests live in tests/, a package of their own."""
