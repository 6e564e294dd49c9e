"""The frozen plans of which a Stack is made, one module a subject; a feature's plan stands in its own."""
