"""What a caller can claim to be; the six that most people name, then the rest."""

from django.utils.translation import gettext_lazy as _

OFFICES = [
    ("police", _("Công an")),
    ("provincial_leader", _("Lãnh đạo tỉnh, sở")),
    ("court_procuracy", _("Tòa án, viện kiểm sát")),
    ("bank", _("Ngân hàng")),
    ("utility", _("Điện lực, nhà mạng")),
    ("public_service", _("Thuế, bảo hiểm, VNeID")),
    ("other", _("Khác, không nhớ")),
]
