"""Metrics over a run, few enough points for a plot."""

from __future__ import annotations

import itertools
import math
import unittest

from registry.curves import POINTS
from registry.records import Metric, NewRun, Run, RunKind, RunStatus

from .factories import RegistryCase


class CurvesOfARun(RegistryCase):
    """Points that are read for a plot."""

    def trained(self, *metrics: Metric) -> Run:
        """Record a training with these points."""
        with self.registry.start(NewRun(RunKind.TRAIN)) as run:
            for metric in metrics:
                run.log_metric(metric.name, metric.value, step=metric.step)
            run.finish(RunStatus.FINISHED)
        return self.registry.find_run(str(run.run.id))

    def test_few_points_come_whole(self):
        """Few points come as they were logged, steps that repeat and values that are no numbers included; other metrics stay."""
        values = (0.5, math.inf, 0.25)
        run = self.trained(*(Metric("loss", value, 7) for value in values), Metric("other", 1.0))
        self.assertEqual(self.registry.curves(run, ["loss", "absent"]), {"loss": tuple((7, value) for value in values)})

    def test_many_points_are_thinned_out(self):
        """Of many points a few hundred come, evenly spread, the first and the last among them."""
        run = self.trained(*(Metric("loss", float(step), step) for step in range(5 * POINTS + 3)))
        points = self.registry.curves(run, ["loss"])["loss"]
        self.assertLessEqual(len(points), POINTS + 1)
        self.assertGreaterEqual(len(points), POINTS)
        self.assertEqual((points[0], points[-1]), ((0, 0.0), (5 * POINTS + 2, 5.0 * POINTS + 2)))
        steps = [step or 0 for step, _ in points]
        self.assertLessEqual(max(after - before for before, after in itertools.pairwise(steps)), 6)


if __name__ == "__main__":
    unittest.main()
