#!/usr/bin/env python3
"""A KEK to try waxseal with: alias/waxseal, made once. Run by start.sh, and by LocalStack's image as a ready hook."""

import os

import boto3

ALIAS = "alias/waxseal"

kms = boto3.client(
    "kms",
    endpoint_url=os.environ.get("AWS_ENDPOINT_URL", "http://localhost:4566"),
    region_name=os.environ.get("AWS_REGION", "us-east-1"),
    # The emulators' own root credentials.
    aws_access_key_id="test",
    aws_secret_access_key="test",
)
aliases = kms.get_paginator("list_aliases").paginate().build_full_result()["Aliases"]
if any(alias["AliasName"] == ALIAS for alias in aliases):
    print(f"{ALIAS}: there already")
else:
    key = kms.create_key(Description="waxseal, for development")["KeyMetadata"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key["KeyId"])
    print(f"{ALIAS}: {key['Arn']}")
