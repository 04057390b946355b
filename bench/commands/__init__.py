"""The command line: one file a sub-command, its options and exit codes. Nothing imports it."""
