"""Small files as the portal makes them, sealed or tampered with, for the tests of sealing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name as name
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from reports.finishing import Attachment
from reports.pdf import html_to_pdf
from reports.sealing.keys import SealKey
from reports.sealing.seal import SealStep

DATA = "4f" * 32
METADATA = {
    "title": "Monthly return", "author": "The fund", "subject": f"OFFICIAL. Draft. Data {DATA}.", "language": "en-GB",
    "moment": "2024-01-01T00:00:00Z", "creator": "Portal", "producer": "P",
}  # fmt: skip
BODY = """<h1>Monthly return</h1><p>Words. <a href="#b">To the figures</a></p>
<h2 id="b">Figures</h2><table><caption>Crimes</caption><thead><tr><th>Month</th><th>Crimes</th></tr></thead>
<tbody><tr><th>October</th><td>3</td></tr></tbody></table>"""
MOMENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
ATTACHMENTS = (
    Attachment("tables.csv", b"month,crimes\n2023-10,3\n", "text/csv", "Every table of the return", "Data", MOMENT),
    Attachment("case study – evidence.txt", b"x" * 3000, "text/plain", "Evidence", "Supplement", MOMENT),
)
STEPS = (
    SealStep("approved", "A Person, senior responsible owner", datetime(2024, 1, 5, 10, tzinfo=UTC), "Figures checked"),
    SealStep("certified", "Ünal\u00a0Ō’Neil – chief finance officer", datetime(2024, 1, 6, 11, tzinfo=UTC), "Spend: agreed"),
    SealStep("submitted", "Return manager", datetime(2024, 1, 7, 12, 30, 1, tzinfo=UTC), "", "Testford"),
)  # fmt: skip


def page_of(body: str) -> str:
    return f'<!doctype html><html lang="en-GB"><head><title>T</title></head><body>{body}</body></html>'


def made(body: str = BODY, attachments: tuple[Attachment, ...] = ATTACHMENTS) -> bytes:
    return html_to_pdf(page_of(body), {}, accent="#12436D", metadata=METADATA, attachments=attachments)


# --- keys ---------------------------------------------------------------------------------------------------------


def certificate(
    subject: str, private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, issuer: SealKey | None = None, *,
    authority: bool = False, until: datetime = datetime(2090, 1, 1, tzinfo=UTC), signing: bool = True,
) -> x509.Certificate:  # fmt: skip
    usage = x509.KeyUsage(
        digital_signature=signing, content_commitment=signing, key_encipherment=not signing, data_encipherment=False,
        key_agreement=False, key_cert_sign=authority, crl_sign=authority, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    return (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer.certificate.subject if issuer else own)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer.private_key if issuer else private, hashes.SHA256())
    )


def key_of(subject: str, issuer: SealKey | None = None, *, authority: bool = False) -> SealKey:
    """An elliptic-curve key, which is quickly made; certified by ``issuer`` or by itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    chain = (issuer.certificate, *issuer.chain) if issuer else ()
    return SealKey(private, certificate(subject, private, issuer, authority=authority), chain)


def asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


# --- what others may do to a file -----------------------------------------------------------------------------------


class _Quiet(IncrementalPdfFileWriter):
    """Writes the change and leaves the metadata alone."""

    def _update_meta(self) -> None:
        pass


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """``pdf`` with an incremental update, as a PDF editor saves one."""
    writer, out = _Quiet(BytesIO(pdf)), BytesIO()
    change(writer)
    writer.write(out)
    return out.getvalue()


def turn_page(writer: IncrementalPdfFileWriter) -> None:
    page, _ = writer.find_page_for_modification(0)
    page.get_object()[name("/Rotate")] = generic.NumberObject(90)
    writer.mark_update(page)


def add_page(writer: IncrementalPdfFileWriter) -> None:
    page, _ = writer.find_page_for_modification(0)
    pages = writer.root["/Pages"]
    pages["/Kids"].append(writer.add_object(generic.DictionaryObject(page.get_object())))
    pages["/Count"] = generic.NumberObject(pages["/Count"] + 1)
    writer.update_container(pages)


def add_annotation(writer: IncrementalPdfFileWriter) -> None:
    page, _ = writer.find_page_for_modification(0)
    note = generic.DictionaryObject({
        name("/Type"): name("/Annot"), name("/Subtype"): name("/FreeText"), name("/Contents"): pdf_string("APPROVED"),
        name("/Rect"): generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 300, 100)]),
    })  # fmt: skip
    held = page.get_object()
    held["/Annots"] = generic.ArrayObject([*held.get("/Annots", ()), writer.add_object(note)])
    writer.mark_update(page)


def replace_attachment(writer: IncrementalPdfFileWriter) -> None:
    leaf = writer.root["/Names"]["/EmbeddedFiles"]["/Kids"][0]
    forged = generic.StreamObject({name("/Type"): name("/EmbeddedFile")}, stream_data=b"month,crimes\n2023-10,0\n")
    specification = leaf["/Names"][3]
    specification["/EF"] = generic.DictionaryObject({name("/F"): writer.add_object(forged)})
    writer.update_container(specification)


def rename_attachment(writer: IncrementalPdfFileWriter) -> None:
    """To what clears a terminal and writes a line of its own there."""
    leaf = writer.root["/Names"]["/EmbeddedFiles"]["/Kids"][0]
    leaf["/Names"][2] = pdf_string("t\x1b[2J\nwhole")
    writer.update_container(leaf)


def change_title(writer: IncrementalPdfFileWriter) -> None:
    held = writer.trailer["/Info"]
    held["/Title"] = pdf_string("Another return")
    writer.update_container(held)


def change_metadata(writer: IncrementalPdfFileWriter) -> None:
    held = writer.root["/Metadata"]
    fresh = generic.StreamObject(
        {name("/Type"): name("/Metadata"), name("/Subtype"): name("/XML")},
        stream_data=bytes(held.data).replace(b"Monthly return", b"Another return"),
    )
    writer.root["/Metadata"] = writer.add_object(fresh)
    writer.update_root()


def swap_root(writer: IncrementalPdfFileWriter) -> None:
    """A second catalogue beside the first, with nothing overwritten."""
    other = generic.DictionaryObject(writer.root)
    other[name("/Lang")] = pdf_string("cy")
    writer.trailer["/Root"] = writer._root = writer.add_object(other)


def widen_field(writer: IncrementalPdfFileWriter) -> None:
    """The field of the next seal, which is written anyway, drawn over the page."""
    field = writer.root["/AcroForm"]["/Fields"][1]
    field["/Rect"] = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 500, 800)])


TAMPERINGS = {
    turn_page: "Page 1 was turned.",
    add_page: "The file had 1 page and now has 2.",
    add_annotation: "Annotations were added to page 1: 1.",
    replace_attachment: "The attachment “tables.csv” was replaced.",
    change_title: "The document's title was changed.",
    change_metadata: "The document's details (metadata) were changed.",
    swap_root: "The file had the language changed.",
}
