"""A phone that encrypts: what ODK Collect does with a form that carries a public key, step by step.

Source: ODK XForms specification, encryption. Written apart from `app/sealing/phone_encryption.py`, to be compared.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64decode, b64encode

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_der_public_key


class EncryptingPhone:
    """Encrypts for one form. `mask`: the hash in the mask of the key's padding, which providers choose differently."""

    def __init__(self, form_xml: bytes, mask: hashes.HashAlgorithm | None = None) -> None:
        text = form_xml.decode()
        (key,) = re.findall(r'base64RsaPublicKey="([^"]+)"', text)
        self.form_id, self.version = re.findall(r'<data[^>]* id="([^"]+)" version="([^"]+)"', text)[0]
        public = load_der_public_key(b64decode(key))
        assert isinstance(public, rsa.RSAPublicKey)
        self._public, self._mask = public, mask or hashes.SHA256()

    def encrypt(self, instance_id: str, xml: bytes, files: dict[str, bytes]) -> tuple[bytes, dict[str, bytes]]:
        """The envelope, and the encrypted files by name: the media in their order, the answers last."""
        key = secrets.token_bytes(32)
        vector = bytearray(hashlib.md5(instance_id.encode() + key).digest())
        sent: dict[str, bytes] = {}
        for number, (name, content) in enumerate([*files.items(), ("submission.xml", xml)]):
            vector[number % 16] = (vector[number % 16] + 1) & 0xFF
            padder = PKCS7(128).padder()
            padded = padder.update(content) + padder.finalize()
            encryptor = Cipher(algorithms.AES(key), CFB(bytes(vector))).encryptor()
            sent[f"{name}.enc"] = encryptor.update(padded) + encryptor.finalize()
        sealed_key = self._public.encrypt(key, padding.OAEP(padding.MGF1(self._mask), hashes.SHA256(), None))
        media = "".join(f"<media><file>{name}.enc</file></media>" for name in files)
        envelope = (
            f'<data xmlns="http://www.opendatakit.org/xforms/encrypted" encrypted="yes" id="{self.form_id}"'
            f' version="{self.version}"><base64EncryptedKey>{b64encode(sealed_key).decode()}</base64EncryptedKey>'
            f'<orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>{instance_id}</orx:instanceID></orx:meta>'
            f"{media}<encryptedXmlFile>submission.xml.enc</encryptedXmlFile>"
            "<base64EncryptedElementSignature>bm90IGxvb2tlZCBhdA==</base64EncryptedElementSignature></data>"
        )
        return envelope.encode(), sent
