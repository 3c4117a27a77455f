"""Untrusted XML is read within limits, and nothing outside its bytes is ever opened."""

from __future__ import annotations

import pytest
from lxml import etree

from forms.errors import XMLUnsafe
from forms.safe_xml import XMLLimits, parse_xml

BILLION_LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.replace("&a-1;", "&a;") for n in range(12))
    + "]><l>&a11;</l>"
)


@pytest.mark.parametrize(
    "document",
    [
        BILLION_LAUGHS,
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]><d>&x;</d>',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><d/>',
        '<!DOCTYPE d [<!ENTITY x "' + "x" * 50_000 + '">]><d>' + "&x;" * 50_000 + "</d>",
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://www.w3.org/x.dtd"><d/>',
        "<!DOCTYPE d><d/>",
        '<?xml version="1.0"?>\n<!-- a > b --><?pi x?> <!DOCTYPE d><d/>',
        '<!DOCTYPE d [<!ATTLIST d a CDATA "x">]><d/>',
        "<!doctype d><d/>",
        '<!--> <d> --><!DOCTYPE d [<!ENTITY x "ha">]><d a="&x;"/>',
        '<!---> <d> --><!DOCTYPE d [<!ENTITY x "ha">]><d a="&x;"/>',
        '<!----><!-- <d> --><!DOCTYPE d [<!ENTITY x "ha">]><d a="&x;"/>',
    ],
)
def test_any_doctype_is_refused(document: str) -> None:
    with pytest.raises(XMLUnsafe, match=r"DOCTYPE"):
        parse_xml(document.encode())


def test_a_doctype_in_utf_16_is_refused_too() -> None:
    with pytest.raises(XMLUnsafe, match=r"DOCTYPE"):
        parse_xml('<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'.encode("utf-16"))


def test_words_about_a_doctype_inside_an_answer_are_an_answer() -> None:
    assert parse_xml(b"<d><![CDATA[<!DOCTYPE d>]]></d>").text == "<!DOCTYPE d>"


@pytest.mark.parametrize(
    "content",
    [
        "<d>é</d>".encode(),
        b"\xef\xbb\xbf" + "<d>é</d>".encode(),
        '<?xml version="1.0" encoding="UTF-8"?><d>é</d>'.encode(),
        "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<d>é</d>".encode(),
        "<d>é</d>".encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><d>é</d>'.encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><d>é</d>'.encode("utf-16-le"),
        "<d>é</d>".encode("utf-16-be"),
        b"<d>&#233;</d>",
        b'<?xml version="1.0" encoding="US-ASCII"?><d>&#xe9;</d>',
    ],
)
def test_utf_8_and_utf_16_are_read(content: bytes) -> None:
    assert parse_xml(content).text == "é"


@pytest.mark.parametrize(
    "content",
    [
        '<?xml version="1.0" encoding="ISO-8859-1"?><d>é</d>'.encode("latin-1"),
        "<d>é</d>".encode("latin-1"),
        '<?xml version="1.0" encoding="UTF-8"?><d>é</d>'.encode("latin-1"),
        b'<?xml version="1.0" encoding="UTF-16"?><d>e</d>',
        '<?xml version="1.0" encoding="UTF-8"?><d>e</d>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="UTF-7"?><d>+AOk-</d>',
        "<d>e</d>".encode("utf-32"),
        b"<d>\xed\xa0\x80</d>",
        b"<d>\xff\xfe</d>",
        b"\xff\xfe<\x00d\x00/\x00>",
        b"<\x00d\x00>\x00\x00\xd8<\x00/\x00d\x00>\x00",
    ],
)
def test_other_encodings_and_wrong_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(XMLUnsafe):
        parse_xml(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"\x00",
        b"hello",
        b"<d>",
        b"<d></e>",
        b"<d/><e/>",
        b"<d a=1/>",
        b"<d>\x00</d>",
        b"<d>\x01</d>",
        b"<d>&#0;</d>",
        b"<d>&#xD800;</d>",
        b"<d>&nosuch;</d>",
        b"<d>&</d>",
        b"<a:d/>" + b"<",
        b"<d><![CDATA[x</d>",
        b"<!-- no end <d/>",
        b"<? no end <d/>",
        b"{}",
        b"<" * 100_000,
        b"<!",
        b'<?xml version="1.0"?><?xml version="1.0"?><d/>',
        b'<?xml version="1.0"?><?xml version="1.0" encoding="ISO-8859-1"?><d/>',
    ],
)
def test_what_is_not_well_formed_is_refused(content: bytes) -> None:
    with pytest.raises(XMLUnsafe):
        parse_xml(content)


def test_a_stylesheet_instruction_is_refused() -> None:
    with pytest.raises(XMLUnsafe, match=r"stylesheet"):
        parse_xml(b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="http://x/y"?><d/>')


def test_xinclude_stays_an_element() -> None:
    root = parse_xml(b'<d xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></d>')
    assert len(root[0]) == 0
    assert root[0].text is None


def test_comments_and_instructions_do_not_cut_an_answer_in_two() -> None:
    assert parse_xml(b"<d>one<!-- c --> two<?p i?> three</d>").text == "one two three"


def test_more_bytes_than_the_limit_are_refused_unread() -> None:
    with pytest.raises(XMLUnsafe, match=r"larger"):
        parse_xml(b"\xff" * 11, XMLLimits(max_bytes=10))


def test_a_20_megabyte_attribute_is_refused_whatever_the_cap() -> None:
    content = b'<d a="' + b"x" * 20_000_000 + b'"/>'
    for limits in (XMLLimits(), XMLLimits(max_bytes=100_000_000)):
        with pytest.raises(XMLUnsafe):
            parse_xml(content, limits)


def test_depth_of_two_hundred_thousand_is_refused() -> None:
    with pytest.raises(XMLUnsafe):
        parse_xml(b"<d>" * 200_000 + b"</d>" * 200_000)


@pytest.mark.parametrize(("depth", "is_read"), [(1, True), (100, True), (101, False), (250, False)])
def test_depth_is_limited_exactly(depth: int, is_read: bool) -> None:
    content = b"<d>" * depth + b"</d>" * depth
    if is_read:
        assert parse_xml(content).tag == "d"
    else:
        with pytest.raises(XMLUnsafe, match=r"nested|limit"):
            parse_xml(content)


@pytest.mark.parametrize(("children", "is_read"), [(49_999, True), (50_000, False), (1_000_000, False)])
def test_the_number_of_elements_is_limited_exactly(children: int, is_read: bool) -> None:
    content = b"<d>" + b"<e/>" * children + b"</d>"
    if is_read:
        assert len(parse_xml(content)) == children
    else:
        with pytest.raises(XMLUnsafe, match=r"elements"):
            parse_xml(content)


@pytest.mark.parametrize("content", [b"<d>secret-answer</e>", b'<d secret-answer="', b"<d>&secret-answer;</d>"])
def test_an_error_never_quotes_the_document(content: bytes) -> None:
    with pytest.raises(XMLUnsafe) as error:
        parse_xml(content)
    assert "secret" not in error.value.message
    assert error.value.__cause__ is None


def test_an_error_names_the_line_of_the_document_as_sent() -> None:
    with pytest.raises(XMLUnsafe, match=r"line 4"):
        parse_xml(b'<?xml version="1.0"\n  encoding="UTF-8"?>\n<d>\n</e>')


def test_a_parser_without_memory_calls_no_document_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_memory(*_: object, **__: object) -> None:
        raise etree.XMLSyntaxError("unknown error", etree.ErrorTypes.ERR_NO_MEMORY, 0, 0)

    monkeypatch.setattr(etree, "fromstring", without_memory)
    with pytest.raises(MemoryError):
        parse_xml(b"<data/>")
