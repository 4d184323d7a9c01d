"""What ails a network, in plain words."""
