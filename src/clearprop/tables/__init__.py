"""Tables: how raw columns of any library or file become a network's X and y, and how well it does.

files -> columns -> encoding, target -> (network) -> scores, baselines -> report; `tables.model`
joins these to a network.
"""
