from __future__ import annotations

from collections.abc import Callable

from deployer.manifest.compare import Difference, compare_manifests
from deployer.manifest.load import LoadedManifest
from tests.samples import sample_manifest

Read = Callable[..., LoadedManifest]


def test_a_manifest_is_like_itself_whatever_its_comments_say(read: Read) -> None:
    described = read(("kind: secret, generate: 32", 'kind: secret, generate: 32, description: "made"'))
    assert compare_manifests(read().manifest, described.manifest) == ()


def test_settings_and_variables_are_told_with_both_sides(read: Read) -> None:
    other = read(
        ("scaling: {min: 1, max: 25", "scaling: {min: 1, max: 10"),
        ("kind: literal, value: DEBUG", "kind: literal, value: INFO, store: service"),
        ('  origins: {kind: literal, value: "https://staging.ansari.chat"}\n', "  metrics-token: {kind: secret}\n"),
        ("{kind: secret, generate: 32}", "{kind: secret}"),
    )
    assert compare_manifests(read().manifest, other.manifest) == (
        Difference("settings", "service.scaling.max", "25", "10"),
        Difference("variables", "meta-webhook-verify-token", "secret, made of 32 bytes", "secret"),
        Difference("variables", "logging-level", "literal DEBUG", "literal INFO (of the service)"),
        Difference("variables", "origins", "literal https://staging.ansari.chat", None),
        Difference("variables", "metrics-token", None, "secret"),
    )


def test_a_setting_that_one_manifest_leaves_out_has_one_side(read: Read) -> None:
    named = read(("clean_tree: true", "clean_tree: true, healthy_in: development"))
    assert compare_manifests(read().manifest, named.manifest) == (
        Difference("settings", "protect.healthy_in", None, "development"),
    )


def test_the_other_way_round_is_the_mirror_image() -> None:
    staging, production = (sample_manifest(name) for name in ("staging", "production"))
    there, back = compare_manifests(staging, production), compare_manifests(production, staging)
    assert there != ()
    assert {(one.name, one.left, one.right) for one in there} == {(one.name, one.right, one.left) for one in back}
