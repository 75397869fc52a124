//! The formats by name.

use std::fmt;

/// The formats that need no mapping.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// Asterisk `cdr_csv`: 16 to 21 columns without header.
    AsteriskCsv,
    /// Asterisk records with a header: database exports, FreePBX.
    AsteriskTable,
    /// Asterisk `cdr_custom` in JSON.
    AsteriskJson,
    /// FreeSWITCH `json_cdr`, files or posted bodies.
    FreeSwitchJson,
    /// FreeSWITCH `cdr_csv`, template "example".
    FreeSwitchCsv,
    /// FreeSWITCH `cdr_csv`, template "asterisk".
    FreeSwitchAsteriskCsv,
    /// FusionPBX `v_xml_cdr` with a header.
    FusionPbx,
    /// Kamailio `acc_json`.
    AccJson,
    /// Kamailio or OpenSIPS `acc`, `missed_calls`, `cdrs` tables with a header.
    AccTable,
    /// Kamailio or OpenSIPS accounting lines in syslog.
    AccSyslog,
    /// 3CX `cdr.log`, with a header or in the documented order.
    ThreeCx,
    /// SwyxWare CDR with its header.
    SwyxWare,
    /// Cisco Unified CM CDR with header and line of types.
    Cucm,
    /// By a mapping file.
    Mapped,
}

impl Format {
    /// The formats that can be asked for by name.
    pub const ALL: [Self; 13] = [
        Self::AsteriskCsv,
        Self::AsteriskTable,
        Self::AsteriskJson,
        Self::FreeSwitchJson,
        Self::FreeSwitchCsv,
        Self::FreeSwitchAsteriskCsv,
        Self::FusionPbx,
        Self::AccJson,
        Self::AccTable,
        Self::AccSyslog,
        Self::ThreeCx,
        Self::SwyxWare,
        Self::Cucm,
    ];

    /// The name on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsteriskCsv => "asterisk-csv",
            Self::AsteriskTable => "asterisk-table",
            Self::AsteriskJson => "asterisk-json",
            Self::FreeSwitchJson => "freeswitch-json",
            Self::FreeSwitchCsv => "freeswitch-csv",
            Self::FreeSwitchAsteriskCsv => "freeswitch-asterisk-csv",
            Self::FusionPbx => "fusionpbx",
            Self::AccJson => "acc-json",
            Self::AccTable => "acc-table",
            Self::AccSyslog => "acc-syslog",
            Self::ThreeCx => "3cx",
            Self::SwyxWare => "swyx",
            Self::Cucm => "cucm",
            Self::Mapped => "mapping",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
