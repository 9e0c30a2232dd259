"""A warning in the languages of the mountains, as texts and sounds, and the recordings themselves."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from alerts.models.content import SoundFile, Translation, nonblank_lines
from alerts.models.warnings import Alert, all_or_none
from core.models import choice_of, optional_key_of


class Language(models.TextChoices):
    """Tags of BCP 47 in the order of the pages. `tai` is all of the family: which of its languages is
    spoken differs from valley to valley.
    """

    VIETNAMESE = "vi", _("Tiếng Việt")
    ENGLISH = "en", _("Tiếng Anh")
    TAI = "tai", _("Tiếng Thái")
    MUONG = "mtq", _("Tiếng Mường")
    HMONG = "hmn", _("Tiếng Mông")


_POSITIONS = {each.value: place for place, each in enumerate(Language)}


class Sound(models.Model):
    """A recording, named by its bytes. Never changed, and kept for good once a revision names it
    (migration 0002).
    """

    sha256 = models.CharField(
        "mã băm", max_length=64, primary_key=True, validators=[RegexValidator(r"^[0-9a-f]{64}$")]
    )
    sha1 = models.CharField("mã băm của CAP", max_length=40)  # CAP 1.2 knows no other
    seconds = models.PositiveSmallIntegerField("dài, giây")
    size = models.PositiveIntegerField("nặng, byte")
    data = models.BinaryField("tiếng")
    added_at = models.DateTimeField("ghi lúc", db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "bản đọc"
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$", seconds__gte=1), name="sound_is_named"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:8]}, {self.seconds} giây"

    def as_file(self) -> SoundFile:
        return SoundFile(self.sha256, self.sha1, self.size, self.seconds)


class AlertTranslation(models.Model):
    """A draft's text, recording or both in one language, and who gave it."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="translations")
    language = choice_of("tiếng", Language, 3)
    title = models.CharField("tiêu đề", max_length=140, blank=True)
    summary = models.CharField("tóm tắt", max_length=400, blank=True)
    advice = models.CharField(
        "làm gì khi gặp", max_length=2000, blank=True, help_text="Mỗi dòng một việc."
    )
    loudspeaker = models.CharField("bài đọc loa", max_length=2000, blank=True)
    sound = optional_key_of(Sound, "bản đọc", blank=True, related_name="translations")
    reader = models.CharField(
        "người dịch, người đọc",
        max_length=120,
        blank=True,
        help_text="Tên hoặc chức danh, đăng cùng bản này. Ví dụ: Công an xã.",
    )

    class Meta:
        verbose_name = "bản một thứ tiếng"
        verbose_name_plural = "Bản đọc, bản tiếng Thái, Mường, Mông"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "language"],
                name="alerttranslation_language_once",
                violation_error_message="Tiếng này đã có một bản ở trên.",
            ),
            models.CheckConstraint(
                condition=all_or_none("title", "summary", "advice"),
                name="alerttranslation_whole",
                violation_error_message="Bản dịch cần đủ tiêu đề, tóm tắt và việc phải làm.",
            ),
            models.CheckConstraint(
                condition=~Q(language__in=("vi", "en")) | Q(title="", loudspeaker=""),
                name="alerttranslation_own_text",
                violation_error_message=(
                    "Lời tiếng Việt, tiếng Anh ghi ở các ô phía trên. Ở đây chỉ chọn tệp tiếng."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.get_language_display()

    @property
    def position(self) -> int:
        return _POSITIONS[self.language]

    def missing_parts(self) -> list[str]:
        """Return what it lacks before it can be submitted, in sentences."""
        lacks = [] if self.title or self.sound_id else ["chưa có lời, chưa có tệp tiếng."]
        lacks += [] if self.reader else ["chưa ghi người dịch, người đọc."]
        return [f"{self.get_language_display()}: {each}" for each in lacks]

    def as_content(self) -> Translation:
        return Translation(
            language=self.language,
            title=self.title,
            summary=self.summary,
            advice=nonblank_lines(self.advice),
            loudspeaker=self.loudspeaker.replace("\r\n", "\n").strip(),
            reader=self.reader,
            sound=self.sound.as_file() if self.sound else None,
        )
