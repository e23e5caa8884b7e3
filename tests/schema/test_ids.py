"""Derived ids are those of every other compiler."""

from __future__ import annotations

from caplet.schema.ids import child_id, group_id, method_struct_id, random_id

SCHEMA_FILE = 0xA93FC509624C72D9
CALCULATOR_FILE = 0x85150B117366D14B


def test_ids_of_children_come_from_the_parent_and_the_name() -> None:
    node = child_id(SCHEMA_FILE, "Node")
    assert node == 0xE682AB4CF923A417
    assert child_id(node, "SourceInfo") == 0xF38E1DE3041357AE
    assert child_id(child_id(SCHEMA_FILE, "Field"), "noDiscriminant") == 0x97B14CBE7CFEC712


def test_ids_of_groups_come_from_the_struct_and_the_index() -> None:
    # Node's groups, as the original compiler numbers them.
    assert group_id(0xE682AB4CF923A417, 7) == 0x9EA0B19B37FB4435
    assert group_id(0xE682AB4CF923A417, 8) == 0xB54AB3364333F598


def test_ids_of_parameter_structs_come_from_the_interface_and_the_ordinal() -> None:
    interface = child_id(CALCULATOR_FILE, "Calculator")
    assert method_struct_id(interface, 0, False) != method_struct_id(interface, 0, True)
    assert method_struct_id(interface, 0, False) != method_struct_id(interface, 1, False)


def test_all_ids_have_the_highest_bit() -> None:
    made = [child_id(1, "a"), group_id(1, 0), method_struct_id(1, 0, True), *(random_id() for _ in range(20))]
    assert all(value >> 63 == 1 for value in made)
    assert len(set(made)) == len(made)
