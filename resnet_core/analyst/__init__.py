"""Questions to networks, answered by warm processes beside the web process, and kept."""
