"""The network 784-512-10 in each library: epochs, and whole processes from nothing to 98%."""
