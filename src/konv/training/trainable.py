"""What training asks of a model."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from konv.ir.graph import Graph
from konv.ir.ops import Shape
from konv.variables import Variable


class Trainable(Protocol):
    """A model as its trainer sees it."""

    _graphs: dict[Any, Graph]  # another dict after the layers were put together anew
    built: bool
    input_shapes: tuple[Shape, ...]
    output: Any

    @property
    def title(self) -> str:
        """How errors name the model."""
        ...

    @property
    def input_names(self) -> list[str]:
        """The names by which a dict gives the inputs."""
        ...

    @property
    def output_names(self) -> list[str]:
        """The names by which a dict gives the targets."""
        ...

    @property
    def layers(self) -> list[Any]:
        """The layers, for what they add to the loss and for `trainable`."""
        ...

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        ...

    @property
    def metrics(self) -> list[Any]:
        """The metrics to reset and to report; those of the trainer, unless a subclass has others."""
        ...

    def build_from_data(self, x: Any) -> None:
        """Make the weights for the shapes of the data, where that has not been done."""
        ...

    def graph(self, *shapes: Shape, training: bool = False) -> Graph:
        """The whole network for inputs of these unbatched shapes."""
        ...

    def weight_map(self) -> Mapping[str, Variable]:
        """Every weight by the path that graphs use."""
        ...

    def fitted(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays with as many axes as the inputs have."""
        ...

    def packed(self, outputs: Sequence[np.ndarray]) -> Any:
        """Outputs in the form in which the model gives them: one, a list or a dict."""
        ...
