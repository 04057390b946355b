"""The recipe's own digests: whoever makes these weights anew must get these bytes."""

import hashlib

import pytest

from tests.metrics import recipe


@pytest.mark.parametrize(
    ("net", "name", "digest"),
    [
        ("inception", "Conv2d_1a_3x3.conv.weight", "df88ba4166a5036a"),
        ("inception", "Conv2d_1a_3x3.bn.running_var", "db083e168606463d"),
        ("inception", "Mixed_7c.branch_pool.conv.weight", "be4b3e1df930205f"),
        ("inception", "fc.weight", "e13977ec596bf77f"),
        ("alexnet", "features.0.weight", "f28db9e6dd513ec3"),
        ("alexnet", "features.0.bias", "80aa17a28c9918f0"),
        ("vgg16", "features.0.weight", "07a097db69859bec"),
    ],
)
def test_bytes(net, name, digest):
    assert hashlib.sha256(recipe.state(net)[name].numpy().tobytes()).hexdigest().startswith(digest)
