//! What is checked of the crates as others get them: as packages, with the oldest compiler, and in a program of their own.

use crate::build::Build;
use crate::{Check, MODELLED, Need};

/// The oldest compiler that is promised: `rust-version` of the workspace.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// What the oldest compiler builds: all but `lock_api_05`, since lock_api 0.5 needs a newer one.
const OLDEST_FEATURES: &str = "latchwork-mutex/lock_api_04,latchwork-mutex/serde,latchwork-mutex/tracing,\
    latchwork-rwlock/lock_api_04,latchwork-rwlock/serde,latchwork-rwlock/tracing,\
    latchwork-spinlock/lock_api_04,latchwork-spinlock/serde,\
    latchwork-monitor/serde,latchwork-monitor/tracing,latchwork-semaphore/tracing";

/// The compiler whose rustdoc writes what the test of the public API reads.
const DESCRIBING: &str = "1.95";

/// The tests that need a feature, and the crates that have them.
const FEATURED: (&[&str], &[&str]) =
    (&["serde"], &["latchwork-mutex", "latchwork-rwlock", "latchwork-spinlock", "latchwork-monitor"]);

/// The tests of what features add.
pub(crate) fn tests_of_features() -> Check {
    let (tests, packages) = FEATURED;
    let tests = tests.iter().flat_map(|test| ["--test", test]);
    let arguments: Vec<_> =
        ["test", "--quiet", "--all-features"].into_iter().chain(tests).chain(each(packages)).collect();
    Check::new("tests of features", Build::Plain, &arguments)
}

/// Every check of what is published, cheapest first.
pub(crate) fn checks() -> Vec<Check> {
    let published: Vec<_> = each(&MODELLED).collect();
    let with = |arguments: &[&'static str]| [arguments, &published].concat();

    // What it says of vulnerabilities it has to fetch first: that depends on the day, and is no check of what is here.
    let dependencies =
        Check::new("dependencies", Build::Bare, &["deny", "--offline", "check", "bans", "licenses", "sources"]);
    let oldest = [&with(&["check", "--quiet", "--lib"])[..], &["--features", OLDEST_FEATURES]].concat();
    let oldest = Check::new("oldest compiler", Build::Bare, &oldest).with_toolchain(OLDEST);
    let of_verify = |test| ["test", "--quiet", "-p", "latchwork-verify", "--test", test, "--", "--ignored"];
    vec![
        dependencies.needing(Need::Tool("cargo-deny")),
        oldest,
        Check::new("packages", Build::Plain, &of_verify("packages")),
        Check::new("downstream", Build::Plain, &of_verify("downstream")),
        Check::new("public API", Build::Plain, &of_verify("api")).needing(Need::Compiler(DESCRIBING)),
    ]
}

fn each<'a>(packages: &'a [&'static str]) -> impl Iterator<Item = &'static str> + use<'a> {
    packages.iter().flat_map(|package| ["-p", package])
}
