"""An S3 server of the tests' own: moto's, in a thread of this process, with a bucket for each test."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import botocore.session
from moto.server import ThreadedMotoServer

from app.storage.s3 import Credentials, Place, S3Store

KEY_ID, SECRET = "test-key-id", "test-secret-key-canary"


@dataclass
class Bucket:
    """A bucket, seen past the application."""

    endpoint: str
    name: str
    client: Any

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which Sportel keeps its files here."""
        return {
            "SPORTEL_STORAGE_URL": f"s3://{self.name}/files",
            "SPORTEL_STORAGE_ENDPOINT": self.endpoint,
            "SPORTEL_STORAGE_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def store(self, prefix: str = "files") -> S3Store:
        place = Place(self.name, prefix, self.endpoint, "eu-central-1")
        return S3Store(place, Credentials(KEY_ID, SECRET))

    def place(self, name: str, content: bytes = b"") -> None:
        """Put an object that is not of ours."""
        self.client.put_object(Bucket=self.name, Key=name, Body=content)

    def objects(self) -> dict[str, bytes]:
        """Every object by its whole name."""
        listed = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return {
            each["Key"]: self.client.get_object(Bucket=self.name, Key=each["Key"])["Body"].read() for each in listed
        }

    def lying(self) -> set[str]:
        """Last parts of the names of all objects and of all uploads that were begun and not ended."""
        begun = self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", ())
        return {name.rsplit("/", 1)[-1] for name in (*self.objects(), *(each["Key"] for each in begun))}


class S3Server:
    """A context manager; `new_bucket` makes places to test in."""

    def __enter__(self) -> Self:
        # One line for each request is nothing that a test's report needs.
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.client = botocore.session.get_session().create_client(
            "s3",
            region_name="eu-central-1",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
        )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.client.close()
        self._server.stop()

    def new_bucket(self) -> Bucket:
        name = f"bucket-{uuid4().hex}"
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        return Bucket(self.endpoint, name, self.client)
