"""What a spec may ask for beyond one model on instances: one module of pydantic models a key of the root."""
