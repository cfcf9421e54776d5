"""The command line: reads input, calls `app`, renders. No rules: what is right or wrong is decided below.

Each command is one file, imported when it is used.
"""
