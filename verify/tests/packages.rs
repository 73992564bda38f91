//! What is published, as cargo packs it: it has its licences and its documents with it, and builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates that are published.
const CRATES: [&str; 6] = ["core", "monitor", "mutex", "rwlock", "semaphore", "spinlock"];

#[test]
fn each_crate_has_the_licences_of_the_workspace() {
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let text = read(&root().join(licence));
        for package in CRATES {
            assert_eq!(read(&root().join(package).join(licence)), text, "{package}/{licence} differs");
        }
    }
}

// `cargo package` builds what it has packed, too: but it unpacks each crate that others depend on once for a version, and would
// build them with what that was in the run before.
#[test]
#[ignore = "compiles each crate: `cargo verify packages`"]
fn the_packages_have_their_documents_and_build() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages");
    let target = folder.join("target");
    let packages = CRATES.map(|package| format!("latchwork-{package}"));
    let arguments = ["package", "--quiet", "--no-verify", "--allow-dirty", "--offline"];
    let each = packages.iter().flat_map(|package| ["--package", package]);
    run(Command::new(env!("CARGO")).current_dir(root()).env("CARGO_TARGET_DIR", &target).args(arguments).args(each));

    let unpacked = folder.join("unpacked");
    if unpacked.exists() {
        fs::remove_dir_all(&unpacked).expect("what is there can be removed");
    }
    fs::create_dir_all(&unpacked).expect("the folder can be made");
    for package in &packages {
        let file = target.join(format!("package/{package}-{}.crate", env!("CARGO_PKG_VERSION")));
        // As of now, and not of the time that cargo gives to all: what has changed would not be compiled.
        run(Command::new("tar").current_dir(&unpacked).arg("-xzmf").arg(file));
        has_its_documents(&unpacked.join(directory(package)), package);
    }
    fs::write(unpacked.join("Cargo.toml"), workspace(&packages)).expect("the manifest can be written");
    fs::copy(root().join("Cargo.lock"), unpacked.join("Cargo.lock")).expect("the workspace has its versions");
    let arguments = ["check", "--quiet", "--offline", "--workspace", "--all-features"];
    run(Command::new(env!("CARGO")).current_dir(&unpacked).env("CARGO_TARGET_DIR", &target).args(arguments));
}

fn has_its_documents(folder: &Path, package: &str) {
    for (document, start) in [
        ("README.md", format!("# {package}\n")),
        ("CHANGELOG.md", "# Changelog\n".to_owned()),
        ("LICENSE-APACHE", "Apache License\n".to_owned()),
        ("LICENSE-MIT", "MIT License\n".to_owned()),
    ] {
        let text = read(&folder.join(document));
        assert!(text.trim_start().starts_with(&start), "{document} of {package} does not start with {start:?}");
    }
    let manifest = read(&folder.join("Cargo.toml"));
    assert!(!manifest.contains("latchwork-calls"), "{package} depends on what is not published");
}

/// A workspace of the packages, in which they depend on each other, and not on what a registry has.
fn workspace(packages: &[String]) -> String {
    let members: Vec<_> = packages.iter().map(|package| directory(package)).collect();
    let patches = packages.iter().map(|package| format!("{package} = {{ path = {:?} }}\n", directory(package)));
    let patches: String = patches.collect();
    format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[patch.crates-io]\n{patches}")
}

/// What the folder in a package is called.
fn directory(package: &str) -> String {
    format!("{package}-{}", env!("CARGO_PKG_VERSION"))
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?} has failed");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in a folder of the workspace").to_owned()
}
