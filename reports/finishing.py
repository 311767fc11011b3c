"""What WeasyPrint 70 leaves undone in a tagged PDF, mended with pikepdf so that one file is PDF/A-3a and PDF/UA-1.

Each step names the gap it closes. The input is our own rendering, so its shape is known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Literal
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, Operator, String

from reports.sealing.letters import one_line

_UA_SCHEMA = """<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 the file follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="3" pdfaid:conformance="A"/>
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate>
<xmp:CreatorTool>{creator}</xmp:CreatorTool><pdf:Producer>{producer}</pdf:Producer>
</rdf:Description>
{ua_schema}
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


class AttachmentError(ValueError):
    """An attachment that cannot travel inside a PDF; the message says which and why."""


@dataclass(frozen=True)
class Attachment:
    """A file inside the PDF. ``moment``: when it was last changed, UTC; of the data, so that bytes repeat."""

    name: str
    body: bytes = field(repr=False)
    mime: str
    description: str
    relationship: Literal["Data", "Source", "Supplement", "Alternative"]
    moment: datetime


def finish(
    raw: bytes, metadata: Mapping[str, str], link_texts: Mapping[str, str], attachments: Sequence[Attachment] = ()
) -> bytes:
    """The finished PDF. ``metadata``: title, author, subject, language, moment (ISO, with Z), creator, producer.

    ``link_texts`` says where each link goes: anchor name or address -> words. Raises AttachmentError.
    """
    _check_attachments(attachments)
    with pikepdf.open(BytesIO(raw)) as pdf:
        elements = list(_elements(pdf.Root.StructTreeRoot))
        _margin_boxes_to_artifacts(pdf, elements)
        _header_scopes(elements)
        _identifiers(pdf, elements)
        _figure_boxes(pdf, elements)
        _link_descriptions(pdf, link_texts)
        _metadata(pdf, metadata)
        _attach(pdf, attachments)
        out = BytesIO()
        pdf.save(
            out, deterministic_id=True, linearize=False,
            object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True,
        )  # fmt: skip
    return out.getvalue()


def _elements(node: pikepdf.Object) -> Iterator[Dictionary]:
    """Structure elements that can be reached from the root, in reading order."""
    kids = node.get("/K")
    if kids is None:
        return
    for kid in kids if isinstance(kids, Array) else [kids]:
        if isinstance(kid, Dictionary) and kid.get("/S") is not None:
            yield kid
            yield from _elements(kid)


def _margin_boxes_to_artifacts(pdf: pikepdf.Pdf, elements: list[Dictionary]) -> None:
    """Headers and footers are tagged as text but left out of the tree; they are pagination artifacts."""
    reachable = {e.objgen for e in elements}
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    owners = {int(numbers[i]): numbers[i + 1] for i in range(0, len(numbers), 2)}
    for page in pdf.pages:
        slots = owners[int(page.obj.StructParents)]
        orphans = {i for i, owner in enumerate(slots) if owner is not None and owner.objgen not in reachable}
        if not orphans:
            continue
        artifact = pikepdf.ContentStreamInstruction([Name.Artifact, Dictionary(Type=Name.Pagination)], Operator("BDC"))
        # What is not changed stays the object that was parsed: taking each apart takes twice as long.
        instructions = list(pikepdf.parse_content_stream(page))
        for at, one in enumerate(instructions):
            if one.operator == artifact.operator and _marks_one_of(one.operands[1], orphans):
                instructions[at] = artifact
        page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(instructions))
        for slot in orphans:
            slots[slot] = None


def _marks_one_of(properties: pikepdf.Object, orphans: set[int]) -> bool:
    return isinstance(properties, Dictionary) and "/MCID" in properties and int(properties.MCID) in orphans


def _header_scopes(elements: list[Dictionary]) -> None:
    """TH without Scope: a head in THead speaks for its column, one in the body for its row."""
    for element in elements:
        if element.S != Name.TH:
            continue
        row = element.P
        in_head = row.get("/P") is not None and Name.THead == row.P.S
        attributes = element.get("/A") or Dictionary(O=Name.Table)
        attributes.Scope = Name.Column if in_head else Name.Row
        element.A = attributes


def _identifiers(pdf: pikepdf.Pdf, elements: list[Dictionary]) -> None:
    """Cells point at their heads by ID, but ISO 32000 wants a tree that finds an element by ID."""
    found = sorted((bytes(e.ID), e) for e in elements if "/ID" in e)
    if not found:
        return
    names = Array([item for key, element in found for item in (String(key), element)])
    leaf = Dictionary(Names=names, Limits=Array([String(found[0][0]), String(found[-1][0])]))
    pdf.Root.StructTreeRoot.IDTree = Dictionary(Kids=Array([pdf.make_indirect(leaf)]))


def _figure_boxes(pdf: pikepdf.Pdf, elements: list[Dictionary]) -> None:
    """BBox comes in CSS pixels from the top of the page; PDF counts points from the bottom."""
    for element in elements:
        if Name.Figure != element.S or "/A" not in element or "/BBox" not in element.A:
            continue
        left, top, right, bottom = (Decimal(str(v)) * Decimal("0.75") for v in element.A.BBox)
        height = Decimal(str(element.Pg.MediaBox[3]))
        box = [round(v, 2) for v in (left, height - bottom, right, height - top)]
        element.A.BBox = Array(box)
        element.A.Placement = Name.Block


def _link_descriptions(pdf: pikepdf.Pdf, link_texts: Mapping[str, str]) -> None:
    """/Contents holds the anchor's name; a screen reader should hear where the link goes."""
    for page in pdf.pages:
        page.obj.Tabs = Name.S
        for annotation in page.obj.get("/Annots", []):
            if annotation.get("/Subtype") != Name.Link:
                continue
            annotation.F = 4
            target = str(annotation.get("/Contents", ""))
            annotation.Contents = String(link_texts.get(target, target))


def _metadata(pdf: pikepdf.Pdf, metadata: Mapping[str, str]) -> None:
    """Both conformance marks, the same title and dates in XMP and document information, left uncompressed."""
    packet = _XMP.format(**{k: escape(v) for k, v in metadata.items()}, ua_schema=_UA_SCHEMA)
    stream = pdf.make_stream(packet.encode())
    stream.Type, stream.Subtype = Name.Metadata, Name.XML
    pdf.Root.Metadata = stream
    pdf.Root.Lang = String(metadata["language"])
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    moment = "D:" + "".join(c for c in metadata["moment"] if c.isdigit()) + "Z"
    pdf.trailer.Info = pdf.make_indirect(
        Dictionary(
            Title=String(metadata["title"]), Author=String(metadata["author"]), Subject=String(metadata["subject"]),
            Creator=String(metadata["creator"]), Producer=String(metadata["producer"]),
            CreationDate=String(moment), ModDate=String(moment),
        )
    )  # fmt: skip


def _check_attachments(attachments: Sequence[Attachment]) -> None:
    """Names are shown to people and written to disk by their readers, so only plain file names."""
    names: set[str] = set()
    for one in attachments:
        if not one.name.strip(" .") or not one_line(one.name) or any(c in one.name for c in '/\\:*?"<>|'):
            raise AttachmentError(f"The attachment “{one.name}” cannot be put into the PDF: use a plain file name.")
        if one.name.casefold() in names:
            raise AttachmentError(f"Two attachments are called “{one.name}”; give each a name of its own.")
        if not one.description.strip():
            raise AttachmentError(f"The attachment “{one.name}” has no description; say what it holds.")
        names.add(one.name.casefold())


def _attach(pdf: pikepdf.Pdf, attachments: Sequence[Attachment]) -> None:
    """WeasyPrint would list each file twice in /AF and leave out what PDF/A-3 asks of it, so files come in here."""
    if not attachments:
        return
    # PDF/A-3 asks for UF, PDF/UA-1 for F beside it; a name tree is sorted by the bytes of its keys.
    listed = sorted(((bytes(String(a.name)), a) for a in attachments), key=lambda pair: pair[0])
    specifications = [pdf.make_indirect(_specification(pdf, one)) for _, one in listed]
    names = Array([item for (key, _), spec in zip(listed, specifications, strict=True) for item in (String(key), spec)])
    limits = Array([String(listed[0][0]), String(listed[-1][0])])
    leaf = pdf.make_indirect(Dictionary(Names=names, Limits=limits))
    if "/Names" not in pdf.Root:
        pdf.Root.Names = Dictionary()
    pdf.Root.Names.EmbeddedFiles = Dictionary(Kids=Array([leaf]))
    pdf.Root.AF = Array(specifications)


def _specification(pdf: pikepdf.Pdf, attachment: Attachment) -> Dictionary:
    moment = attachment.moment
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    stream = pdf.make_stream(attachment.body)
    stream.Type, stream.Subtype = Name.EmbeddedFile, Name("/" + attachment.mime)
    stream.Params = Dictionary(
        Size=len(attachment.body), ModDate=String(f"D:{moment:%Y%m%d%H%M%S}Z"),
        # MD5 is what ISO 32000 puts here; it finds damage, the seal finds tampering.
        CheckSum=String(hashlib.md5(attachment.body, usedforsecurity=False).digest()),
    )  # fmt: skip
    return Dictionary(
        Type=Name.Filespec, F=String(attachment.name), UF=String(attachment.name),
        Desc=String(attachment.description), AFRelationship=Name("/" + attachment.relationship),
        EF=Dictionary(F=stream, UF=stream),
    )  # fmt: skip
