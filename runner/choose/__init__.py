"""Which tests run, and in which order: pure functions of the loaded tests and of what is known about them."""
