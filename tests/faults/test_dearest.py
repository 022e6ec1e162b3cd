"""`tests.faults.dearest` leaves no operation out."""

from app.main import create_app
from tests.faults.dearest import dearest


def test_every_operation_has_a_dearest_request():
    paths = create_app().openapi()["paths"].values()
    operations = {operation["operationId"] for path in paths for operation in path.values()}

    measured = {name.partition(",")[0] for name in dearest()}

    assert operations - measured == {"follow_training"}  # a stream, which waits for the training
    assert measured - operations == {"infer (v2)"}
