"""The program that uses the model. Importing model.py defines its tests and runs none of them."""

from model import NearestMean


def main() -> None:
    """Fit two classes and say where a point belongs."""
    model = NearestMean()
    model.fit([(0.0, 0.0), (0.0, 2.0), (9.0, 9.0)], [0, 0, 1])
    print("class of (1, 1):", model.predict((1.0, 1.0)))


if __name__ == "__main__":
    main()
