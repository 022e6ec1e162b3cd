import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from model.data.augmentation import Augmentation
from model.data.mnist import Digits
from model.errors import DatasetError
from model.losses import softmax_cross_entropy
from model.train.config import TrainConfig
from model.train.loop import (
    _prepared_batches,
    _smooth,
    accuracy_of,
    ema_network,
    history_steps,
    images_innermost,
    predict,
    scale_logits,
    start_training,
    steps_per_epoch,
    to_batch,
    train,
    train_step,
)
from tests.builders import easy_digits, two_conv_network

STILL = Augmentation()

CONFIG = TrainConfig(
    epochs=30,
    seed=3,
    batch_size=16,
    max_learning_rate=0.03,
    ema_decay=0.9,
    drawn_share=0.0,
    activity_floor=0.0,
    augmentation=STILL,
    drawn_augmentation=STILL,
    history_length=5,
    chunk_size=5,
)

NONE = Digits(np.empty((0, 8, 8), np.uint8), np.empty(0, np.uint8))


def _trained(config=CONFIG, digits=None, drawn=NONE, validation=None, **observers):
    state = start_training(two_conv_network(np.random.default_rng(config.seed)), config)
    train(state, config, digits or easy_digits(64), drawn, validation, **observers)
    return state


def assert_same_weights(one, other):
    for values, others in ((one.network.parameters, other.network.parameters), (one.ema, other.ema)):
        for name, array in values.items():
            np.testing.assert_array_equal(others[name], array, err_msg=name)


@pytest.fixture(scope="module")
def trained():
    return _trained()


def test_training_on_sixty_four_easy_digits_lowers_the_loss_until_all_are_classified_correctly(trained):
    losses = [record["loss"] for record in trained.curve]

    assert losses[0] > 2
    assert losses[-1] < 0.7 * losses[0]
    assert accuracy_of(trained.network, easy_digits(64)) == 1
    assert accuracy_of(ema_network(trained), easy_digits(64)) == 1
    assert accuracy_of(trained.network, easy_digits(50, seed=1)) == 1


def test_two_runs_of_the_same_config_are_bit_identical(trained):
    assert_same_weights(trained, _trained())


def test_number_of_threads_does_not_change_a_bit(trained, monkeypatch):
    for threads in (1, 5):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)

        assert_same_weights(trained, _trained())


def test_another_seed_gives_other_weights(trained):
    other = start_training(two_conv_network(np.random.default_rng(CONFIG.seed)), CONFIG)

    train(other, replace(CONFIG, seed=4), easy_digits(64), NONE, None)

    assert not np.array_equal(other.network.parameters["conv1.weight"], trained.network.parameters["conv1.weight"])


def test_every_epoch_leaves_a_record(trained):
    assert trained.epoch == 30
    assert [record["epoch"] for record in trained.curve] == list(range(1, 31))
    assert trained.optimizer.step_count == 30 * 4
    assert trained.curve[-1]["accuracy"] == 1
    assert trained.seconds > 0
    assert "validation_accuracy" not in trained.curve[0]


def test_after_each_epoch_the_ema_is_evaluated_on_the_validation_digits():
    seen = []
    validation = easy_digits(30, seed=9)

    state = _trained(
        replace(CONFIG, epochs=2),
        validation=validation,
        after_epoch=lambda state: seen.append((state.epoch, state.curve[-1]["validation_accuracy"])),
    )

    assert [epoch for epoch, _ in seen] == [1, 2]
    assert seen[-1][1] == accuracy_of(ema_network(state), validation)


def test_every_step_is_reported():
    reports = []

    _trained(replace(CONFIG, epochs=2), report=reports.append)

    assert [progress.step for progress in reports] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [progress.epoch for progress in reports] == [0] * 4 + [1] * 4
    assert {progress.steps for progress in reports} == {8}
    assert all(0 <= progress.accuracy <= 1 and progress.loss > 0 for progress in reports)


def test_history_keeps_the_start_and_steps_about_evenly_spaced_in_their_logarithm(trained):
    # The cube root of 120 is 4.9 and its square 24.3, beside the first step and the last.
    assert list(trained.history) == [0, 3, 11, 36, 120]
    assert trained.history[120]["conv1.weight"].dtype == np.float16
    np.testing.assert_array_equal(trained.history[120]["conv1.weight"], trained.ema["conv1.weight"].astype(np.float16))
    np.testing.assert_array_equal(
        trained.history[0]["conv1.weight"],
        two_conv_network(np.random.default_rng(CONFIG.seed)).parameters["conv1.weight"].astype(np.float16),
    )


def test_history_steps_worked_by_hand():
    assert history_steps(1000, 4) == {10, 100, 1000}
    assert history_steps(49, 3) == {7, 49}
    # A short run has fewer steps than the history has room for.
    assert history_steps(4, 24) == {1, 2, 3, 4}


def test_steps_of_an_epoch_are_its_whole_batches():
    assert steps_per_epoch(easy_digits(64), CONFIG) == 4
    assert steps_per_epoch(easy_digits(79), CONFIG) == 4
    assert steps_per_epoch(easy_digits(64), replace(CONFIG, drawn_share=0.5)) == 6


def _one_step(config, images, labels):
    state = start_training(two_conv_network(np.random.default_rng(1)), config)
    with ThreadPoolExecutor(2) as pool:
        loss, correct = train_step(state, config, images, labels, steps=10, pool=pool)
    return state, loss, correct


@pytest.mark.parametrize("chunk_size", [1, 4, 5, 13, 32])
def test_step_in_chunks_uses_the_gradient_of_the_whole_batch(chunk_size):
    digits = easy_digits(13)
    images = to_batch(digits.images)
    network = two_conv_network(np.random.default_rng(1))
    logits, contexts = network.forward(images)
    expected_loss, d_logits = softmax_cross_entropy(logits, digits.labels, CONFIG.label_smoothing)
    expected = network.backward(d_logits, contexts)

    state, loss, correct = _one_step(replace(CONFIG, chunk_size=chunk_size), images, digits.labels)

    assert loss == pytest.approx(expected_loss, rel=1e-6)
    assert correct == np.count_nonzero(logits.argmax(axis=1) == digits.labels)
    for name, gradient in expected.items():
        # After the first step the first moment is a tenth of the gradient.
        moment = state.optimizer.first_moments[name]
        np.testing.assert_allclose(10 * moment, gradient, rtol=0, atol=1e-5, err_msg=name)


def test_ema_is_short_at_first_and_grows_to_its_full_length():
    images, labels = to_batch(easy_digits(10).images), easy_digits(10).labels
    before = two_conv_network(np.random.default_rng(1)).parameters

    state, _loss, _correct = _one_step(CONFIG, images, labels)

    # At the first step 2/11 of the average is kept.
    for name, ema in state.ema.items():
        expected = 2 / 11 * before[name] + 9 / 11 * state.network.parameters[name]
        np.testing.assert_allclose(ema, expected, rtol=0, atol=1e-6, err_msg=name)
    late = start_training(two_conv_network(np.random.default_rng(1)), CONFIG)
    late.optimizer.step_count = 1_000
    with ThreadPoolExecutor(1) as pool:
        train_step(late, CONFIG, images, labels, steps=2_000, pool=pool)
    for name, ema in late.ema.items():
        expected = 0.9 * before[name] + 0.1 * late.network.parameters[name]
        np.testing.assert_allclose(ema, expected, rtol=0, atol=1e-6, err_msg=name)


def test_kernels_decay_and_of_the_biases_only_the_first_layers():
    config = replace(CONFIG, weight_decay=0.5, first_bias_decay=2.0)
    state = start_training(two_conv_network(np.random.default_rng(1)), config)
    before = {name: array.copy() for name, array in state.network.parameters.items()}

    state.optimizer.step({name: np.zeros_like(array) for name, array in before.items()}, learning_rate=0.1)

    kept = {
        "conv1.weight": 0.95,
        "conv1.bias": 0.8,
        "conv2.weight": 0.95,
        "conv2.bias": 1,
        "linear.weight": 0.95,
        "linear.bias": 1,
    }
    for name, array in state.network.parameters.items():
        np.testing.assert_allclose(array, kept[name] * before[name], rtol=1e-6, err_msg=name)


def test_smoothing_moves_every_cell_of_a_kernel_toward_its_neighbors():
    spike, corner = np.zeros((2, 1, 1, 3, 3), np.float32)
    spike[..., 1, 1] = 1
    corner[..., 0, 0] = 1

    _smooth(spike, 0.1)
    _smooth(corner, 0.1)

    np.testing.assert_allclose(spike[0, 0], [[0, 0.1, 0],
                                             [0.1, 0.6, 0.1],
                                             [0, 0.1, 0]], rtol=1e-6)  # fmt: skip
    # A corner has two neighbors, so it gives away half as much; nothing leaves the kernel.
    np.testing.assert_allclose(corner[0, 0], [[0.8, 0.1, 0],
                                              [0.1, 0, 0],
                                              [0, 0, 0]], rtol=1e-6)  # fmt: skip


def test_smoothing_changes_only_the_first_layers_kernels():
    images, labels = to_batch(easy_digits(10).images), easy_digits(10).labels

    plain, _, _ = _one_step(replace(CONFIG, first_kernel_smoothing=0.0), images, labels)
    smoothed, _, _ = _one_step(replace(CONFIG, first_kernel_smoothing=5.0), images, labels)

    changed = {
        name
        for name, array in plain.network.parameters.items()
        if not np.array_equal(array, smoothed.network.parameters[name])
    }
    assert changed == {"conv1.weight"}
    assert _roughness(smoothed) < _roughness(plain)


def _roughness(state):
    kernels = state.network.parameters["conv1.weight"]
    return sum(float((np.diff(kernels, axis=axis) ** 2).sum()) for axis in (2, 3))


def _batches(config, epoch, mnist, drawn=NONE):
    with ThreadPoolExecutor(2) as pool:
        return list(_prepared_batches(config, epoch, mnist, drawn, pool))


def test_every_digit_is_seen_once_an_epoch_with_its_own_label_and_in_another_order_each_time():
    # Each digit bears its index as its ink.
    digits = Digits(np.repeat(np.arange(64), 64).reshape(64, 8, 8).astype(np.uint8), np.arange(64, dtype=np.uint8))

    orders = []
    for epoch in (0, 1):
        batches = _batches(CONFIG, epoch, digits)
        order = np.concatenate([labels for _, labels in batches])
        ink = np.concatenate([images[:, 0, 3, 5] for images, _ in batches])

        assert [images.shape for images, _ in batches] == [(16, 1, 8, 8)] * 4
        np.testing.assert_array_equal(np.rint(ink * 255), order)
        assert sorted(order) == list(range(64))
        orders.append(order.tolist())
    assert orders[0] != orders[1]


def test_drawn_digits_are_mixed_in_by_their_share():
    mnist = Digits(np.zeros((40, 8, 8), np.uint8), np.arange(40, dtype=np.uint8))
    drawn = Digits(np.full((30, 8, 8), 255, np.uint8), np.arange(100, 130, dtype=np.uint8))

    batches = _batches(replace(CONFIG, drawn_share=0.2), 0, mnist, drawn)

    labels = np.concatenate([labels for _, labels in batches])
    ink = np.concatenate([images[:, 0, 0, 0] for images, _ in batches])
    assert len(labels) == 48
    assert np.count_nonzero(labels >= 100) == 8
    assert len(set(labels.tolist())) == 48
    np.testing.assert_array_equal(ink, labels >= 100)


def test_each_kind_of_digit_is_changed_by_its_own_augmentation():
    mnist = Digits(np.full((40, 8, 8), 255, np.uint8), np.zeros(40, np.uint8))
    drawn = Digits(np.full((8, 8, 8), 255, np.uint8), np.ones(8, np.uint8))
    config = replace(CONFIG, drawn_share=0.2, drawn_augmentation=Augmentation(fading=0.5))

    batches = _batches(config, 0, mnist, drawn)

    for images, labels in batches:
        assert (images[labels == 0] == 1).all()
        assert (images[labels == 1] < 1).all()


def test_batch_lies_with_its_images_innermost(rng):
    images = rng.integers(0, 256, (5, 3, 4), dtype=np.uint8)

    batch = to_batch(images)

    assert batch.shape == (5, 1, 3, 4)
    assert batch.strides[0] == batch.itemsize
    np.testing.assert_allclose(batch[:, 0], images / 255, rtol=1e-6)
    np.testing.assert_array_equal(images_innermost(batch[:, 0]), batch)


def test_predictions_do_not_depend_on_how_the_work_is_shared(rng):
    network = two_conv_network(rng)
    images = rng.integers(0, 256, (23, 8, 8), dtype=np.uint8)

    alone = predict(network, images)
    with ThreadPoolExecutor(3) as pool:
        shared = predict(network, images, pool, batch_size=4)

    assert alone.shape == (23, 10)
    np.testing.assert_allclose(shared, alone, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(alone, network.forward(to_batch(images))[0])


def test_accuracy_is_the_share_classified_correctly(rng):
    network = two_conv_network(rng)
    images = rng.integers(0, 256, (8, 8, 8), dtype=np.uint8)
    labels = predict(network, images).argmax(axis=1).astype(np.uint8)
    labels[:2] = (labels[:2] + 1) % 10

    assert accuracy_of(network, Digits(images, labels)) == 0.75


def test_scaled_logits_are_multiples_in_the_finished_network_and_in_its_history():
    state = start_training(two_conv_network(np.random.default_rng(1)), CONFIG)
    images = to_batch(easy_digits(8).images)
    before = [state.network.with_parameters(each).forward(images)[0] for each in (state.ema, state.history[0])]

    scale_logits(state, 2.0)

    after = [state.network.with_parameters(each).forward(images)[0] for each in (state.ema, state.history[0])]
    for scaled, logits in zip(after, before, strict=True):
        np.testing.assert_allclose(scaled, 2 * logits, rtol=1e-6)
    assert state.history[0]["linear.weight"].dtype == np.float16


def test_ema_network_does_not_move_on_with_the_training():
    state = start_training(two_conv_network(np.random.default_rng(1)), CONFIG)

    copy = ema_network(state)
    state.ema["conv1.weight"] += 1

    assert not np.shares_memory(copy.parameters["conv1.weight"], state.ema["conv1.weight"])
    np.testing.assert_array_equal(copy.parameters["conv1.weight"], state.network.parameters["conv1.weight"])


def test_fewer_digits_than_a_batch_are_an_error():
    with pytest.raises(DatasetError, match=r"^15 digits do not fill a batch of 16$"):
        _trained(digits=easy_digits(15))


@pytest.mark.parametrize(("floor", "comes_back"), [(0.0, False), (0.1, True)])
def test_dead_filter_comes_back_only_with_an_activity_floor(floor, comes_back):
    digits = easy_digits(64)
    config = replace(CONFIG, activity_floor=floor, first_bias_decay=0.0, epochs=10)
    state = start_training(two_conv_network(np.random.default_rng(3)), config)
    state.network.parameters["conv1.weight"][0] = -0.01
    state.network.parameters["conv1.bias"][0] = -1.0

    train(state, config, digits, NONE, None)

    maps = state.network.trace(to_batch(digits.images)).outputs["relu1"][:, 0]
    assert (maps.max() > 0) == comes_back
