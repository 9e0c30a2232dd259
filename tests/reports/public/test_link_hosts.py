"""Whom the host of a link poses as, and what a finding on a link is about."""

import pytest
from pytest_django import Settings

from reports.public import link_hosts


@pytest.mark.parametrize(
    ("host", "poses"),
    [
        ("dichvucong-thanhhoa.top", True),
        ("vneid.vip", True),
        ("vne1d.vip", True),
        ("dịch-vụ-công.dichvucong.xyz", True),
        ("gov-vn.cc", True),
        ("xn.bocongan.gov.vn.kiemtra.com", True),
        ("dichvucong.gov.vn", False),
        ("vneid.gov.vn", False),
        ("govanhiem.com", False),
        ("shopee.vn", False),
        ("xaydungchinhsach.chinhphu.vn", False),
        ("chinhphu-vn.top", True),
    ],
)
def test_a_link_that_borrows_the_name_of_an_office_is_seen(host: str, *, poses: bool) -> None:
    assert link_hosts.poses_as_state(host) is poses


@pytest.mark.parametrize(
    ("host", "poses"),
    [
        ("vietcombank-login.top", True),
        ("vcb.digi.vip", True),
        ("vietcombank.com.vn", False),
        ("mai-dep.shop", False),
    ],
)
def test_a_bank_has_no_cheap_ending(host: str, *, poses: bool) -> None:
    assert link_hosts.poses_as_bank(host) is poses


@pytest.mark.parametrize(
    ("host", "genuine"),
    [
        ("thanhhoa.gov.vn", True),
        ("gov.vn", True),
        ("chinhphu.vn", True),
        ("cong.example", True),
        ("bidv.com.vn", True),
        ("techcombank.com", True),
        ("techcombank.top", False),
        ("bidv.lua-dao.com", False),
        ("bidv-vn.com", False),
    ],
)
def test_nobody_finds_against_what_is_imitated(
    settings: Settings, host: str, *, genuine: bool
) -> None:
    settings.PORTAL_URL = "https://cong.example"
    assert link_hosts.may_be_genuine(host) is genuine


@pytest.mark.parametrize(
    ("link", "key"),
    [
        ("vi-du.example/nop-phat", "vi-du.example"),
        ("a.vi-du.example", "a.vi-du.example"),
        ("bit.ly/abc", "bit.ly/abc"),
        ("facebook.com", ""),
        ("com.vn", ""),
        ("nhai.github.io/x", "nhai.github.io"),
    ],
)
def test_a_finding_is_on_a_host_and_never_on_one_that_strangers_share(link: str, key: str) -> None:
    assert link_hosts.key_of_link(link) == key


def test_a_link_falls_under_its_host_and_what_that_is_below() -> None:
    keys = list(link_hosts.iter_keys("a.b.vi-du.example/x"))
    assert keys == ["a.b.vi-du.example/x", "a.b.vi-du.example", "b.vi-du.example", "vi-du.example"]
    assert len(list(link_hosts.iter_keys("x." * 100 + "vi-du.example"))) <= 6
