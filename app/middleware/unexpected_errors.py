"""UnexpectedErrorsMiddleware: an error of the server is a 500 problem, with all the headers of other responses."""

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import problem_response


class UnexpectedErrorsMiddleware:
    """Starlette would respond outside of all other middleware, in plain text and without their headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except ClientDisconnect:
            return  # nobody is there to read a response, and nothing is wrong with the server
        except Exception as error:
            if started:
                raise
            await problem_response(Request(scope), error)(scope, receive, send)
