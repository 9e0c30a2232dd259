"""What a text in review changes in the edition that was issued, word by word."""

from time import process_time

from alerts import previews

HOSTILE = "a " * 1000, "a b " * 500


def changed(parts: list[previews.Part]) -> list[str]:
    return [part.text for part in parts if part.is_changed]


def test_only_the_words_that_differ_are_marked() -> None:
    long = "".join(f"Đừng chuyển {n} đồng cho ai. " for n in range(90))
    old, new = previews._compare(f"{long}Gọi 112. {long}", f"{long}Hãy gọi 113. {long}")
    assert (changed(old), changed(new)) == (["Gọi 112. "], ["Hãy gọi 113. "])
    assert "".join(part.text for part in new) == f"{long}Hãy gọi 113. {long}"


def test_hostile_texts_are_compared_in_less_than_a_second() -> None:
    begin = process_time()
    for texts in (HOSTILE, HOSTILE[::-1]):
        for text, parts in zip(texts, previews._compare(*texts), strict=True):
            assert "".join(part.text for part in parts) == text
    assert process_time() - begin < 1
