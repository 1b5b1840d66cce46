"""The core of ResNet Lab: networks, training, probes and the store. Works without the app."""
