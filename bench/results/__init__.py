"""What was measured: its file, ratios and verdicts, tables, and the comparison of two files."""
