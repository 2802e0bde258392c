"""From a file to tables of text cells that keep their address: one reader per physical shape, and the ledger.

Belongs here: receiving, recognising and reading files. Does not belong here: judging what a cell says.
"""
