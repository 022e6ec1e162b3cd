import json
import logging

from app.observability.logging import JsonFormatter, names_no_visitor, request_id


def test_a_record_is_one_line_of_json_with_the_requests_id():
    record = logging.makeLogRecord(
        {"name": "app.requests", "levelno": logging.INFO, "levelname": "INFO", "msg": "two\nlines", "status": 200}
    )
    token = request_id.set("abc")

    line = JsonFormatter().format(record)

    request_id.reset(token)
    assert "\n" not in line
    content = json.loads(line)
    assert (content["level"], content["message"], content["request_id"]) == ("info", "two\nlines", "abc")
    assert content["status"] == 200


def test_a_traceback_is_part_of_the_line():
    error = ValueError("wrong")
    record = logging.makeLogRecord({"msg": "unexpected", "exc_info": (ValueError, error, None)})

    content = json.loads(JsonFormatter().format(record))

    assert "ValueError: wrong" in content["traceback"]


def test_who_opened_a_websocket_is_not_logged():
    accepted = logging.makeLogRecord({"msg": '%s - "WebSocket %s" [accepted]', "args": ("192.0.2.1:5000", "/")})

    assert not names_no_visitor(accepted)
    assert names_no_visitor(logging.makeLogRecord({"msg": "Started server process [%d]", "args": (1,)}))
