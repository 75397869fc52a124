//! Whole calls through [`ringfence_call::Calls`], in virtual time.

mod basic;
mod world;
