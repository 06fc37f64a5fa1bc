"""Show it: a model as a table, as arithmetic, as pictures."""

from konv.explain.code.source import Code, code
from konv.explain.facts.doctor import Diagnosis, Remedy, doctor
from konv.explain.facts.findings import Alike, Findings, Saturated, findings
from konv.explain.facts.model_facts import LayerFacts, ModelFacts, layer_facts, model_facts
from konv.explain.figures.convolution_figure import ConvolutionFigure, convolution
from konv.explain.figures.drawing import Drawing, drawing
from konv.explain.figures.feature_maps import FeatureMaps, contact_sheet, feature_maps, save_feature_maps
from konv.explain.figures.film import Film, film
from konv.explain.figures.kernel_sheets import Kernels, kernels
from konv.explain.figures.learning_curves import LearningCurves, learning_curves
from konv.explain.figures.paddings import PaddingFigure, padded_layers, paddings
from konv.explain.figures.parameters_figure import ParametersFigure, parameters
from konv.explain.figures.trace_figure import TraceFigure, trace
from konv.explain.figures.training_films import FilmOfKernels, FilmOfMaps
from konv.explain.figures.window_figure import WindowFigure, window
from konv.explain.languages.messages import language, set_language
from konv.explain.report.page import Report, report
from konv.explain.text.plain import explain_layer, explain_model
from konv.explain.text.summary import print_summary
from konv.hints import module_attributes
from konv.interop.read import read

__all__ = [
    "Alike", "Code", "ConvolutionFigure", "Diagnosis", "Drawing", "FeatureMaps", "Film", "FilmOfKernels", "FilmOfMaps",
    "Findings", "Kernels", "LayerFacts", "LearningCurves", "ModelFacts", "PaddingFigure", "ParametersFigure", "Remedy",
    "Report", "Saturated", "TraceFigure", "WindowFigure", "code", "contact_sheet", "convolution", "doctor", "drawing",
    "explain_layer", "explain_model", "feature_maps", "film", "findings", "kernels", "language", "layer_facts",
    "learning_curves", "model_facts", "padded_layers", "paddings", "parameters", "print_summary", "read", "report",
    "save_feature_maps", "set_language", "trace", "window",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
