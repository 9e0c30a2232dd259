"""The desk's form for a warning."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.text import slugify

from alerts import sounds
from alerts.models import Alert, AlertStep, AlertTranslation, ResponseType, Sound
from alerts.publishing import MAX_STEPS
from core.errors import ActionError
from core.text import normalize
from reports.campaigns.campaign_codes import campaign_for_field
from reports.campaigns.campaign_stats import warning_scenarios
from reports.models import Campaign

_TEXT = {"rows": 4, "cols": 80}
# What residents may be asked to do about a call; a warning that says another keeps it.
_RESPONSES = {
    ResponseType.AVOID: "Tránh, không làm theo kẻ gian",
    ResponseType.MONITOR: "Theo dõi tin của Công an",
    ResponseType.ASSESS: "Tự kiểm tra lại trước khi làm",
    ResponseType.PREPARE: "Chuẩn bị trước",
    ResponseType.NONE: "Không cần làm gì",
}
_FOR_REVIEW = ("short_title", "summary", "advice", "sms", "sms_share")


class CampaignField(forms.CharField):
    """A campaign by its code or the end of it, as the desk's search takes it; None where empty."""

    def prepare_value(self, value: Any) -> Any:
        """Return the code of a campaign by its key; what was typed as it is."""
        if isinstance(value, UUID):
            return Campaign.objects.filter(pk=value).values_list("code", flat=True).first()
        return value

    def clean(self, value: Any) -> Campaign | None:
        typed = super().clean(value)
        try:
            return campaign_for_field(typed) if typed else None
        except ActionError as error:
            raise forms.ValidationError(str(error)) from error


class AlertForm(forms.ModelForm[Alert]):
    """A draft, which may be incomplete until submission. Reports a save by somebody else in between."""

    response_type = forms.MultipleChoiceField(
        label="Người dân cần",
        choices=list(_RESPONSES.items()),
        widget=forms.CheckboxSelectMultiple,
        initial=[ResponseType.AVOID],
    )
    scenario = forms.ChoiceField(label="Kiểu lừa", required=False)
    campaign = CampaignField(
        label="Đợt lừa đảo",
        required=False,
        max_length=40,
        help_text="Mã đợt, như Đ-26-XK9 hoặc XK9. Không đăng.",
    )
    loaded_at = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Alert
        fields: list[str] = []  # those of the desk's fieldsets
        widgets = {
            "title": forms.TextInput({"size": 80}),
            "summary": forms.Textarea(_TEXT),
            "advice": forms.Textarea(_TEXT | {"rows": 6}),
            "sms": forms.Textarea(_TEXT | {"rows": 2}),
            "sms_share": forms.Textarea(_TEXT | {"rows": 2}),
            "sms_marked": forms.Textarea(_TEXT | {"rows": 2}),
            "loudspeaker": forms.Textarea(_TEXT | {"rows": 10}),
            "title_en": forms.TextInput({"size": 80}),
            "summary_en": forms.Textarea(_TEXT),
            "advice_en": forms.Textarea(_TEXT),
            "document_subject": forms.TextInput({"size": 80}),
            "document_recipients": forms.Textarea(_TEXT | {"rows": 2}),
            "document_note": forms.Textarea(_TEXT | {"rows": 2}),
            "grounds": forms.Textarea(_TEXT | {"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["loaded_at"].initial = self._saved_at()
        if isinstance(kinds := self.fields.get("scenario"), forms.ChoiceField):
            kinds.choices = [("", "Chưa rõ"), *warning_scenarios()]
        if isinstance(responses := self.fields.get("response_type"), forms.MultipleChoiceField):
            responses.choices = [
                (each.value, _RESPONSES.get(each, each.label))
                for each in ResponseType
                if each in _RESPONSES or each in self.instance.response_type
            ]
        for name in ("effective", "expires"):
            widget = getattr(self.fields.get(name), "widget", None)
            if isinstance(widget, forms.MultiWidget):
                for half, word in zip(widget.widgets, ("ngày", "giờ"), strict=True):
                    half.attrs["aria-label"] = f"{self.fields[name].label}: {word}"
        for name in _FOR_REVIEW:
            if field := self.fields.get(name):
                field.required = False
                field.help_text = f"{field.help_text} Cần có khi gửi duyệt.".strip()
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = "Để trống thì lấy từ tiêu đề. Đặt rồi không đổi được."

    def clean_slug(self) -> str:
        return self.cleaned_data["slug"] or free_slug(self.data.get(self.add_prefix("title"), ""))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk and not self.instance._state.adding and self._is_outdated():  # noqa: SLF001
            self.add_error(
                None,
                "Người khác vừa sửa cảnh báo này. Những gì bạn viết vẫn còn nguyên ở dưới."
                " Bấm Lưu lần nữa để thay bản kia bằng bản của bạn.",
            )
        return cleaned

    def _saved_at(self) -> str:
        changed = self.instance.changed_at
        return changed.isoformat() if changed else ""

    def _is_outdated(self) -> bool:
        """Return True once: the form then carries the newer time, so that saving again is a choice."""
        if self.data.get(self.add_prefix("loaded_at")) == self._saved_at():
            return False
        if isinstance(self.data, QueryDict):
            data = self.data.copy()
            data[self.add_prefix("loaded_at")] = self._saved_at()
            self.data = data
        return True


class StepForm(forms.ModelForm[AlertStep]):
    """A step of the deception, whose place is chosen; a new one is offered the next place."""

    position = forms.TypedChoiceField(
        label="Thứ tự",
        coerce=int,
        required=False,
        choices=[(place, f"Bước {place}") for place in range(1, MAX_STEPS + 1)],
    )

    class Meta:
        model = AlertStep
        fields = ("position", "title", "text", "quote")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = (self.prefix or "").rpartition("-")[2]
        if place.isdecimal() and int(place) < MAX_STEPS:
            self.fields["position"].initial = str(int(place) + 1)

    @property
    def place(self) -> tuple[int, bool]:
        """Return the key of the order: who was given another place goes before who had it."""
        chosen = self.cleaned_data["position"]
        offered = self.get_initial_for_field(self.fields["position"], "position")
        return chosen, str(offered) == str(chosen)

    def clean_position(self) -> int:
        return self.cleaned_data["position"] or MAX_STEPS


class TranslationForm(forms.ModelForm[AlertTranslation]):
    """One more language of a warning. A recording that was taken is kept while other fields are wrong."""

    file = forms.FileField(
        label="Chọn tệp tiếng",
        required=False,
        widget=forms.FileInput({"accept": ".mp3,audio/mpeg"}),
        help_text="MP3 một kênh, 16 kbit/s, nhiều nhất 3 phút. Tên, nơi chốn ghi trong tệp được gỡ bỏ.",
    )
    drop_sound = forms.BooleanField(label="Bỏ tệp tiếng đang có", required=False)

    class Meta:
        model = AlertTranslation
        fields = ("language", "reader", "file", "sound", "drop_sound", "title", "summary", "advice", "loudspeaker")  # fmt: skip
        widgets = {
            "title": forms.TextInput({"size": 80}),
            "summary": forms.Textarea(_TEXT | {"rows": 3}),
            "advice": forms.Textarea(_TEXT),
            "loudspeaker": forms.Textarea(_TEXT | {"rows": 6}),
            "sound": forms.HiddenInput,
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if file := values.get("file"):
            try:
                self._take(sounds.store_sound(file.read()))
            except sounds.SoundError as error:
                self.add_error("file", str(error))
        elif values.get("drop_sound"):
            self._take(None)
        return values

    def _take(self, sound: Sound | None) -> None:
        """Make it the form's recording, also where the form is shown once more."""
        self.cleaned_data["sound"] = sound
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data[self.add_prefix("sound")] = sound.pk if sound else ""


def free_slug(title: str) -> str:
    """Return a slug made of the title that no other warning has."""
    stem = slugify(normalize(title))[:70].strip("-") or "canh-bao"
    taken = set(Alert.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (stem, *numbered) if slug not in taken)
