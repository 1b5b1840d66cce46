"""The parts of the pages Gradients and Signal: one instrument a file."""
