"""What watches a run: its epochs, figures, early stopping, progress and logs."""
