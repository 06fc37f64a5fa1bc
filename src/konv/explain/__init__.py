"""Show it: a model as a table, as arithmetic, as pictures."""

from konv.explain.facts import LayerFacts, ModelFacts, layer_facts, model_facts
from konv.explain.summary import print_summary
from konv.explain.text import explain_layer, explain_model

__all__ = ["LayerFacts", "ModelFacts", "explain_layer", "explain_model", "layer_facts", "model_facts", "print_summary"]
