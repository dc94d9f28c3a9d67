"""Defines MNIST, which shows whether a model learns at all."""

from aitunes.datasets import mnist
from aitunes.experiments.cases.case import Case, DataDescription
from aitunes.experiments.scenarios.mnist import MNIST_SCENARIOS

MNIST = Case(
    "mnist",
    "Handwritten digits",
    DataDescription(mnist.NAME, mnist.LICENCE, mnist.SOURCE, mnist.read_mnist),
    MNIST_SCENARIOS,
    input_shape=mnist.INPUT_SHAPE,
)
