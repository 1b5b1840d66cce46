"""Figures that stay where they are while their numbers change."""
