"""One file a command, one public function of values that returns an exit code."""
