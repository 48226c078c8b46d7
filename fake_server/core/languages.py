"""The language tags of captions and chapters, and the native names of languages.

A short replacement of api.video's table of 672 tags: the languages of ISO 639-1, alone or with a
script, a region or both.
"""
# ruff: noqa: RUF001 - letters that resemble English ones are intended here

from __future__ import annotations

import re
from collections.abc import Container

_TAG = re.compile(r"[a-z]{2}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")

# fmt: off
NATIVE_NAMES = {
    "aa": "Qafar", "ab": "аԥсшәа", "ae": "avesta", "af": "Afrikaans", "ak": "Akan", "am": "አማርኛ",
    "an": "aragonés", "ar": "العربية", "as": "অসমীয়া", "av": "авар мацӀ", "ay": "aymar",
    "az": "azərbaycan", "ba": "башҡорт", "be": "беларуская", "bg": "български", "bi": "Bislama",
    "bm": "bamanakan", "bn": "বাংলা", "bo": "བོད་སྐད་", "br": "brezhoneg", "bs": "bosanski",
    "ca": "català", "ce": "нохчийн", "ch": "Chamoru", "co": "corsu", "cr": "ᓀᐦᐃᔭᐍᐏᐣ",
    "cs": "čeština", "cu": "словѣньскъ", "cv": "чӑваш чӗлхи", "cy": "Cymraeg", "da": "dansk",
    "de": "Deutsch", "dv": "ދިވެހި", "dz": "རྫོང་ཁ", "ee": "eʋegbe", "el": "Ελληνικά",
    "en": "English", "eo": "Esperanto", "es": "español", "et": "eesti", "eu": "euskara",
    "fa": "فارسی", "ff": "Pulaar", "fi": "suomi", "fj": "Vosa Vakaviti", "fo": "føroyskt",
    "fr": "français", "fy": "Frysk", "ga": "Gaeilge", "gd": "Gàidhlig", "gl": "galego",
    "gn": "avañe’ẽ", "gu": "ગુજરાતી", "gv": "Gaelg", "ha": "Hausa", "he": "עברית", "hi": "हिन्दी",
    "ho": "Hiri Motu", "hr": "hrvatski", "ht": "kreyòl ayisyen", "hu": "magyar", "hy": "հայերեն",
    "hz": "Otjiherero", "ia": "interlingua", "id": "Indonesia", "ie": "Interlingue", "ig": "Igbo",
    "ii": "ꆈꌠꉙ", "ik": "Iñupiaq", "io": "Ido", "is": "íslenska", "it": "italiano",
    "iu": "ᐃᓄᒃᑎᑐᑦ", "ja": "日本語", "jv": "Jawa", "ka": "ქართული", "kg": "Kikongo",
    "ki": "Gikuyu", "kj": "Kuanyama", "kk": "қазақ тілі", "kl": "kalaallisut", "km": "ខ្មែរ",
    "kn": "ಕನ್ನಡ", "ko": "한국어", "kr": "Kanuri", "ks": "کٲشُر", "ku": "kurdî (kurmancî)",
    "kv": "коми", "kw": "kernewek", "ky": "кыргызча", "la": "latina", "lb": "Lëtzebuergesch",
    "lg": "Luganda", "li": "Limburgs", "ln": "lingála", "lo": "ລາວ", "lt": "lietuvių",
    "lu": "Tshiluba", "lv": "latviešu", "mg": "Malagasy", "mh": "Kajin Majeḷ", "mi": "Māori",
    "mk": "македонски", "ml": "മലയാളം", "mn": "монгол", "mr": "मराठी", "ms": "Melayu",
    "mt": "Malti", "my": "မြန်မာ", "na": "Dorerin Naoero", "nb": "norsk bokmål",
    "nd": "isiNdebele", "ne": "नेपाली", "ng": "Oshindonga", "nl": "Nederlands",
    "nn": "norsk nynorsk", "no": "norsk", "nr": "isiNdebele", "nv": "Diné bizaad",
    "ny": "chiCheŵa", "oc": "occitan", "oj": "ᐊᓂᔑᓈᐯᒧᐎᓐ", "om": "Oromoo", "or": "ଓଡ଼ିଆ",
    "os": "ирон", "pa": "ਪੰਜਾਬੀ", "pi": "पालि", "pl": "polski", "ps": "پښتو", "pt": "português",
    "qu": "Runasimi", "rm": "rumantsch", "rn": "Ikirundi", "ro": "română", "ru": "русский",
    "rw": "Ikinyarwanda", "sa": "संस्कृत भाषा", "sc": "sardu", "sd": "سنڌي",
    "se": "davvisámegiella", "sg": "Sängö", "si": "සිංහල", "sk": "slovenčina",
    "sl": "slovenščina", "sm": "gagana Samoa", "sn": "chiShona", "so": "Soomaali", "sq": "shqip",
    "sr": "српски", "sr-Cyrl": "српски (ћирилица)", "sr-Latn": "srpski (latinica)",
    "ss": "siSwati", "st": "Sesotho", "su": "Basa Sunda", "sv": "svenska", "sw": "Kiswahili",
    "ta": "தமிழ்", "te": "తెలుగు", "tg": "тоҷикӣ", "th": "ไทย", "ti": "ትግርኛ",
    "tk": "türkmen dili", "tl": "Tagalog", "tn": "Setswana", "to": "lea fakatonga",
    "tr": "Türkçe", "ts": "Xitsonga", "tt": "татар", "tw": "Twi", "ty": "reo Tahiti",
    "ug": "ئۇيغۇرچە", "uk": "українська", "ur": "اردو", "uz": "o‘zbek", "ve": "Tshivenḓa",
    "vi": "Tiếng Việt", "vo": "Volapük", "wa": "walon", "wo": "Wolof", "xh": "IsiXhosa",
    "yi": "ייִדיש", "yo": "Èdè Yorùbá", "za": "Vahcuengh", "zh": "中文", "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文", "zu": "isiZulu",
}
# fmt: on
"""Native names (from CLDR) of the languages, and of some languages with a script."""


def native_name(tag: str) -> str | None:
    """Return a language's name in that language, or None for an unknown tag.

    Regions and other scripts have no names here: `fr-BE` is "français (BE)".
    """
    if not _TAG.fullmatch(tag):
        return None
    parts = tag.split("-")
    for count in range(len(parts), 0, -1):
        name, suffix = NATIVE_NAMES.get("-".join(parts[:count])), parts[count:]
        if name is not None:
            return f"{name} ({', '.join(suffix)})" if suffix else name
    return None


def language_error(tag: str, known: Container[str] | None = None) -> str | None:
    """Return the error of an invalid tag in api.video's words, or None if it is valid.

    A valid tag is one of `known` or, by default, has a native name.
    """
    if not (tag.replace("-", "").isalpha() and tag.isascii()):
        return (
            'The "language" attribute must contain only letters and dashes '
            '(for example "fr", "fr-BE").'
        )
    is_valid = native_name(tag) is not None if known is None else tag in known
    return None if is_valid else 'The "language" attribute is not valid.'
