//! The REST API: people and their rights, what the store keeps, and orders to the running node.
//!
//! Everything is in one table, [`routes`]: method, path, what it needs, and the typed function that answers. Router,
//! reference (OpenAPI) and the test of rights are made from it. A request is checked in `http/route.rs`, in one order,
//! before its function sees it.
//!
//! Clock, chance and the running node are arguments ([`State`]); sockets and TLS are the server's.

mod access;
mod app;
mod approve;
mod backtests;
mod caller;
mod deck;
mod desk;
mod fetch;
mod http;
mod inquire;
mod node;
mod people;
pub mod plan;
mod refusal;
mod resource;
mod rights;
mod router;
mod routes;
mod secret;
mod stored;
mod time;
mod watch;

pub use app::{App, Clock, Settings, StartError, State, check_public_url};
pub use approve::links::{Links, Named};
pub use caller::KEY_PREFIX;
pub use deck::{DeckAsk, DeckColumn, DeckDoubt, DeckPrice, DeckReport, DeckRow};
pub use fetch::{Fetch, Fetched, Oidc, Request, Response};
pub use http::route::{Needs, Route};
pub use inquire::{
    Backtest, BacktestAsk, BacktestFound, Changed, ExplainAsk, Explanation, Inquire, MaxLossView,
    NumberAsk, NumberVerdict, NumberView, PriceView, Progress, ReasonView, Spans, Verdicts,
};
pub use node::{
    ApproveOrder, Approver, BanOrder, BanView, BlockOrder, Destined, Fault, Node, NodeStatus,
    RegistrationView, RunningCall, SetBlock, Told, TrunkView,
};
pub use people::proposals::tend;
pub use people::within;
pub use refusal::{Refusal, RefusalBody};
pub use resource::settings::revert::reverting;
pub use rights::{Grant, Permission, Place, Reach, Role, allows};
pub use router::{reference, router, router_with};
pub use routes::routes;
pub use secret::Chance;
pub use stored::claims as reseller_claims;
pub use time::{Amount, Time};
pub use watch::{Seen, Watch};
