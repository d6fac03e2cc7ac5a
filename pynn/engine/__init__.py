"""What an operation needs: tensors, variables, the tape, conversions. It imports kernels and NumPy, no operations."""
