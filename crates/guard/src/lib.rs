//! Who may be heard at all.
