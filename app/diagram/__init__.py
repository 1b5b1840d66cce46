"""The drawn network: from a plan to boxes and arcs, and the component that shows them."""
