"""cfgen's own rules, one class a file. Usable by anyone: ``cfn-lint --append-rules <this folder>``.

cfn-lint loads each file by itself and skips those whose names begin with an underscore.
"""
