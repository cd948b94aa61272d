"""Sealed fields: every personal value under a key of its owner, found again by blind index only.

Read `runtime.Vault` first. `keyring` holds the key-encryption keys, `owners` the wrapped data keys, `formats` the bytes
of a sealed value, `orm` the mapped attribute, `blind` the indexes. Design: AES-256-GCM (NIST SP 800-38D), HKDF
(RFC 5869), HMAC-SHA-256 (RFC 2104).
"""
