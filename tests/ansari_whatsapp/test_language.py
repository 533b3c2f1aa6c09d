"""Which language a notice is in."""

from __future__ import annotations

import re

import pytest

from ansari_whatsapp.language import detect
from ansari_whatsapp.notice_texts import TEXTS
from ansari_whatsapp.notices import Notice


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the ruling on combining prayers?", "en"),
        ("ok", "en"),
        ("", "en"),
        ("12345 👍", "en"),
        ("ما حكم الجمع بين الصلاتين؟", "ar"),
        ("ما حكم الزكاة سنة 1445ھ؟", "ar"),
        ("نماز جمع کرنے کا کیا حکم ہے؟", "ur"),
        ("حکم نماز جمع چیست؟ پاسخ دهید", "fa"),
        ("Seferde namazları birleştirmenin hükmü nedir?", "tr"),
        ("Bu konuda ne var ve nasıl olur", "tr"),
        ("Apa hukumnya menjamak salat? Apakah saya bisa?", "id"),
        ("Apa hukum solat jamak? Boleh tak saya buat macam ini?", "ms"),
        ("Quelle est la règle pour regrouper les prières ?", "fr"),
        ("দুই নামাজ একত্রে পড়ার বিধান কী?", "bn"),
        ("Is it allowed to fast dans le Ramadan? I would like to know what the ruling is", "en"),
    ],
)
def test_a_text_tells_its_language(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("language", ["ar", "ur", "tr", "id", "fr", "bn", "ms"])
def test_every_notice_is_there_in_every_language(language: str) -> None:
    texts = TEXTS[language]
    assert set(texts) == {notice.name for notice in Notice}
    assert len(set(texts.values())) == len(texts)
    for notice in Notice:
        said = notice.text(language)
        assert said != notice.value
        assert said.startswith("_(") == notice.value.startswith("_(")
        assert re.findall(r"https://\S+?(?=[.\s]|$)", said) == re.findall(r"https://\S+?(?=[.\s]|$)", notice.value)


def test_another_language_is_told_in_english() -> None:
    assert Notice.NO_ANSWER.text("xx") == Notice.NO_ANSWER.value
