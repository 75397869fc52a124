//! Blocks as the outside sees them: set and lifted by the gate's own words, held against every call it lets through.

use anyhow::{Result, ensure};
use ringfence_model::{
    Attempt, Block, Destination, Kind, Level, Origin, TenantId, TrafficClass, WallTime,
};
use std::collections::BTreeMap;

/// The blocks in force.
#[derive(Default)]
pub struct Standing {
    blocks: BTreeMap<TenantId, Vec<Block>>,
}

impl Standing {
    /// A block was announced.
    ///
    /// # Errors
    /// When the engine goes further than paid calls.
    pub fn set(&mut self, block: &Block) -> Result<()> {
        ensure!(
            block.origin != Origin::Engine || block.level < Level::Geographic,
            "the engine blocks national calls: {block:?}"
        );
        let held = self.blocks.entry(block.scope.tenant().clone()).or_default();
        // An equal or weaker block of the same scope is replaced without a word.
        held.retain(|b| {
            b.scope != block.scope || b.level > block.level || b.shadow != block.shadow
        });
        held.push(block.clone());
        Ok(())
    }

    /// A block was lifted.
    pub fn lift(&mut self, block: &Block) {
        if let Some(held) = self.blocks.get_mut(block.scope.tenant()) {
            held.retain(|b| b.id != block.id);
        }
    }

    /// Whether the caller is suspended.
    #[must_use]
    pub fn suspends(&self, attempt: &Attempt, wall: WallTime) -> bool {
        let mut held = self.blocks.get(&attempt.tenant).into_iter().flatten();
        held.any(|block| {
            block.level == Level::Suspended
                && !block.shadow
                && block.until.is_none_or(|until| until > wall)
                && block.scope.covers(attempt.extension.as_ref())
        })
    }

    /// A call was let through.
    ///
    /// # Errors
    /// When a block in force forbids it.
    pub fn allows(&self, attempt: &Attempt, to: &Destination, wall: WallTime) -> Result<()> {
        let held = self.blocks.get(&attempt.tenant).into_iter().flatten();
        for block in held.filter(|b| !b.shadow && b.until.is_none_or(|until| until > wall)) {
            let covered = block.scope.covers(attempt.extension.as_ref());
            ensure!(
                !covered || still_works(block.level, to),
                "call {} was let through against {block:?}",
                attempt.call
            );
        }
        Ok(())
    }
}

/// The ladder of the design, in words of its own: what still works on each level.
#[must_use]
pub fn still_works(level: Level, to: &Destination) -> bool {
    use TrafficClass as C;
    let working: &[C] = match level {
        Level::Open => &C::ALL,
        Level::Guarded => &[C::Internal, C::National, C::Mobile, C::Service, C::International],
        Level::National => &[C::Internal, C::National, C::Mobile, C::Service],
        Level::Geographic if to.kind != Kind::Fixed => &[C::Internal],
        Level::Geographic => &[C::Internal, C::National],
        Level::Internal => &[C::Internal],
        Level::Suspended => &[],
    };
    working.contains(&to.class())
}
