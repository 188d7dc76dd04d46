"""The science: the MNIST model, its data and its training. Importing the package loads nothing."""
