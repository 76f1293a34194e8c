"""What every architecture of a supernet costs, and the best within limits."""
