"""Show it: a model as a table, as arithmetic, as pictures."""

from konv.explain.code import Code, code
from konv.explain.convolution import ConvolutionFigure, convolution
from konv.explain.doctor import Diagnosis, Remedy, doctor
from konv.explain.drawing import Drawing, drawing
from konv.explain.epochs import FilmOfKernels, FilmOfMaps
from konv.explain.facts import LayerFacts, ModelFacts, layer_facts, model_facts
from konv.explain.film import Film, film
from konv.explain.findings import Alike, Findings, Saturated, findings
from konv.explain.kernels import Kernels, kernels
from konv.explain.languages import language, set_language
from konv.explain.learning import LearningCurves, learning_curves
from konv.explain.maps import FeatureMaps, contact_sheet, feature_maps, save_feature_maps
from konv.explain.paddings import PaddingFigure, padded_layers, paddings
from konv.explain.parameters import ParametersFigure, parameters
from konv.explain.report import Report, report
from konv.explain.summary import print_summary
from konv.explain.text import explain_layer, explain_model
from konv.explain.trace import TraceFigure, trace
from konv.explain.window import WindowFigure, window
from konv.hints import module_attributes
from konv.interop.read import read

__all__ = [
    "Alike",
    "Code",
    "ConvolutionFigure",
    "Diagnosis",
    "Drawing",
    "FeatureMaps",
    "Film",
    "FilmOfKernels",
    "FilmOfMaps",
    "Findings",
    "Kernels",
    "LayerFacts",
    "LearningCurves",
    "ModelFacts",
    "PaddingFigure",
    "ParametersFigure",
    "Remedy",
    "Report",
    "Saturated",
    "TraceFigure",
    "WindowFigure",
    "code",
    "contact_sheet",
    "convolution",
    "doctor",
    "drawing",
    "explain_layer",
    "explain_model",
    "feature_maps",
    "film",
    "findings",
    "kernels",
    "language",
    "layer_facts",
    "learning_curves",
    "model_facts",
    "padded_layers",
    "paddings",
    "parameters",
    "print_summary",
    "read",
    "report",
    "save_feature_maps",
    "set_language",
    "trace",
    "window",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
