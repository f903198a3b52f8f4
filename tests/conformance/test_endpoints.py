"""Endpoints beside botocore's rule sets, which its endpoint provider evaluates here directly."""

import itertools
import json
import os
import random
import subprocess

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

DRIVER = os.path.join(os.environ["BUILD"], "endpoint_driver")
LOADER = botocore.session.get_session().get_component("data_loader")
PARTITIONS = LOADER.load_data("partitions")
UNKNOWN = [
    *["eu-moon-1", "us-gov-moon_base-99", "cn-moon-1", "us-iso-x-1", "us-isob-x-1", "eu-isoe-x-1", "us-isof-x-1", "eusc-de-x-1"],
    *["eusc-fr-x-1", "aws-eusc-global", "moon", "moon-1", "us-gov-1", "us-iso-1", "cn-1", "cn-north-1-x", "us--1", "x-y-1", "1-1-1"],
]


def random_regions():
    rng = random.Random(5)
    words = ["us", "gov", "cn", "iso", "isob", "isoe", "isof", "eusc", "de", "eu", "west", "aws", "global", "1", "22", "x9", ""]
    return ["-".join(rng.choice(words) for _ in range(rng.randint(1, 5))).strip("-") or "x" for _ in range(300)]


def regions():
    known = [region for partition in PARTITIONS["partitions"] for region in partition["regions"]]
    assert len(known) > 45
    return known + UNKNOWN + random_regions()


def by_rule_set(provider, case):
    parameters = {"Region": case["region"] or None, "UseFIPS": case["fips"], "UseDualStack": case["dualstack"]}
    try:
        endpoint = provider.resolve_endpoint(**{name: value for name, value in parameters.items() if value is not None})
    except EndpointProviderError as error:
        return [error.kwargs["msg"]]
    schemes = endpoint.properties.get("authSchemes", [])
    return [endpoint.url, schemes[0]["signingRegion"] if schemes else case["region"]]


@pytest.mark.parametrize("service", ["secretsmanager", "sts"])
def test_every_region_with_and_without_fips_and_dual_stack(service):
    provider = EndpointProvider(LOADER.load_service_model(service, "endpoint-rule-set-1"), PARTITIONS)
    cases = [
        {"service": service, "region": region, "fips": fips, "dualstack": dualstack}
        for region, fips, dualstack in itertools.product(["", *regions()], [False, True], [False, True])
    ]
    stream = "".join(json.dumps(case) + "\n" for case in cases).encode()
    done = subprocess.run([DRIVER], input=stream, capture_output=True, check=True, timeout=60)
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert len(answers) == len(cases)
    for case, answer in zip(cases, answers):
        assert answer == by_rule_set(provider, case), case
