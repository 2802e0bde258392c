"""Time and memory of the whole programme, measured from outside."""
