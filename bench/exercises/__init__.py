"""Short kernels that are wrong or slow, to be mended: files/ has them, checks.py tells when they are."""
