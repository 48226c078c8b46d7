"""The contract: what clients of api.video rely on, as tests for the fake and for the sandbox.

    pytest --pyargs pytest_apivideo.contract                              # on the fake
    pytest --pyargs pytest_apivideo.contract --apivideo-target=sandbox    # on the sandbox

What is documented (statuses, fields and their types, the type and title of a problem) *must* be so,
or the test fails. All else is *noted*: it goes into the report of `--apivideo-report`, for
`apivideo-fake drift` to compare.
"""
