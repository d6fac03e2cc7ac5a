"""The way of a batch through fit: batches, the step, the loop, compiled loss and metrics, progress."""
