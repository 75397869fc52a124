//! Session descriptions (RFC 8866), as far as an edge must read them.
