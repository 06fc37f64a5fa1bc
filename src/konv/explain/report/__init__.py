"""A model as a page for the browser, and as what a notebook shows of it."""
