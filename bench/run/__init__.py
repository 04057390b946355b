"""From a plan to results: one clip, a suite, and the engines that run clips."""
