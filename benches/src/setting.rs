//! What a run depends on beside the contenders: the command, the day, the machine, the versions.

use std::collections::BTreeMap;
use std::env;
use std::time::SystemTime;

use latchwork_benches::measure;
use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// Where, when and how a run was made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Setting {
    /// What was typed after the program's name.
    pub(crate) arguments: Vec<String>,
    /// When it began, in UTC.
    pub(crate) date: String,
    /// The model of the processor.
    pub(crate) processor: String,
    /// How many threads run at a time.
    pub(crate) cores: usize,
    /// The operating system and its version.
    pub(crate) system: String,
    /// The compiler, with which std comes.
    pub(crate) compiler: String,
    /// The versions of the crates that are compared.
    pub(crate) versions: BTreeMap<String, String>,
}

/// The crates that are compared.
const CRATES: [&str; 11] = [
    "async-lock",
    "asyncband",
    "crossbeam-utils",
    "latchwork-core",
    "mcslock",
    "parking_lot",
    "saa",
    "spin",
    "tokio",
    "usync",
    "xutex",
];

/// What this program was compiled from.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

impl Setting {
    /// Of this run.
    pub(crate) fn current() -> Self {
        let system = System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
        let lock: Lock = toml::from_str(include_str!("../../Cargo.lock")).expect("cargo writes TOML");
        let packages = lock.package.into_iter().filter(|package| CRATES.contains(&&*package.name));
        let unknown = || "unknown".to_owned();
        Self {
            arguments: env::args().skip(1).collect(),
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            processor: system.cpus().first().map_or_else(unknown, |cpu| cpu.brand().to_owned()),
            cores: measure::cores(),
            system: System::long_os_version().unwrap_or_else(unknown),
            compiler: env!("LATCHWORK_RUSTC").to_owned(),
            versions: packages.map(|package| (package.name, package.version)).collect(),
        }
    }
}
