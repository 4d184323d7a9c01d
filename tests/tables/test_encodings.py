"""Text of older encodings: read as windows-1252 where it is, and never garbled without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

import clearprop as cp
from clearprop.tables.encodings import decode
from clearprop.tables.table_files import read_table

PATH = Path("t.csv")

WESTERN = {
    "German": "Größe;Straße;Zürich;Österreich;Äpfel;Übung;5 °C;12 €;„gut“;Maß;Müller – Söhne;50 µm",
    "French": "français;été;Noël;cœur;où;à;créée;Ève;élève;août;L’été;«Paris»;50 €;n° 5;aiguë;GÉNÉRAL",
    "Spanish": "España;Ñandú;mañana;niño;¿Qué?;¡Hola!;Málaga;José;pingüino;1ª;2º;corazón;AÑO;ó",
    "Portuguese": "São Paulo;não;ações;irmãs;mãe;põe;Conceição;água;três;LIÇÕES;amanhã",
    "Italian": "perché;città;è;così;più;però;Forlì;lunedì;caffè;università",
    "Danish": "Ærø;København;Århus;Jørgensen;blåbær;smørrebrød;øl;få;Ølstykke",
    "Norwegian": "Tromsø;Bodø;Ålesund;kjøtt;på",
    "Swedish": "Malmö;Göteborg;Örebro;få;å;ö;Åre",
    "Finnish": "Jyväskylä;päivä;yö;työ;ääni;Äänekoski;hää",
    "Dutch": "coëfficiënt;reünie;België;één;financiële",
    "English": "café;naïve;£5;© 2024;Nescafé®;Brand™;it’s;“quoted”;1990–2000;Mon–Fri;±5;½;10 m²",
}

OTHERS = [
    *[("cp1250", text) for text in ("Wrocław;Łódź", "Gdańsk;Poznań", "České Budějovice", "Příbram", "Győr;Eső",
                                    "Brăila;Bacău", "Čakovec", "Škoda;Žilina", "Księga;są", "muž;žena")],
    *[("cp1251", text) for text in ("Москва;Киев", "М;Ж", "кг;шт", "да;нет", "№5;София")],
    *[("cp1253", text) for text in ("Αθήνα;Πάτρα", "Α;Γ")],
    *[("cp1254", text) for text in ("İstanbul;Muğla", "kırmızı;yeşil", "Şişli")],
    *[("cp1257", text) for text in ("Rīga;Šiauliai", "Võru;Pärnu")],
    ("cp1255", "תל אביב"), ("cp1256", "القاهرة"), ("cp874", "กรุงเทพ"),
    *[("cp932", text) for text in ("東京;大阪", "山本;田中", "テスト;アイ", "ｱｲｳ", "男;女", "本", "一;二;三")],
    *[("gb18030", text) for text in ("北京;上海", "男;女", "是;否")],
    *[("big5", text) for text in ("台北;高雄", "男;女", "一;二")],
    *[("euc-kr", text) for text in ("서울;부산", "남;여")],
    *[("euc-jp", text) for text in ("東京", "男;女")],
    *[("koi8-r", text) for text in ("Москва", "М;Ж")],
    *[("mac_roman", text) for text in ("Zürich", "José", "Größe", "Straße", "25 °C", "français")],
    *[("cp850", text) for text in ("Größe", "Zürich", "Bär;älter", "José", "España", "Straße", "25 °C", "Österreich", "São")],
    *[("iso8859-15", text) for text in ("5 €", "cœur")],
    *[("iso8859-2", text) for text in ("Łódź", "Gdańsk;Wrocław", "Škoda")],
]  # fmt: skip


def column(text, encoding):
    return "\n".join(["a", *text.split(";"), ""]).encode(encoding)


@pytest.mark.parametrize("language", WESTERN)
def test_western_europe_is_read_and_said(language):
    for text in (WESTERN[language], *WESTERN[language].split(";")):
        content = column(text, "cp1252")
        if content.isascii():
            continue
        read, note = decode(content, PATH)
        assert read == content.decode("cp1252")
        assert note.startswith("t.csv is not UTF-8 and is read as windows-1252, line ")
        assert "encoding= (--encoding)" in note


@pytest.mark.parametrize(("encoding", "text"), OTHERS)
def test_what_may_be_anything_is_refused_until_it_is_said(encoding, text):
    content = column(text, encoding)
    with pytest.raises(
        cp.TableFileError, match=r"t.csv is not UTF-8: line \d.*--encoding"
    ) as caught:
        decode(content, PATH)
    assert "\n" not in str(caught.value)
    assert decode(content, PATH, encoding) == (content.decode(encoding), "")


def test_mixed_languages_of_western_europe():
    text = ";".join(WESTERN.values())
    assert decode(column(text, "cp1252"), PATH)[0] == column(text, "cp1252").decode("cp1252")


def test_the_note_shows_the_first_cell():
    _, note = decode("a,ort,b\n1,x,2\n2,Zürich,3\n".encode("cp1252"), PATH)
    assert "line 3 with 'Zürich'" in note


def test_utf8_with_one_bad_byte_is_not_another_encoding():
    content = "a\nZürich\nKöln\n".encode() + b"Stra\xdfe\n"
    with pytest.raises(
        cp.TableFileError, match="line 4 has the byte 0xDF, though the rest is: mend"
    ):
        decode(content, PATH)


def test_what_is_said_is_obeyed():
    content = "größe\n1\n".encode("cp1252")
    with pytest.raises(
        cp.TableFileError, match="t.csv is not UTF-8: line 1 has the byte 0xF6; say another"
    ):
        decode(content, PATH, "utf-8")
    assert decode("größe\n".encode("utf-16-le"), PATH, "utf-16-le")[0] == "größe\n"
    for marked in ("utf-8-sig", "utf-16"):  # and a mark is none of the text
        name = "utf-8" if marked == "utf-8-sig" else marked
        assert decode("größe\n".encode(marked), PATH, name) == ("größe\n", "")


@pytest.mark.parametrize("name", ["klingon", "hex", "", "a\0b", 7, b"utf-8"])
def test_encodings_that_are_none(name, tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(cp.ArgumentError, match="encoding is .*give one that Python knows"):
        read_table(tmp_path / "t.csv", encoding=name)


def test_encoding_is_of_text(tmp_path):
    import polars as pl

    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(cp.ArgumentError, match="t.parquet is Parquet: leave it out"):
        read_table(tmp_path / "t.parquet", encoding="utf-8")


def test_a_long_file_without_ends_is_looked_at_in_time():
    """A cell of megabytes is gone through once."""
    content = b"a\n" + b"x" * 5_000_000 + b"\xfcx\n"
    assert decode(content, PATH)[0].endswith("xüx\n")
