"""Terms of CAP 1.2 that a warning carries, with their Vietnamese labels."""

from enum import StrEnum

from django.db import models


class Urgency(models.TextChoices):
    IMMEDIATE = "Immediate", "Ngay lúc này"
    EXPECTED = "Expected", "Sắp tới"
    FUTURE = "Future", "Về sau"
    PAST = "Past", "Đã qua"
    UNKNOWN = "Unknown", "Chưa rõ"


class Severity(models.TextChoices):
    EXTREME = "Extreme", "Cực kỳ nghiêm trọng"
    SEVERE = "Severe", "Nghiêm trọng"
    MODERATE = "Moderate", "Vừa"
    MINOR = "Minor", "Nhẹ"
    UNKNOWN = "Unknown", "Chưa rõ"


class Certainty(models.TextChoices):
    OBSERVED = "Observed", "Đã xác minh"
    LIKELY = "Likely", "Nhiều khả năng"
    POSSIBLE = "Possible", "Có thể"
    UNLIKELY = "Unlikely", "Ít khả năng"
    UNKNOWN = "Unknown", "Chưa rõ"


class ResponseType(models.TextChoices):
    SHELTER = "Shelter", "Ở yên tại chỗ"
    EVACUATE = "Evacuate", "Rời đi"
    PREPARE = "Prepare", "Chuẩn bị"
    EXECUTE = "Execute", "Làm theo kế hoạch"
    AVOID = "Avoid", "Tránh"
    MONITOR = "Monitor", "Theo dõi"
    ASSESS = "Assess", "Tự đánh giá"
    ALL_CLEAR = "AllClear", "Đã hết"
    NONE = "None", "Không cần làm gì"


def default_response_types() -> list[str]:
    return [ResponseType.AVOID]


class MsgType(models.TextChoices):
    """CAP 1.2 `msgType`, as far as we send it."""

    ALERT = "Alert", "Phát"
    UPDATE = "Update", "Cập nhật"
    CANCEL = "Cancel", "Hủy"


class CancelReason(models.TextChoices):
    """Why a warning was cancelled. The label is all that a cancellation says of its own."""

    OVER = "over", "Cảnh báo này đã hết hiệu lực."
    ERROR = "error", "Cảnh báo này đã được rút lại vì có chỗ chưa đúng."


class State(StrEnum):
    SCHEDULED = "scheduled"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in {State.CANCELLED, State.EXPIRED}
