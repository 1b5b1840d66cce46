"""Numbers to figures: pure functions, no Streamlit and no torch."""
