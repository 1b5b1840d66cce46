"""Pictures: what sets there are (`info`), in which order they come (`order`), and the pixels (`sets`)."""
