"""Where objects come from: files, a chart's render, a live cluster; each object once, each with its line."""
