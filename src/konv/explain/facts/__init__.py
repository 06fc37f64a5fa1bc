"""What there is to know: a model read into frozen dataclasses, equations and keys of sentences. Renders nothing."""
