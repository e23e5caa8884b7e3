"""File descriptors that travel with capabilities: as data, nothing is opened or closed."""

from __future__ import annotations

from caplet.rpc import decode
from caplet.testing.objects import Service, answer_call, call, capabilities_of
from caplet.testing.scripted import ScriptedPeer, export, hosted


def with_fd(number):
    service = Service()
    service.fd = number
    return service


def test_a_descriptor_travels_with_its_capability_row_22():
    first, plain, second = with_fd(40), Service(), with_fd(41)
    peer = ScriptedPeer()
    target = peer.connection.bootstrap()
    peer.run()
    peer.connection.take_output()
    answer = call(target, capabilities=[first.capability, plain.capability, second.capability])
    [message] = peer.connection.take_output()
    assert message.fds == [40, 41]
    listed = message.payload.as_reader().list(1)
    assert [listed.struct(index).u8(2, decode.NO_FD) for index in range(3)] == [0, decode.NO_FD, 1]
    del answer


def test_no_more_descriptors_than_an_index_can_name_row_23():
    things = [with_fd(number) for number in range(300)]
    peer = ScriptedPeer()
    target = peer.connection.bootstrap()
    peer.connection.take_output()
    answer = call(target, capabilities=[thing.capability for thing in things])
    [message] = peer.connection.take_output()
    assert len(message.fds) == 255
    listed = message.payload.as_reader().list(1)
    assert listed.struct(254).u8(2, decode.NO_FD) == 254
    assert listed.struct(255).u8(2, decode.NO_FD) == decode.NO_FD
    del answer


def test_a_received_descriptor_belongs_to_the_import_row_22():
    from caplet.rpc import encode
    from caplet.wire.message import MessageReader

    service = Service()
    peer = ScriptedPeer(service.capability)
    peer.bootstrap(0)

    def with_index(number, index):
        def fill(descriptor):
            hosted(number)(descriptor)
            descriptor.set_u8(2, index, decode.NO_FD)

        return fill

    message = encode.call(32)
    peer.write_payload(message, 0, (with_index(5, 0), with_index(6, 9), with_index(7, 0), with_index(8, 2)))
    export(0)(message.body.init_struct(0, 1, 1))
    message.write_call(1, 1, 0, False, 0)
    fds = [77, 78, 79]
    peer.connection.receive(MessageReader([bytes(view) for view in message.output()]), fds)
    peer.run()
    assert fds == [-1, 78, -1]
    held = service.held.pop()
    assert [one.fd for one in capabilities_of(held.params)] == [77, None, None, 79]
    held.release_params()
    answer_call(held)
    del held
    peer.run()
    assert sorted(peer.connection.discarded_fds) == [77, 79]
