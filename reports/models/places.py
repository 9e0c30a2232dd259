"""Communes and impersonated offices: reference rows."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Commune(models.Model):
    """One of the province's communes and wards, with the names it had before 2025."""

    codename = models.CharField("mã tên", max_length=64, primary_key=True)
    code = models.CharField("mã số", max_length=8, unique=True)
    name = models.CharField("tên", max_length=80)
    former_districts = ArrayField(models.CharField(max_length=80), verbose_name="huyện cũ")
    former_communes = ArrayField(models.CharField(max_length=80), verbose_name="xã cũ")
    # PostgreSQL from a wheel has no Vietnamese collation: sort by the folded name.
    sort_key = models.CharField(max_length=80, db_index=True)

    class Meta:
        verbose_name = "xã, phường"
        verbose_name_plural = "xã, phường"
        ordering = ["sort_key"]

    def __str__(self) -> str:
        return self.name


class Office(models.Model):
    """An institution that callers claim to speak for; officers edit the table."""

    codename = models.SlugField("mã", max_length=64, primary_key=True)
    name = models.CharField("tên", max_length=160)
    other_names = ArrayField(
        models.CharField(max_length=120), verbose_name="tên khác", default=list, blank=True
    )
    never_by_phone = models.TextField("không bao giờ làm qua điện thoại", blank=True)
    claims = models.TextField("kẻ gian đang nói gì (mỗi dòng một câu)", blank=True, db_default="")
    name_en = models.CharField("tên tiếng Anh", max_length=160, blank=True, db_default="")
    never_by_phone_en = models.TextField("bản tiếng Anh", blank=True, db_default="")
    claims_en = models.TextField("bản tiếng Anh của lời kẻ gian", blank=True, db_default="")
    reviewed_on = models.DateField("rà soát ngày", null=True, blank=True)
    position = models.PositiveSmallIntegerField("thứ tự", default=100)

    class Meta:
        verbose_name = "cơ quan bị giả danh"
        verbose_name_plural = "cơ quan bị giả danh"
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name
