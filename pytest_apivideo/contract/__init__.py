"""The contract suite: what clients of api.video rely on, as tests for the fake and the sandbox.

    pytest --pyargs pytest_apivideo.contract                              # on the fake
    pytest --pyargs pytest_apivideo.contract --apivideo-target=sandbox    # on the sandbox

A test fails if a documented fact does not hold: a status, a field or its type, the type or title
of a problem. Everything else is noted in the report of `--apivideo-report`, for `apivideo-fake
drift` to compare. Tests named `test_whether_…` ask what api.video does not document: they accept
each answer and note it.
"""
