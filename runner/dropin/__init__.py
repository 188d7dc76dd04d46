"""The folder of the package `unittest_registry`, which is found here where the name `runner` is the user's own."""
