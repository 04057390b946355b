"""All readers that are fuzzed."""

from benchmarks.fuzz import commands, media, results, serving, tensors, texts

READERS = (*texts.READERS, *results.READERS, *tensors.READERS, *serving.READERS, *commands.READERS, *media.READERS)
