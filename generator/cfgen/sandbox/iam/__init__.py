"""IAM as the sandbox enforces it: who calls (principals), what is asked (actions), may they (policy)."""
