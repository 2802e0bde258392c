"""The Dagster skin of sdg17: it says what there is and when it runs, and does nothing itself."""
