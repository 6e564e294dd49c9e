"""How a template leaves its author's machine: S3 with quick-create links, and Service Catalog."""
