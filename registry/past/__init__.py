"""What the runs before tell: histories, nights, flaky tests, how long a test takes, since when something is bad."""
