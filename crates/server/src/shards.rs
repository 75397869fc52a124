//! The shards of the running program, for those who ask them something.

use crate::control::Fault;
use ringfence_edge::{Edge, Refused};
use ringfence_gate::{Gate, Input};
use ringfence_model::Now;
use std::time::Duration;
use tokio::sync::oneshot;

/// A shard that does not answer within this time is in trouble.
const PATIENCE: Duration = Duration::from_secs(5);

/// The shards of the running program.
pub struct Shards {
    edge: Edge,
    count: u8,
}

impl Shards {
    /// Those of a running rim.
    #[must_use]
    pub fn new(edge: Edge) -> Self {
        let count = u8::try_from(edge.shards()).unwrap_or(u8::MAX);
        Self { edge, count }
    }

    /// The rim.
    #[must_use]
    pub const fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Gives the rim back, to be stopped.
    #[must_use]
    pub fn into_edge(self) -> Edge {
        self.edge
    }

    /// How many.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// Runs `question` on a shard between two inputs and gives its answer.
    ///
    /// # Errors
    /// When the shard does not take questions, or does not answer in time.
    pub async fn ask<T: Send + 'static>(
        &self,
        shard: u8,
        question: impl FnOnce(&mut Gate, Now) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let ask = move |gate: &mut Gate, now| {
            // Whoever asked may be gone.
            let _ = answer.send(question(gate, now));
        };
        self.edge.ask(shard, ask).map_err(refused)?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(Fault::new(
                format!("shard {shard} does not answer"),
                "see the log; restart Ringfence if it stays so",
            )),
        }
    }

    /// Asks every shard the same, in order.
    ///
    /// # Errors
    /// The first shard that does not answer.
    pub async fn each<T: Send + 'static>(
        &self,
        question: impl Fn(&mut Gate, Now) -> T + Clone + Send + 'static,
    ) -> Result<Vec<T>, Fault> {
        let mut answers = Vec::with_capacity(usize::from(self.count));
        for shard in 0..self.count {
            answers.push(self.ask(shard, question.clone()).await?);
        }
        Ok(answers)
    }

    /// Gives every shard the same input.
    ///
    /// # Errors
    /// The first shard that does not take it.
    pub async fn tell(&self, input: Input<'static>) -> Result<(), Fault> {
        for shard in 0..self.count {
            let input = input.clone();
            self.ask(shard, move |gate, now| gate.handle(now, input)).await?;
        }
        Ok(())
    }
}

fn refused(refused: Refused) -> Fault {
    Fault::new(refused.to_string(), "try again")
}
