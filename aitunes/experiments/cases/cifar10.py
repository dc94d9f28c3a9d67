"""Defines CIFAR10: pictures with more in them than a code can hold."""

from aitunes.datasets import cifar10
from aitunes.experiments.cases.case import Case, DataDescription
from aitunes.experiments.scenarios.cifar10 import CIFAR10_SCENARIOS

CIFAR10 = Case(
    "cifar10",
    "Small photographs of ten kinds of things",
    DataDescription(cifar10.NAME, cifar10.LICENCE, cifar10.SOURCE, cifar10.read_cifar10),
    CIFAR10_SCENARIOS,
    input_shape=cifar10.INPUT_SHAPE,
)
