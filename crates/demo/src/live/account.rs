//! What an attack cost and what was prevented, as the records of the firewall have it.

use ringfence_model::{Direction, Money, TenantId, WallTime};
use ringfence_store::{CaseFilter, CdrFilter, Outcome, Result, Store};

/// Records that are looked at.
const RECORDS: u32 = 200;
/// The newest cases of a customer.
const CASES: u32 = 5;

/// The account of one attack.
#[derive(Clone, Debug)]
pub struct Account {
    /// What was spent.
    pub lost: Money,
    /// What the first minute of each refused call would have cost.
    pub prevented: Money,
    /// Refused calls.
    pub refused: usize,
    /// The case, once there is one.
    pub case: Option<String>,
    tenant: TenantId,
    filter: CdrFilter,
    began: WallTime,
}

impl Account {
    /// Of calls of an extension to numbers that begin so, from `began` on.
    #[must_use]
    pub fn new((tenant, extension): (&str, &str), prefix: &str, began: WallTime) -> Self {
        let tenant = TenantId::new(tenant);
        let filter = CdrFilter {
            tenant: Some(tenant.clone()),
            extension: Some(extension.into()),
            direction: Some(Direction::Outbound),
            b_number: Some(format!("+{prefix}")),
            from: Some(began),
            ..CdrFilter::default()
        };
        let none = Money::ZERO;
        Self { lost: none, prevented: none, refused: 0, case: None, tenant, filter, began }
    }

    /// Reads it again.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(&mut self, store: &Store) -> Result<()> {
        let records = store.cdrs(&self.filter, RECORDS)?;
        let sum = |of: fn(&ringfence_store::CdrRow) -> Money| {
            Money(records.iter().map(|record| of(record).0).sum())
        };
        self.lost = sum(|record| record.cost);
        self.prevented = sum(|record| record.prevented);
        self.refused = records.iter().filter(|of| of.outcome == Outcome::Refused).count();
        let whose = CaseFilter { tenant: Some(self.tenant.clone()), ..CaseFilter::default() };
        let mut cases = store.cases(&whose, CASES)?.into_iter();
        self.case = cases.find(|case| case.active >= self.began).map(|case| case.id);
        Ok(())
    }
}
