//! The table of routes: what there is, and what each needs. Router, reference and the test of rights are made from it.

use crate::http::route::{Needs, Route};
use crate::people::{access, invite, keys, login, me, oidc, proposals, setup, users};
use crate::resource::settings::of_tenant::{self, NewContact, NewExtension, NewNotification};
use crate::resource::settings::{plan, policy, revert, tariff, tenants, trunks};
use crate::resource::{
    adviser, alerts, approvals, audit, bans, blocks, calls, cases, events, evidence, export,
    health, live, loss, node, notices, numbers, office, replays, reports, usage,
};
use crate::rights::Permission as P;
use axum::http::Method;

const ANYBODY: Needs = Needs::Nothing;
const LOGIN: Needs = Needs::Login;
const PERSON: Needs = Needs::Person;

macro_rules! routes {
    ($($method:ident $path:literal $needs:expr, $handler:path, $summary:literal $(, $mark:ident)*;)*) => {
        vec![$(
            Route::new(Method::$method, $path, $needs, $summary, $handler)$(.$mark())*,
        )*]
    };
}

/// All routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    let mut all = for_everybody();
    all.extend(for_the_own_login());
    all.extend(for_people());
    all.extend(for_work());
    all.extend(for_settings());
    all
}

const fn right(permission: P) -> Needs {
    Needs::Right(permission)
}

fn for_everybody() -> Vec<Route> {
    routes! {
        GET "/v1/healthz" ANYBODY, health::alive, "Whether it lives";
        GET "/v1/readyz" ANYBODY, health::ready, "Whether it should be given work; 503 when not";
        GET "/v1/setup" ANYBODY, setup::needed, "Whether the first person is still to be set up";
        POST "/v1/setup" ANYBODY, setup::first_person, "Sets up the first person";
        POST "/v1/invitation" ANYBODY, invite::take, "Takes an invitation: sets the first password";
        POST "/v1/login" ANYBODY, login::password, "Logs in with a password";
        POST "/v1/login/passkey/begin" ANYBODY, login::passkey_begin, "Begins a login with a passkey alone";
        POST "/v1/login/passkey" ANYBODY, login::passkey_finish, "Logs in with a passkey alone";
        GET "/v1/login/oidc" ANYBODY, oidc::offered, "Whether one can log in at a provider (OpenID Connect)";
        POST "/v1/login/oidc/begin" ANYBODY, oidc::begin, "Begins a login at the provider";
        POST "/v1/login/oidc" ANYBODY, oidc::finish, "Logs in with what the provider gave the browser";
    }
}

fn for_the_own_login() -> Vec<Route> {
    routes! {
        POST "/v1/login/totp" LOGIN, login::totp, "Gives an authenticator's code as second factor";
        POST "/v1/login/recovery" LOGIN, login::recovery_code, "Gives a recovery code as second factor";
        POST "/v1/login/second/passkey/begin" LOGIN, login::second_passkey_begin, "Begins to give a passkey as second factor";
        POST "/v1/login/second/passkey" LOGIN, login::second_passkey_finish, "Gives a passkey as second factor";
        POST "/v1/logout" LOGIN, login::logout, "Ends the session", quiet;
        GET "/v1/me" LOGIN, login::me, "Who is logged in, and what must be done next";
        POST "/v1/me/totp/begin" LOGIN, me::totp_begin, "Makes a secret for an authenticator app";
        POST "/v1/me/totp" LOGIN, me::totp_finish, "Adds the authenticator with its first code";
        DELETE "/v1/me/totp" PERSON, me::totp_remove, "Removes the authenticator", quiet;
        POST "/v1/me/passkeys/begin" LOGIN, me::passkey_begin, "Begins to add a passkey";
        POST "/v1/me/passkeys" LOGIN, me::passkey_finish, "Adds a passkey";
        GET "/v1/me/passkeys" PERSON, me::passkeys, "The own passkeys";
        DELETE "/v1/me/passkeys/{id}" PERSON, me::passkey_remove, "Removes a passkey", quiet;
        POST "/v1/me/recovery-codes" PERSON, me::recovery_codes, "New recovery codes; the old ones are void";
        POST "/v1/me/password" PERSON, me::change_password, "Changes the password; other sessions end", quiet;
        GET "/v1/me/sessions" PERSON, me::sessions, "The own sessions";
        DELETE "/v1/me/sessions/{id}" PERSON, me::session_end, "Ends an own session", quiet;
    }
}

fn for_people() -> Vec<Route> {
    routes! {
        GET "/v1/users" right(P::ReadPeople), users::list, "Users, by login";
        POST "/v1/users" right(P::ChangePeople), users::make, "Makes a user and invites them", grave;
        GET "/v1/users/{id}" right(P::ReadPeople), users::one, "A user";
        PATCH "/v1/users/{id}" right(P::ChangePeople), users::change, "Changes name or whether they may log in", conditional;
        DELETE "/v1/users/{id}" right(P::ChangePeople), users::remove, "Removes a user", conditional, quiet;
        PUT "/v1/users/{id}/grants" right(P::ChangePeople), users::change_grants, "Changes what somebody may do", conditional, grave;
        POST "/v1/users/{id}/reset" right(P::ChangePeople), users::reset, "Takes password and factors away and invites anew", grave;
        DELETE "/v1/users/{id}/sessions" right(P::ChangePeople), users::end_sessions, "Ends all sessions of a user", quiet;
        GET "/v1/keys" right(P::ReadPeople), keys::list, "API keys, newest first";
        POST "/v1/keys" right(P::ChangeKeys), keys::make, "Makes an API key; its secret is shown once", making;
        DELETE "/v1/keys/{id}" right(P::ChangeKeys), keys::revoke, "Revokes an API key", quiet;
        GET "/v1/proposals" PERSON, proposals::list, "Acts that wait for a second person, newest first";
        POST "/v1/proposals/{id}/approve" PERSON, proposals::approve, "Approves what another proposed, and carries it out", grave;
        POST "/v1/proposals/{id}/refuse" PERSON, proposals::refuse, "Refuses a proposal, or takes the own one back", quiet;
        GET "/v1/access" right(P::ReadSettings), access::read, "From where and when people may come in";
        PUT "/v1/access" right(P::ChangePeople), access::change, "Changes from where and when people may come in", conditional;
        GET "/v1/audit" right(P::ReadAudit), audit::list, "Who did what, newest first";
        GET "/v1/audit/verify" right(P::ReadAudit), audit::verify, "Checks the chain of the audit log";
    }
}

fn for_work() -> Vec<Route> {
    routes! {
        GET "/v1/blocks" right(P::ReadBlocks), blocks::list, "Blocks, newest first";
        POST "/v1/blocks" right(P::Block), blocks::set, "Sets a block", making;
        GET "/v1/blocks/{id}" right(P::ReadBlocks), blocks::one, "A block";
        POST "/v1/blocks/{id}/lift" right(P::Unblock), blocks::lift, "Lifts a block; limits are tight for a while", grave;
        GET "/v1/alerts" right(P::ReadCases), alerts::list, "Alerts, newest first";
        GET "/v1/cases" right(P::ReadCases), cases::list, "Cases, newest first";
        GET "/v1/cases/{id}" right(P::ReadCases), cases::one, "A case with its events and notes";
        PUT "/v1/cases/{id}/decision" right(P::DecideCases), cases::decide, "Says what a case was", conditional;
        PUT "/v1/cases/{id}/hold" right(P::DecideCases), cases::hold, "Keeps the records of a case whatever their age", conditional;
        POST "/v1/cases/{id}/notes" right(P::DecideCases), cases::note, "Adds a note to a case", making;
        GET "/v1/calls" right(P::ReadCalls), calls::list, "Call records, newest first";
        GET "/v1/calls/{id}" right(P::ReadCalls), calls::one, "A call record";
        GET "/v1/calls/{id}/explanation" right(P::ReadCalls), calls::explain, "Why something was done about a call, in words";
        GET "/v1/live-calls" right(P::ReadCalls), live::list, "Calls that ring or run";
        POST "/v1/live-calls/{id}/cut" right(P::CutCalls), live::cut, "Ends a running call", quiet;
        GET "/v1/usage" right(P::ReadReports), usage::report, "Sums of call records";
        GET "/v1/adviser/setup" right(P::ReadSettings), adviser::setup, "What to put into a PBX so that it asks here";
        GET "/v1/reports/office-hours" right(P::ReadReports), office::report, "Calls inside and outside office hours";
        GET "/v1/reports/longest-calls" right(P::ReadCalls), reports::longest, "The longest calls of a tenant";
        GET "/v1/reports/repeated-calls" right(P::ReadCalls), reports::repeated, "Numbers an extension called again and again, the most first";
        GET "/v1/numbers/{number}" right(P::ReadSettings), numbers::inspect, "What dialled digits are and cost, and what would become of a call";
        GET "/v1/tenants/{tenant}/max-loss" right(P::ReadReports), loss::most, "The most a tenant can lose before a stop, and what is at risk now";
        GET "/v1/replays" right(P::ReadSettings), replays::list, "Drafts of policies that were tried on history, newest first";
        POST "/v1/replays" right(P::ChangeSettings), replays::begin, "Tries a draft of a policy on stored call records", making;
        GET "/v1/replays/{id}" right(P::ReadSettings), replays::one, "How far a replay is, and what it found";
        POST "/v1/replays/{id}/cancel" right(P::ChangeSettings), replays::cancel, "Calls a replay off", quiet;
        GET "/v1/cases/{id}/evidence" right(P::ReadCases), evidence::of_case, "What belongs to a case: calls, sources, changes of settings, logins";
        GET "/v1/cases/{id}/export" right(P::ReadCalls), export::of_case, "The evidence of a case as a zip, with a list of hashes";
        GET "/v1/approvals" right(P::ReadCases), approvals::list, "Refused calls that somebody is asked to approve, newest first";
        POST "/v1/approvals/{id}/answer" right(P::Unblock), approvals::answer, "Approves or refuses";
        GET "/v1/notices" right(P::ReadCases), notices::list, "What people and programs were told, or are still to be, newest first";
        POST "/v1/tenants/{tenant}/contacts/{id}/trial" right(P::ChangeSettings), notices::trial, "Sends a contact a trial message", quiet;
        GET "/v1/tenants/{tenant}/incident-plan" right(P::ReadCases), notices::incident_plan, "What is to be done when it is fraud, and who is called, in order";
        GET "/v1/events" right(P::ReadCases), events::listen, "Live data, as server-sent events";
        GET "/v1/node" right(P::ReadNode), node::status, "How the node is";
        GET "/v1/node/trunks" right(P::ReadNode), node::trunks, "How trunks are";
        GET "/v1/node/registrations" right(P::ReadNode), node::registrations, "Where phones are";
        GET "/v1/node/bans" right(P::ReadNode), bans::list, "Who is not heard";
        POST "/v1/node/bans" right(P::OperateNode), bans::set, "Hears a network no more", quiet;
        POST "/v1/node/bans/lift" right(P::OperateNode), bans::lift, "Hears a network again", quiet;
    }
}

fn for_settings() -> Vec<Route> {
    routes! {
        GET "/v1/tenants" right(P::ReadSettings), tenants::list, "Tenants, by name";
        POST "/v1/tenants" right(P::ChangeTenants), tenants::make, "Makes a tenant", making, grave;
        GET "/v1/tenants/{tenant}" right(P::ReadSettings), tenants::one, "A tenant";
        PUT "/v1/tenants/{tenant}" right(P::ChangeSettings), tenants::put, "Sets a tenant", conditional, grave;
        PATCH "/v1/tenants/{tenant}" right(P::ChangeSettings), tenants::patch, "Changes fields of a tenant", conditional, grave;
        DELETE "/v1/tenants/{tenant}" right(P::ChangeTenants), tenants::remove, "Removes a tenant with all it has", conditional;
        GET "/v1/tenants/{tenant}/policy" right(P::ReadSettings), policy::one, "The policy of a tenant, or the default";
        PUT "/v1/tenants/{tenant}/policy" right(P::ChangeSettings), policy::put, "Sets the policy of a tenant", conditional, grave;
        PATCH "/v1/tenants/{tenant}/policy" right(P::ChangeSettings), policy::patch, "Changes fields of a policy", conditional, grave;
        DELETE "/v1/tenants/{tenant}/policy" right(P::ChangeSettings), policy::remove, "Removes a policy: the default holds", conditional, grave;
        GET "/v1/tenants/{tenant}/tariff" right(P::ReadSettings), tariff::one, "What is known of a tenant's rate deck";
        PUT "/v1/tenants/{tenant}/tariff" right(P::ChangeSettings), tariff::put, "Sets the rate deck of a tenant", conditional, large;
        POST "/v1/tenants/{tenant}/tariff/check" right(P::ReadSettings), tariff::check, "What a rate deck comes to, before it is set", large;
        DELETE "/v1/tenants/{tenant}/tariff" right(P::ChangeSettings), tariff::remove, "Removes a rate deck: the default holds", conditional;
        GET "/v1/tenants/{tenant}/tariff/deck" right(P::ReadSettings), tariff::deck, "The rate deck itself";
        GET "/v1/tenants/{tenant}/extensions" right(P::ReadSettings), of_tenant::list::<NewExtension>, "Extensions of a tenant, by name";
        POST "/v1/tenants/{tenant}/extensions" right(P::ChangeSettings), of_tenant::make::<NewExtension>, "Makes an extension", making;
        GET "/v1/tenants/{tenant}/extensions/{id}" right(P::ReadSettings), of_tenant::one::<NewExtension>, "An extension";
        PUT "/v1/tenants/{tenant}/extensions/{id}" right(P::ChangeSettings), of_tenant::put::<NewExtension>, "Sets an extension", conditional;
        PATCH "/v1/tenants/{tenant}/extensions/{id}" right(P::ChangeSettings), of_tenant::patch::<NewExtension>, "Changes fields of an extension", conditional;
        DELETE "/v1/tenants/{tenant}/extensions/{id}" right(P::ChangeSettings), of_tenant::remove::<NewExtension>, "Removes an extension", conditional;
        GET "/v1/tenants/{tenant}/contacts" right(P::ReadSettings), of_tenant::list::<NewContact>, "Contacts of a tenant, by name";
        POST "/v1/tenants/{tenant}/contacts" right(P::ChangeSettings), of_tenant::make::<NewContact>, "Makes a contact", making;
        GET "/v1/tenants/{tenant}/contacts/{id}" right(P::ReadSettings), of_tenant::one::<NewContact>, "A contact";
        PUT "/v1/tenants/{tenant}/contacts/{id}" right(P::ChangeSettings), of_tenant::put::<NewContact>, "Sets a contact", conditional;
        PATCH "/v1/tenants/{tenant}/contacts/{id}" right(P::ChangeSettings), of_tenant::patch::<NewContact>, "Changes fields of a contact", conditional;
        DELETE "/v1/tenants/{tenant}/contacts/{id}" right(P::ChangeSettings), of_tenant::remove::<NewContact>, "Removes a contact", conditional;
        GET "/v1/tenants/{tenant}/notifications" right(P::ReadSettings), of_tenant::list::<NewNotification>, "Webhooks and collectors of a tenant, by name";
        POST "/v1/tenants/{tenant}/notifications" right(P::ChangeSettings), of_tenant::make::<NewNotification>, "Makes a webhook or collector", making;
        GET "/v1/tenants/{tenant}/notifications/{id}" right(P::ReadSettings), of_tenant::one::<NewNotification>, "A webhook or collector";
        PUT "/v1/tenants/{tenant}/notifications/{id}" right(P::ChangeSettings), of_tenant::put::<NewNotification>, "Sets a webhook or collector", conditional;
        PATCH "/v1/tenants/{tenant}/notifications/{id}" right(P::ChangeSettings), of_tenant::patch::<NewNotification>, "Changes fields of a webhook or collector", conditional;
        DELETE "/v1/tenants/{tenant}/notifications/{id}" right(P::ChangeSettings), of_tenant::remove::<NewNotification>, "Removes a webhook or collector", conditional;
        GET "/v1/trunks" right(P::ReadSettings), trunks::list, "Trunks, by tenant and name";
        POST "/v1/trunks" right(P::ChangeSettings), trunks::make, "Makes a trunk", making;
        GET "/v1/trunks/{id}" right(P::ReadSettings), trunks::one, "A trunk";
        PUT "/v1/trunks/{id}" right(P::ChangeSettings), trunks::put, "Sets a trunk", conditional;
        PATCH "/v1/trunks/{id}" right(P::ChangeSettings), trunks::patch, "Changes fields of a trunk", conditional;
        DELETE "/v1/trunks/{id}" right(P::ChangeSettings), trunks::remove, "Removes a trunk", conditional;
        POST "/v1/settings/check" right(P::ReadSettings), plan::check_plan, "What a plan would change, and what is wrong with it";
        POST "/v1/settings/apply" right(P::ChangeSettings), plan::apply, "Puts a plan in force, all or nothing", grave;
        GET "/v1/settings/export" right(P::ReadSettings), plan::export, "Settings as a plan";
        POST "/v1/audit/{seq}/revert" right(P::ChangeSettings), revert::revert, "Takes a change of settings back", grave;
    }
}
