"""The pure library of sdg17: reports in, release out. It knows no scheduler and no web server."""

__version__ = "0.1.0"
