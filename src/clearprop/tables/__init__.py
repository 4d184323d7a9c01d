"""Tables: how raw columns of any library or file become a network's X and y, and how well it does.

files -> columns -> encoding, target -> (network) -> scores, baselines -> report. `clearprop.model`
joins these to a network; nothing here trains one.
"""
