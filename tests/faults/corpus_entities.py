"""Which entities, DTDs and references would make a reader open, fetch or expand something? (row 36)"""

from __future__ import annotations

from tests.faults.corpus_file import NOWHERE, PASSWD, Line, submission


def doctype(name: str, declarations: str, who: str = "&x;", before: str = "") -> str:
    return submission(name, who, head=f"{before}<!DOCTYPE data [{declarations}]>")


def _laughs(levels: int, width: int) -> str:
    first = '<!ENTITY x0 "ha">'
    return first + "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * width}">' for n in range(1, levels))


def entities() -> list[Line]:
    """Row 36: nothing is expanded, opened or fetched, because any DOCTYPE is refused."""
    system = '<!ENTITY x SYSTEM "{}">'
    outside = {
        "file": PASSWD,
        "file-of-the-process": "file:///proc/self/environ",
        "relative-file": "../../etc/passwd",
        "device": "file:///dev/zero",
        "http": NOWHERE,
        "https": "https://127.0.0.1:9/x",
        "ftp": "ftp://127.0.0.1:9/x",
        "cloud-metadata": "http://169.254.169.254/latest/meta-data/",
        "network-share": "file://///127.0.0.1/share/x",
        "php-filter": "php://filter/read=convert.base64-encode/resource=/etc/passwd",
        "jar": "jar:http://127.0.0.1:9/x!/y",
        "gopher": "gopher://127.0.0.1:9/x",
        "data": "data:text/plain;base64,aGE=",
        "expect": "expect://id",
    }
    lines: list[Line] = [
        (f"entity-{name}", 36, 400, f"an external entity: {uri}", doctype(f"entity-{name}", system.format(uri)))
        for name, uri in outside.items()
    ]
    lines += [
        ("laughs", 36, 400, "a billion laughs", doctype("laughs", _laughs(12, 10), "&x11;")),
        (
            "laughs-in-attribute",
            36,
            400,
            "expanded in an attribute, where parsers do it although told not to",
            submission("laughs-in-attribute", more='<i a="&x11;"/>', head=f"<!DOCTYPE data [{_laughs(12, 10)}]>"),
        ),
        (
            "laughs-quadratic",
            36,
            400,
            "one long entity, named often",
            doctype("laughs-quadratic", f'<!ENTITY x "{"a" * 50_000}">', "&x;" * 50_000),
        ),
        ("laughs-recursive", 36, 400, "an entity that holds itself", doctype("laughs-recursive", '<!ENTITY x "&x;">')),
        (
            "laughs-in-a-circle",
            36,
            400,
            "two that hold one another",
            doctype("laughs-in-a-circle", '<!ENTITY x "&y;"><!ENTITY y "&x;">'),
        ),
        (
            "parameter-file",
            36,
            400,
            "a parameter entity reads a file",
            doctype("parameter-file", f'<!ENTITY % p SYSTEM "{PASSWD}"> %p;', ""),
        ),
        (
            "parameter-out-of-band",
            36,
            400,
            "a parameter entity sends a file away",
            doctype(
                "parameter-out-of-band", f'<!ENTITY % f SYSTEM "{PASSWD}"><!ENTITY % p SYSTEM "{NOWHERE}">%p;%f;', ""
            ),
        ),
        (
            "doctype-empty",
            36,
            400,
            "a DOCTYPE that declares nothing",
            submission("doctype-empty", head="<!DOCTYPE data>"),
        ),
        (
            "doctype-system",
            36,
            400,
            "an external DTD in a file",
            submission("doctype-system", head='<!DOCTYPE data SYSTEM "file:///etc/passwd">'),
        ),
        (
            "doctype-http",
            36,
            400,
            "an external DTD over the network",
            submission("doctype-http", head=f'<!DOCTYPE data SYSTEM "{NOWHERE}">'),
        ),
        (
            "doctype-public",
            36,
            400,
            "a public DTD that a catalogue may know",
            submission(
                "doctype-public",
                head='<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">',
            ),
        ),
        (
            "doctype-lower-case",
            36,
            400,
            "not even well-formed",
            submission("doctype-lower-case", head="<!doctype data>"),
        ),
        (
            "doctype-behind-comment",
            36,
            400,
            "behind a comment",
            doctype("doctype-behind-comment", system.format(PASSWD), before="<!-- a > b -->"),
        ),
        (
            "doctype-behind-odd-comment",
            36,
            400,
            "behind a comment that begins with > and seems to end at once",
            doctype("doctype-behind-odd-comment", '<!ENTITY x "ha">', before="<!--> <data> -->"),
        ),
        (
            "doctype-behind-odder-comment",
            36,
            400,
            "behind one that begins with ->",
            doctype("doctype-behind-odder-comment", '<!ENTITY x "ha">', before="<!---> <data> -->"),
        ),
        (
            "doctype-behind-instruction",
            36,
            400,
            "behind an instruction with a tag inside",
            doctype("doctype-behind-instruction", system.format(PASSWD), before="<?pi <data> ?>"),
        ),
        (
            "doctype-behind-declaration",
            36,
            400,
            "behind a declaration and lines",
            doctype("doctype-behind-declaration", system.format(PASSWD), before='<?xml version="1.0"?>\n\n'),
        ),
        (
            "doctype-utf-16",
            36,
            400,
            "hidden from a search for bytes",
            doctype("doctype-utf-16", system.format(PASSWD)).encode("utf-16"),
        ),
        (
            "doctype-utf-16-be",
            36,
            400,
            "and without a mark",
            doctype("doctype-utf-16-be", system.format(PASSWD)).encode("utf-16-be"),
        ),
        (
            "doctype-utf-7",
            36,
            400,
            "in UTF-7",
            b'<?xml version="1.0" encoding="UTF-7"?>' + doctype("doctype-utf-7", system.format(PASSWD)).encode("utf-7"),
        ),
        (
            "notation",
            36,
            400,
            "an unparsed entity with a program",
            doctype("notation", f'<!NOTATION n SYSTEM "/bin/sh"><!ENTITY x SYSTEM "{PASSWD}" NDATA n>', ""),
        ),
        (
            "default-attribute",
            36,
            400,
            "an instance ID by default",
            doctype("default-attribute", '<!ATTLIST data id CDATA "visit">', ""),
        ),
        (
            "element-model",
            36,
            400,
            "a content model that is exponential",
            doctype("element-model", "<!ELEMENT data ((a|a)*,(a|a)*,(a|a)*)>", ""),
        ),
        ("undeclared-entity", 36, 400, "an entity without a DTD", submission("undeclared-entity", "&nbsp;")),
        (
            "xinclude-file",
            36,
            201,
            "XInclude is an answer like another",
            submission(
                "xinclude-file", more=f'<i xmlns="http://www.w3.org/2001/XInclude" href="{PASSWD}" parse="text"/>'
            ),
        ),
        (
            "xinclude-http",
            36,
            201,
            "and is not fetched",
            submission("xinclude-http", more=f'<i xmlns="http://www.w3.org/2001/XInclude" href="{NOWHERE}"/>'),
        ),
        (
            "schema-location",
            36,
            201,
            "a schema is not fetched",
            submission(
                "schema-location",
                more=f'<i xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="a {NOWHERE}"/>',
            ),
        ),
        (
            "xml-base",
            36,
            201,
            "a base address means nothing",
            submission("xml-base", more=f'<i xml:base="{NOWHERE}/" href="x"/>'),
        ),
        (
            "xlink",
            36,
            201,
            "a link is not followed",
            submission("xlink", more=f'<i xmlns:l="http://www.w3.org/1999/xlink" l:href="{NOWHERE}" l:show="embed"/>'),
        ),
        (
            "stylesheet-file",
            36,
            400,
            "a stylesheet is refused",
            submission("stylesheet-file", head=f'<?xml-stylesheet type="text/xsl" href="{PASSWD}"?>'),
        ),
        (
            "stylesheet-http",
            36,
            400,
            "wherever it is",
            submission("stylesheet-http", head=f'<?xml-stylesheet type="text/xsl" href="{NOWHERE}"?>'),
        ),
        ("php", 36, 201, "an instruction to another interpreter", submission("php", more="<?php system('id'); ?>")),
        ("ssi", 36, 201, "a directive to a web server", submission("ssi", more='<!--#exec cmd="id" -->')),
    ]
    return lines
