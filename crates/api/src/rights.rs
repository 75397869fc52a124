//! Who may do what: permissions, the roles that hold them, and over whom.
//!
//! Pure and small, so that the whole table can be tested.

use ringfence_model::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// A kind of act.
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is written in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The one of that name.
            #[must_use]
            pub fn of(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|permission| permission.as_str() == text)
            }
        }
    };
}

permissions! {
    /// See call records and running calls, with numbers.
    ReadCalls = "read_calls",
    /// End a running call.
    CutCalls = "cut_calls",
    /// See blocks.
    ReadBlocks = "read_blocks",
    /// Set a block.
    Block = "block",
    /// Lift a block.
    Unblock = "unblock",
    /// See alerts and cases.
    ReadCases = "read_cases",
    /// Say what a case was, and keep its records.
    DecideCases = "decide_cases",
    /// See reports: counts, minutes, money.
    ReadReports = "read_reports",
    /// See tenants, trunks, extensions, policies, tariffs and when access is open.
    ReadSettings = "read_settings",
    /// Change them.
    ChangeSettings = "change_settings",
    /// Make and remove tenants.
    ChangeTenants = "change_tenants",
    /// See people, their roles, and API keys.
    ReadPeople = "read_people",
    /// Make people and change their roles.
    ChangePeople = "change_people",
    /// Make and revoke API keys.
    ChangeKeys = "change_keys",
    /// Ask whether calls may be made, and tell what becomes of them: what a PBX's key is for.
    Decide = "decide",
    /// Read the audit log.
    ReadAudit = "read_audit",
    /// See the node: status, trunks, registrations, bans.
    ReadNode = "read_node",
    /// Give orders to the node: bans, drain.
    OperateNode = "operate_node",
}

impl Permission {
    /// Whether who holds it can change or unblock something: such a person needs a second factor.
    #[must_use]
    pub const fn changes(self) -> bool {
        !matches!(
            self,
            Self::ReadCalls
                | Self::ReadBlocks
                | Self::ReadCases
                | Self::ReadReports
                | Self::ReadSettings
                | Self::ReadPeople
                | Self::ReadAudit
                | Self::ReadNode
        )
    }
}

/// What a person is, with some [`Reach`].
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the platform.
    PlatformAdmin,
    /// Looks after the tenants it brought.
    Reseller,
    /// Looks after one customer.
    TenantAdmin,
    /// Watches calls; ends, blocks and unblocks.
    Operator,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::PlatformAdmin, Self::Reseller, Self::TenantAdmin, Self::Operator, Self::Auditor];

    /// Whether this role holds the permission, wherever it is granted.
    #[must_use]
    pub const fn holds(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::PlatformAdmin => true,
            Self::Reseller => !matches!(permission, P::OperateNode),
            Self::TenantAdmin => !matches!(permission, P::OperateNode | P::ChangeTenants),
            Self::Operator => matches!(
                permission,
                P::ReadCalls
                    | P::CutCalls
                    | P::ReadBlocks
                    | P::Block
                    | P::Unblock
                    | P::ReadCases
                    | P::DecideCases
                    | P::ReadReports
                    | P::ReadSettings
                    | P::ReadNode
            ),
            Self::Auditor => !permission.changes(),
        }
    }

    /// As it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformAdmin => "platform_admin",
            Self::Reseller => "reseller",
            Self::TenantAdmin => "tenant_admin",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// Whether the role can be granted over such a reach.
    #[must_use]
    pub const fn fits(self, reach: &Reach) -> bool {
        match self {
            Self::PlatformAdmin => matches!(reach, Reach::Platform),
            Self::Reseller => matches!(reach, Reach::Reseller(_)),
            Self::TenantAdmin => matches!(reach, Reach::Tenant(_)),
            Self::Operator | Self::Auditor => true,
        }
    }

    /// Whether who has it must have a second factor.
    #[must_use]
    pub fn needs_second_factor(self) -> bool {
        Permission::ALL.iter().any(|permission| permission.changes() && self.holds(*permission))
    }
}

/// How far a right goes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Everybody, and the node itself.
    Platform,
    /// The tenants of one reseller.
    Reseller(String),
    /// One tenant.
    #[schema(value_type = String)]
    Tenant(TenantId),
}

/// A role over a reach.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What.
    pub role: Role,
    /// Over whom.
    pub reach: Reach,
}

/// Where something belongs: what a right is asked over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// To nobody but the platform.
    Platform,
    /// To a reseller.
    Reseller(String),
    /// To a tenant, with the reseller that brought it.
    Tenant(TenantId, Option<String>),
}

impl Reach {
    /// Whether what belongs to `place` falls under it.
    #[must_use]
    pub fn covers(&self, place: &Place) -> bool {
        match (self, place) {
            (Self::Platform, _) => true,
            (Self::Reseller(mine), Place::Reseller(other)) => mine == other,
            (Self::Reseller(mine), Place::Tenant(_, brought_by)) => {
                brought_by.as_ref() == Some(mine)
            }
            (Self::Tenant(mine), Place::Tenant(other, _)) => mine == other,
            (Self::Reseller(_) | Self::Tenant(_), _) => false,
        }
    }
}

/// Whether these grants allow the act at that place.
#[must_use]
pub fn allows(grants: &[Grant], permission: Permission, place: &Place) -> bool {
    grants.iter().any(|grant| grant.role.holds(permission) && grant.reach.covers(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, as people read it: one column for each role.
    const TABLE: &[(&str, &str)] = &[
        //                   P R T O A
        ("read_calls", /* */ "x x x x x"),
        ("cut_calls", /*  */ "x x x x -"),
        ("read_blocks", /**/ "x x x x x"),
        ("block", /*      */ "x x x x -"),
        ("unblock", /*    */ "x x x x -"),
        ("read_cases", /* */ "x x x x x"),
        ("decide_cases", /**/ "x x x x -"),
        ("read_reports", /**/ "x x x x x"),
        ("read_settings", "x x x x x"),
        ("change_settings", "x x x - -"),
        ("change_tenants", "x x - - -"),
        ("read_people", "x x x - x"),
        ("change_people", "x x x - -"),
        ("change_keys", "x x x - -"),
        ("decide", "x x x - -"),
        ("read_audit", "x x x - x"),
        ("read_node", "x x x x x"),
        ("operate_node", "x - - - -"),
    ];

    #[test]
    fn the_table_is_this_one() {
        assert_eq!(TABLE.len(), Permission::ALL.len());
        for (permission, (name, row)) in Permission::ALL.iter().zip(TABLE) {
            assert_eq!(permission.as_str(), *name);
            assert_eq!(serde_json::to_value(permission).unwrap(), *name);
            let held = Role::ALL.map(|role| if role.holds(*permission) { "x" } else { "-" });
            assert_eq!(held.join(" "), *row, "{name}");
        }
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }

    fn places() -> [Place; 6] {
        [
            Place::Platform,
            Place::Reseller("north".into()),
            Place::Reseller("south".into()),
            Place::Tenant("acme".into(), Some("north".into())),
            Place::Tenant("beta".into(), Some("south".into())),
            Place::Tenant("solo".into(), None),
        ]
    }

    #[test]
    fn a_reach_covers_its_own_and_no_more() {
        let covered = |reach: Reach| places().map(|place| reach.covers(&place));
        assert_eq!(covered(Reach::Platform), [true; 6]);
        let north = [false, true, false, true, false, false];
        assert_eq!(covered(Reach::Reseller("north".into())), north);
        let acme = [false, false, false, true, false, false];
        assert_eq!(covered(Reach::Tenant("acme".into())), acme);
        // A reseller is not a tenant, though it has the same name.
        assert_eq!(covered(Reach::Tenant("north".into())), [false; 6]);
        assert_eq!(covered(Reach::Reseller("acme".into())), [false; 6]);
    }

    #[test]
    fn each_role_over_each_reach_allows_exactly_its_permissions_there() {
        let reaches =
            [Reach::Platform, Reach::Reseller("north".into()), Reach::Tenant("acme".into())];
        for role in Role::ALL {
            for reach in &reaches {
                let grants = [Grant { role, reach: reach.clone() }];
                for permission in Permission::ALL {
                    for place in places() {
                        let expected = role.holds(*permission) && reach.covers(&place);
                        assert_eq!(allows(&grants, *permission, &place), expected);
                    }
                }
            }
        }
        assert!(!allows(&[], Permission::ReadNode, &Place::Platform));
    }

    #[test]
    fn rights_of_several_grants_do_not_mix() {
        let grants = [
            Grant { role: Role::Auditor, reach: Reach::Platform },
            Grant { role: Role::TenantAdmin, reach: Reach::Tenant("acme".into()) },
        ];
        let [platform, .., acme, beta, _] = places();
        assert!(allows(&grants, Permission::Unblock, &acme));
        assert!(!allows(&grants, Permission::Unblock, &beta));
        assert!(allows(&grants, Permission::ReadCalls, &beta));
        assert!(!allows(&grants, Permission::OperateNode, &platform));
    }

    #[test]
    fn only_the_auditor_may_do_with_a_password_alone() {
        let free: Vec<_> = Role::ALL.into_iter().filter(|r| !r.needs_second_factor()).collect();
        assert_eq!(free, [Role::Auditor]);
    }
}
