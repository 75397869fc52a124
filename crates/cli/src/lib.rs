//! The program `ringfence`: its commands as functions, for the binary and for the tools of the workspace.

pub mod judge;
