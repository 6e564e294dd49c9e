"""CloudFormation of the sandbox's own: strict where moto is silent, speaking AWS's API."""
