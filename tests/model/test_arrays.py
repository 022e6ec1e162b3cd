import numpy as np
import pytest

from model.arrays import require_images
from model.errors import ShapeError


def test_batch_of_the_right_shape_and_type_passes_whatever_its_length():
    for count in (0, 1, 7):
        require_images(np.zeros((count, 1, 28, 28), np.float32), (1, 28, 28))


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (5, 3, 28, 28), (5, 1, 28, 27)])
def test_other_shapes_are_refused_with_both_sides_named(shape):
    with pytest.raises(ShapeError) as refusal:
        require_images(np.zeros(shape, np.float32), (1, 28, 28))

    assert str(refusal.value) == f"expected images of shape (N, 1, 28, 28), got {shape}"


def test_other_types_are_refused_by_name():
    with pytest.raises(ShapeError, match=r"^expected float32 images, got uint8$"):
        require_images(np.zeros((1, 1, 28, 28), np.uint8), (1, 28, 28))
