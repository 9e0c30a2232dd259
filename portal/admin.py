"""The desk's site: PV01's own front over the stock Django admin."""

from django_otp.admin import OTPAdminSite


class DeskSite(OTPAdminSite):
    """Nobody enters without a second factor."""

    site_title = "PV01"
    site_header = "Trực ban tiếp nhận tin, PV01"
    index_title = "Trang chủ"
