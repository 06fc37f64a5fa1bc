"""Facts as text: tables, explanations line by line, Markdown, LaTeX, JSON."""
