"""An XML becomes an edit by two places alone; every other byte stays, in whatever encoding it came."""

from __future__ import annotations

import pytest

from app.services.quarantine_rewrite import NotRewritable, as_edit

META = '<meta xmlns="http://openrosa.org/xforms">'


def edited(xml: bytes) -> bytes:
    return as_edit(xml, instance_id="uuid:new", deprecated_id="uuid:old")


@pytest.mark.parametrize(
    ("came", "becomes"),
    [
        (
            '<d id="f"><a>x</a><meta><instanceID>uuid:1</instanceID></meta></d>',
            '<d id="f"><a>x</a><meta><instanceID>uuid:new</instanceID><deprecatedID>uuid:old</deprecatedID></meta></d>',
        ),
        (
            f'<d id="f">{META}\n <instanceID> uuid:1\n</instanceID>\n <deprecatedID>uuid:0</deprecatedID>\n</meta>\n</d>\n',
            f'<d id="f">{META}\n <instanceID>uuid:new</instanceID>\n <deprecatedID>uuid:old</deprecatedID>\n</meta>\n</d>\n',
        ),
        (  # an empty tag is filled
            '<d id="f"><meta><deprecatedID /><instanceID>uuid:1</instanceID></meta></d>',
            '<d id="f"><meta><deprecatedID >uuid:old</deprecatedID><instanceID>uuid:new</instanceID></meta></d>',
        ),
        (  # a prefix that is declared on the element itself
            '<d id="f"><meta><o:instanceID xmlns:o="urn:o">uuid:1</o:instanceID></meta></d>',
            '<d id="f"><meta><o:instanceID xmlns:o="urn:o">uuid:new</o:instanceID><o:deprecatedID xmlns:o="urn:o">uuid:old</o:deprecatedID></meta></d>',
        ),
        (  # what looks like it in an answer, a comment, an attribute, CDATA or another meta is left alone
            """<d id='f' note='&lt;instanceID>'><!-- <meta><instanceID> --><a>uuid:1</a><meta><instanceID x='a>b'>uuid:1</instanceID></meta><g><meta><instanceID>in</instanceID></meta></g><meta><instanceID>second</instanceID></meta><c><![CDATA[<instanceID>]]></c></d>""",
            """<d id='f' note='&lt;instanceID>'><!-- <meta><instanceID> --><a>uuid:1</a><meta><instanceID x='a>b'>uuid:new</instanceID><deprecatedID>uuid:old</deprecatedID></meta><g><meta><instanceID>in</instanceID></meta></g><meta><instanceID>second</instanceID></meta><c><![CDATA[<instanceID>]]></c></d>""",
        ),
        (  # written as references, in CDATA, around a comment
            '<d id="f"><a>&#228; &amp; ë</a><meta><instanceID>uu<!-- no -->id<![CDATA[:1]]></instanceID></meta></d>',
            '<d id="f"><a>&#228; &amp; ë</a><meta><instanceID>uuid:new</instanceID><deprecatedID>uuid:old</deprecatedID></meta></d>',
        ),
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16"])
def test_only_the_two_ids_are_written_anew(came: str, becomes: str, codec: str) -> None:
    assert edited(came.encode(codec)) == becomes.encode(codec)


def test_the_declaration_stays_as_it_is() -> None:
    for codec in ("utf-8", "utf-16"):
        xml = f'<?xml version="1.0" encoding="{codec}"?>\r\n<d id="f"><meta><instanceID>1</instanceID></meta></d>'
        assert edited(xml.encode(codec)).decode(codec).startswith(xml[:48])


def test_an_id_with_markup_in_it_is_escaped() -> None:
    xml = b'<d id="f"><meta><instanceID>1</instanceID></meta></d>'
    made = as_edit(xml, instance_id="a<b>&\"'", deprecated_id="]]>")
    assert b"<instanceID>a&lt;b&gt;&amp;\"'</instanceID><deprecatedID>]]&gt;</deprecatedID>" in made


def test_the_original_comes_back_by_writing_its_ids_again() -> None:
    xml = b'<d id="f"><a>x</a><meta><instanceID>uuid:1</instanceID><deprecatedID>uuid:0</deprecatedID></meta></d>'
    assert as_edit(edited(xml), instance_id="uuid:1", deprecated_id="uuid:0") == xml


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"no xml",
        b'<d id="f"><meta/></d>',
        b'<!DOCTYPE d [<!ENTITY e "x">]><d id="f"><meta><instanceID>&e;</instanceID></meta></d>',
        b'<d id="f"><meta><instanceID>1<b>2</b></instanceID></meta></d>' + b"<",
        "<d id='f'><meta><instanceID>1</instanceID></meta></d>".encode("utf-32"),
    ],
)
def test_what_cannot_be_read_is_not_rewritten(xml: bytes) -> None:
    with pytest.raises(NotRewritable):
        edited(xml)
