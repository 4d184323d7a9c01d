"""Training: a job, the loop that both engines are driven by, and what watches it."""
