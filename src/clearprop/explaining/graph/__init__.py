"""The parts of `clearprop.computation_graph`: what a graph holds, and how it is drawn."""
