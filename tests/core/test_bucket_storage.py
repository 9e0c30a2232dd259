"""The address of a bucket; wrong ones stand in tests/data/unsafe_settings.json."""

from core.bucket_storage import parse_bucket_url

GOOD = "s3://portal:a%2Fb%2B@store.example:8443/evidence"


def test_an_address_says_where_the_bucket_is_and_who_may_read_it() -> None:
    options = parse_bucket_url(
        f"{GOOD}?region_name=vn-1&addressing_style=virtual&verify=/run/ca.pem"
    )
    assert options == {
        "endpoint_url": "https://store.example:8443", "bucket_name": "evidence", "access_key": "portal",
        "secret_key": "a/b+", "region_name": "vn-1", "addressing_style": "virtual", "verify": "/run/ca.pem",
    }  # fmt: skip
    plain = parse_bucket_url("s3+http://portal:secret@127.0.0.1:8333/evidence")
    assert (plain["endpoint_url"], plain["addressing_style"]) == ("http://127.0.0.1:8333", "path")
