"""cfgen: a model spec in, a CloudFormation template for an Amazon SageMaker endpoint out.

The package spells the pipeline: ``spec`` → ``resolve`` (with ``catalogue``) → ``render`` → ``lint`` →
``deploy``/``publish``. No stage imports a later one.
"""

__version__ = "0.1.0"
