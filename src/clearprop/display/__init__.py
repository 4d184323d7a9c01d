"""What people look at: tables in text and HTML, curves, and the style of plots."""
