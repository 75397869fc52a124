//! What an answer does: on record first, so that it is given once; then the node; and taken back where the node cannot.

use crate::app::App;
use crate::node::{ApproveOrder, BlockOrder, Destined};
use crate::refusal::Refusal;
use crate::resource::blocks::row_of;
use ringfence_model::{ExtensionId, Level, Money, TenantId};
use ringfence_store::{Act, Answer, Approval, StoreError};
use std::sync::Arc;

/// Answers. `amount` is the most that may be spent under an approval.
pub async fn settle(
    app: &Arc<App>,
    act: Act,
    of: Approval,
    (answer, amount): (Answer, Money),
) -> Result<(), Refusal> {
    let (id, on_record) = (of.id.clone(), act.clone());
    app.work(move |store| match store.answer_approval(&on_record, &id, answer) {
        Err(StoreError::Refused(said)) => Err(Refusal::Conflict {
            code: "answered",
            message: said,
            hint: "see the list of approvals",
        }),
        done => Ok(done?),
    })
    .await?;
    let done = carry_out(app, &act, &of, answer, amount).await;
    if done.is_err() {
        let (id, act) = (of.id, Act { what: "approval.reopen".to_owned(), ..act });
        app.work(move |store| Ok(store.reopen_approval(&act, &id)?)).await?;
    }
    done
}

async fn carry_out(
    app: &Arc<App>,
    act: &Act,
    of: &Approval,
    answer: Answer,
    amount: Money,
) -> Result<(), Refusal> {
    let unreadable = |_| Refusal::Broken;
    let to = match answer {
        Answer::No => return Ok(()),
        Answer::Block => return block(app, act, of).await,
        Answer::Number => Destined::Number(of.number.parse().map_err(|_| Refusal::Broken)?),
        Answer::Country => Destined::Country(of.country.parse().map_err(unreadable)?),
    };
    let order = ApproveOrder { tenant: of.tenant.clone(), to, amount, by: act.who.clone() };
    Ok(app.node().approve(order).await?)
}

/// National calls only, for who called, until somebody with a login lifts it.
async fn block(app: &Arc<App>, act: &Act, of: &Approval) -> Result<(), Refusal> {
    let order = BlockOrder {
        tenant: TenantId::new(of.tenant.as_str()),
        extension: of.extension.as_deref().map(ExtensionId::new),
        level: Level::National,
        until: None,
        by: act.who.clone(),
    };
    let set = app.node().block(order.clone()).await?;
    let row = row_of(order, set, act, of.case.clone());
    let act = Act { what: "block.set".to_owned(), ..act.clone() };
    // It is in force, whatever the record says: who answered is not told otherwise.
    app.work(move |store| {
        if let Err(error) = store.record_block(&act, &row) {
            tracing::warn!(block = row.id, "a block is in force and not on record: {error}");
        }
        Ok(())
    })
    .await
}
