"""Launching templates: the real AWS CLI makes the change set, the rest is shown, executed, followed and explained.

Everything the commands do can be called from here: ``run.deploy`` one stack, ``parallel.deploy_all`` several,
``diff``, ``status``, ``logs``, ``invoke``, ``destroy``, ``listing``. boto3 and rich are imported when a function
needs them, never on import.
"""
