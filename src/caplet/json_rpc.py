"""JSON-RPC 2.0 for interfaces: methods are called by name, with params and results as JSON. One object each way.

Knows requests, notifications, responses, batches and errors. It takes bytes in and gives bytes out; `json_rpc_framing.py` cuts them into messages, and
`caplet.aio.json_rpc` carries them. How structs look in JSON is the codec's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from caplet.cap.answer import Answer, AnswerState, failed_answer, immediate_answer
from caplet.cap.capability import Capability
from caplet.cap.request import Request
from caplet.errors import (
    CapletError,
    Disconnected,
    Failed,
    NotationError,
    Overloaded,
    RpcError,
    Unimplemented,
)
from caplet.json_codec import JsonCodec
from caplet.json_rpc_framing import ContentLengthFraming
from caplet.limits import DEFAULT_LIMITS
from caplet.notation.json_values import plain, read_json
from caplet.runtime.clients import Client
from caplet.runtime.servers import Server, capability_of
from caplet.schema.model import InterfaceNode
from caplet.wire.message import MessageBuilder
from caplet.wire.untyped import AnyPointer

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.call import IncomingCall
    from caplet.cap.turns import Turns
    from caplet.json_rpc_framing import JsonRpcFraming
    from caplet.limits import Limits
    from caplet.notation.json_values import Json
    from caplet.runtime.interfaces import InterfacePlan, MethodPlan

__all__ = ["JsonRpcError", "JsonRpcPeer"]

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
FAILED: Final = -32000
OVERLOADED: Final = -32001
DISCONNECTED: Final = -32002

_NAME: Final = 0xFA5B1FD61C2E7C3D
_NOTIFICATION: Final = 0xA0A054DEA32FD98C

ClientType = TypeVar("ClientType", bound=Client)


class JsonRpcError(Failed):
    """An error with a code and data of its own: raised by a server method to send them, and to callers when the peer sent them.

    Args:
        reason: the message.
        code: the code; -32768 to -32000 belong to the protocol.
        data: anything that JSON can hold.
        more: as for `RpcError`.
    """

    def __init__(self, reason: str = "", *, code: int = FAILED, data: object = None, **more: Any) -> None:
        super().__init__(reason, **more)
        self.code = code
        self.data = data


# --- the two sides of a call ----------------------------------------------------------------------------------------------


class _Named:
    """A method with its name in JSON-RPC, and whether it is called without an answer."""

    __slots__ = ("name", "notification", "plan")

    def __init__(self, plan: MethodPlan) -> None:
        node = plan.params._plan.registry.get(plan.interface_id).body
        assert isinstance(node, InterfaceNode)
        method = node.methods[plan.method_id]
        names = [found.value.content for found in method.annotations if found.id == _NAME]
        self.name = str(names[0]) if names else method.name
        self.notification = any(found.id == _NOTIFICATION for found in method.annotations)
        self.plan = plan


class _Question(AnswerState):
    """A call that the peer has not answered."""

    __slots__ = ("id", "peer", "plan")

    def __init__(self, peer: JsonRpcPeer, question_id: int, plan: MethodPlan) -> None:
        super().__init__(peer.turns)
        self.peer = peer
        self.id = question_id
        self.plan = plan

    def unwanted(self) -> None:
        """Forget the call; an answer that still comes is ignored."""
        self.peer.questions.pop(self.id, None)


class _Running:
    """A call of the peer that is being answered."""

    __slots__ = ("answer", "id", "peer", "plan", "respond")

    def __init__(self, peer: JsonRpcPeer, call_id: object, plan: MethodPlan, respond: Callable[[str | None], None]):
        self.peer = peer
        self.id = call_id
        self.plan = plan
        self.respond = respond
        self.answer: Answer | None = None

    def done(self, state: AnswerState) -> None:
        """Answer it."""
        self.peer.running.discard(self)
        self.answer = None
        if self.id is _NO_ID:
            self.respond(None)
        elif state.error is not None:
            self.respond(_error_text(self.id, *_error_of(state.error)))
        else:
            assert state.content is not None
            try:
                result = self.peer.codec.encode_pointer(self.plan.results, state.content)
            except CapletError as error:
                self.respond(_error_text(self.id, INTERNAL_ERROR, f"the results have no form in JSON: {error}", None))
            else:
                self.respond(f'{{"jsonrpc":"2.0","id":{json.dumps(self.id)},"result":{result}}}')


class _Batch:
    """The responses to messages that came together."""

    __slots__ = ("missing", "send", "texts")

    def __init__(self, send: Callable[[str | None], None], count: int) -> None:
        self.send = send
        self.missing = count
        self.texts: list[str] = []

    def respond(self, text: str | None) -> None:
        """Take one; behind the last they are sent."""
        if text is not None:
            self.texts.append(text)
        self.missing -= 1
        if not self.missing and self.texts:
            self.send(f"[{','.join(self.texts)}]")


class _NoId:
    """Stands for the id of a notification."""


_NO_ID: Final = _NoId()


class JsonRpcObject(Capability):
    """The object of the peer."""

    __slots__ = ("_peer",)

    def __init__(self, peer: JsonRpcPeer) -> None:
        self._peer = peer

    @property
    def turns(self) -> Turns | None:
        """The turn queue of its vat."""
        return self._peer.turns

    @property
    def error(self) -> RpcError | None:
        """Why every call on it fails, None when calls may succeed."""
        return self._peer.closed

    def new_request(self, interface_id: int, method_id: int, size_hint_words: int = 0) -> Request:
        """Return a request for a call of the peer's object."""
        return Request(self, interface_id, method_id, size_hint_words)

    def send_request(self, request: Request) -> Answer:
        """Send a call."""
        return self._peer.send_call(request.interface_id, request.method_id, request.params.as_reader())

    def deliver(self, call: IncomingCall) -> None:
        """Take a call of somebody else in its turn."""
        call.target = self
        call.turns.deliver(call)

    def start(self, call: IncomingCall) -> None:
        """Hand on a call whose turn has come."""
        request = self.new_request(call.interface_id, call.method_id)
        try:
            request.params.set(call.params)
            call.tail_call(request)
        except CapletError as error:
            call.fail(error)

    def describe(self) -> str:
        """Return what it is."""
        return "an object behind JSON-RPC"


class JsonRpcPeer:
    """One end of a JSON-RPC connection.

    Args:
        turns: the turn queue of the vat.
        service: the object that the peer may call: a Server object or client; None for none.
        codec: how structs look in JSON; None for the default.
        framing: cuts bytes into messages; None for Content-Length headers.
        limits: `message_words` bounds messages, `questions` and `answers` open calls; None for the defaults.
    """

    def __init__(
        self,
        turns: Turns,
        service: Server | Client | None = None,
        *,
        codec: JsonCodec | None = None,
        framing: JsonRpcFraming | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.turns = turns
        self.codec = JsonCodec() if codec is None else codec
        self.limits = DEFAULT_LIMITS if limits is None else limits
        self.questions: dict[int, _Question] = {}
        self.running: set[_Running] = set()
        self.closed: RpcError | None = None
        self.on_output: Callable[[], None] = lambda: None
        self._framing = framing or ContentLengthFraming(self.limits.message_words * 8)
        self._output: list[bytes] = []
        self._next_id = 0
        self._object = JsonRpcObject(self)
        self._theirs: dict[tuple[int, int], _Named] = {}
        self._ours: dict[str, _Named] = {}
        self._service: Capability | None = None
        if service is not None:
            self._service = capability_of(service) if isinstance(service, Server) else service._capability
            self._service.bind(turns)
            for method in _methods(service._interface):
                self._ours.setdefault(method.name, method)

    def peer(self, interface: type[ClientType]) -> ClientType:
        """Return a client of the peer's object.

        Args:
            interface: the interface that the object is expected to have.
        """
        for method in _methods(interface._interface):
            self._theirs[method.plan.interface_id, method.plan.method_id] = method
        return interface(self._object)

    def take_output(self) -> list[bytes]:
        """Return what is to be sent, and forget it."""
        output, self._output = self._output, []
        return output

    def close(self, error: RpcError | None = None) -> None:
        """End it: calls that are not answered fail, calls of the peer are cancelled."""
        if self.closed is not None:
            return
        self.closed = error or Disconnected("this side closed the connection")
        questions, self.questions = self.questions, {}
        for question in questions.values():
            question.fail(self.closed)
        for call in list(self.running):
            if call.answer is not None:
                call.answer.cancel()
        self.running.clear()
        self.turns.wake()

    # --- calls of the peer's object -----------------------------------------------------------------------------------

    def send_call(self, interface_id: int, method_id: int, params: AnyPointer) -> Answer:
        """Send a call or notification."""
        method = self._theirs.get((interface_id, method_id))
        if self.closed is not None:
            return failed_answer(self.closed)
        if method is None:
            return failed_answer(Unimplemented(f"the peer's object has no interface @0x{interface_id:016x}"))
        try:
            text = self.codec.encode_pointer(method.plan.params, params)
        except CapletError as error:
            return failed_answer(Failed(f"the params have no form in JSON: {error}"))
        head = f'{{"jsonrpc":"2.0","method":{json.dumps(method.name)},"params":{text}'
        if method.notification:
            self._send(head + "}")
            return immediate_answer(AnyPointer())
        if len(self.questions) >= self.limits.questions:
            return failed_answer(Overloaded(f"{len(self.questions)} calls to the peer are open"))
        self._next_id += 1
        question = self.questions[self._next_id] = _Question(self, self._next_id, method.plan)
        self._send(f'{head},"id":{question.id}}}')
        return Answer(question)

    def _send(self, text: str | None) -> None:
        if text is not None and self.closed is None:
            self._output.append(self._framing.frame(text.encode()))
            self.on_output()

    # --- messages of the peer -----------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take bytes that arrived; whoever calls this runs the turns afterwards.

        Raises:
            DecodeError: they cannot be cut into messages; the connection must end.
        """
        for message in self._framing.feed(data):
            if self.closed is None:
                self._receive_message(message)

    def _receive_message(self, message: bytes) -> None:
        try:
            value = read_json(message)
        except NotationError as error:
            self._send(_error_text(None, PARSE_ERROR, str(error), None))
            return
        if not isinstance(value, list):
            self._receive_value(value, self._send)
        elif value:
            batch = _Batch(self._send, len(value))
            for item in value:
                self._receive_value(item, batch.respond)
        else:
            self._send(_error_text(None, INVALID_REQUEST, "the batch is empty", None))

    def _receive_value(self, value: Json, respond: Callable[[str | None], None]) -> None:
        fields: dict[str, Any] = dict(value) if isinstance(value, tuple) else {}
        call_id = fields.get("id", _NO_ID)
        known_id = (
            call_id is _NO_ID or call_id is None or (isinstance(call_id, (str, int, float)) and call_id is not True)
        )
        if fields.get("jsonrpc") != "2.0" or not known_id:
            respond(
                _error_text(None, INVALID_REQUEST, 'the message is no object with "jsonrpc": "2.0" and an id', None)
            )
        elif "method" in fields:
            self._receive_call(call_id, fields["method"], fields.get("params", ()), respond)
        elif "result" in fields or "error" in fields:
            self._receive_answer(call_id, fields)
            respond(None)
        else:
            respond(_error_text(None, INVALID_REQUEST, "the message is neither a request nor a response", None))

    def _receive_call(self, call_id: object, name: Json, params: Any, respond: Callable[[str | None], None]) -> None:
        method = self._ours.get(name) if isinstance(name, str) else None
        problem: tuple[int, str] | None = None
        if method is None or self._service is None:
            problem = METHOD_NOT_FOUND, f"there is no method {json.dumps(plain(name))[:80]}"
        elif len(self.running) >= self.limits.answers:
            problem = OVERLOADED, f"{len(self.running)} calls are open"
        else:
            request = self._service.new_request(method.plan.interface_id, method.plan.method_id)
            try:
                if isinstance(params, list):
                    params = _by_name(method.plan, params)  # pyright: ignore[reportUnknownArgumentType]
                self.codec.build(method.plan.params, params, request.params)
            except NotationError as error:
                problem = INVALID_PARAMS, str(error)
            else:
                running = _Running(self, call_id, method.plan, respond)
                self.running.add(running)
                running.answer = request.send()
                running.answer.on_done(running.done)
        if problem is not None:
            respond(None if call_id is _NO_ID else _error_text(call_id, *problem, None))

    def _receive_answer(self, call_id: object, fields: dict[str, Any]) -> None:
        question = self.questions.pop(call_id, None) if isinstance(call_id, int) else None
        if question is None:
            return  # the answer to a call that was cancelled
        error = fields.get("error")
        if error is not None:
            question.fail(_rpc_error(plain(error)))
            return
        message = MessageBuilder()
        result = fields.get("result")
        try:
            self.codec.build(question.plan.results, () if result is None else result, message.root)
        except NotationError as problem:
            question.fail(Failed(f"the peer's answer does not fit {question.plan}: {problem}", fault="remote"))
        else:
            question.complete(message.root.as_reader())


def _methods(interface: InterfacePlan) -> list[_Named]:
    return [_Named(plan) for found in interface.lineage() for plan in found.methods]


def _by_name(plan: MethodPlan, values: list[Any]) -> tuple[tuple[str, Any], ...]:
    """Return params that were given by position as members of an object."""
    names = [field.schema_name for field in plan.params._plan.fields]
    if len(values) > len(names):
        raise NotationError(f"{len(values)} params were given; {plan} has {len(names)}")
    return tuple(zip(names, values, strict=False))


def _error_text(call_id: object, code: int, message: str, data: object) -> str:
    error: dict[str, object] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    try:
        return json.dumps({"jsonrpc": "2.0", "id": call_id, "error": error}, separators=(",", ":"))
    except (TypeError, ValueError):
        return _error_text(call_id, code, message, None)


def _error_of(error: RpcError) -> tuple[int, str, object]:
    """Return the code, message and data of an error."""
    if isinstance(error, JsonRpcError):
        return error.code, error.reason, error.data
    codes: tuple[tuple[type[RpcError], int], ...] = (
        (Unimplemented, METHOD_NOT_FOUND),
        (Overloaded, OVERLOADED),
        (Disconnected, DISCONNECTED),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), FAILED), error.reason, None


def _rpc_error(error: object) -> RpcError:
    """Return the error that the peer sent."""
    fields: dict[str, Any] = error if isinstance(error, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    code = fields.get("code")
    reason = str(fields.get("message", "the peer sent an error without a message"))
    if code == METHOD_NOT_FOUND:
        return Unimplemented(reason, fault="remote")
    if code == OVERLOADED:
        return Overloaded(reason, fault="remote")
    number = code if isinstance(code, int) else FAILED
    return JsonRpcError(reason, code=number, data=fields.get("data"), fault="remote")
