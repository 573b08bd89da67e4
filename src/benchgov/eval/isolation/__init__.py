"""Isolation: run code that is not trusted in processes that can do little more than answer.

`levels` says what this machine can do, `rubrics` scores with it; `forkserver`, `confine`, `limits` and
`sweep` are the parts that others build on.
"""
