"""What a rung is made of: its source, the machine code of its inner loop, and why it is faster than the rung below."""
