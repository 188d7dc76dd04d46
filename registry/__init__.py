"""What happened: runs, test results, metrics and checkpoints in an SQL database."""
