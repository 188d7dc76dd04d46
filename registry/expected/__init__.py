"""What a run is held to besides the run that it is compared with: baselines, bars, known failures."""
