import json
import warnings

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.distribution.frechet import frechet_distance
from tests.material import DATA, GOLDEN, needs

ACTIVATIONS = GOLDEN / "metrics" / "fid_activations.npz"


def factor_of(covariance):
    """F with FᵀF = covariance, by eigenvalues."""
    values, vectors = np.linalg.eigh(np.atleast_2d(covariance))
    return np.sqrt(np.clip(values, 0, None))[:, None] * vectors.T


def distance(mean, covariance, other_mean, other_covariance):
    means = [np.atleast_1d(np.asarray(m, dtype=np.float64)) for m in (mean, other_mean)]
    return frechet_distance(means[0], factor_of(covariance), means[1], factor_of(other_covariance))


def by_square_root(mean, covariance, other_mean, other_covariance):
    """The definition as it is printed."""
    root = scipy.linalg.sqrtm(covariance @ other_covariance).real
    return np.sum((mean - other_mean) ** 2) + np.trace(covariance + other_covariance - 2 * root)


def sample(rows):
    rows = rows.astype(np.float64)
    return rows.mean(0), (rows - rows.mean(0)) / np.sqrt(len(rows) - 1)


def test_closed_forms():
    eye = np.eye(3)
    assert distance([0, 0, 0], eye, [1, 2, 2], eye) == pytest.approx(9)  # equal covariances: squared distance of means
    assert distance([1.0], 4.0, [3.0], 9.0) == pytest.approx(5)  # one dimension: 2² + (3 - 2)²
    first, second = np.array([1.0, 4.0, 9.0]), np.array([4.0, 1.0, 0.0])
    expected = np.sum((np.sqrt(first) - np.sqrt(second)) ** 2)  # diagonal: squared differences of deviations
    assert distance([0, 0, 0], np.diag(first), [0, 0, 0], np.diag(second)) == pytest.approx(expected)
    assert distance([0, 0, 0], eye, [0, 0, 0], 0 * eye) == pytest.approx(3)


@pytest.mark.parametrize("name", ["full16", "same16", "rankdef16", "zero_cov4", "diag3"])
def test_small_golden_values(name):
    arrays = np.load(DATA / "fid_small.npz")
    golden = json.loads((DATA / "fid_small.json").read_text())[name]
    mean, covariance, other_mean, other_covariance = (
        arrays[f"{name}.{part}"] for part in ("mu1", "sigma1", "mu2", "sigma2")
    )
    value = distance(mean, covariance, other_mean, other_covariance)
    assert value == pytest.approx(golden.get("exact_lowrank", golden["value"]), abs=1e-6)


@given(st.integers(2, 30), st.integers(2, 30), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_properties(n, m, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 12)), rng.normal(1, 2, size=(m, 12))
    value = frechet_distance(*sample(x), *sample(y))
    assert value >= 0
    assert frechet_distance(*sample(y), *sample(x)) == pytest.approx(value, rel=1e-12)  # symmetric
    assert frechet_distance(*sample(x), *sample(x)) == pytest.approx(0, abs=1e-12)
    assert frechet_distance(*sample(rng.permutation(x)), *sample(y)) == pytest.approx(value, rel=1e-12)
    rotation = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    assert frechet_distance(*sample(x @ rotation), *sample(y @ rotation)) == pytest.approx(value, rel=1e-9)


def test_agrees_with_the_matrix_square_root():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 8)) @ rng.normal(size=(8, 8)), rng.normal(2, 1, size=(300, 8))
    means = x.mean(0), y.mean(0)
    expected = by_square_root(means[0], np.cov(x.T), means[1], np.cov(y.T))
    assert frechet_distance(*sample(x), *sample(y)) == pytest.approx(expected, rel=1e-9)


def test_few_frames_to_sixty_digits():
    """What the matrix square root is off by, where frames are fewer than dimensions (docs/parity.md, pytorch-fid).

    Roots of the product's eigenvalues that are zero but for rounding are what it has too much.
    """
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((2, 6, 200)) * np.linspace(3, 0.01, 200)
    (mean, factor), (other_mean, other_factor) = map(sample, rows)
    with mpmath.workdps(60):
        exact_rows = [mpmath.matrix(side.tolist()) for side in rows]
        centre = mpmath.eye(6) - mpmath.ones(6) / 6
        first, second = (centre * side for side in exact_rows)
        apart = mpmath.ones(1, 6) / 6 * (exact_rows[0] - exact_rows[1])
        squares = [mpmath.fsum(value**2 for value in part) for part in (apart, first, second)]
        root = mpmath.fsum(mpmath.svd_r(first * second.T, compute_uv=False)) / 5
        exact = float(squares[0] + (squares[1] + squares[2]) / 5 - 2 * root)
    assert frechet_distance(mean, factor, other_mean, other_factor) == pytest.approx(exact, rel=1e-13)
    covariances = factor.T @ factor, other_factor.T @ other_factor
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy says itself that the matrix is singular
        usual = by_square_root(mean, covariances[0], other_mean, covariances[1])
    assert abs(usual - exact) > 1e-7
    values = np.sort_complex(np.linalg.eigvals(covariances[0] @ covariances[1]))
    assert (abs(values[:-5]) < 1e-12 * abs(values[-1])).all()
    excess = np.sqrt(values[:-5].astype(complex)).real.sum()
    assert exact - usual == pytest.approx(2 * excess, rel=0.5)


@pytest.mark.shared
@needs(ACTIVATIONS)
def test_golden_values_of_golden_activations():
    activations = np.load(ACTIVATIONS)
    golden = json.loads((GOLDEN / "metrics" / "fid.json").read_text())["values"]
    compared = 0
    for name, values in golden.items():
        clip, kind = name.split(".")
        if clip == "pooled":
            sides = [
                np.concatenate([activations[f"{one}.{part}"] for one in ("wda_a", "wda_k")])
                for part in ("ref", kind.replace("identity", "ref"))
            ]
        elif clip == "cross":
            sides = [activations["wda_a.ref"], activations["wda_k.ref"]]
        else:
            sides = [activations[f"{clip}.ref"], activations[f"{clip}.{kind.replace('identity', 'ref')}"]]
        value = frechet_distance(*sample(sides[0]), *sample(sides[1]))
        assert value == pytest.approx(values["exact_lowrank"], abs=1e-9)
        if values["pytorch_fid"] is not None:
            assert value == pytest.approx(values["pytorch_fid"], abs=1e-4)
        compared += 1
    assert compared == len(golden) > 15
