//! What is needed to say something.

use crate::{Directory, Mint, Outbox, Responder, Transactions};

/// What one part of the signalling borrows from the rest of it while it handles an input.
#[derive(Debug)]
pub struct Wire<'a> {
    /// Who is who.
    pub directory: &'a Directory,
    /// Requests and responses under way.
    pub transactions: &'a mut Transactions,
    /// Makes tags, branches and Call-IDs.
    pub mint: &'a mut Mint,
    /// Begins responses.
    pub responder: &'a Responder,
    /// What is to be said.
    pub out: &'a mut Outbox,
}
