"""The outside world, one folder a system. A system never imports another."""
