//! Sockets, TLS, names, the only clock read.
