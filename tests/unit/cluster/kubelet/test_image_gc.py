"""Which images are deleted."""

from proa.cluster.kubelet.cri import Image
from proa.cluster.kubelet.image_gc import Sighting, choose, excess_bytes, node_images


def _image(name: str, size: int = 10, *, pinned: bool = False, pulled: bool = True) -> Image:
    digests = (f"{name}@sha256:1",) if pulled else ()
    return Image(name, (f"{name}:1",), digests, size, None, pinned)


def _chosen(*images: Image, used: dict[str, float], in_use: set[str], to_free: int) -> list[str]:
    seen = {image.id: Sighting(0, used.get(image.id, 0)) for image in images}
    return [image.id for image in choose(images, seen, in_use, to_free, now=1000, minimum_age=120)]


def test_the_longest_unused_go_first_until_enough_is_free() -> None:
    images = [_image("a"), _image("b"), _image("c")]
    assert _chosen(*images, used={"a": 9, "b": 5, "c": 7}, in_use=set(), to_free=11) == ["b", "c"]


def test_what_is_used_pinned_or_not_to_be_had_again_stays() -> None:
    images = [_image("used"), _image("pinned", pinned=True), _image("local", pulled=False)]
    assert _chosen(*images, used={}, in_use={"used"}, to_free=100) == []


def test_what_has_just_come_stays() -> None:
    assert choose([_image("a")], {"a": Sighting(950, 0)}, set(), 100, now=1000, minimum_age=120) == []


def test_the_thresholds() -> None:
    assert excess_bytes(100, 16, 85, 80) == 0
    assert excess_bytes(100, 15, 85, 80) == 5
    assert excess_bytes(0, 0, 85, 80) == 0
    assert excess_bytes(100, 0, 100, 80) == 0


def test_the_node_names_its_largest_images() -> None:
    images = [_image(f"i{size}", size) for size in range(60)]
    listed = node_images(images)
    assert len(listed) == 50
    assert listed[0] == {"names": ["i59@sha256:1", "i59:1"], "sizeBytes": 59}
