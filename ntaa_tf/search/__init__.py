"""Search: joins graphs and layers."""
