"""Stand-in for a user's inference code."""


def model_fn(model_dir: str) -> str:
    return model_dir
