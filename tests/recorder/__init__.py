"""Record what the API returns and what the pages offer, and compare a later state with the record.

A tool run by hand; pytest does not collect it::

    python -m tests.recorder record [api|pages]
    python -m tests.recorder compare [api|pages]
"""
