//! Acts that one person may not do alone, and how they are done.

use super::person;
use crate::app::App;
use crate::caller::Caller;
use crate::node::Fault;
use crate::plan::ChangeView;
use crate::refusal::Refusal;
use crate::resource::settings::{change, show};
use crate::rights::{Grant, Permission, Place, allows};
use crate::secret::new_id;
use crate::stored::{self, found};
use ringfence_model::TenantId;
use ringfence_store::{About, Act, Section, SettingKey, Store, StoreError, User};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use utoipa::ToSchema;

use super::invite;

/// An act that may need a second person, with all that is needed to do it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Grave {
    /// Make a user who may do something.
    MakeUser {
        /// What will be typed.
        login: String,
        /// What people call them.
        name: String,
        /// What they may do.
        grants: Vec<Grant>,
    },
    /// Change what somebody may do.
    ChangeGrants {
        /// Who.
        user: String,
        /// What they may do from then on.
        grants: Vec<Grant>,
    },
    /// Take password and factors away and invite anew.
    ResetLogin {
        /// Who.
        user: String,
    },
    /// Raise a limit above what one person may, or only watch a tenant from now on.
    ChangeSettings {
        /// Whose limits or mode.
        #[schema(value_type = Vec<String>)]
        tenants: Vec<TenantId>,
        /// What changes, without secrets.
        changes: Vec<ChangeView>,
        /// The same, sealed, for carrying it out.
        sealed: String,
    },
    /// Lift a block on which much money hangs.
    LiftBlock {
        /// Which.
        block: String,
    },
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub struct Deed {
    /// The user that was made or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A link for that user to set a password, shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
}

impl Grave {
    /// For the audit log.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::MakeUser { .. } => "user.make",
            Self::ChangeGrants { .. } => "grants.change",
            Self::ResetLogin { .. } => "login.reset",
            Self::LiftBlock { .. } => "block.lift",
            Self::ChangeSettings { .. } => "settings.change",
        }
    }

    /// Who may propose and approve it.
    pub const fn permission(&self) -> Permission {
        match self {
            Self::LiftBlock { .. } => Permission::Unblock,
            Self::ChangeSettings { .. } => Permission::ChangeSettings,
            _ => Permission::ChangePeople,
        }
    }

    /// Where that permission must be held: at every one of these.
    pub fn places(&self, store: &Store) -> Result<Vec<Place>, Refusal> {
        match self {
            Self::MakeUser { grants, .. } => person::places(store, grants),
            Self::ChangeGrants { user, grants } => {
                let before = stored::grants(&found(store.user(user), "user")?);
                person::places(store, &[before, grants.clone()].concat())
            }
            Self::ResetLogin { user } => {
                person::places(store, &stored::grants(&found(store.user(user), "user")?))
            }
            Self::ChangeSettings { changes, .. } => {
                changes.iter().map(|of| of.place(store, changes)).collect()
            }
            Self::LiftBlock { block } => {
                Ok(vec![stored::place_of(store, &found(store.block(block), "block")?.tenant)?])
            }
        }
    }

    /// The tenant whose audit log shows it, when it is of one alone.
    pub fn tenant(&self, store: &Store) -> Result<Option<TenantId>, Refusal> {
        let mut places = self.places(store)?.into_iter();
        let first = match places.next() {
            Some(Place::Tenant(tenant, _)) => tenant,
            _ => return Ok(None),
        };
        let same = places.all(|place| matches!(place, Place::Tenant(of, _) if of == first));
        Ok(same.then_some(first))
    }
}

impl ChangeView {
    /// Where the setting belongs; that of a tenant which is made belongs to the reseller who takes it in `all` changes.
    fn place(&self, store: &Store, all: &[Self]) -> Result<Place, Refusal> {
        let section = Section::ALL.into_iter().find(|section| section.as_str() == self.section);
        let section = section.ok_or(Refusal::Broken)?;
        let tenant = self.tenant.as_deref().map(TenantId::new);
        let key = SettingKey::new(section, tenant.as_ref(), &self.id);
        let place = show::place(store, &key)?;
        Ok(match place {
            Place::Tenant(tenant, None) => {
                let by = all.iter().find(|change| change.takes(&tenant));
                Place::Tenant(tenant, by.map(|change| change.id.clone()))
            }
            place => place,
        })
    }

    /// Whether this is a reseller who takes the tenant.
    fn takes(&self, tenant: &TenantId) -> bool {
        let names = |list: Option<&Json>| {
            let names = list.and_then(Json::as_array).into_iter().flatten();
            names.filter_map(Json::as_str).any(|name| name == tenant.as_str())
        };
        self.section == Section::Reseller.as_str()
            && self.fields.iter().any(|field| field.field == "tenants" && names(field.to.as_ref()))
    }
}

/// Refuses unless these grants may do it everywhere it reaches, now.
pub fn may(store: &Store, grants: &[Grant], grave: &Grave) -> Result<(), Refusal> {
    let permission = grave.permission();
    let all = grave.places(store)?.iter().all(|place| allows(grants, permission, place));
    if !all {
        return Err(Refusal::NotAllowed(permission.as_str()));
    }
    // Nobody gives more than they have.
    if let Grave::MakeUser { grants: given, .. } | Grave::ChangeGrants { grants: given, .. } = grave
    {
        for grant in given {
            let place = person::place(store, &grant.reach)?;
            let mut missing = Permission::ALL
                .iter()
                .filter(|of| grant.role.holds(**of) && !allows(grants, **of, &place));
            if let Some(permission) = missing.next() {
                return Err(Refusal::NotAllowed(permission.as_str()));
            }
        }
    }
    Ok(())
}

/// Whether somebody else may approve it.
pub fn has_second(store: &Store, grave: &Grave, first: &str) -> Result<bool, Refusal> {
    let mut found = false;
    person::walk(store, None, |user| {
        let other = user.login != first && !user.disabled && can_log_in(&user);
        found = other && may(store, &stored::grants(&user), grave).is_ok();
        Ok(!found)
    })?;
    Ok(found)
}

/// An invitation nobody took is not a second person.
fn can_log_in(user: &User) -> bool {
    super::factors::has_second(user)
}

/// Does it, as `act`.
pub async fn carry_out(app: &Arc<App>, act: Act, grave: Grave) -> Result<Deed, Refusal> {
    match grave {
        Grave::LiftBlock { block } => lift(app, act, block).await.map(|()| Deed::default()),
        Grave::ChangeSettings { sealed, .. } => {
            let plan = change::opened(app, &sealed)?;
            app.node().adopt_plan(plan, act).await?;
            Ok(Deed::default())
        }
        Grave::MakeUser { login, name, grants } => {
            let user = User {
                id: new_id(app.chance()),
                login,
                name,
                password: None,
                totp: None,
                passkeys: json!([]),
                recovery: Vec::new(),
                grants: stored::to_store(&grants),
                disabled: false,
                version: 0,
            };
            put_and_invite(app, act, user).await
        }
        Grave::ChangeGrants { user, grants } => {
            let id = user.clone();
            app.work(move |store| {
                let mut user = found(store.user(&id), "user")?;
                person::keep_one_admin(store, &user, &grants)?;
                user.grants = stored::to_store(&grants);
                Ok(store.put_user(&act, &user)?)
            })
            .await?;
            Ok(Deed { user: Some(user), invitation: None })
        }
        Grave::ResetLogin { user } => {
            let user = app
                .work(move |store| {
                    let mut user = found(store.user(&user), "user")?;
                    store.close_sessions(&user.id, None)?;
                    (user.password, user.totp) = (None, None);
                    user.passkeys = json!([]);
                    user.recovery.clear();
                    Ok(user)
                })
                .await?;
            put_and_invite(app, act, user).await
        }
    }
}

async fn put_and_invite(app: &App, act: Act, mut user: User) -> Result<Deed, Refusal> {
    let at = act.at;
    let user = app
        .work(move |store| {
            user.version = store.put_user(&act, &user)?;
            Ok(user)
        })
        .await?;
    let invitation = invite::link(app, &user, at)?;
    Ok(Deed { user: Some(user.id), invitation: Some(invitation) })
}

/// The node first: what is told as lifted is lifted.
async fn lift(app: &App, act: Act, block: String) -> Result<(), Refusal> {
    let lifted = match app.node().lift(block.clone(), act.who.clone()).await {
        Ok(()) => true,
        // It ended by itself meanwhile, or in a crash between the two: the record is still to be closed.
        Err(Fault::NotFound(_)) => false,
        Err(fault) => return Err(fault.into()),
    };
    app.work(move |store| match store.record_lift(&act, &block) {
        // The node's own word of it came first.
        Err(StoreError::NotFound(_)) if lifted => {
            let tenant = found(store.block(&block), "block")?.tenant;
            let (subject, tenant) = (format!("block {block}"), Some(&tenant));
            let (before, after) = (json!({"lifted": false}), json!({"lifted": true}));
            let (before, after) = (Some(&before), Some(&after));
            store.record(&act, About { tenant, subject: &subject, before, after })?;
            Ok(())
        }
        recorded => Ok(recorded?),
    })
    .await
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotFound(what) => Self::NotFound(what),
            Fault::Unfit(notes) => Self::Unfit(notes),
            Fault::Outdated => Self::Outdated,
            Fault::InFile => Self::Conflict {
                code: "settings_in_file",
                message: "the settings are in the boot file".into(),
                hint: "change the file and reload, or move its sections into the store with `ringfence apply`",
            },
            Fault::Refused { what, mend } => Self::Node { what, mend },
        }
    }
}

/// Refuses who may not even propose it; what they may not see is not there.
pub fn may_propose(store: &Store, caller: &Caller, grave: &Grave) -> Result<(), Refusal> {
    for place in grave.places(store)? {
        caller.may_at(grave.permission(), &place, "user or block")?;
    }
    if let Grave::MakeUser { grants, .. } | Grave::ChangeGrants { grants, .. } = grave {
        person::check(grants)?;
        person::may_give(store, caller, grants)?;
    }
    Ok(())
}
